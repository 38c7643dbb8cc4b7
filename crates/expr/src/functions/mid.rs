//! `mid`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn mid(s: &str, position: i64, len: Option<i64>, out: &mut String) {
    let start = usize::try_from(position).unwrap_or(1).max(1) - 1;
    let len = len.and_then(|n| usize::try_from(n).ok()).filter(|&n| n > 0).unwrap_or(usize::MAX);
    out.extend(s.chars().skip(start).take(len));
}

/// `mid(s, pos [, len])`.
pub(crate) static F: Function = Function {
    name: "mid",
    category: "Strings",
    usage: "(s, pos [, len])",
    doc: r#"len characters from position pos (from 1); to the end when len is missing, null, 0 or too long."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: &str, p: i64) -> text, |s, p, out: &mut String| mid(s, p, None, out)),
        signature!((s: &str, p: i64, n: Option<i64>) -> text, mid),
    ]),
    examples: &[
        (r#"mid("06MAY15",3,3)"#, r#"MAY"#),
        (r#"mid("06MAY15",3)"#, r#"MAY15"#),
        (r#"mid("06MAY15",3,null)"#, r#"MAY15"#),
        (r#"mid("abc",2,0)"#, r#"bc"#),
        (r#"mid("abc",9)"#, r#""#),
    ],
};
