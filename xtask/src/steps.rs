//! What `cargo xtask test` does, one step after the other, each with its time.

use std::ffi::OsStr;
use std::io::{self, Write};
use std::process::{Command, ExitStatus};
use std::time::Instant;

use crate::tidy::{Tree, check, root};
use crate::{fuzz, servers, tools};

/// A step's success, or what failed.
pub(crate) type Outcome = Result<(), String>;

/// What a step is called, and what it does.
type Step = (&'static str, fn() -> Outcome);

/// The steps, in order.
const STEPS: &[Step] = &[
    ("fmt", fmt),
    ("clippy", clippy),
    ("tidy", tidy),
    ("deny", deny),
    ("build", build),
    ("tests", tests),
    ("conformance", conformance),
    ("fuzz", fuzz::all),
];

/// Runs every step; stops at the first that fails.
pub(crate) fn test() -> Outcome {
    let whole = Instant::now();
    for (name, step) in STEPS {
        let start = Instant::now();
        say(&format!("== {name}"));
        step().map_err(|cause| {
            format!("{name} failed after {:.1} s: {cause}", start.elapsed().as_secs_f64())
        })?;
        say(&format!("== {name}: ok, {:.1} s", start.elapsed().as_secs_f64()));
    }
    say(&format!("== all steps ok, {:.1} s", whole.elapsed().as_secs_f64()));
    Ok(())
}

/// The rules of [`crate::tidy`].
pub(crate) fn tidy() -> Outcome {
    let tree = Tree::of_this_repository().map_err(|cause| format!("the checkout cannot be read: {cause}"))?;
    let findings = check(&tree);
    for finding in &findings {
        say(&finding.to_string());
    }
    if findings.is_empty() { Ok(()) } else { Err(format!("{} findings", findings.len())) }
}

/// Licences, bans and sources of the dependencies always; advisories when their database can be reached.
pub(crate) fn deny() -> Outcome {
    let deny = tools::installed("cargo-deny")?;
    run(deny.as_os_str(), &["--log-level", "error", "check", "licenses", "bans", "sources"])?;
    if !run_quiet(deny.as_os_str(), &["fetch", "db"]) {
        say(
            "SKIPPED: advisories. The advisory database cannot be reached from here; nothing was checked against it.",
        );
        return Ok(());
    }
    run(deny.as_os_str(), &["--log-level", "error", "check", "--disable-fetch", "advisories"])
}

/// The conformance cases against the server program.
pub(crate) fn conformance() -> Outcome {
    cargo(&["test", "-q", "-p", "tidegate-conformance", "--", "--nocapture"])
}

/// Schedules of the failover simulation, built as the tests build it.
pub(crate) fn sim(words: &[&str]) -> Outcome {
    let run = ["run", "-q", "--profile", "test", "-p", "tidegate-sim", "--"];
    cargo(&[&run, words].concat())
}

fn fmt() -> Outcome {
    cargo(&["fmt", "--all", "--check"])
}

fn clippy() -> Outcome {
    cargo(&["clippy", "-q", "--workspace", "--all-targets", "--", "-D", "warnings"])
}

fn build() -> Outcome {
    cargo(&["build", "-q", "--workspace", "--bins"])
}

/// All packages but the conformance cases, which have a step of their own; with one cluster for all of them.
fn tests() -> Outcome {
    let cluster = servers::for_tests()?;
    let mut tests = Command::new(tools::cargo());
    tests.args(["test", "-q", "--workspace", "--exclude", "tidegate-conformance"]);
    tests.env("TIDEGATE_CLUSTER", cluster.addresses().to_string()).current_dir(root());
    outcome("cargo test", tests.status())
}

fn cargo(arguments: &[&str]) -> Outcome {
    run(&tools::cargo(), arguments)
}

/// Runs a program in the root of the checkout and lets its output through.
pub(crate) fn run(program: &OsStr, arguments: &[&str]) -> Outcome {
    let status = Command::new(program).args(arguments).current_dir(root()).status();
    outcome(&format!("{} {}", program.display(), arguments.join(" ")), status)
}

fn outcome(command: &str, status: io::Result<ExitStatus>) -> Outcome {
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command}: {status}")),
        Err(cause) => Err(format!("{command}: it cannot be started: {cause}")),
    }
}

/// Whether a program runs and succeeds; its output is thrown away.
fn run_quiet(program: &OsStr, arguments: &[&str]) -> bool {
    let output = Command::new(program).args(arguments).current_dir(root()).output();
    output.is_ok_and(|output| output.status.success())
}

/// Writes a line to standard error, where cargo writes its own.
pub(crate) fn say(line: &str) {
    // A closed standard error leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{line}");
}
