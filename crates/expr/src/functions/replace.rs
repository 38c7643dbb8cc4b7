//! `replace`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn replace(s: &str, search: &str, replacement: &str, n: i64, out: &mut String) {
    let limit = usize::try_from(n).ok().filter(|&n| n > 0).unwrap_or(usize::MAX);
    let mut rest = 0;
    if !search.is_empty() {
        for (at, found) in s.match_indices(search).take(limit) {
            out.push_str(&s[rest..at]);
            out.push_str(replacement);
            rest = at + found.len();
        }
    }
    out.push_str(&s[rest..]);
}

/// `replace(s, search, replacement [, n])`.
pub(crate) static F: Function = Function {
    name: "replace",
    category: "Strings",
    usage: "(s, search, replacement [, n])",
    doc: r#"s with the first n occurrences replaced; all when n is missing or 0."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: &str, a: &str, b: &str) -> text, |s, a, b, out: &mut String| replace(s, a, b, 0, out)),
        signature!((s: &str, a: &str, b: &str, n: i64) -> text, replace),
    ]),
    examples: &[
        (r#"replace("aXbXc","X","-")"#, r#"a-b-c"#),
        (r#"replace("aXbXc","X","-",1)"#, r#"a-bXc"#),
        (r#"replace("abc","","-")"#, r#"abc"#),
    ],
};
