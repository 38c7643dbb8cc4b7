//! `trim`.

use crate::function::{Body, Function, Mark};
use crate::signature;

/// `trim(s)`.
pub(crate) static F: Function = Function {
    name: "trim",
    category: "Strings",
    usage: "(s)",
    doc: r#"s without blanks on both sides."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: &str) -> text, |s: &str, out: &mut String| out.push_str(s.trim())),
    ]),
    examples: &[(r#"trim("  a b ")"#, r#"a b"#)],
};
