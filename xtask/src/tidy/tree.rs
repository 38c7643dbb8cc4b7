//! The files that the rules look at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

/// The text files of a checkout by their path below its root, with `/` between the parts.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    files: BTreeMap<String, String>,
}

impl Tree {
    /// The checkout that this program was built from: what git tracks or would track.
    pub(crate) fn of_this_repository() -> io::Result<Self> {
        let root = root();
        let paths = match git_paths(&root) {
            Some(paths) => paths,
            None => walked_paths(&root)?,
        };
        let mut files = BTreeMap::new();
        for path in paths {
            // A path that git lists but that is gone, and a file that is not text, hold nothing to judge.
            if let Ok(text) = fs::read_to_string(root.join(&path)) {
                files.insert(path, text);
            }
        }
        Ok(Self { files })
    }

    /// A tree of samples.
    #[cfg(test)]
    pub(crate) fn of(samples: &[(&str, &str)]) -> Self {
        Self { files: samples.iter().map(|(p, t)| ((*p).to_owned(), (*t).to_owned())).collect() }
    }

    /// Every file: path and text.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, text)| (path.as_str(), text.as_str()))
    }

    /// The Rust sources: path and text.
    pub(crate) fn sources(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter(|(path, _)| path.ends_with(".rs"))
    }

    /// The manifests: path and parsed content. One that does not parse is cargo's to report.
    pub(crate) fn manifests(&self) -> impl Iterator<Item = (&str, toml::Table)> {
        self.files()
            .filter(|(path, _)| *path == "Cargo.toml" || path.ends_with("/Cargo.toml"))
            .filter_map(|(path, text)| Some((path, text.parse().ok()?)))
    }

    /// The text of the file at `path`, if there is one.
    pub(crate) fn text(&self, path: &str) -> Option<&str> {
        self.files.get(path).map(String::as_str)
    }
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

fn git_paths(root: &Path) -> Option<Vec<String>> {
    let output = Command::new("git")
        .args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"])
        .current_dir(root)
        .output()
        .ok()?;
    let listing = String::from_utf8(output.stdout).ok()?;
    let paths: Vec<String> = listing.split('\0').filter(|p| !p.is_empty()).map(str::to_owned).collect();
    (output.status.success() && !paths.is_empty()).then_some(paths)
}

/// The same for a checkout without git: everything but what builds leave behind.
fn walked_paths(root: &Path) -> io::Result<Vec<String>> {
    const LEFT_BY_BUILDS: &[&str] = &["target", "corpus", "artifacts", ".git", "output"];
    let mut paths = Vec::new();
    let mut folders = vec![String::new()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = if folder.is_empty() { name.clone() } else { format!("{folder}/{name}") };
            if !entry.file_type()?.is_dir() {
                paths.push(path);
            } else if !LEFT_BY_BUILDS.contains(&name.as_str()) {
                folders.push(path);
            }
        }
    }
    Ok(paths)
}
