//! `pattern`, `has_control_chars`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn pattern(s: &str, out: &mut String) {
    out.extend(s.chars().map(|c| match c {
        c if c.is_numeric() => '9',
        c if c.is_uppercase() => 'A',
        c if c.is_lowercase() => 'a',
        c => c,
    }));
}

/// `pattern(s)`.
pub(crate) static F: Function = Function {
    name: "pattern",
    category: "Strings",
    usage: "(s)",
    doc: r#"s with each digit as 9, upper letter as A, lower letter as a."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((s: &str) -> text, pattern)]),
    examples: &[(r#"pattern("12/b Abc-Str.")"#, r#"99/a Aaa-Aaa."#)],
};

/// `has_control_chars(s)`.
pub(crate) static HAS_CONTROL_CHARS: Function = Function {
    name: "has_control_chars",
    category: "Strings",
    usage: "(s)",
    doc: r#"Whether a character has a code of 0-31 or 127."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((s: &str) -> bool, |s: &str| s.bytes().any(|b| b < 32 || b == 127))]),
    examples: &[
        (r#"has_control_chars("ab")"#, r#"false"#),
        (r#"has_control_chars("a" & chr(7))"#, r#"true"#),
    ],
};
