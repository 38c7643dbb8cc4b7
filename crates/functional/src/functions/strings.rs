//! Text. Positions count characters, from 0.

use std::collections::BTreeMap;

use super::{of_text, of_texts, whole};
use crate::env::Env;
use crate::function::{Body, Function, MANY, Mark};
use crate::value::{Outcome, Value};

const FAMILY: &str = "Strings";

/// The character number of a byte position.
pub(super) fn characters_before(text: &str, byte: usize) -> i64 {
    text[..byte].chars().count() as i64
}

/// Replaces each character of `from` by the one at its place in `to`, or by nothing where `to` is shorter.
pub(crate) fn translated(text: &str, from: &str, to: &str) -> String {
    let mut table = BTreeMap::new();
    let mut to = to.chars();
    for c in from.chars() {
        // Of a character that comes twice the first counts.
        let translated = to.next();
        table.entry(c).or_insert(translated);
    }
    text.chars().filter_map(|c| table.get(&c).copied().unwrap_or(Some(c))).collect()
}

fn translate(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let to = arguments[2].as_text().unwrap_or_default();
    of_texts(&arguments[0], &arguments[1], |text, from| translated(text, from, &to).into())
}

fn substring(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let Some(start) = whole(&arguments[1])? else { return Ok(Value::Null) };
    let len = match arguments.get(2) {
        None => i64::MAX,
        Some(len) => match whole(len)? {
            Some(len) => len,
            None => return Ok(Value::Null),
        },
    };
    let from = usize::try_from(start).unwrap_or(0);
    // A start before the text uses up length.
    let end = usize::try_from(start.saturating_add(len)).unwrap_or(0);
    of_text(&arguments[0], |text| {
        text.chars().skip(from).take(end.saturating_sub(from)).collect::<String>().into()
    })
}

/// `concat`.
pub(crate) static CONCAT: Function = Function::new(
    "concat",
    FAMILY,
    "(a, b ...)",
    "All arguments one after the other.",
    (1, MANY),
    Body::Eager(|arguments, _| super::conversion::joined(arguments, "")),
    &[("concat('{\"email\":\"','a@b','\"}')", "{\"email\":\"a@b\"}"), ("concat('a',$nothing)", "null")],
)
.mark(Mark::Source);

/// `concatDelim`.
pub(crate) static CONCAT_DELIM: Function = Function::new(
    "concatDelim",
    FAMILY,
    "(delim, a, b ...)",
    "The arguments behind the first, with that one between them.",
    (1, MANY),
    Body::Eager(|arguments, _| {
        let delimiter = arguments[0].as_text().unwrap_or_default();
        super::conversion::joined(&arguments[1..], &delimiter)
    }),
    &[("concatDelim('-','a','b','c')", "a-b-c")],
);

/// `contains`.
pub(crate) static CONTAINS: Function = Function::new(
    "contains",
    FAMILY,
    "(s, part)",
    "Whether part is in s.",
    (2, 2),
    Body::Eager(|arguments, _| of_texts(&arguments[0], &arguments[1], |s, part| s.contains(part).into())),
    &[("contains('abc','bc')", "1"), ("contains('abc','x')", "0")],
);

/// `endsWith`.
pub(crate) static ENDS_WITH: Function = Function::new(
    "endsWith",
    FAMILY,
    "(s, part)",
    "Whether s ends with part.",
    (2, 2),
    Body::Eager(|arguments, _| of_texts(&arguments[0], &arguments[1], |s, part| s.ends_with(part).into())),
    &[("endsWith('abc','bc')", "1"), ("endsWith('abc','ab')", "0")],
);

/// `startsWith`.
pub(crate) static STARTS_WITH: Function = Function::new(
    "startsWith",
    FAMILY,
    "(s, part)",
    "Whether s starts with part.",
    (2, 2),
    Body::Eager(|arguments, _| of_texts(&arguments[0], &arguments[1], |s, part| s.starts_with(part).into())),
    &[("startsWith('abc','ab')", "1"), ("startsWith('abc','bc')", "0")],
);

/// `indexOf`.
pub(crate) static INDEX_OF: Function = Function::new(
    "indexOf",
    FAMILY,
    "(s, part)",
    "The position, from 0, at which part first stands in s; -1 when it does not.",
    (2, 2),
    Body::Eager(|arguments, _| {
        of_texts(&arguments[0], &arguments[1], |s, part| {
            s.find(part).map_or(-1, |at| characters_before(s, at)).into()
        })
    }),
    &[("indexOf('abcabc','c')", "2"), ("indexOf('äöü','ü')", "2"), ("indexOf('abc','x')", "-1")],
);

/// `lastIndexOf`.
pub(crate) static LAST_INDEX_OF: Function = Function::new(
    "lastIndexOf",
    FAMILY,
    "(s, part)",
    "The position, from 0, at which part last stands in s; -1 when it does not.",
    (2, 2),
    Body::Eager(|arguments, _| {
        of_texts(&arguments[0], &arguments[1], |s, part| {
            s.rfind(part).map_or(-1, |at| characters_before(s, at)).into()
        })
    }),
    &[("lastIndexOf('abcabc','c')", "5"), ("lastIndexOf('abc','x')", "-1")],
);

/// `normalizeSpace`.
pub(crate) static NORMALIZE_SPACE: Function = Function::new(
    "normalizeSpace",
    FAMILY,
    "(s)",
    "s without blanks at its ends, and with one blank for several.",
    (1, 1),
    Body::Eager(|arguments, _| {
        of_text(&arguments[0], |s| s.split_whitespace().collect::<Vec<_>>().join(" ").into())
    }),
    &[("normalizeSpace('  a   b ')", "a b")],
)
.mark(Mark::Source);

/// `stringLength`.
pub(crate) static STRING_LENGTH: Function = Function::new(
    "stringLength",
    FAMILY,
    "(s)",
    "The number of characters.",
    (1, 1),
    Body::Eager(|arguments, _| of_text(&arguments[0], |s| (s.chars().count() as i64).into())),
    &[("stringLength('hello world')", "11"), ("stringLength('ä')", "1"), ("stringLength('')", "0")],
);

/// `substring`.
pub(crate) static SUBSTRING: Function = Function::new(
    "substring",
    FAMILY,
    "(s, start [, len])",
    "What stands in s from position start, from 0, on; at most len characters.",
    (2, 3),
    Body::Eager(substring),
    &[
        ("substring('abcdef',2)", "cdef"),
        ("substring('abcdef',2,3)", "cde"),
        ("substring('abc',1,100)", "bc"),
        ("substring('abc',5)", ""),
        ("substring('abc',-1,2)", "a"),
    ],
);

/// `substringAfter`.
pub(crate) static SUBSTRING_AFTER: Function = Function::new(
    "substringAfter",
    FAMILY,
    "(s, delim)",
    "What stands behind the first delim; empty when there is none.",
    (2, 2),
    Body::Eager(|arguments, _| {
        of_texts(&arguments[0], &arguments[1], |s, delim| s.split_once(delim).map_or("", |(_, b)| b).into())
    }),
    &[("substringAfter('a=b=c','=')", "b=c"), ("substringAfter('a','=')", "")],
);

/// `substringBefore`.
pub(crate) static SUBSTRING_BEFORE: Function = Function::new(
    "substringBefore",
    FAMILY,
    "(s, delim)",
    "What stands before the first delim; empty when there is none.",
    (2, 2),
    Body::Eager(|arguments, _| {
        of_texts(&arguments[0], &arguments[1], |s, delim| s.split_once(delim).map_or("", |(a, _)| a).into())
    }),
    &[("substringBefore('a=b','=')", "a"), ("substringBefore('a','=')", "")],
);

/// `toLower`.
pub(crate) static TO_LOWER: Function = Function::new(
    "toLower",
    FAMILY,
    "(s)",
    "s in lower case.",
    (1, 1),
    Body::Eager(|arguments, _| of_text(&arguments[0], |s| s.to_lowercase().into())),
    &[("toLower('ABC')", "abc")],
);

/// `toUpper`.
pub(crate) static TO_UPPER: Function = Function::new(
    "toUpper",
    FAMILY,
    "(s)",
    "s in upper case.",
    (1, 1),
    Body::Eager(|arguments, _| of_text(&arguments[0], |s| s.to_uppercase().into())),
    &[("toUpper('abc')", "ABC")],
);

/// `translate`.
pub(crate) static TRANSLATE: Function = Function::new(
    "translate",
    FAMILY,
    "(s, from, to)",
    "s with each character of from replaced by the one at its place in to, or left out where to is shorter.",
    (3, 3),
    Body::Eager(translate),
    &[("translate('[1,2]','[],','   ')", " 1 2 "), ("translate('abc','ac','x')", "xb")],
)
.mark(Mark::Source);

/// `trim`.
pub(crate) static TRIM: Function = Function::new(
    "trim",
    FAMILY,
    "(s)",
    "s without blanks at its ends.",
    (1, 1),
    Body::Eager(|arguments, _| of_text(&arguments[0], |s| s.trim().into())),
    &[("trim('  a b ')", "a b")],
);
