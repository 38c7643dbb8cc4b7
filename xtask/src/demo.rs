//! `cargo xtask demo failover`: the failover story on the terminal.

use crate::steps::{Outcome, run};
use crate::tools;

const USAGE: &str = "usage: cargo xtask demo failover";

/// Plays a demonstration to its end.
pub(crate) fn play(name: &str) -> Outcome {
    match name {
        // The story lives with its tests; this program does not link a Kafka client for it.
        "failover" => {
            run(&tools::cargo(), &["run", "-q", "-p", "tidegate-failover-tests", "--bin", "failover-demo"])
        }
        _ => Err(USAGE.to_owned()),
    }
}
