//! Election, output gate, fencing and resume of a failover group as one state machine (design.md 7).
mod clock;
mod command;
mod election;
mod gate;
mod input;
mod machine;
mod output;

pub use clock::Instant;
pub use command::{Command, Demotion, Notice, Refusal};
pub use gate::{Gate, GateState, Held, Mismatch};
pub use input::{Answer, Candidate, Failure, Input, Outcome, OutputNo, RequestNo, Sequence, SessionId};
pub use machine::{Machine, Role};
pub use output::OutputOptions;
