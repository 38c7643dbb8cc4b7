//! Records into blocks (connectors-adapters 2.2).

use std::sync::Arc;

use tidegate_codec::{BlockSink, Cause, DecodeError, Progress, read_value};
use tidegate_event::{EventBlock, Field, Flags, Opcode, Schema};
use tidegate_host::StepBlock;
use tidegate_kafka::Record;

use super::options::{PublishOptions, RecordType};

/// Why a record, or a part of it, gives no events.
pub(super) type Bad = Box<DecodeError>;

/// Blocks of one record, and the lines of it that were left out.
#[derive(Debug, Default)]
pub(super) struct Decoded {
    pub(super) blocks: Vec<StepBlock>,
    pub(super) left_out: Vec<Bad>,
}

/// Decodes a record: all of it, or nothing, except that with `ignorecsvparseerrors` single pieces are left out.
/// What it gives depends on the record alone, so that every engine gets the same.
pub(super) fn decode(
    options: &PublishOptions,
    schema: &Arc<Schema>,
    autogen_key: bool,
    record: &Record<'_>,
) -> Result<Decoded, Bad> {
    let Some(payload) = record.payload() else {
        return Err(unexpected("a value", "a record without one"));
    };
    let mut decoded = content(options, schema, autogen_key, record.offset(), payload)?;
    if let Some(field) = options.key_field {
        let key = record.key().ok_or_else(|| unexpected("a key", "a record without one"))?;
        fill_key(&mut decoded, field, schema, options, key)?;
    }
    Ok(decoded)
}

/// Gives all events of a record the record's key (`keyfromkafkakey`), in the text form of the field's type.
fn fill_key(
    decoded: &mut Decoded,
    field: usize,
    schema: &Schema,
    options: &PublishOptions,
    key: &[u8],
) -> Result<(), Bad> {
    let Field { name, ty, .. } = &schema.fields()[field];
    let text = std::str::from_utf8(key).map_err(|error| bad(Cause::NotUtf8, error.valid_up_to(), key))?;
    for block in &mut decoded.blocks {
        let rows = block.block.rows_mut().expect("a decoded block shares its rows with none");
        for number in 0..rows.len() {
            let dates = options.decode.date_format.as_ref();
            if !read_value(&mut rows.row_mut(number), field, *ty, text, dates) {
                return Err(unexpected(&format!("a key of type {ty} for '{name}'"), &format!("'{text}'")));
            }
        }
    }
    Ok(())
}

fn unexpected(expected: &str, found: &str) -> Bad {
    bad(Cause::Unexpected { expected: expected.to_owned(), found: found.to_owned() }, 0, b"")
}

fn content(
    options: &PublishOptions,
    schema: &Arc<Schema>,
    autogen_key: bool,
    offset: i64,
    payload: &[u8],
) -> Result<Decoded, Bad> {
    match options.common.record {
        RecordType::Events(format) if format.name == "binary" => events(options, schema, payload, usize::MAX),
        RecordType::Events(format) if format.name == "csv" => {
            events(options, schema, payload, options.block_events)
        }
        // An object or an array of objects is one block.
        RecordType::Events(_) => events(options, schema, payload, usize::MAX),
        RecordType::OpaqueString | RecordType::Field(_) => {
            text(options, schema, autogen_key, offset, payload)
        }
    }
}

fn events(
    options: &PublishOptions,
    schema: &Arc<Schema>,
    payload: &[u8],
    block_events: usize,
) -> Result<Decoded, Bad> {
    let RecordType::Events(format) = options.common.record else { return Ok(Decoded::default()) };
    let mut decoder = (format.decoder)(schema.clone(), &options.decode);
    decoder.feed(payload);
    decoder.finish();
    let mut sink = BlockSink::new(schema);
    let mut decoded = Decoded::default();
    loop {
        let end = match decoder.next_block(block_events, &mut sink) {
            Ok(Progress::Block) => false,
            Ok(Progress::End | Progress::NeedBytes) => true,
            Err(error) if options.ignore_bad_lines && error.can_continue => {
                decoded.left_out.push(error);
                continue;
            }
            Err(error) => return Err(error),
        };
        if !sink.is_empty() {
            let header = sink.header();
            let kind = header.map_or(options.kind, |header| header.kind);
            let client = header.map_or(0, |header| header.id.client);
            decoded.blocks.push(StepBlock { kind, client, block: sink.take() });
        }
        if end {
            return Ok(decoded);
        }
    }
}

/// One event of the whole text. The first field is the key that the window makes; a window that makes none gets
/// the offset.
fn text(
    options: &PublishOptions,
    schema: &Schema,
    autogen_key: bool,
    offset: i64,
    payload: &[u8],
) -> Result<Decoded, Bad> {
    let text =
        std::str::from_utf8(payload).map_err(|error| bad(Cause::NotUtf8, error.valid_up_to(), payload))?;
    let mut block = EventBlock::empty(schema);
    let rows = block.rows_mut().expect("a new block shares its rows with none");
    let mut row = rows.push();
    if !autogen_key {
        row.set_int(0, offset);
    }
    row.set_text(1, text);
    let opcode = if options.decode.upsert { Opcode::Upsert } else { Opcode::Insert };
    block.push(opcode, Flags::NORMAL, 0);
    Ok(Decoded { blocks: vec![StepBlock { kind: options.kind, client: 0, block }], left_out: Vec::new() })
}

/// The error of a record as a whole.
pub(super) fn bad(cause: Cause, byte: usize, payload: &[u8]) -> Bad {
    const RAW_MAX: usize = 4096;
    let raw = payload[..payload.len().min(RAW_MAX)].to_vec();
    Box::new(DecodeError { line: 1, byte: byte as u64, field: None, cause, can_continue: false, raw })
}
