//! `cargo xtask servers`: Kafka and ZooKeeper for tests and for trying things out, on free loopback ports.

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tidegate_harness::{Cluster, Options, Server, fetch};

use crate::steps::{Outcome, say};

const USAGE: &str = "usage: cargo xtask servers [--brokers 1|3] | --fetch";

/// Fetches the servers into the cache, or starts them and runs until Ctrl-C or SIGTERM.
pub(crate) fn run(arguments: &[&str]) -> Outcome {
    match arguments {
        ["--fetch"] => fetch_only(),
        [] => serve(1),
        ["--brokers", count] => match count.parse() {
            Ok(count @ (1 | 3)) => serve(count),
            _ => Err(USAGE.to_owned()),
        },
        _ => Err(USAGE.to_owned()),
    }
}

/// One cluster for all tests of a run: each test program would start its own otherwise.
pub(crate) fn for_tests() -> Result<Cluster, String> {
    Cluster::start(&Options::default()).map_err(|error| error.to_string())
}

fn fetch_only() -> Outcome {
    let jars = fetch().map_err(|error| error.to_string())?;
    say(&format!("the test servers are in {}", jars.folder().display()));
    Ok(())
}

fn serve(brokers: usize) -> Outcome {
    // Before anything is started, so that no signal ends this program without the servers' orderly end.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|cause| format!("signals: {cause}"))?;
    let cluster =
        Cluster::start(&Options { brokers, ..Options::default() }).map_err(|error| error.to_string())?;
    let pid = |server: &Server| server.pid().map_or_else(|| "none".to_owned(), |pid| pid.to_string());
    let pids: Vec<String> = cluster.brokers().iter().map(pid).collect();
    say(&format!("bootstrap {}", cluster.bootstrap()));
    say(&format!("zookeeper {}", cluster.zookeeper()));
    say(&format!("pids brokers {} zookeeper {}", pids.join(","), pid(cluster.zookeeper_server())));
    say(&format!("tests use them with TIDEGATE_CLUSTER='{}'; Ctrl-C ends them", cluster.addresses()));
    signals.forever().next();
    cluster.stop().map_err(|error| error.to_string())
}
