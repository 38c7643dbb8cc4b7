//! Looking into JSON and XML documents.

use tidegate_expr::FaultKind;

use crate::env::Env;
use crate::function::{Body, Function, Kind, Mark};
use crate::json::JsonPath;
use crate::number::Number;
use crate::value::{Outcome, Value};
use crate::xpath::Found;

const FAMILY: &str = "Documents";

fn json(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let Some(document) = env.json(&arguments[0])? else { return Ok(Value::Null) };
    if let Value::JsonPath(path) = &arguments[1] {
        return Ok(path.value(&document));
    }
    let Some(text) = arguments[1].as_text() else { return Ok(Value::Null) };
    let path = JsonPath::parse(&text).map_err(|_| FaultKind::BadArgument)?;
    Ok(path.value(&document))
}

fn xpath(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let Some(document) = env.xml(&arguments[0])? else { return Ok(Value::Null) };
    let path = env.xpath(&arguments[1])?;
    let found = path.first(&document).map_err(|_| FaultKind::TooManySteps)?;
    Ok(match found {
        None => Value::Null,
        Some(Found::Text(text)) => text.into(),
        Some(Found::Number(number)) if number.is_nan() => Value::Null,
        Some(Found::Number(number)) => Number::of_whole(number).into(),
        Some(Found::Boolean(value)) => value.into(),
    })
}

/// `json`.
pub(crate) static JSON: Function = Function::new(
    "json",
    FAMILY,
    "(document, path)",
    "What is at the path, such as main.temp or list[0].name; an object or array as JSON text; of all elements of an array on the \
     way, joined by commas. Null when there is nothing.",
    (2, 2),
    Body::Eager(json),
    &[
        (
            r#"json('{"weather":[{"description":"moderate rain"},{"description":"mist"}]}','weather.description')"#,
            "moderate rain,mist",
        ),
        (r#"json('{"rain.1h":0.25}','rain.1h')"#, "0.25"),
        (r#"json('{"a":{"b":[1,2]}}','a.b')"#, "[1,2]"),
        (r#"json('{"a":1}','b')"#, "null"),
        ("json('no json','a')", "null"),
    ],
)
.mark(Mark::Verified)
.kinds(&[(1, Kind::JsonPath)]);

/// `xpath`.
pub(crate) static XPATH: Function = Function::new(
    "xpath",
    FAMILY,
    "(document, path)",
    "The characters of the first node that the XPath expression finds from the outermost element; null when there is none.",
    (2, 2),
    Body::Eager(xpath),
    &[
        ("xpath('<Claim><ClaimID>214917</ClaimID></Claim>','./ClaimID/text()')", "214917"),
        ("xpath('<injury>WHIPLASH</injury>','text()')", "WHIPLASH"),
        ("xpath('<a><b>1</b><b>2</b></a>','//b')", "1"),
        ("xpath('<a><b>1</b><b>2</b></a>','count(b)')", "2"),
        ("xpath('<a/>','b')", "null"),
        ("xpath('<a>','b')", "null"),
    ],
)
.mark(Mark::Verified)
.kinds(&[(1, Kind::XPath)]);
