//! Events into lines.

use std::sync::Arc;

use tidegate_event::{BlockHeader, EventBlock, Schema, Value};

use crate::format::Encoder;
use crate::options::{EncodeOptions, HeaderLine};
use crate::text::{outgoing, write_value};

/// Writes lines `OPCODE,FLAGS, f1,f2,...` (connectors-adapters 4.1.4).
#[derive(Debug)]
pub struct CsvEncoder {
    schema: Arc<Schema>,
    options: EncodeOptions,
    scratch: Vec<u8>,
}

impl CsvEncoder {
    /// An encoder of blocks of `schema`.
    pub fn new(schema: Arc<Schema>, options: EncodeOptions) -> Self {
        Self { schema, options, scratch: Vec::new() }
    }

    /// Appends the block's lines. Fields marked unchanged are empty, as nulls are.
    pub fn encode_block(&mut self, block: &EventBlock, out: &mut Vec<u8>) {
        for (opcode, event) in outgoing(block, &self.options) {
            out.extend_from_slice(opcode.token().as_bytes());
            out.push(b',');
            out.extend_from_slice(event.flags.letters().as_bytes());
            out.extend_from_slice(b", ");
            for (position, value) in event.row.values().enumerate() {
                if position > 0 {
                    out.push(b',');
                }
                match value {
                    Value::String(text) if needs_quotes(text.as_bytes()) => {
                        write_quoted(out, text.as_bytes());
                    }
                    Value::Date(_) | Value::Stamp(_) if self.options.date_format.is_some() => {
                        self.scratch.clear();
                        write_value(&mut self.scratch, value, &self.options);
                        if needs_quotes(&self.scratch) {
                            write_quoted(out, &self.scratch);
                        } else {
                            out.extend_from_slice(&self.scratch);
                        }
                    }
                    value => write_value(out, value, &self.options),
                }
            }
            out.push(b'\n');
        }
    }

    /// Appends the schema string as a line of its own, for `csvincludeschema`.
    pub fn write_schema(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.schema.to_string().as_bytes());
        out.push(b'\n');
    }
}

impl Encoder for CsvEncoder {
    fn begin(&mut self, out: &mut Vec<u8>) {
        match self.options.header {
            HeaderLine::None => return,
            HeaderLine::Names => {}
            HeaderLine::Full => out.extend_from_slice(b"opcode,flags,"),
        }
        for (position, field) in self.schema.fields().iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            out.extend_from_slice(field.name.as_bytes());
        }
        out.push(b'\n');
    }

    fn encode(&mut self, _header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>) {
        self.encode_block(block, out);
    }

    fn separator(&self) -> &'static [u8] {
        b""
    }
}

/// Whether a value would not read back as itself when it stands bare.
fn needs_quotes(text: &[u8]) -> bool {
    matches!(text.first(), Some(b' ' | b'\t'))
        || text.iter().any(|b| matches!(b, b',' | b'"' | b'\\' | b'\n' | b'\r'))
}

fn write_quoted(out: &mut Vec<u8>, text: &[u8]) {
    out.push(b'"');
    for &byte in text {
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
    out.push(b'"');
}
