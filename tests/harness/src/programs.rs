//! Tidegate's own programs, as built from this checkout.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::Error;

/// Packages that hold the programs.
const PACKAGES: &[&str] = &["tidegate-server", "tidegate-cli"];

/// The path of one of Tidegate's programs, for instance `dfesp_xml_server`: in the folder that `TIDEGATE_PROGRAMS` names,
/// else beside the running test, brought up to date by cargo once per process.
///
/// # Errors
/// It cannot be built, or there is no program of that name.
pub fn program(name: &str) -> Result<PathBuf, Error> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| find().map_err(|error| error.to_string()));
    let path = folder.as_ref().map_err(|error| Error::Usage(error.clone()))?.join(name);
    if path.is_file() { Ok(path) } else { Err(Error::Usage(format!("{} is not there", path.display()))) }
}

fn find() -> Result<PathBuf, Error> {
    if let Some(folder) = env::var_os("TIDEGATE_PROGRAMS").filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let own = env::current_exe().map_err(Error::io("asking for the path of this program"))?;
    let folder = beside(&own).ok_or_else(|| {
        Error::Usage(format!("{} is not in cargo's target folder: set TIDEGATE_PROGRAMS", own.display()))
    })?;
    build(folder)?;
    Ok(folder.to_owned())
}

/// The folder of a profile's programs, from the path of a test in `deps` or `examples` below it, or of a program in it.
fn beside(own: &Path) -> Option<&Path> {
    let folder = own.parent()?;
    match folder.file_name()?.to_str()? {
        "deps" | "examples" => folder.parent(),
        _ => Some(folder),
    }
}

fn build(folder: &Path) -> Result<(), Error> {
    let wrong = |what: String| Error::Usage(format!("Tidegate's programs cannot be built: {what}"));
    let target = folder.parent().ok_or_else(|| wrong(format!("{} has no parent", folder.display())))?;
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo")));
    cargo.args(["build", "-q", "--bins", "--target-dir"]).arg(target);
    cargo.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml"));
    cargo.args(PACKAGES.iter().flat_map(|package| ["-p", package]));
    if folder.file_name().is_some_and(|name| name == "release") {
        cargo.arg("--release");
    }
    let output = cargo.output().map_err(Error::io("starting cargo"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(wrong(String::from_utf8_lossy(&output.stderr).into_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_programs_is_found_from_tests_and_programs() {
        assert_eq!(beside(Path::new("/t/debug/deps/story-1")), Some(Path::new("/t/debug")));
        assert_eq!(beside(Path::new("/t/release/xtask")), Some(Path::new("/t/release")));
    }
}
