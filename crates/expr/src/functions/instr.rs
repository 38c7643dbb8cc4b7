//! `instr`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn instr(s: &str, part: &str, n: i64) -> i64 {
    let Some(skip) = usize::try_from(n).ok().and_then(|n| n.checked_sub(1)) else { return 0 };
    if part.is_empty() {
        return 0;
    }
    match s.match_indices(part).nth(skip) {
        Some((at, _)) => s[..at].chars().count() as i64 + 1,
        None => 0,
    }
}

/// `instr(s, part [, n])`.
pub(crate) static F: Function = Function {
    name: "instr",
    category: "Strings",
    usage: "(s, part [, n])",
    doc: r#"Position from 1 of the n-th occurrence, 0 when absent."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: &str, p: &str) -> i64, |s, p| instr(s, p, 1)),
        signature!((s: &str, p: &str, n: i64) -> i64, instr),
    ]),
    examples: &[
        (r#"instr("This is a simple sentence.","is",1)"#, r#"3"#),
        (r#"instr("This is a simple sentence.","is",2)"#, r#"6"#),
        (r#"instr("abc","x")"#, r#"0"#),
        (r#"instr("éa","a")"#, r#"2"#),
        (r#"instr("abc","")"#, r#"0"#),
    ],
};
