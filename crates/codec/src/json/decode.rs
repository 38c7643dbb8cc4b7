//! Objects into events.

use std::sync::Arc;

use serde_json::{Map, Number, Value};
use tidegate_event::row::RowWriter;
use tidegate_event::{FieldType, Flags, Opcode, Schema};

use super::objects::{Next, Objects};
use crate::error::{Cause, DecodeError};
use crate::format::{Decoder, Progress};
use crate::number::parse_money;
use crate::options::DecodeOptions;
use crate::sink::BlockSink;
use crate::text::set_from_text;

/// The largest double up to which every integer is exact.
const EXACT_DOUBLE: f64 = 9_007_199_254_740_992.0;

/// Reads event objects, one after the other or in arrays; the end of an array ends a block.
///
/// Members are matched by name, names of nested objects joined by `_`; an array of objects gives an event per
/// element (connectors-adapters 4.2). An object that is no event is an error that the decoder survives; text
/// between objects that is no JSON is not.
#[derive(Debug)]
pub struct JsonDecoder {
    schema: Arc<Schema>,
    options: DecodeOptions,
    objects: Objects,
    scratch: Vec<u8>,
}

/// The value of each schema field, while members are matched.
type Slots<'v> = Vec<Option<&'v Value>>;

/// A bad object: which field, and why.
type Bad = (Option<usize>, Cause);

impl JsonDecoder {
    /// A decoder of objects for `schema`.
    pub fn new(schema: Arc<Schema>, options: DecodeOptions) -> Self {
        let objects = Objects::new(options.limits.max_unit_bytes, options.limits.max_depth);
        Self { schema, options, objects, scratch: Vec::new() }
    }

    /// Adds the events of one object.
    fn object(
        schema: &Schema,
        options: &DecodeOptions,
        scratch: &mut Vec<u8>,
        text: &[u8],
        sink: &mut BlockSink,
    ) -> Result<(), Bad> {
        let object: Map<String, Value> = serde_json::from_slice(text).map_err(|error| {
            (None, Cause::Unexpected { expected: "a JSON object".to_owned(), found: error.to_string() })
        })?;
        let opcode = match object.get("opcode").or_else(|| object.get("@opcode")) {
            None => options.opcode,
            Some(value) => value.as_str().and_then(Opcode::parse).ok_or_else(|| {
                let event = String::from_utf8_lossy(text).into_owned();
                let opcode = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (schema.position("opcode"), Cause::Opcode { opcode, event })
            })?,
        };
        let opcode = if options.upsert && opcode == Opcode::Insert { Opcode::Upsert } else { opcode };
        let mut rows = Vec::new();
        let max_rows = options.limits.max_unit_events;
        expand(schema, members(&object), &mut String::new(), vec![None; schema.len()], max_rows, &mut rows)?;
        for slots in &rows {
            let mut row = sink.row();
            for (position, slot) in slots.iter().enumerate() {
                let Some(value) = slot else { continue };
                let ty = schema.ty(position);
                if set(&mut row, position, ty, value, options, scratch).is_none() {
                    let field = schema.fields()[position].name.clone();
                    let cause = Cause::Member { field, value: value.to_string(), ty: ty.name() };
                    return Err((Some(position), cause));
                }
            }
            sink.push(opcode, Flags::NORMAL);
        }
        Ok(())
    }
}

impl Decoder for JsonDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        self.objects.feed(bytes);
    }

    fn finish(&mut self) {
        self.objects.finish();
    }

    fn next_block(&mut self, max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>> {
        while sink.len() < max_events {
            let (range, result, can_continue) = match self.objects.next() {
                Next::NeedBytes => return Ok(Progress::NeedBytes),
                Next::End => return Ok(Progress::End),
                Next::BlockEnd if sink.is_empty() => continue,
                Next::BlockEnd => return Ok(Progress::Block),
                Next::Object(range) => {
                    let events = sink.len();
                    let text = self.objects.bytes(range.clone());
                    let result = Self::object(&self.schema, &self.options, &mut self.scratch, text, sink);
                    if result.is_err() {
                        sink.truncate(events);
                    }
                    (range, result, true)
                }
                Next::Bad(range, cause, can_continue) => (range, Err((None, cause)), can_continue),
            };
            if let Err((field, cause)) = result {
                return Err(Box::new(DecodeError {
                    line: self.objects.line(),
                    byte: self.objects.offset(range.start),
                    field,
                    cause,
                    can_continue,
                    raw: DecodeError::keep(self.objects.bytes(range)),
                }));
            }
        }
        Ok(Progress::Block)
    }
}

/// The members that are fields: the object's own, or those of `event` in `{"opcode":"insert","event":{...}}`
/// (websocket-api 5).
fn members(object: &Map<String, Value>) -> &Map<String, Value> {
    match object.get("event") {
        Some(Value::Object(event))
            if object.keys().all(|name| name == "event" || name.ends_with("opcode")) =>
        {
            event
        }
        _ => object,
    }
}

/// Matches the members of `object` with fields and adds a row, or one row per element of the array of objects
/// that it holds.
fn expand<'v>(
    schema: &Schema,
    object: &'v Map<String, Value>,
    prefix: &mut String,
    mut slots: Slots<'v>,
    max_rows: usize,
    rows: &mut Vec<Slots<'v>>,
) -> Result<(), Bad> {
    let mut lists = Vec::new();
    collect(schema, object, prefix, &mut slots, &mut lists);
    if let [(first, _), (second, _), ..] = lists.as_slice() {
        let found = format!("'{first}' and '{second}'");
        return Err((
            None,
            Cause::Unexpected { expected: "one array of objects per event".to_owned(), found },
        ));
    }
    let elements = lists.pop().map_or_else(Vec::new, |(path, list)| {
        list.iter().filter_map(Value::as_object).map(|element| (path.clone(), element)).collect()
    });
    if elements.is_empty() {
        if rows.len() >= max_rows {
            let expected = format!("at most {max_rows} events in one JSON object");
            return Err((None, Cause::Unexpected { expected, found: "more".to_owned() }));
        }
        rows.push(slots);
        return Ok(());
    }
    for (mut path, element) in elements {
        path.push('_');
        expand(schema, element, &mut path, slots.clone(), max_rows, rows)?;
    }
    Ok(())
}

fn collect<'v>(
    schema: &Schema,
    object: &'v Map<String, Value>,
    prefix: &mut String,
    slots: &mut Slots<'v>,
    lists: &mut Vec<(String, &'v Vec<Value>)>,
) {
    let length = prefix.len();
    for (name, value) in object {
        prefix.push_str(name);
        if let Some(position) = schema.position(prefix) {
            slots[position] = if value.is_null() { None } else { Some(value) };
        } else if let Value::Object(inner) = value {
            prefix.push('_');
            collect(schema, inner, prefix, slots, lists);
        } else if let Value::Array(list) = value
            && list.iter().any(Value::is_object)
            && schema.fields().iter().any(|field| is_below(&field.name, prefix))
        {
            lists.push((prefix.clone(), list));
        }
        prefix.truncate(length);
    }
}

fn is_below(name: &str, path: &str) -> bool {
    name.strip_prefix(path).is_some_and(|rest| rest.starts_with('_'))
}

/// Sets a field from a JSON value. `None` when it does not fit.
fn set(
    row: &mut RowWriter<'_>,
    field: usize,
    ty: FieldType,
    value: &Value,
    options: &DecodeOptions,
    scratch: &mut Vec<u8>,
) -> Option<()> {
    match (value, ty) {
        (Value::Null, _) => {}
        (Value::String(text), _) if ty.is_text() => row.set_text(field, text),
        (other, _) if ty.is_text() => row.set_text(field, &other.to_string()),
        (Value::String(text), _) => {
            let text = text.trim();
            if !text.is_empty() {
                set_from_text(row, field, ty, text, options.date_format.as_ref(), scratch)?;
            }
        }
        (Value::Number(number), FieldType::Double) => row.set_double(field, number.as_f64()?),
        (Value::Number(number), FieldType::Money) => row.set_int(field, parse_money(&number.to_string())?),
        (Value::Number(number), FieldType::Int32) => {
            row.set_int(field, i64::from(i32::try_from(integer(number)?).ok()?));
        }
        (Value::Number(number), _) if ty.is_integral() => row.set_int(field, integer(number)?),
        (Value::Bool(truth), FieldType::Double) => row.set_double(field, f64::from(u8::from(*truth))),
        (Value::Bool(truth), FieldType::Int32 | FieldType::Int64) => row.set_int(field, i64::from(*truth)),
        (Value::Array(elements), _) if ty.is_array() => {
            scratch.clear();
            for element in elements {
                match (ty, element) {
                    (FieldType::ArrayI32, Value::Number(n)) => {
                        scratch.extend(i32::try_from(integer(n)?).ok()?.to_le_bytes());
                    }
                    (FieldType::ArrayI64, Value::Number(n)) => scratch.extend(integer(n)?.to_le_bytes()),
                    (_, Value::Number(n)) => scratch.extend(n.as_f64()?.to_le_bytes()),
                    _ => return None,
                }
            }
            row.set_bytes(field, scratch);
        }
        _ => return None,
    }
    Some(())
}

/// A whole number, also one written as `1.0` or `1e3`; not one that lost digits.
fn integer(number: &Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let value = number.as_f64()?;
        (number.is_f64() && value.fract() == 0.0 && value.abs() < EXACT_DOUBLE).then_some(value as i64)
    })
}
