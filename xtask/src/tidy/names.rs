//! Names and sizes of files.

use super::{Finding, Tree};

/// A name that says nothing of the one job a file or folder has.
const BANNED: &[&str] = &["utils", "util", "common", "manager", "helpers"];

/// A file that nears this many lines has a second job: find it.
const MAX_LINES: usize = 600;

/// No file or folder carries a banned name.
pub(super) fn banned_names(tree: &Tree) -> Vec<Finding> {
    let banned = |part: &str| {
        let stem = part.split('.').next().unwrap_or(part).to_lowercase();
        BANNED.contains(&stem.as_str())
    };
    tree.files()
        .filter(|(path, _)| path.split('/').any(banned))
        .map(|(path, _)| Finding::new(path, 0, "a name that says nothing: name the job"))
        .collect()
}

/// No source file is longer than [`MAX_LINES`].
pub(super) fn file_length(tree: &Tree) -> Vec<Finding> {
    tree.sources()
        .map(|(path, text)| (path, text.lines().count()))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(path, lines)| {
            Finding::new(path, 0, format!("{lines} lines; at most {MAX_LINES}: find the second job in it"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_names_are_found_as_files_and_folders() {
        assert_eq!(banned_names(&Tree::of(&[("crates/a/src/utilization.rs", "")])), []);
        let bad = Tree::of(&[
            ("crates/a/src/utils.rs", ""),
            ("crates/common/Cargo.toml", ""),
            ("tests/Helpers/a.md", ""),
        ]);
        assert_eq!(banned_names(&bad).len(), 3);
    }

    #[test]
    fn long_files_are_found() {
        assert_eq!(
            file_length(&Tree::of(&[("a.rs", &"x\n".repeat(MAX_LINES)), ("a.md", &"x\n".repeat(900))])),
            []
        );
        assert_eq!(file_length(&Tree::of(&[("a.rs", &"x\n".repeat(MAX_LINES + 1))])).len(), 1);
    }
}
