//! Conformance cases: a folder each, with a model, its input, and the events that each window must emit.
//!
//! A case is run against the real server program, as a user would run it, and the files that its subscriber
//! connectors wrote are compared with the expected ones as strictly as its `case.json` says. Adding a case adds
//! a folder (docs/contributing/add-a-conformance-case.md); the runner knows none of them by name.
//!
//! A case is also *replayed*: its input goes block by block through an engine in this process, which may be saved,
//! dropped, built again and loaded between any two steps.

mod case;
mod compare;
mod events;
mod fold;
mod records;
mod rejected;
mod replay;
mod run;
mod steps;
mod value;

pub use case::{Case, CaseError, Flags, Fold, Strictness, Window};
pub use replay::{Saving, replay};
pub use run::{Difference, run, run_example};
