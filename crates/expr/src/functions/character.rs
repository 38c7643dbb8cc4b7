//! `asc`, `chr`.

use crate::faults::FaultKind;
use crate::function::{Body, Function, Mark};
use crate::signature;

fn chr(n: i64, out: &mut String) -> Result<(), FaultKind> {
    let character = u32::try_from(n).ok().and_then(char::from_u32).ok_or(FaultKind::BadArgument)?;
    out.push(character);
    Ok(())
}

/// `asc(s)`.
pub(crate) static ASC: Function = Function {
    name: "asc",
    category: "Strings",
    usage: "(s)",
    doc: r#"Code of the first character; null for an empty text."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: &str) -> Option<i64>, |s: &str| s.chars().next().map(|c| i64::from(u32::from(c)))),
    ]),
    examples: &[(r#"asc("A")"#, r#"65"#)],
};

/// `chr(n)`.
pub(crate) static CHR: Function = Function {
    name: "chr",
    category: "Strings",
    usage: "(n)",
    doc: r#"The character of a code."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((n: i64) -> text, chr)]),
    examples: &[(r#"chr(65)"#, r#"A"#), (r#"chr(-1)"#, r#"null"#)],
};
