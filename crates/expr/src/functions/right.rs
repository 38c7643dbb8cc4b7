//! `right`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn right(s: &str, n: i64, out: &mut String) {
    let Some(before) = usize::try_from(n).ok().and_then(|n| n.checked_sub(1)) else { return };
    let start = s.char_indices().rev().nth(before).map_or(0, |(at, _)| at);
    out.push_str(&s[start..]);
}

/// `right(s, n)`.
pub(crate) static F: Function = Function {
    name: "right",
    category: "Strings",
    usage: "(s, n)",
    doc: r#"The last n characters; empty when n is 0 or less."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((s: &str, n: i64) -> text, right)]),
    examples: &[
        (r#"right("abcdefg",3)"#, r#"efg"#),
        (r#"right("abc",9)"#, r#"abc"#),
        (r#"right("abc",0)"#, r#""#),
    ],
};
