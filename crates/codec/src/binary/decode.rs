//! Bytes into blocks.

use std::sync::Arc;

use tidegate_event::row::RowWriter;
use tidegate_event::{BlockHeader, BlockKind, EngineTime, FieldType, Flags, MessageId, Opcode, Schema};

use super::layout::{
    CHECKSUM_BYTES, FLAG_NORMAL, HEADER_BYTES, MAGIC, MARK_UNCHANGED, VERSION, field_list, fingerprint,
};
use super::reader::{Bad, Reader, unexpected};
use crate::error::{Cause, DecodeError};
use crate::format::{Decoder, Progress};
use crate::options::Limits;
use crate::sink::BlockSink;

/// What has to be there before a block's length is known.
const PREFIX_BYTES: usize = 12;

/// Reads blocks in the layout of docs/binary-block.md.
///
/// A block is used only when it is whole and its checksum is right, and then it gives all its events or none.
/// Blocks are never split or joined: each call with an empty sink gives one.
#[derive(Debug)]
pub struct BinaryDecoder {
    schema: Arc<Schema>,
    limits: Limits,
    list: Vec<u8>,
    buffer: Vec<u8>,
    at: usize,
    /// Offset in the input of the buffer's first byte.
    base: u64,
    blocks: u64,
    finished: bool,
    broken: bool,
}

impl BinaryDecoder {
    /// A decoder of blocks of `schema`.
    pub fn new(schema: Arc<Schema>, limits: Limits) -> Self {
        let list = field_list(&schema);
        Self {
            schema,
            limits,
            list,
            buffer: Vec::new(),
            at: 0,
            base: 0,
            blocks: 0,
            finished: false,
            broken: false,
        }
    }

    /// The length of the next block, when enough of it is there.
    fn length(&self) -> Result<Option<usize>, Bad> {
        let bytes = &self.buffer[self.at..];
        let known = bytes.len().min(MAGIC.len());
        if bytes[..known] != MAGIC[..known] {
            return Err(unexpected(0, format!("magic {MAGIC:02x?}"), format!("{:02x?}", &bytes[..known])));
        }
        if bytes.len() < PREFIX_BYTES {
            return Ok(None);
        }
        let mut reader = Reader::new(bytes, MAGIC.len());
        let version = reader.u16()?;
        if version != VERSION {
            return Err(unexpected(4, format!("version {VERSION}"), version));
        }
        let header = reader.u16()?;
        if usize::from(header) != HEADER_BYTES {
            return Err(unexpected(6, format!("a header of {HEADER_BYTES} bytes"), header));
        }
        let length = reader.u32()? as usize;
        if length > self.limits.max_unit_bytes {
            return Err((8, Cause::TooLong { what: "block", limit: self.limits.max_unit_bytes }));
        }
        if length < HEADER_BYTES + CHECKSUM_BYTES {
            let expected = format!("a length of at least {}", HEADER_BYTES + CHECKSUM_BYTES);
            return Err(unexpected(8, expected, length));
        }
        Ok(Some(length))
    }

    fn error(&mut self, (at, cause): Bad, length: usize, can_continue: bool) -> Box<DecodeError> {
        let block = self.at..self.at + length;
        let error = DecodeError {
            line: self.blocks + 1,
            byte: self.base + (self.at + at) as u64,
            field: None,
            cause,
            can_continue,
            raw: DecodeError::keep(&self.buffer[block.clone()]),
        };
        self.at = block.end;
        self.blocks += 1;
        self.broken = !can_continue;
        Box::new(error)
    }

    /// Adds the events of a whole block and answers its header.
    fn block(&self, block: &[u8], sink: &mut BlockSink) -> Result<BlockHeader, Bad> {
        let (content, checksum) = block.split_at(block.len() - CHECKSUM_BYTES);
        let expected = crc32fast::hash(content);
        let found = Reader::new(checksum, 0).u32()?;
        if found != expected {
            return Err(unexpected(
                content.len(),
                format!("checksum {expected:08x}"),
                format!("{found:08x}"),
            ));
        }
        let mut reader = Reader::new(content, PREFIX_BYTES);
        let kind = reader.u8()?;
        let kind =
            BlockKind::from_code(kind).ok_or_else(|| unexpected(PREFIX_BYTES, "a kind of block", kind))?;
        let zero = reader.array::<3>()?;
        if zero != [0; 3] {
            return Err(unexpected(PREFIX_BYTES + 1, "three zero bytes", format!("{zero:02x?}")));
        }
        let (input, client) = (reader.i64()?, reader.i64()?);
        let (sub, part) = (reader.u32()?, reader.u32()?);
        let time = EngineTime::from_micros(reader.i64()?);
        self.field_list(&mut reader)?;
        for _ in 0..self.events(content)? {
            self.event(&mut reader, sink)?;
        }
        if reader.rest() > 0 {
            return Err(unexpected(reader.at(), "the checksum", format!("{} more bytes", reader.rest())));
        }
        Ok(BlockHeader { kind, id: MessageId { input, sub, part, client }, time })
    }

    fn events(&self, content: &[u8]) -> Result<u32, Bad> {
        let events = Reader::new(content, HEADER_BYTES - 4).u32()?;
        if events as usize > self.limits.max_unit_events {
            let expected = format!("at most {} events", self.limits.max_unit_events);
            return Err(unexpected(HEADER_BYTES - 4, expected, events));
        }
        Ok(events)
    }

    /// Compares fingerprint, number of fields and list with those of the schema.
    fn field_list(&self, reader: &mut Reader<'_>) -> Result<(), Bad> {
        let at = reader.at();
        let (found_print, fields, bytes) = (reader.u64()?, reader.u32()?, reader.u32()?);
        reader.u32()?;
        let list = reader.take(bytes as usize)?;
        let right = found_print == fingerprint(&self.list)
            && fields as usize == self.schema.len()
            && list == self.list.as_slice();
        if right {
            return Ok(());
        }
        let found = schema_text(list).unwrap_or_else(|| "a broken field list".to_owned());
        Err(unexpected(at, format!("fields {}", self.schema), found))
    }

    fn event(&self, reader: &mut Reader<'_>, sink: &mut BlockSink) -> Result<(), Bad> {
        let start = reader.at();
        let [opcode, flags, marks] = reader.array()?;
        let opcode = Opcode::from_code(opcode).ok_or_else(|| unexpected(start, "an opcode", opcode))?;
        let flags = match flags {
            FLAG_NORMAL => Flags::NORMAL,
            0 => return Err(unexpected(start + 1, "flags", flags)),
            bits => Flags::from_bits(bits).ok_or_else(|| unexpected(start + 1, "flags", flags))?,
        };
        if marks & !MARK_UNCHANGED != 0 {
            return Err(unexpected(start + 2, "marks 0 or 1", marks));
        }
        let fields = self.schema.len();
        let bitmap_at = reader.at();
        let nulls = reader.take(fields.div_ceil(8))?;
        let unchanged =
            if marks == MARK_UNCHANGED { reader.take(fields.div_ceil(8))? } else { Default::default() };
        let is_set =
            |bits: &[u8], field: usize| bits.get(field / 8).is_some_and(|b| b >> (field % 8) & 1 == 1);
        if (fields..nulls.len() * 8).any(|field| is_set(nulls, field) || is_set(unchanged, field)) {
            return Err(unexpected(bitmap_at, format!("bits of {fields} fields"), "more"));
        }
        let mut row = sink.row();
        for field in 0..fields {
            if is_set(unchanged, field) {
                if !is_set(nulls, field) {
                    return Err(unexpected(
                        bitmap_at,
                        "unchanged fields that are null",
                        format!("field {field}"),
                    ));
                }
                row.set_unchanged(field);
            } else if !is_set(nulls, field) {
                set(&mut row, field, self.schema.ty(field), reader)?;
            }
        }
        sink.push(opcode, flags);
        Ok(())
    }
}

impl Decoder for BinaryDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn next_block(&mut self, _max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>> {
        if !sink.is_empty() {
            return Ok(Progress::Block);
        }
        if self.broken {
            return Ok(Progress::End);
        }
        let there = self.buffer.len() - self.at;
        if there == 0 {
            return Ok(if self.finished { Progress::End } else { Progress::NeedBytes });
        }
        let length = match self.length() {
            Ok(length) => length.filter(|&length| length <= there),
            Err(bad) => return Err(self.error(bad, there, false)),
        };
        let Some(length) = length else {
            if self.finished {
                let bad = unexpected(there, "the rest of the block", "the end of the input");
                return Err(self.error(bad, there, false));
            }
            return Ok(Progress::NeedBytes);
        };
        match self.block(&self.buffer[self.at..self.at + length], sink) {
            Ok(header) => {
                sink.set_header(header);
                self.at += length;
                self.blocks += 1;
                Ok(Progress::Block)
            }
            Err(bad) => {
                sink.truncate(0);
                Err(self.error(bad, length, true))
            }
        }
    }
}

/// The schema string of a field list, for messages.
fn schema_text(list: &[u8]) -> Option<String> {
    let mut reader = Reader::new(list, 0);
    let mut items = Vec::new();
    while reader.rest() > 0 {
        let ty = FieldType::from_code(reader.u8().ok()?)?;
        let star = if reader.u8().ok()? == 1 { "*" } else { "" };
        let length = reader.u16().ok()?;
        let name = String::from_utf8_lossy(reader.take(usize::from(length)).ok()?);
        items.push(format!("{name}{star}:{ty}"));
    }
    Some(items.join(","))
}

fn set(row: &mut RowWriter<'_>, field: usize, ty: FieldType, reader: &mut Reader<'_>) -> Result<(), Bad> {
    match ty {
        FieldType::Int32 => row.set_int(field, i64::from(i32::from_le_bytes(reader.array()?))),
        FieldType::Int64 | FieldType::Date | FieldType::Stamp | FieldType::Money => {
            row.set_int(field, reader.i64()?);
        }
        FieldType::Double => row.set_double(field, f64::from_le_bytes(reader.array()?)),
        FieldType::String | FieldType::RString => {
            let at = reader.at();
            let text = std::str::from_utf8(reader.run()?).map_err(|_| (at, Cause::NotUtf8))?;
            row.set_text(field, text);
        }
        FieldType::Blob => row.set_bytes(field, reader.run()?),
        FieldType::ArrayI32 | FieldType::ArrayI64 | FieldType::ArrayDouble => {
            let at = reader.at();
            let bytes = reader.run()?;
            let size = if ty == FieldType::ArrayI32 { 4 } else { 8 };
            if bytes.len() % size != 0 {
                return Err(unexpected(
                    at,
                    format!("elements of {size} bytes"),
                    format!("{} bytes", bytes.len()),
                ));
            }
            row.set_bytes(field, bytes);
        }
    }
    Ok(())
}
