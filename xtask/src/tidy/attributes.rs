//! What each source file says of itself, and where the compiler's checks may be lifted.

use super::source::{code, has_word};
use super::{Finding, Tree};

/// The files that may hold unsafe code, each with its reason in its head.
const UNSAFE_FILES: &[&str] =
    &["benches/engine/src/counting.rs", "crates/engine/tests/allocations.rs", "crates/event/src/row/view.rs"];

/// Unsafe code stands only in the files of [`UNSAFE_FILES`].
pub(super) fn unsafe_only_where_listed(tree: &Tree) -> Vec<Finding> {
    code_lines(tree)
        .filter(|(path, _, line)| has_word(line, "unsafe") && !UNSAFE_FILES.contains(path))
        .map(|(path, at, _)| {
            Finding::new(
                path,
                at,
                "unsafe code stands only in the files that xtask/src/tidy/attributes.rs lists",
            )
        })
        .collect()
}

/// A lint is lifted by `expect` with a reason, which fails when it is no longer needed.
pub(super) fn expect_instead_of_allow(tree: &Tree) -> Vec<Finding> {
    code_lines(tree)
        .filter(|(_, _, line)| line.contains("#[allow(") || line.contains("#![allow("))
        .map(|(path, at, _)| Finding::new(path, at, "write #[expect(.., reason = \"..\")]"))
        .collect()
}

/// A source file begins with what it is for.
pub(super) fn every_file_has_a_head(tree: &Tree) -> Vec<Finding> {
    let has_head = |text: &str| {
        let mut lines = text.lines().filter(|line| !line.trim().is_empty() && !line.starts_with("#!["));
        lines.next().is_some_and(|line| line.starts_with("//!"))
    };
    tree.sources()
        .filter(|(_, text)| !has_head(text))
        .map(|(path, _)| Finding::new(path, 1, "begin the file with a `//!` comment: what it is for"))
        .collect()
}

fn code_lines(tree: &Tree) -> impl Iterator<Item = (&str, usize, String)> {
    tree.sources().flat_map(|(path, text)| {
        let lines: Vec<String> = code(text).lines().map(str::to_owned).collect();
        lines.into_iter().enumerate().map(move |(at, line)| (path, at + 1, line))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unsafe_code_is_found() {
        let good = "//! No unsafe here.\n#![deny(unsafe_code)]\nconst A: &str = \"unsafe\";\n";
        assert_eq!(unsafe_only_where_listed(&Tree::of(&[("a.rs", good)])), []);
        assert_eq!(unsafe_only_where_listed(&Tree::of(&[("a.rs", "fn f() { unsafe { g() } }\n")])).len(), 1);
    }

    #[test]
    fn allow_is_found() {
        let good = "#[expect(dead_code, reason = \"x\")]\n// #[allow(x)]\n";
        assert_eq!(expect_instead_of_allow(&Tree::of(&[("a.rs", good)])), []);
        assert_eq!(expect_instead_of_allow(&Tree::of(&[("a.rs", "#[allow(dead_code)]\n")])).len(), 1);
    }

    #[test]
    fn a_missing_head_is_found() {
        assert_eq!(every_file_has_a_head(&Tree::of(&[("a.rs", "#![no_main]\n//! A.\n")])), []);
        assert_eq!(
            every_file_has_a_head(&Tree::of(&[("a.rs", "use a::b;\n//! A.\n"), ("b.rs", "")])).len(),
            2
        );
    }
}
