//! Conversions between types and encodings.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use tidegate_expr::FaultKind;

use super::of_text;
use crate::env::Env;
use crate::function::{Body, Function, MANY, Mark};
use crate::value::{Outcome, Value};

const FAMILY: &str = "Conversion";

/// All but letters, digits and `-_.~` is escaped.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn integer(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    match super::whole(&arguments[0])? {
        None => Ok(Value::Null),
        Some(value) => i32::try_from(value).map(|v| Value::Int(v.into())).map_err(|_| FaultKind::FailedCast),
    }
}

/// All arguments one after the other; null when one is.
pub(super) fn joined(arguments: &[Value], delimiter: &str) -> Outcome {
    let mut out = String::new();
    for (position, argument) in arguments.iter().enumerate() {
        if position > 0 {
            out.push_str(delimiter);
        }
        let Some(text) = argument.as_text() else { return Ok(Value::Null) };
        out.push_str(&text);
    }
    Ok(out.into())
}

fn outstr(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let text = joined(arguments, "")?;
    if let Some(line) = text.as_text() {
        (env.print)(&line);
    }
    Ok(text)
}

/// Bytes as text where they are, else as they are, for a blob field.
fn bytes(bytes: Vec<u8>) -> Value {
    match String::from_utf8(bytes) {
        Ok(text) => Value::from(text),
        Err(error) => Value::Bytes(error.into_bytes().into()),
    }
}

fn base64_decode(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let Some(text) = arguments[0].as_text() else { return Ok(Value::Null) };
    let packed: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
    STANDARD.decode(packed).map(bytes).map_err(|_| FaultKind::BadArgument)
}

fn base64_encode(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    match &arguments[0] {
        Value::Bytes(bytes) => Ok(STANDARD.encode(bytes).into()),
        other => of_text(other, |text| STANDARD.encode(text).into()),
    }
}

fn url_decode(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    of_text(&arguments[0], |text| {
        let text = text.replace('+', " ");
        bytes(percent_decode_str(&text).collect())
    })
}

/// `integer`.
pub(crate) static INTEGER: Function = Function::new(
    "integer",
    FAMILY,
    "(x)",
    "x as an int32, without its fraction; true is 1, false 0.",
    (1, 1),
    Body::Eager(integer),
    &[
        ("integer(3.9)", "3"),
        ("integer('-3.9')", "-3"),
        ("integer(true())", "1"),
        ("integer(3000000000)", "null"),
        ("integer(x)", "null"),
    ],
)
.mark(Mark::Source);

/// `long`.
pub(crate) static LONG: Function = Function::new(
    "long",
    FAMILY,
    "(x)",
    "x as an int64, without its fraction.",
    (1, 1),
    Body::Eager(|arguments, _| Ok(super::whole(&arguments[0])?.into())),
    &[("long(3000000000.7)", "3000000000"), ("long(9223372036854775807)", "9223372036854775807")],
)
.mark(Mark::Source);

/// `number`.
pub(crate) static NUMBER: Function = Function::new(
    "number",
    FAMILY,
    "(x)",
    "x as a double.",
    (1, 1),
    Body::Eager(|arguments, _| {
        Ok(arguments[0].number()?.map(|number| crate::number::Number::Double(number.double())).into())
    }),
    &[("number('2.50')", "2.5"), ("number(x)", "null"), ("number('')", "null")],
)
.mark(Mark::Source);

/// `string`.
pub(crate) static STRING: Function = Function::new(
    "string",
    FAMILY,
    "(x1 [, x2 ...])",
    "All arguments as text, one after the other.",
    (1, MANY),
    Body::Eager(|arguments, _| joined(arguments, "")),
    &[
        ("string('214917','-',7)", "214917-7"),
        ("string(equals(1,1))", "1"),
        ("string(1.50)", "1.50"),
        ("string('a',$nothing)", "null"),
    ],
)
.mark(Mark::Verified);

/// `outstr`.
pub(crate) static OUTSTR: Function = Function::new(
    "outstr",
    FAMILY,
    "(x1 [, x2 ...])",
    "As string; the text is a line in the log, too.",
    (1, MANY),
    Body::Eager(outstr),
    &[("outstr('a',1)", "a1")],
)
.varies();

/// `base64Decode`.
pub(crate) static BASE64_DECODE: Function = Function::new(
    "base64Decode",
    FAMILY,
    "(s)",
    "The bytes that s encodes; null when it is no base64.",
    (1, 1),
    Body::Eager(base64_decode),
    &[("base64Decode('aGVsbG8=')", "hello"), ("base64Decode('?')", "null")],
)
.mark(Mark::Source);

/// `base64Encode`.
pub(crate) static BASE64_ENCODE: Function = Function::new(
    "base64Encode",
    FAMILY,
    "(s)",
    "s in base64.",
    (1, 1),
    Body::Eager(base64_encode),
    &[("base64Encode('hello')", "aGVsbG8=")],
);

/// `urlDecode`.
pub(crate) static URL_DECODE: Function = Function::new(
    "urlDecode",
    FAMILY,
    "(s)",
    "s with its percent escapes and plus signs resolved.",
    (1, 1),
    Body::Eager(url_decode),
    &[("urlDecode('a%20b%26c+d')", "a b&c d")],
);

/// `urlEncode`.
pub(crate) static URL_ENCODE: Function = Function::new(
    "urlEncode",
    FAMILY,
    "(s)",
    "s with everything but letters, digits and -_.~ as percent escapes.",
    (1, 1),
    Body::Eager(|arguments, _| {
        of_text(&arguments[0], |text| utf8_percent_encode(text, ESCAPED).to_string().into())
    }),
    &[("urlEncode('a b&c-d')", "a%20b%26c-d")],
);
