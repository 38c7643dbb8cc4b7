//! `compare`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn compare(a: &str, b: &str, ignore_case: bool) -> i64 {
    let order = if ignore_case {
        a.chars().flat_map(char::to_lowercase).cmp(b.chars().flat_map(char::to_lowercase))
    } else {
        a.cmp(b)
    };
    order as i64
}

/// `compare(a, b [, ignore_case])`.
pub(crate) static F: Function = Function {
    name: "compare",
    category: "Strings",
    usage: "(a, b [, ignore_case])",
    doc: r#"-1, 0 or 1 by the order of a and b."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((a: &str, b: &str) -> i64, |a, b| compare(a, b, false)),
        signature!((a: &str, b: &str, i: bool) -> i64, compare),
    ]),
    examples: &[
        (r#"compare("hello","hallo")"#, r#"1"#),
        (r#"compare("Hello","hello")"#, r#"-1"#),
        (r#"compare("Hello","hello",true)"#, r#"0"#),
    ],
};
