//! Which projects, windows and events a request is about.

use std::cmp::Ordering;

use tidegate_api::{EventEntry, Filter, Property, Query};
use tidegate_codec::{EncodeOptions, write_value};
use tidegate_event::{Event, EventBlock, Schema, Value};

use crate::answer::Refused;
use crate::call::{bad, filters, number};

/// Whether something with these properties passes one of the filters, or there are none.
pub(crate) fn passes(filters: &[Filter], lookup: &dyn Fn(&str) -> Property) -> bool {
    filters.is_empty() || filters.iter().any(|filter| filter.matches(lookup))
}

/// Whether a name is among those of a list, or the list is empty.
fn is_named(names: &[String], name: &str) -> bool {
    names.is_empty() || names.iter().any(|wanted| wanted == name)
}

fn names(query: &Query, parameter: &str) -> Vec<String> {
    query.list(parameter).into_iter().map(str::to_owned).collect()
}

/// Projects by the parameters `name` and `filter`, or the name in the path.
#[derive(Debug)]
pub(crate) struct ProjectSelection {
    names: Vec<String>,
    filters: Vec<Filter>,
}

impl ProjectSelection {
    pub(crate) fn new(path: &[String], query: &Query) -> Result<Self, Refused> {
        let names = match path.first() {
            Some(name) => vec![name.clone()],
            None => names(query, "name"),
        };
        Ok(Self { names, filters: filters(query, "filter")? })
    }

    pub(crate) fn holds(&self, name: &str, state: &str) -> bool {
        is_named(&self.names, name)
            && passes(&self.filters, &|property| match property {
                "name" => Property::Value(name.to_owned()),
                "state" => Property::Value(state.to_owned()),
                _ => Property::Unknown,
            })
    }
}

/// A window as selections see it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WindowName<'a> {
    pub(crate) project: &'a str,
    pub(crate) contquery: &'a str,
    pub(crate) name: &'a str,
    /// The element of a model, such as `window-source`.
    pub(crate) element: &'a str,
    /// Such as `pi_HASH`.
    pub(crate) index: &'a str,
}

/// Windows by the components of the path, the parameters `project`, `contquery`, `name` and `type`, and filters.
#[derive(Debug)]
pub(crate) struct WindowSelection {
    /// Project, contquery and window of the path, as far as it goes.
    path: Vec<String>,
    projects: Vec<String>,
    contqueries: Vec<String>,
    names: Vec<String>,
    types: Vec<String>,
    filters: Vec<Filter>,
}

impl WindowSelection {
    /// The windows that a request names; its filters are in the parameter `filter`.
    pub(crate) fn new(path: &[String], query: &Query, filter: &str) -> Result<Self, Refused> {
        Ok(Self {
            path: path.to_vec(),
            projects: names(query, "project"),
            contqueries: names(query, "contquery"),
            names: names(query, "name"),
            types: names(query, "type"),
            filters: filters(query, filter)?,
        })
    }

    pub(crate) fn holds(&self, window: WindowName<'_>) -> bool {
        let place = [window.project, window.contquery, window.name];
        let bare = window.element.strip_prefix("window-").unwrap_or(window.element);
        self.path.iter().zip(place).all(|(wanted, name)| wanted == name)
            && is_named(&self.projects, window.project)
            && is_named(&self.contqueries, window.contquery)
            && is_named(&self.names, window.name)
            && (is_named(&self.types, window.element) || is_named(&self.types, bare))
            && passes(&self.filters, &|property| match property {
                "name" => Property::Value(window.name.to_owned()),
                "type" => Property::Value(window.element.to_owned()),
                "contquery" => Property::Value(window.contquery.to_owned()),
                "project" => Property::Value(window.project.to_owned()),
                "index" => Property::Value(window.index.to_owned()),
                _ => Property::Unknown,
            })
    }
}

/// Parameters of event requests that are no field's name.
const EVENT_PARAMETERS: &[&str] = &[
    "filter",
    "eventFilter",
    "windowFilter",
    "sortBy",
    "limit",
    "topN",
    "format",
    "access_token",
    "project",
    "contquery",
    "name",
    "type",
];

/// Events of one window: which, in what order, how many.
#[derive(Debug)]
pub(crate) struct EventSelection {
    filters: Vec<Filter>,
    /// Fields and the text that they must equal.
    equal: Vec<(String, String)>,
    /// A field, and whether the largest comes first.
    order: Option<(String, bool)>,
    limit: usize,
}

impl EventSelection {
    /// What a request asks for; its filters are in the parameter `filter`. With `by_field`, a parameter that is
    /// called like a field restricts to its value.
    pub(crate) fn new(query: &Query, filter: &str, by_field: bool) -> Result<Self, Refused> {
        let order = query.get("sortBy").map(|text| match text.rsplit_once(':') {
            None => Ok((text.to_owned(), false)),
            Some((field, "ascending")) => Ok((field.to_owned(), false)),
            Some((field, "descending")) => Ok((field.to_owned(), true)),
            Some(_) => Err(bad(format!(
                "parameter 'sortBy' is '{text}', expected a field and ':ascending' or ':descending'"
            ))),
        });
        let equal = query.iter().filter(|(name, _)| by_field && !EVENT_PARAMETERS.contains(name));
        let limit =
            number(query, "limit")?.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(Self {
            filters: filters(query, filter)?,
            equal: equal.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            order: order.transpose()?,
            limit,
        })
    }

    /// The selected ones of a window's rows. `lenient` passes over an order by a field that the window does not
    /// have, as a request for several windows must.
    pub(crate) fn of<B: AsRef<EventBlock>>(
        &self,
        window: &str,
        schema: &Schema,
        blocks: &[B],
        lenient: bool,
    ) -> Result<Vec<EventEntry>, Refused> {
        let equal: Vec<(usize, &str)> = self
            .equal
            .iter()
            .filter_map(|(field, text)| Some((schema.position(field)?, text.as_str())))
            .collect();
        let order = match &self.order {
            None => None,
            Some((field, descending)) => match schema.position(field) {
                Some(position) => Some((position, *descending)),
                None if lenient => None,
                None => {
                    return Err(bad(format!("sortBy: the window '{window}' has no field '{field}'")));
                }
            },
        };
        let mut events: Vec<Event<'_>> = blocks
            .iter()
            .flat_map(|block| block.as_ref().iter())
            .filter(|event| equal.iter().all(|&(field, text)| equals(event.row.value(field), text)))
            .filter(|event| passes(&self.filters, &|name| property(schema, event, name)))
            .collect();
        if let Some((field, descending)) = order {
            // Stable both ways: rows of one value stay in the order of the index.
            events.sort_by(|a, b| {
                let order = compare(a.row.value(field), b.row.value(field));
                if descending { order.reverse() } else { order }
            });
        }
        events.truncate(self.limit);
        Ok(events.iter().map(|event| entry(window, schema, event)).collect())
    }
}

/// What a filter finds under a name in an event.
pub(crate) fn property(schema: &Schema, event: &Event<'_>, name: &str) -> Property {
    match schema.position(name) {
        Some(position) => text(event.row.value(position)).map_or(Property::Null, Property::Value),
        None if name == "opcode" => Property::Value(event.opcode.word().to_owned()),
        None => Property::Unknown,
    }
}

/// Whether a value is what a text says: numbers by their value, all else as it is written.
fn equals(value: Value<'_>, text: &str) -> bool {
    let number = text.trim();
    match value {
        Value::Null => false,
        Value::Int32(value) => number.parse() == Ok(i64::from(value)),
        Value::Int64(value) | Value::Date(value) | Value::Stamp(value) => number.parse() == Ok(value),
        Value::Double(value) => number.parse() == Ok(value),
        Value::Money(_) | Value::Blob(_) | Value::Array(..) => self::text(value).as_deref() == Some(number),
        Value::String(value) => value == text,
    }
}

/// Order of two values of one type; null comes first.
fn compare(a: Value<'_>, b: Value<'_>) -> Ordering {
    match (a, b) {
        (Value::Int32(a), Value::Int32(b)) => a.cmp(&b),
        (Value::Int64(a), Value::Int64(b))
        | (Value::Date(a), Value::Date(b))
        | (Value::Stamp(a), Value::Stamp(b))
        | (Value::Money(a), Value::Money(b)) => a.cmp(&b),
        (Value::Double(a), Value::Double(b)) => a.total_cmp(&b),
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Blob(a), Value::Blob(b)) | (Value::Array(_, a), Value::Array(_, b)) => a.cmp(b),
        (a, b) => b.is_null().cmp(&a.is_null()),
    }
}

/// A value as text; none when it is null.
fn text(value: Value<'_>) -> Option<String> {
    if value.is_null() {
        return None;
    }
    let mut out = Vec::new();
    write_value(&mut out, value, &EncodeOptions::default());
    Some(String::from_utf8_lossy(&out).into_owned())
}

fn entry(window: &str, schema: &Schema, event: &Event<'_>) -> EventEntry {
    let fields = schema.fields().iter().enumerate();
    EventEntry {
        opcode: event.opcode,
        window: window.to_owned(),
        fields: fields.map(|(i, field)| (field.name.clone(), text(event.row.value(i)))).collect(),
    }
}

#[cfg(test)]
mod tests;
