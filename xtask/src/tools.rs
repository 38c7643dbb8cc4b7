//! Cargo's plug-ins that the steps use: pinned, and installed once into a cache outside the checkout.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

use crate::steps::{Outcome, run, say};

/// Name and version of each tool; the versions build with the toolchain of rust-toolchain.toml.
const TOOLS: &[(&str, &str)] = &[("cargo-deny", "0.20.2"), ("cargo-fuzz", "0.13.2")];

/// The program `name`, installed first when the cache does not hold the pinned version.
pub(crate) fn installed(name: &str) -> Result<PathBuf, String> {
    let Some((_, version)) = TOOLS.iter().find(|(tool, _)| *tool == name) else {
        return Err(format!("{name} is no tool of this repository"));
    };
    let folder = cache()?.join("tools");
    let program = folder.join("bin").join(name);
    if has_version(&program, version) {
        return Ok(program);
    }
    say(&format!("installing {name} {version} below {} (some minutes, once)", folder.display()));
    let (to, build) = (folder.to_string_lossy().into_owned(), folder.join("build"));
    install(&["install", "-q", "--locked", "--force", name, "--version", version, "--root", &to], &build)?;
    Ok(program)
}

/// The cargo that runs this program.
pub(crate) fn cargo() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

/// The folder for what outlives a checkout: `$XDG_CACHE_HOME/tidegate`, else `~/.cache/tidegate`.
pub(crate) fn cache() -> Result<PathBuf, String> {
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    let base = env::var_os("XDG_CACHE_HOME").filter(|v| !v.is_empty()).map(PathBuf::from).or_else(home);
    Ok(base.ok_or("neither XDG_CACHE_HOME nor HOME is set")?.join("tidegate"))
}

fn install(arguments: &[&str], build: &std::path::Path) -> Outcome {
    let target = build.to_string_lossy().into_owned();
    let mut all = arguments.to_vec();
    all.extend(["--target-dir", &target]);
    run(&cargo(), &all)?;
    // What the build leaves is of no use once the program is installed.
    std::fs::remove_dir_all(build).map_err(|cause| format!("{}: {cause}", build.display()))
}

fn has_version(program: &std::path::Path, version: &str) -> bool {
    let output = Command::new(program).arg("--version").output();
    output.is_ok_and(|o| String::from_utf8_lossy(&o.stdout).split_whitespace().any(|word| word == version))
}
