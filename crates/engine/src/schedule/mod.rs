//! The executor: which window processes which block, and when (engine-semantics 5; design.md 3 and 6).

mod freeze;
mod heartbeat;
mod listing;
mod node;
mod project;
mod pulse;
mod queue;

#[cfg(test)]
mod log_clock_tests;
#[cfg(test)]
mod pulse_tests;
#[cfg(test)]
mod tests;

pub(crate) use listing::Listing;
pub(crate) use pulse::Pulse;

pub use freeze::{FrozenProject, FrozenWindow};
pub use node::{Node, OutEdge, Splitter};
pub use project::{Project, WindowInfo};
