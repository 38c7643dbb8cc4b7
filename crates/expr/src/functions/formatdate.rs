//! `formatdate`, `today`.

use std::fmt::Write;

use tidegate_event::calendar::MONTHS;

use crate::faults::FaultKind;
use crate::function::{Body, Days, Function, Mark};
use crate::signature;

fn formatdate(date: Days, format: &str, out: &mut String) -> Result<(), FaultKind> {
    let c = date.civil().ok_or(FaultKind::BadArgument)?;
    let month = MONTHS[c.month as usize - 1];
    let mut rest = format;
    while let Some(first) = rest.chars().next() {
        let tokens = ["YYYY", "YY", "MMMM", "MMM", "MM", "DD", "hh", "mm", "ss", "ms"];
        let Some(token) = tokens.into_iter().find(|token| rest.starts_with(token)) else {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        };
        match token {
            "YYYY" => number(c.year, 4, out),
            "YY" => number(c.year.rem_euclid(100), 2, out),
            "MMMM" => out.push_str(month),
            "MMM" => out.push_str(&month[..3]),
            "MM" => number(c.month, 2, out),
            "DD" => number(c.day, 2, out),
            "hh" => number(c.hour, 2, out),
            "mm" => number(c.minute, 2, out),
            "ss" => number(c.second, 2, out),
            _ => number(c.milli, 3, out),
        }
        rest = &rest[token.len()..];
    }
    Ok(())
}

fn number(value: i64, width: usize, out: &mut String) {
    write!(out, "{value:0width$}").expect("writing to a string does not fail");
}

/// `formatdate(d, format)`.
pub(crate) static F: Function = Function {
    name: "formatdate",
    category: "Dates",
    usage: "(d, format)",
    doc: r#"d as text; YYYY YY MMMM MMM MM DD hh mm ss ms are replaced, all else is copied. UTC."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((d: Days, f: &str) -> text, formatdate)]),
    examples: &[
        (r#"formatdate(#2010-02-12#,"MM/DD/YY")"#, r#"02/12/10"#),
        (r#"formatdate(#12-February-2010#,"YYYY-MM-DD hh:mm:ss")"#, r#"2010-02-12 00:00:00"#),
        (r#"formatdate(#2010-02-12#,"MMM D MMMM")"#, r#"Feb D February"#),
    ],
};

/// `today()`.
pub(crate) static TODAY: Function = Function {
    name: "today",
    category: "Dates",
    usage: "()",
    doc: r#"The engine's date and time."#,
    mark: Mark::Source,
    body: Body::Today,
    examples: &[],
};
