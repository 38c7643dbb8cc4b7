//! `upper`, `lower`.

use crate::function::{Body, Function, Mark};
use crate::signature;

/// `upper(s)`.
pub(crate) static UPPER: Function = Function {
    name: "upper",
    category: "Strings",
    usage: "(s)",
    doc: r#"s in upper-case letters."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: &str) -> text, |s: &str, out: &mut String| out.extend(s.chars().flat_map(char::to_uppercase))),
    ]),
    examples: &[(r#"upper("aé1")"#, r#"AÉ1"#)],
};

/// `lower(s)`.
pub(crate) static LOWER: Function = Function {
    name: "lower",
    category: "Strings",
    usage: "(s)",
    doc: r#"s in lower-case letters."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: &str) -> text, |s: &str, out: &mut String| out.extend(s.chars().flat_map(char::to_lowercase))),
    ]),
    examples: &[(r#"lower("AÉ1")"#, r#"aé1"#)],
};
