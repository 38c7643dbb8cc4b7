//! The failover story on real servers (design.md 7 and 11): three engines run `models/failover`, are persisted, killed, restored
//! and paused while events flow, and what they wrote is compared with an engine that was never disturbed, and recomputed by a
//! script. The tests of this package and `cargo xtask demo failover` play it.

mod block;
pub mod chaos;
mod error;
pub mod group;
mod oracle;
mod producer;
mod story;
mod topic;

pub use error::{Error, Outcome};
pub use group::{Group, Member};
pub use oracle::{Undisturbed, Verdict, judge};
pub use producer::{Input, Producer, readings, write};
pub use story::{Plan, Stage, play};
pub use topic::{Difference, Dump, Isolation, Tail, dropping};

/// A line on standard error: what a story tells while it is played.
pub fn tell(line: &str) {
    use std::io::Write as _;
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
