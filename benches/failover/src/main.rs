//! What a failover costs, with real Kafka, ZooKeeper and engines (issue 4, "Measured"; benchmarks 6 and B9).
//!
//! `cargo run --release -- WHAT ...`; without arguments it prints what there is.

mod feed;
mod figures;
mod output;
mod rig;
mod switch;
mod zookeeper;

use std::env;
use std::process::ExitCode;
use std::str::FromStr;

/// What went wrong is only printed.
type Outcome<T = ()> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

const USAGE: &str = "\
switch MODE [TIMES=20] [BROKERS=3]                 kill -9 of the active to the first output of the next
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
