//! Blocks into bytes.

use tidegate_event::{BlockHeader, EventBlock, Schema, Value};

use super::layout::{FLAG_NORMAL, HEADER_BYTES, MAGIC, MARK_UNCHANGED, VERSION, field_list, fingerprint};
use crate::format::Encoder;
use crate::options::EncodeOptions;
use crate::text::outgoing;

/// Writes blocks in the layout of docs/binary-block.md.
#[derive(Debug)]
pub struct BinaryEncoder {
    list: Vec<u8>,
    fields: u32,
    options: EncodeOptions,
}

impl BinaryEncoder {
    /// An encoder of blocks of `schema`. Of the options only `collapse` and `rmretdel` matter.
    pub fn new(schema: &Schema, options: EncodeOptions) -> Self {
        Self { list: field_list(schema), fields: schema.len() as u32, options }
    }

    /// Appends the block; nothing when options leave no event of it.
    pub fn encode_block(&self, header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>) {
        let start = out.len();
        out.extend(MAGIC);
        out.extend(VERSION.to_le_bytes());
        out.extend((HEADER_BYTES as u16).to_le_bytes());
        out.extend([0; 4]);
        out.extend([header.kind.code(), 0, 0, 0]);
        out.extend(header.id.input.to_le_bytes());
        out.extend(header.id.client.to_le_bytes());
        out.extend(header.id.sub.to_le_bytes());
        out.extend(header.id.part.to_le_bytes());
        out.extend(header.time.micros().to_le_bytes());
        out.extend(fingerprint(&self.list).to_le_bytes());
        out.extend(self.fields.to_le_bytes());
        out.extend((self.list.len() as u32).to_le_bytes());
        out.extend([0; 4]);
        out.extend(&self.list);
        let mut events: u32 = 0;
        for (opcode, event) in outgoing(block, &self.options) {
            events += 1;
            out.push(opcode.code());
            out.push(if event.flags.bits() == 0 { FLAG_NORMAL } else { event.flags.bits() });
            let fields = event.row.len();
            let is_unchanged = |field| block.rows().is_unchanged(event.row_number as usize, field);
            let any_unchanged = (0..fields).any(is_unchanged);
            out.push(if any_unchanged { MARK_UNCHANGED } else { 0 });
            write_bits(out, fields, |field| event.row.is_null(field));
            if any_unchanged {
                write_bits(out, fields, is_unchanged);
            }
            for value in event.row.values() {
                write_value(out, value);
            }
        }
        if events == 0 {
            out.truncate(start);
            return;
        }
        // A block's rows are limited by what made them to far less than 4 GiB.
        let length = (out.len() - start + 4) as u32;
        out[start + 8..start + 12].copy_from_slice(&length.to_le_bytes());
        out[start + 64..start + 68].copy_from_slice(&events.to_le_bytes());
        let checksum = crc32fast::hash(&out[start..]);
        out.extend(checksum.to_le_bytes());
    }
}

impl Encoder for BinaryEncoder {
    fn begin(&mut self, _out: &mut Vec<u8>) {}

    fn encode(&mut self, header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>) {
        self.encode_block(header, block, out);
    }

    fn separator(&self) -> &'static [u8] {
        b""
    }
}

fn write_bits(out: &mut Vec<u8>, fields: usize, is_set: impl Fn(usize) -> bool) {
    for first in (0..fields).step_by(8) {
        let bits =
            (first..fields.min(first + 8)).fold(0, |bits, f| bits | u8::from(is_set(f)) << (f - first));
        out.push(bits);
    }
}

fn write_value(out: &mut Vec<u8>, value: Value<'_>) {
    match value {
        Value::Null => {}
        Value::Int32(v) => out.extend(v.to_le_bytes()),
        Value::Int64(v) | Value::Date(v) | Value::Stamp(v) | Value::Money(v) => out.extend(v.to_le_bytes()),
        Value::Double(v) => out.extend(v.to_le_bytes()),
        Value::String(v) => write_bytes(out, v.as_bytes()),
        Value::Blob(v) | Value::Array(_, v) => write_bytes(out, v),
    }
}

fn write_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend((bytes.len() as u32).to_le_bytes());
    out.extend_from_slice(bytes);
}
