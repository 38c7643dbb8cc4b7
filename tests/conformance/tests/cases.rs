//! Runs every case of `tests/conformance/cases` against the server program, the examples of `models`, and the
//! published cases beside the checkout when they are there. `cargo test -p tidegate-conformance -- NAME` runs those
//! whose name holds NAME.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is the test program: what it prints is its result"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::{env, thread};

use tidegate_conformance::{Case, Difference, Saving, replay, run, run_example};

/// Cases at a time: most of them wait for a clock or a file now and then.
const JOBS: usize = 4;

fn main() -> ExitCode {
    match run_all() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(cause) => {
            eprintln!("{cause}");
            ExitCode::FAILURE
        }
    }
}

fn run_all() -> Result<bool, String> {
    let filters: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    let server = server()?;
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let own = package.join("cases");
    let mut ok = run_folder("replayed own", &own, |case| replay(case, Saving::Never), &filters)?;
    ok &= run_folder("replayed and saved own", &own, |case| replay(case, Saving::EveryStep), &filters)?;
    ok &= run_folder("own", &own, |case| run(case, &server), &filters)?;
    let threaded = |case: &Case| run(&case.with_threads(8), &server);
    ok &= run_folder("own 8-thread", &own, threaded, &filters)?;
    let examples = package.join("../../models");
    ok &= run_folder("replayed example", &examples, |case| replay(case, Saving::Never), &filters)?;
    ok &= run_folder("example", &examples, |case| run_example(case, &server), &filters)?;
    let published = package.join("../../../shared/conformance/cases");
    if !published.is_dir() {
        println!("published cases: none beside this checkout");
        return Ok(ok);
    }
    ok &= run_folder("replayed published", &published, |case| replay(case, Saving::Never), &filters)?;
    let saved = |case: &Case| replay(case, Saving::EveryStep);
    ok &= run_folder("replayed and saved published", &published, saved, &filters)?;
    ok &= run_folder("published", &published, |case| run(case, &server), &filters)?;
    ok &= run_folder("published 8-thread", &published, threaded, &filters)?;
    Ok(ok)
}

fn run_folder(
    whose: &str,
    folder: &Path,
    run: impl Fn(&Case) -> Result<(), Difference> + Sync,
    filters: &[String],
) -> Result<bool, String> {
    let cases = Case::read_all(folder).map_err(|cause| cause.to_string())?;
    let all = cases.len();
    // A case with a window that the engine does not have is counted as left out.
    let elements = || tidegate_engine::Registry::ENGINE.windows.iter().map(|window| window.element);
    let runs = |kind: &&str| elements().any(|element| element.strip_prefix("window-") == Some(*kind));
    let supported = |case: &Case| case.window_kinds().iter().all(runs);
    let chosen =
        |case: &Case| filters.is_empty() || filters.iter().any(|part| case.name.contains(part.as_str()));
    let cases: Vec<Case> = cases.into_iter().filter(supported).collect();
    let left_out = all - cases.len();
    let cases: Vec<Case> = cases.into_iter().filter(chosen).collect();
    let queue = Mutex::new(cases.iter());
    let failures = Mutex::new(Vec::new());
    let work = || {
        while let Some(case) = queue.lock().ok().and_then(|mut queue| queue.next()) {
            if let Err(difference) = run(case)
                && let Ok(mut failures) = failures.lock()
            {
                failures.push(format!(
                    "FAIL {} ({}) {difference}",
                    case.name,
                    case.description.basis.join(", ")
                ));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..JOBS {
            scope.spawn(work);
        }
    });
    let mut failures = failures.into_inner().map_err(|_| "a case's thread panicked".to_owned())?;
    failures.sort();
    for failure in &failures {
        println!("{failure}");
    }
    let passed = cases.len() - failures.len();
    println!(
        "{whose} cases: {passed} passed, {} failed, {left_out} left out (windows not there yet)",
        failures.len()
    );
    Ok(failures.is_empty())
}

/// The server program of this build, brought up to date: cargo does not know that this test needs it.
fn server() -> Result<PathBuf, String> {
    let this = env::current_exe().map_err(|cause| format!("where this test is: {cause}"))?;
    let profile = this.parent().and_then(Path::parent).ok_or("this test is not in a target folder")?;
    let target = profile.parent().ok_or("this test is not in a target folder")?;
    let mut build = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    build
        .args(["build", "-q", "-p", "tidegate-server", "--bin", "dfesp_xml_server", "--target-dir"])
        .arg(target);
    if profile.file_name().is_some_and(|name| name == "release") {
        build.arg("--release");
    }
    let status = build.status().map_err(|cause| format!("cargo cannot be started: {cause}"))?;
    if status.success() {
        Ok(profile.join("dfesp_xml_server"))
    } else {
        Err(format!("the server does not build: {status}"))
    }
}
