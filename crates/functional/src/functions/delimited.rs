//! Lists, sets and maps: properties, or text with delimiters.

use std::borrow::Cow;

use tidegate_expr::FaultKind;

use super::whole;
use crate::delimited::{Map, split};
use crate::env::Env;
use crate::function::{Body, Function, MANY, Mark};
use crate::value::{Outcome, Value};

const FAMILY: &str = "Lists, sets and maps";

/// Separates items of a text for which no delimiter is given.
const DELIMITER: &str = ",";

/// The items of a list property, or of a text: then `delimiter` is what separates them.
fn items<'a>(list: &'a Value, delimiter: Option<&'a str>) -> Option<Vec<Cow<'a, str>>> {
    if let Value::List(list) = list {
        return Some(list.items().iter().map(|item| Cow::Borrowed(&**item)).collect());
    }
    let text = list.as_text()?;
    Some(split(&text, delimiter.unwrap_or(DELIMITER)).map(|item| Cow::Owned(item.to_owned())).collect())
}

/// The arguments between a list or set and the last one: a delimiter, or nothing.
fn delimiter(arguments: &[Value], with_delimiter: usize) -> Option<Cow<'_, str>> {
    (arguments.len() == with_delimiter).then(|| arguments[1].as_text()).flatten()
}

fn contains(arguments: &[Value]) -> Outcome {
    let delimiter = delimiter(arguments, 3);
    let wanted = arguments.last().and_then(Value::as_text);
    let (Some(wanted), list) = (wanted, &arguments[0]) else { return Ok(Value::Null) };
    if let Value::Set(set) = list {
        return Ok(set.contains(&wanted).into());
    }
    Ok(items(list, delimiter.as_deref()).map(|items| items.contains(&wanted)).into())
}

fn list_item(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let delimiter = delimiter(arguments, 3);
    let index = match arguments.last() {
        Some(index) => whole(index)?,
        None => None,
    };
    let Some(index) = index.and_then(|index| usize::try_from(index).ok()) else { return Ok(Value::Null) };
    let items = items(&arguments[0], delimiter.as_deref());
    Ok(items.and_then(|items| items.get(index).map(|item| item.to_string())).into())
}

fn list_size(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    if let Value::Set(set) = &arguments[0] {
        return Ok((set.len() as i64).into());
    }
    let delimiter = delimiter(arguments, 2);
    Ok(items(&arguments[0], delimiter.as_deref()).map(|items| items.len() as i64).into())
}

/// A map property, or a text with its two delimiters before the key; then the key.
fn value_in_map(arguments: &[Value], f: impl FnOnce(Option<&str>) -> Value) -> Outcome {
    match (arguments, &arguments[0]) {
        ([_, key], Value::Map(map)) => Ok(key.as_text().map_or(Value::Null, |key| f(map.get(&key)))),
        ([text, outer, inner, key], _) => {
            let texts = (text.shared_text(), outer.as_text(), inner.as_text(), key.as_text());
            let (Some(text), Some(outer), Some(inner), Some(key)) = texts else { return Ok(Value::Null) };
            Ok(f(Map::new(text, &outer, &inner).get(&key)))
        }
        _ => Err(FaultKind::BadArgument),
    }
}

fn map_values(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let Value::Map(map) = &arguments[0] else { return Err(FaultKind::BadArgument) };
    let values: Vec<&str> = arguments[1..].iter().filter_map(|key| map.get(&key.as_text()?)).collect();
    Ok(if values.is_empty() { Value::Null } else { values.join(DELIMITER).into() })
}

/// `listContains`.
pub(crate) static LIST_CONTAINS: Function = Function::new(
    "listContains",
    FAMILY,
    "(list [, delim], x)",
    "Whether x is an item.",
    (2, 3),
    Body::Eager(|arguments, _| contains(arguments)),
    &[
        ("listContains(#list,'b')", "1"),
        ("listContains('a;b',';','c')", "0"),
        ("listContains('a,b','b')", "1"),
    ],
);

/// `listItem`.
pub(crate) static LIST_ITEM: Function = Function::new(
    "listItem",
    FAMILY,
    "(list [, delim], i)",
    "Item i, from 0; null when there is none.",
    (2, 3),
    Body::Eager(list_item),
    &[
        ("listItem('-77.0 38.9',' ',0)", "-77.0"),
        ("listItem(#list,2)", "c"),
        ("listItem(#list,3)", "null"),
        ("listItem(#list,-1)", "null"),
    ],
)
.mark(Mark::Source);

/// `listSize`.
pub(crate) static LIST_SIZE: Function = Function::new(
    "listSize",
    FAMILY,
    "(list [, delim])",
    "The number of items.",
    (1, 2),
    Body::Eager(list_size),
    &[("listSize(#list)", "3"), ("listSize('a;b',';')", "2"), ("listSize('')", "0")],
);

/// `setContains`.
pub(crate) static SET_CONTAINS: Function = Function::new(
    "setContains",
    FAMILY,
    "(set [, delim], x)",
    "Whether x is in the set.",
    (2, 3),
    Body::Eager(|arguments, _| contains(arguments)),
    &[("setContains(#set,'x')", "1"), ("setContains(#set,'q')", "0"), ("setContains('a;b',';','b')", "1")],
);

/// `mapContains`.
pub(crate) static MAP_CONTAINS: Function = Function::new(
    "mapContains",
    FAMILY,
    "(map [, outer, inner], key)",
    "Whether the map has the key.",
    (2, 4),
    Body::Eager(|arguments, _| value_in_map(arguments, |value| value.is_some().into())),
    &[("mapContains(#map,'last')", "1"), ("mapContains(#map,'x')", "0")],
);

/// `mapValue`.
pub(crate) static MAP_VALUE: Function = Function::new(
    "mapValue",
    FAMILY,
    "(map [, outer, inner], key)",
    "The value of the key; null when it is not there.",
    (2, 4),
    Body::Eager(|arguments, _| value_in_map(arguments, |value| value.into())),
    &[
        ("mapValue(#map,'first')", "Ann"),
        ("mapValue(#map,'x')", "null"),
        ("mapValue('a=1;b=2',';','=','b')", "2"),
    ],
);

/// `mapValues`.
pub(crate) static MAP_VALUES: Function = Function::new(
    "mapValues",
    FAMILY,
    "(map, key ...)",
    "The values of the keys that are there, with commas between them.",
    (2, MANY),
    Body::Eager(map_values),
    &[("mapValues(#map,'last','x','first')", "Lee,Ann"), ("mapValues(#map,'x')", "null")],
);
