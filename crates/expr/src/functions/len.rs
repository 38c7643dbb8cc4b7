//! `len`.

use crate::function::{Body, Function, Mark};
use crate::signature;

/// `len(s)`.
pub(crate) static F: Function = Function {
    name: "len",
    category: "Strings",
    usage: "(s)",
    doc: r#"Number of characters."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((s: &str) -> i64, |s: &str| s.chars().count() as i64)]),
    examples: &[(r#"len("")"#, r#"0"#), (r#"len("é3x")"#, r#"3"#), (r#"len(null)"#, r#"null"#)],
};
