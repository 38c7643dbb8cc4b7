//! Windows, indexes, retention, aggregates and the schedule: from input blocks to output blocks.
//!
//! The engine does no I/O, reads no clock and starts no thread: blocks, times and ids are handed to it, so the
//! same input gives the same output, byte for byte, on every machine (design.md 2 and 6).
//!
//! Way in: [`build_project`] makes a [`Project`] from a model; [`Project::begin_step`] and [`Project::inject`]
//! run it; a [`Sink`] takes what comes out; [`Project::freeze`] and [`Project::load_window`] save and load it.

pub mod aggregates;
pub mod block;
mod build;
mod evaluator;
mod guid;
pub mod index;
pub mod key;
pub mod retained;
pub mod retention;
mod schedule;
pub mod state;
mod step;
pub mod store;
#[cfg(test)]
mod testing;
mod window;
pub mod windows;

pub use build::{BuildContext, Registry, build_project};
pub use evaluator::Evaluator;
pub use schedule::{FrozenProject, FrozenWindow, Node, OutEdge, Project, Splitter, WindowInfo};
pub use step::{Notice, Reject, Sink, Step, WindowId, WindowStats};
pub use window::{BuiltWindow, Input, OutputStage, Window, WindowType};
