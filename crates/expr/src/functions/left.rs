//! `left`.

use crate::function::{Body, Function, Mark, Signature};
use crate::signature;

fn left(s: &str, n: i64, out: &mut String) {
    let count = usize::try_from(n).unwrap_or(0);
    let end = s.char_indices().nth(count).map_or(s.len(), |(at, _)| at);
    out.push_str(&s[..end]);
}

pub(crate) static LEFT: Signature = signature!((s: &str, n: i64) -> text, left);

/// `left(s, n)`.
pub(crate) static F: Function = Function {
    name: "left",
    category: "Strings",
    usage: "(s, n)",
    doc: "The first n characters; \"\" when n is 0 or less.",
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((s: &str, n: i64) -> text, left)]),
    examples: &[
        ("left(\"abcdefg\",4)", "abcd"),
        ("left(\"é\",5)", "é"),
        ("left(\"abc\",-1)", ""),
        ("left(null,1)", "null"),
    ],
};
