//! `cargo xtask sim [--seeds A..B] [--seed N] [--trace] [--canary NAME]`: runs simulations and says which fail.

use std::io::Write as _;
use std::ops::Range;
use std::process::ExitCode;

use tidegate_sim::{Canary, Simulation};

const USAGE: &str = "usage: sim [--seeds A..B | --seed N] [--trace] [--canary NAME]";

struct Wanted {
    seeds: Range<u64>,
    trace: bool,
    canary: Option<Canary>,
}

fn main() -> ExitCode {
    match wanted(std::env::args().skip(1)) {
        Ok(wanted) => run(&wanted),
        Err(mistake) => {
            say(&format!("{mistake}\n{USAGE}"));
            ExitCode::FAILURE
        }
    }
}

fn wanted(words: impl Iterator<Item = String>) -> Result<Wanted, String> {
    let mut wanted = Wanted { seeds: 0..10_000, trace: false, canary: None };
    let mut words = words;
    while let Some(word) = words.next() {
        let mut value = || words.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--trace" => wanted.trace = true,
            "--canary" => wanted.canary = Some(value()?.parse()?),
            "--seed" => {
                let seed = number(&value()?)?;
                wanted.seeds = seed..seed.saturating_add(1);
            }
            "--seeds" => {
                let range = value()?;
                let (from, to) = range.split_once("..").ok_or(format!("{range} is no range A..B"))?;
                wanted.seeds = number(from)?..number(to)?;
            }
            _ => return Err(format!("unknown option {word}")),
        }
    }
    Ok(wanted)
}

fn number(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("{text} is no number"))
}

/// With a canary the first failing seed is looked for, and it is a failure that there is none.
fn run(wanted: &Wanted) -> ExitCode {
    let simulation = Simulation::new();
    let mut failed = 0_u64;
    for seed in wanted.seeds.clone() {
        let outcome = simulation.run(seed, wanted.canary, wanted.trace);
        outcome.trace.iter().for_each(|line| say(line));
        let Some(violation) = outcome.violation else { continue };
        failed += 1;
        say(&format!("seed {seed}: {violation}"));
        if wanted.canary.is_some() {
            return ExitCode::SUCCESS;
        }
    }
    say(&format!("{} runs, {failed} failed", wanted.seeds.end.saturating_sub(wanted.seeds.start)));
    if (failed == 0) == wanted.canary.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn say(line: &str) {
    // A closed standard output leaves nobody to tell.
    let _ = writeln!(std::io::stdout(), "{line}");
}
