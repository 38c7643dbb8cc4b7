//! What a failover costs, with real Kafka, ZooKeeper and engines (issue 4, "Measured"; benchmarks 6 and B9).
//!
//! `cargo run --release -- WHAT ...`; without arguments it prints what there is.

mod catchup;
mod control;
mod feed;
mod figures;
mod latency;
mod output;
mod persist;
mod rig;
mod switch;
mod throughput;
mod zookeeper;

use std::env;
use std::process::ExitCode;
use std::str::FromStr;

/// What went wrong is only printed.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "\
switch MODE [TIMES=20] [BROKERS=3]                 kill -9 of the active to the first output of the next
latency MODE [PAIRS=3] [SECONDS=10] [BROKERS=3]    from a record's due time to its output, beside plain, at 5,000 events/s
throughput MODE [EVENTS=300000] [PAIRS=5] [BROKERS=3]  Kafka -> model -> Kafka beside a loop that consumes and produces
catchup MODE [EVENTS=300000] [BROKERS=3]           records/s of a restored standby until it is in sync
persist ROWS                                       persist and restore of a window with so many rows
MODE: transactions, ids, none, or plain (no failover)";

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Outcome {
    let Some((what, rest)) = arguments.split_first() else { return Err(USAGE.into()) };
    match what.as_str() {
        "switch" => switch::run(argument(rest, 0, None)?, argument(rest, 1, Some(20))?, brokers(rest, 2)?),
        "latency" => latency::run(
            argument(rest, 0, None)?,
            argument(rest, 1, Some(3))?,
            argument(rest, 2, Some(10))?,
            brokers(rest, 3)?,
        ),
        "throughput" => throughput::run(
            argument(rest, 0, None)?,
            argument(rest, 1, Some(300_000))?,
            argument(rest, 2, Some(5))?,
            brokers(rest, 3)?,
        ),
        "catchup" => {
            catchup::run(argument(rest, 0, None)?, argument(rest, 1, Some(300_000))?, brokers(rest, 2)?)
        }
        "persist" => persist::run(argument(rest, 0, None)?),
        _ => Err(USAGE.into()),
    }
}

fn brokers(arguments: &[String], at: usize) -> Outcome<usize> {
    argument(arguments, at, Some(3))
}

/// The argument at a place, or what counts when it is missing.
fn argument<T>(arguments: &[String], at: usize, missing: Option<T>) -> Outcome<T>
where
    T: FromStr,
    T::Err: std::fmt::Display,
{
    match (arguments.get(at), missing) {
        (Some(text), _) => text.parse().map_err(|error| format!("{text}: {error}").into()),
        (None, Some(value)) => Ok(value),
        (None, None) => Err(USAGE.into()),
    }
}
