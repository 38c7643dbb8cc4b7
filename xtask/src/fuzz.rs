//! Fuzz targets: every one builds in every run, and is run for a while.
//!
//! cargo-fuzz needs the sanitizer options of a nightly compiler; `RUSTC_BOOTSTRAP=1` lets the pinned stable one take them.

use std::path::PathBuf;
use std::process::Command;
use std::{env, fs};

use crate::steps::{Outcome, say};
use crate::tidy::root;
use crate::tools;

/// How long each target runs in `cargo xtask test`, in seconds.
const SECONDS: &str = "10";

/// The longest input that is tried, in bytes.
const MAX_LENGTH: &str = "4096";

/// Builds all targets and runs each for [`SECONDS`].
pub(crate) fn all() -> Outcome {
    cargo_fuzz(&["build"], &[])?;
    for target in targets()? {
        run(&target, SECONDS)?;
    }
    Ok(())
}

/// Runs one target for `seconds`, from its seeds. A crash leaves its input in `fuzz/artifacts`.
pub(crate) fn run(target: &str, seconds: &str) -> Outcome {
    if !targets()?.iter().any(|known| known == target) {
        return Err(format!("no fuzz target {target}; there are {}", targets()?.join(", ")));
    }
    let seeds = root().join("fuzz/seeds").join(target);
    let corpus = tools::cache()?.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(|cause| format!("{}: {cause}", corpus.display()))?;
    say(&format!("fuzzing {target} for {seconds} s"));
    let (seeds, corpus) = (seeds.to_string_lossy().into_owned(), corpus.to_string_lossy().into_owned());
    let limits = [
        format!("-max_total_time={seconds}"),
        format!("-max_len={MAX_LENGTH}"),
        "-verbosity=0".to_owned(),
        "-timeout=10".to_owned(),
        "-rss_limit_mb=2048".to_owned(),
    ];
    let limits: Vec<&str> = limits.iter().map(String::as_str).collect();
    // libFuzzer writes what it finds into the first folder and only reads the others.
    cargo_fuzz(&["run", target, &corpus, &seeds], &limits)
}

/// The targets, by name: one file each.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    let mut names: Vec<String> = entries
        .filter_map(|entry| Some(entry.ok()?.file_name().to_string_lossy().strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

fn cargo_fuzz(words: &[&str], limits: &[&str]) -> Outcome {
    let (verb, rest) = words.split_first().ok_or("no cargo-fuzz command")?;
    let mut command = Command::new(tools::installed("cargo-fuzz")?);
    command.arg("fuzz").arg(verb).arg("--target-dir").arg(target_folder()?).args(rest).current_dir(root());
    if !limits.is_empty() {
        command.arg("--").args(limits);
    }
    command.env("RUSTC_BOOTSTRAP", "1");
    // libFuzzer prints what helped it; that is of interest only when it found something.
    let output = command.output().map_err(|cause| format!("cargo-fuzz cannot be started: {cause}"))?;
    if output.status.success() {
        return Ok(());
    }
    say(&String::from_utf8_lossy(&output.stdout));
    say(&String::from_utf8_lossy(&output.stderr));
    Err(format!("cargo fuzz {}: {}", words.join(" "), output.status))
}

/// Beside the target folder in use, so that a build with sanitizers does not push out the usual one.
fn target_folder() -> Result<PathBuf, String> {
    Ok(match env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => PathBuf::from(folder).join("fuzz"),
        None => root().join("fuzz/target"),
    })
}
