//! Regular expressions.

use super::strings::characters_before;
use super::{of_text, whole};
use crate::env::Env;
use crate::function::{Body, Function, Kind, Mark};
use crate::pattern::Pattern;
use crate::value::{Outcome, Value};

const FAMILY: &str = "Regular expressions";

/// What a function makes of a pattern and a text.
fn matched(
    pattern: &Value,
    text: &Value,
    env: &mut Env<'_>,
    f: impl FnOnce(&Pattern, &str) -> Value,
) -> Outcome {
    let pattern = env.pattern(pattern)?;
    of_text(text, |text| f(&pattern, text))
}

fn rgx(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let group = match arguments.get(2) {
        None => 0,
        Some(group) => match whole(group)? {
            Some(group) => usize::try_from(group).unwrap_or(usize::MAX),
            None => return Ok(Value::Null),
        },
    };
    matched(&arguments[0], &arguments[1], env, |pattern, text| {
        let captures = pattern.regex().captures(text);
        captures.and_then(|captures| captures.get(group)).map(|found| found.as_str()).into()
    })
}

/// The text and pattern of a replacement: the text first, unless the first argument is a named expression.
fn replace(arguments: &[Value], env: &mut Env<'_>, limit: usize) -> Outcome {
    let (text, pattern) = match &arguments[0] {
        Value::Pattern(_) => (&arguments[1], &arguments[0]),
        _ => (&arguments[0], &arguments[1]),
    };
    let replacement = arguments[2].as_text().unwrap_or_default();
    matched(pattern, text, env, |pattern, text| {
        let mut out = String::with_capacity(text.len());
        let mut copied = 0;
        for captures in pattern.regex().captures_iter(text).take(limit) {
            let Some(whole) = captures.get(0) else { continue };
            out.push_str(&text[copied..whole.start()]);
            Pattern::expand(&captures, &replacement, &mut out);
            copied = whole.end();
        }
        out.push_str(&text[copied..]);
        out.into()
    })
}

fn token(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let Some(index) = whole(&arguments[2])? else { return Ok(Value::Null) };
    matched(&arguments[0], &arguments[1], env, |pattern, text| {
        let index = usize::try_from(index).ok();
        index.and_then(|index| pattern.regex().split(text).nth(index)).into()
    })
}

fn last_token(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let back = match arguments.get(2) {
        None => Some(0),
        Some(index) => whole(index)?,
    };
    let Some(back) = back else { return Ok(Value::Null) };
    matched(&arguments[0], &arguments[1], env, |pattern, text| {
        let tokens: Vec<&str> = pattern.regex().split(text).collect();
        usize::try_from(back).ok().and_then(|back| tokens.iter().rev().nth(back).copied()).into()
    })
}

/// `rgx`.
pub(crate) static RGX: Function = Function::new(
    "rgx",
    FAMILY,
    "(pattern, text [, group])",
    "What the first match, or a group of it, matched; null without a match.",
    (2, 3),
    Body::Eager(rgx),
    &[
        ("rgx('(.*)@(.*)','joe@x.org',2)", "x.org"),
        ("rgx('[0-9]+','ab 12 34')", "12"),
        ("rgx('[0-9]+','ab')", "null"),
        ("rgx(#digits,'ab 7')", "7"),
        ("rgx('(a)|b','b',1)", "null"),
    ],
)
.kinds(&[(0, Kind::Pattern)]);

/// `rgxFirstToken`.
pub(crate) static RGX_FIRST_TOKEN: Function = Function::new(
    "rgxFirstToken",
    FAMILY,
    "(delim, text)",
    "What stands before the first match of delim; all of text without one.",
    (2, 2),
    Body::Eager(|arguments, env| {
        matched(&arguments[0], &arguments[1], env, |pattern, text| {
            pattern.regex().split(text).next().unwrap_or_default().into()
        })
    }),
    &[("rgxFirstToken(':','a:b:c')", "a"), ("rgxFirstToken(':','abc')", "abc")],
)
.kinds(&[(0, Kind::Pattern)]);

/// `rgxIndex`.
pub(crate) static RGX_INDEX: Function = Function::new(
    "rgxIndex",
    FAMILY,
    "(pattern, text)",
    "The position, from 0, of the first match; -1 without one.",
    (2, 2),
    Body::Eager(|arguments, env| {
        matched(&arguments[0], &arguments[1], env, |pattern, text| {
            pattern.regex().find(text).map_or(-1, |found| characters_before(text, found.start())).into()
        })
    }),
    &[("rgxIndex('[0-9]','äb3')", "2"), ("rgxIndex('[0-9]','ab')", "-1")],
)
.kinds(&[(0, Kind::Pattern)]);

/// `rgxLastToken`.
pub(crate) static RGX_LAST_TOKEN: Function = Function::new(
    "rgxLastToken",
    FAMILY,
    "(delim, text [, i])",
    "What stands behind the last match of delim; with i, that many tokens before it.",
    (2, 3),
    Body::Eager(last_token),
    &[
        ("rgxLastToken(':','a:b:c')", "c"),
        ("rgxLastToken(':','a:b:c',1)", "b"),
        ("rgxLastToken(':','a:b:c',3)", "null"),
    ],
)
.kinds(&[(0, Kind::Pattern)]);

/// `rgxMatch`.
pub(crate) static RGX_MATCH: Function = Function::new(
    "rgxMatch",
    FAMILY,
    "(pattern, text)",
    "Whether pattern matches somewhere in text.",
    (2, 2),
    Body::Eager(|arguments, env| {
        matched(&arguments[0], &arguments[1], env, |pattern, text| pattern.regex().is_match(text).into())
    }),
    &[("rgxMatch('b+','abba')", "1"), ("rgxMatch('^b','abba')", "0")],
)
.kinds(&[(0, Kind::Pattern)]);

/// `rgxReplace`.
pub(crate) static RGX_REPLACE: Function = Function::new(
    "rgxReplace",
    FAMILY,
    "(text, pattern, replacement)",
    "text with the first match replaced; $1 or \\1 in the replacement is what group 1 matched.",
    (3, 3),
    Body::Eager(|arguments, env| replace(arguments, env, 1)),
    &[
        ("rgxReplace('a esptest@mycompany.com b','esptest@mycompany.com','@ESP_EMAIL@')", "a @ESP_EMAIL@ b"),
        ("rgxReplace('aXbX','X','-')", "a-bX"),
        ("rgxReplace('joe@x.org','(.*)@(.*)','$2 \\1')", "x.org joe"),
        ("rgxReplace(#digits,'ab 7',x)", "ab x"),
    ],
)
.mark(Mark::Source)
.kinds(&[(1, Kind::Pattern)]);

/// `rgxReplaceAll`.
pub(crate) static RGX_REPLACE_ALL: Function = Function::new(
    "rgxReplaceAll",
    FAMILY,
    "(text, pattern, replacement)",
    "text with every match replaced.",
    (3, 3),
    Body::Eager(|arguments, env| replace(arguments, env, usize::MAX)),
    &[("rgxReplaceAll('aXbX','X','-')", "a-b-"), ("rgxReplaceAll('1-2','[0-9]','<$0>')", "<1>-<2>")],
)
.kinds(&[(1, Kind::Pattern)]);

/// `rgxToken`.
pub(crate) static RGX_TOKEN: Function = Function::new(
    "rgxToken",
    FAMILY,
    "(delim, text, i)",
    "Token i, from 0, of text split at each match of delim; null when there is none.",
    (3, 3),
    Body::Eager(token),
    &[("rgxToken('[:,]','a:b,c',2)", "c"), ("rgxToken(':','a:b',5)", "null")],
)
.kinds(&[(0, Kind::Pattern)]);
