//! The on-disk snapshot format: write, verify, read. The layout is in `docs/snapshot-format.md`.
//!
//! [`write_project`] writes a frozen project so that a crash at any point leaves the old or the new snapshot whole.
//! [`UnverifiedSnapshot::open`] and [`verify`](UnverifiedSnapshot::verify) are the only way to a [`Snapshot`]: no
//! byte of state is handed out before all of it has been checked. [`load_project`] loads it into a project just built.

mod error;
mod layout;
mod load;
mod manifest;
mod segment;
pub mod storage;
mod verify;
mod write;

pub use error::{Changes, SnapshotError, WindowName};
pub use load::{check_project, load_project};
pub use manifest::{GateEntry, Position, Positions, WindowEntry};
pub use segment::SegmentReader;
pub use storage::{Entry, Files, Storage, WriteFile};
pub use verify::{Snapshot, UnverifiedSnapshot};
pub use write::{Beside, Contents, Gate, Part, Report, write, write_project};
