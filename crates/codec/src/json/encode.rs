//! Blocks into arrays of objects.

use std::sync::Arc;

use tidegate_event::value::{array_double, array_i32, array_i64};
use tidegate_event::{BlockHeader, EventBlock, FieldType, Opcode, Schema, Value};

use crate::format::Encoder;
use crate::number::{write_fixed, write_money};
use crate::options::EncodeOptions;
use crate::text::{outgoing, write_base64, write_int, write_value};

/// Writes a block as `[{"opcode": "i", "key": 17}, {...}]` (connectors-adapters 4.2).
#[derive(Debug)]
pub struct JsonEncoder {
    /// `, "name": ` for each field.
    names: Vec<Vec<u8>>,
    options: EncodeOptions,
    scratch: Vec<u8>,
}

impl JsonEncoder {
    /// An encoder of blocks of `schema`.
    pub fn new(schema: Arc<Schema>, options: EncodeOptions) -> Self {
        let names = schema
            .fields()
            .iter()
            .map(|field| {
                let mut name = b", ".to_vec();
                write_text(&mut name, field.name.as_bytes());
                name.extend_from_slice(b": ");
                name
            })
            .collect();
        Self { names, options, scratch: Vec::new() }
    }

    /// Appends the block's array; nothing when no event is left. Null fields are left out.
    pub fn encode_block(&mut self, block: &EventBlock, out: &mut Vec<u8>) {
        let mut empty = true;
        for (opcode, event) in outgoing(block, &self.options) {
            out.extend_from_slice(if empty { b"[{\"opcode\": \"" } else { b", {\"opcode\": \"" });
            empty = false;
            out.extend_from_slice(letters(opcode));
            out.push(b'"');
            for (name, value) in self.names.iter().zip(event.row.values()) {
                if is_missing(value) {
                    continue;
                }
                out.extend_from_slice(name);
                write_member(out, value, &self.options, &mut self.scratch);
            }
            out.push(b'}');
        }
        if !empty {
            out.push(b']');
        }
    }
}

impl Encoder for JsonEncoder {
    fn begin(&mut self, _out: &mut Vec<u8>) {}

    fn encode(&mut self, _header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>) {
        self.encode_block(block, out);
    }

    fn separator(&self) -> &'static [u8] {
        b"\n"
    }
}

/// The opcode in lower-case letters.
const fn letters(opcode: Opcode) -> &'static [u8] {
    match opcode {
        Opcode::Insert => b"i",
        Opcode::Update => b"u",
        Opcode::Delete => b"d",
        Opcode::Upsert => b"p",
        Opcode::SafeDelete => b"sd",
        Opcode::UpdateBlock => b"ub",
    }
}

/// Null, and what JSON has no number for.
fn is_missing(value: Value<'_>) -> bool {
    match value {
        Value::Null => true,
        Value::Double(number) => !number.is_finite(),
        _ => false,
    }
}

fn write_member(out: &mut Vec<u8>, value: Value<'_>, options: &EncodeOptions, scratch: &mut Vec<u8>) {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Int32(v) => write_int(out, i64::from(v)),
        Value::Int64(v) => write_int(out, v),
        Value::Double(v) => write_double(out, v, options),
        Value::Money(v) => {
            write_money(out, v);
            trim_zeros(out);
        }
        Value::String(v) => write_text(out, v.as_bytes()),
        Value::Date(_) | Value::Stamp(_) => {
            scratch.clear();
            write_value(scratch, value, options);
            write_text(out, scratch);
        }
        Value::Blob(v) => {
            out.push(b'"');
            write_base64(out, v);
            out.push(b'"');
        }
        Value::Array(FieldType::ArrayI32, v) => {
            write_list(out, array_i32(v), |out, n| write_int(out, i64::from(n)));
        }
        Value::Array(FieldType::ArrayI64, v) => write_list(out, array_i64(v), write_int),
        Value::Array(_, v) => write_list(out, array_double(v), |out, n| write_double(out, n, options)),
    }
}

fn write_list<T>(out: &mut Vec<u8>, elements: impl Iterator<Item = T>, write: impl Fn(&mut Vec<u8>, T)) {
    out.push(b'[');
    for (i, element) in elements.enumerate() {
        if i > 0 {
            out.extend_from_slice(b", ");
        }
        write(out, element);
    }
    out.push(b']');
}

/// The shortest number that reads back the same, or `doubleprecision` decimals; no trailing zeros.
fn write_double(out: &mut Vec<u8>, value: f64, options: &EncodeOptions) {
    match options.double_precision {
        _ if !value.is_finite() => out.extend_from_slice(b"null"),
        Some(decimals) => {
            write_fixed(out, value, decimals);
            if decimals > 0 {
                trim_zeros(out);
            }
        }
        None => {
            let mut buffer = ryu::Buffer::new();
            let text = buffer.format_finite(value);
            out.extend_from_slice(text.strip_suffix(".0").unwrap_or(text).as_bytes());
        }
    }
}

/// Takes zeros at the end of a decimal away, and the point if none is left behind it.
fn trim_zeros(out: &mut Vec<u8>) {
    while out.last() == Some(&b'0') {
        out.pop();
    }
    if out.last() == Some(&b'.') {
        out.pop();
    }
}

/// Appends UTF-8 as a JSON string.
fn write_text(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            0..0x20 => {
                out.extend_from_slice(b"\\u00");
                out.extend([byte >> 4, byte & 15].map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
            other => out.push(other),
        }
    }
    out.push(b'"');
}
