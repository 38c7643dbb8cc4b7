//! The rules of the repository that a compiler does not check. Each is a function from the [`Tree`] to the
//! [`Finding`]s, with a good and a bad sample in its own test; [`check`] runs them all.

mod attributes;
mod dependencies;
mod edges;
mod names;
mod places;
mod purity;
mod source;
mod tree;

use std::fmt;

pub(crate) use tree::{Tree, root};

/// A place where a rule is broken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Finding {
    /// Path below the root of the repository.
    path: String,
    /// Line, counted from 1; 0 means the whole file.
    line: usize,
    /// What is wrong and what to do.
    what: String,
}

impl Finding {
    fn new(path: &str, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.what),
            line => write!(f, "{}:{line}: {}", self.path, self.what),
        }
    }
}

/// One rule.
type Rule = fn(&Tree) -> Vec<Finding>;

/// Every rule, in the order in which its findings are printed.
const RULES: &[Rule] = &[
    edges::crate_edges,
    edges::pure_crates_name_no_runtime,
    dependencies::versions_only_in_the_root,
    dependencies::every_dependency_has_a_line,
    dependencies::lints_are_inherited,
    names::banned_names,
    names::file_length,
    purity::no_clock_thread_or_io,
    places::no_machine_path,
    places::crates_io_only,
    attributes::unsafe_only_where_listed,
    attributes::expect_instead_of_allow,
    attributes::every_file_has_a_head,
];

/// What all rules find in `tree`.
pub(crate) fn check(tree: &Tree) -> Vec<Finding> {
    RULES.iter().flat_map(|rule| rule(tree)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_repository_is_tidy() {
        let tree = Tree::of_this_repository().expect("the checkout can be read");
        let findings: Vec<String> = check(&tree).iter().map(ToString::to_string).collect();
        assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), findings.join("\n"));
    }
}
