//! The crates that read no clock, start no thread and do no I/O (design.md 2 and 6).

use super::source::{has_word, is_test_file, product_lines};
use super::{Finding, Tree};

/// Their product is a function of its input.
const PURE: &[&str] = &["crates/engine/src/", "crates/event/src/", "crates/expr/src/", "crates/model/src/"];

/// Modules of std that reach outside.
const MODULES: &[&str] = &["env", "fs", "io", "net", "process", "thread"];

/// Types and calls that read a clock.
const CLOCKS: &[&str] = &["Instant", "SystemTime", "Timestamp::now", "Zoned::now"];

/// The pure crates name no module of std that reaches outside, and no clock.
pub(super) fn no_clock_thread_or_io(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let sources =
        tree.sources().filter(|(path, _)| PURE.iter().any(|p| path.starts_with(p)) && !is_test_file(path));
    for (path, text) in sources {
        for (line, code) in product_lines(text) {
            if let Some(name) = impure(&code) {
                findings.push(Finding::new(path, line, format!("{name}: this crate reads no clock, starts no thread and does no I/O; have it handed in")));
            }
        }
    }
    findings
}

fn impure(code: &str) -> Option<String> {
    let clock = CLOCKS.iter().find(|clock| has_word(code, clock)).map(|clock| (*clock).to_owned());
    clock.or_else(|| {
        let module = MODULES
            .iter()
            .find(|module| has_word(code, &format!("std::{module}")) || in_group(code, module))?;
        Some(format!("std::{module}"))
    })
}

/// Whether `module` is named in a `use std::{..}` on this line.
fn in_group(code: &str, module: &str) -> bool {
    code.split_once("std::{").is_some_and(|(_, group)| has_word(group, module))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_threads_and_io_are_found_in_pure_product_only() {
        let good = Tree::of(&[
            (
                "crates/engine/src/a.rs",
                "//! std::fs in words\nuse std::time::Duration;\n#[cfg(test)]\nmod tests { use std::fs; }\n",
            ),
            ("crates/engine/src/a/tests.rs", "use std::thread;\n"),
            ("crates/host/src/a.rs", "use std::thread;\n"),
        ]);
        assert_eq!(no_clock_thread_or_io(&good), []);
        let bad = "use std::{fmt, io};\nlet t = std::time::Instant::now();\nstd::thread::yield_now();\n";
        let findings = no_clock_thread_or_io(&Tree::of(&[("crates/expr/src/a.rs", bad)]));
        assert_eq!(findings.iter().map(|f| f.line).collect::<Vec<_>>(), [1, 2, 3]);
    }
}
