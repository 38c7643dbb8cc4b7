//! Tooling of the repository: `cargo xtask test` runs everything that must pass before a change lands,
//! `cargo xtask tidy` the rules of [`tidy`] alone, `cargo xtask fuzz TARGET SECONDS` one fuzz target,
//! `cargo xtask sim` schedules of the failover simulation, `cargo xtask servers` Kafka and ZooKeeper to test against,
//! `cargo xtask demo failover` the failover story.

mod demo;
mod fuzz;
mod servers;
mod steps;
mod tidy;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "usage: cargo xtask test | tidy | deny | conformance | fuzz TARGET SECONDS\n       \
     cargo xtask servers [--brokers 1|3] | --fetch\n       cargo xtask demo failover\n       \
     cargo xtask sim [--seeds A..B | --seed N] [--trace] [--canary NAME]";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let outcome = match words.as_slice() {
        ["test"] => steps::test(),
        ["tidy"] => steps::tidy(),
        ["deny"] => steps::deny(),
        ["conformance"] => steps::conformance(),
        ["sim", rest @ ..] => steps::sim(rest),
        ["demo", name] => demo::play(name),
        ["servers", rest @ ..] => servers::run(rest),
        ["fuzz", target, seconds] => fuzz::run(target, seconds),
        _ => Err(USAGE.to_owned()),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            steps::say(&format!("xtask: {message}"));
            ExitCode::FAILURE
        }
    }
}
