//! Nothing in the tree names the machine it was written on, or a registry other than crates.io.

use super::source::{is_test_file, product_lines};
use super::{Finding, Tree};

/// Folders of one machine. Written in two halves, so that this file passes its own rule.
const MACHINE_FOLDERS: &[&str] = &[concat!("/wo", "rk/"), concat!("/ro", "ot/"), HOMES];

/// Where users live. Tests quote such paths from the specification.
const HOMES: &str = concat!("/ho", "me/");

/// The one registry that a lock file may name.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// No file holds a path of the machine it was written on.
pub(super) fn no_machine_path(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let quotes_from = if is_test_file(path) { 0 } else { product_length(path, text) };
        for (at, line) in text.lines().enumerate() {
            let banned = |folder: &&&str| at < quotes_from || **folder != HOMES;
            if let Some(folder) =
                MACHINE_FOLDERS.iter().filter(banned).find(|folder| starts_a_path(line, folder))
            {
                findings.push(Finding::new(
                    path,
                    at + 1,
                    format!("a path below {folder} exists on one machine only"),
                ));
            }
        }
    }
    findings
}

/// Lock files name crates.io only, and no configuration puts another registry in its place.
pub(super) fn crates_io_only(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.files() {
        let lock = path.ends_with("Cargo.lock");
        let settings =
            path.ends_with("Cargo.toml") || path.starts_with(".cargo/") || path.contains("/.cargo/");
        for (at, line) in text.lines().enumerate() {
            let foreign = lock && line.starts_with("source = ") && !line.contains(CRATES_IO)
                || settings
                    && ["replace-with", "registry-index", "[registries", "[source"]
                        .iter()
                        .any(|w| line.contains(w));
            if foreign {
                findings.push(Finding::new(
                    path,
                    at + 1,
                    "another registry than crates.io: it cannot be reached elsewhere",
                ));
            }
        }
    }
    findings
}

/// The number of lines of a file before its tests.
fn product_length(path: &str, text: &str) -> usize {
    if path.ends_with(".rs") { product_lines(text).len() } else { usize::MAX }
}

/// Whether `folder` begins a path in `line`: what stands before it is no part of a longer path.
fn starts_a_path(line: &str, folder: &str) -> bool {
    let in_path = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '}' | '~' | '@' | ']' | ')');
    line.match_indices(folder).any(|(at, _)| !line[..at].chars().next_back().is_some_and(in_path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn machine_paths_are_found() {
        let folder = MACHINE_FOLDERS[0];
        let good = format!("see docs{folder}a and {{root}}{folder}b");
        assert_eq!(no_machine_path(&Tree::of(&[("a.md", &good)])), []);
        let bad = format!("cd {folder}a\nfile://{folder}b\n");
        assert_eq!(no_machine_path(&Tree::of(&[("a.md", &bad)])).len(), 2);
        let quoted = format!("//! A.\n#[cfg(test)]\nconst P: &str = \"{HOMES}ada/a\";\n");
        assert_eq!(no_machine_path(&Tree::of(&[("a.rs", &quoted)])), []);
        assert_eq!(no_machine_path(&Tree::of(&[("a.md", &quoted)])).len(), 1);
    }

    #[test]
    fn other_registries_are_found() {
        let good = format!("[[package]]\nsource = \"{CRATES_IO}\"\n");
        assert_eq!(crates_io_only(&Tree::of(&[("Cargo.lock", &good)])), []);
        let bad = Tree::of(&[
            ("Cargo.lock", "source = \"registry+https://example.org/index\"\n"),
            (".cargo/config.toml", "[source.crates-io]\nreplace-with = \"other\"\n"),
        ]);
        assert_eq!(crates_io_only(&bad).len(), 3);
    }
}
