//! Blocks into records (connectors-adapters 1.8 and 2.2).

use std::fmt;

use tidegate_codec::csv::CsvEncoder;
use tidegate_codec::{EncodeOptions, Encoder};
use tidegate_event::{BlockHeader, BlockKind, EventBlock, Flags, Opcode};
use tidegate_host::{ConnectorError, ConnectorSetup};

use super::options::{Common, RecordType, encode_options, flag_or_digit};

/// What goes into one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct EncodedRecord {
    /// Number of the record within its block, from 0.
    pub(crate) part: u32,
    /// The record's content.
    pub(crate) payload: Vec<u8>,
}

/// Makes records of blocks, the same on every engine: what a block gives depends on the block alone, except for
/// `csvincludeschema=once`, which a failover group may not use.
pub(crate) struct RecordEncoder {
    kind: Kind,
    options: EncodeOptions,
    buffer: Vec<u8>,
}

enum Kind {
    /// One record per block.
    Whole(Box<dyn Encoder>),
    /// Lines.
    Csv { encoder: CsvEncoder, cut: Cut, schema: SchemaLine },
    /// One record per event: a field's bytes.
    Field(usize),
}

/// Where csv lines are cut into records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    PerEvent,
    PerBlock,
    /// Transactional blocks whole, events of others apart.
    ByKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum SchemaLine {
    Never,
    Once { done: bool },
    PerBlock,
}

impl RecordEncoder {
    /// An encoder for the connector's properties.
    pub(crate) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let record = Common::new(setup)?.record;
        let options = encode_options(setup, record)?;
        let kind = match record {
            RecordType::Events(format) if format.name == "csv" => {
                let per_event = flag_or_digit(setup, "csvmsgperevent")?;
                let per_block = flag_or_digit(setup, "csvmsgpereventblock")?;
                if per_event && per_block {
                    return Err(setup.invalid(
                        "csvmsgpereventblock",
                        "true",
                        "false together with csvmsgperevent",
                    ));
                }
                let schema = setup.get("csvincludeschema").unwrap_or("never").to_ascii_lowercase();
                if schema == "once" && setup.flag("hotfailover")? {
                    return Err(setup.invalid(
                        "csvincludeschema",
                        "once",
                        "never or pereventblock with failover",
                    ));
                }
                Kind::Csv {
                    encoder: CsvEncoder::new(setup.schema.clone(), options.clone()),
                    cut: match (per_event, per_block) {
                        (true, _) => Cut::PerEvent,
                        (_, true) => Cut::PerBlock,
                        _ => Cut::ByKind,
                    },
                    schema: match schema.as_str() {
                        "once" => SchemaLine::Once { done: false },
                        "pereventblock" => SchemaLine::PerBlock,
                        _ => SchemaLine::Never,
                    },
                }
            }
            RecordType::Events(format) => Kind::Whole((format.encoder)(setup.schema.clone(), &options)),
            RecordType::Field(field) => Kind::Field(field),
            RecordType::OpaqueString => {
                return Err(setup.invalid(
                    "kafkatype",
                    "opaquestring",
                    "a publisher, or the name of a field",
                ));
            }
        };
        Ok(Self { kind, options, buffer: Vec::new() })
    }

    /// The records of a block; none when options leave no event of it.
    pub(crate) fn encode(&mut self, header: &BlockHeader, block: &EventBlock) -> Vec<EncodedRecord> {
        let mut records = Vec::new();
        self.buffer.clear();
        match &mut self.kind {
            Kind::Whole(encoder) => {
                encoder.encode(header, block, &mut self.buffer);
                push(&mut records, &self.buffer);
            }
            Kind::Csv { encoder, cut, schema } => {
                let with_schema = match schema {
                    SchemaLine::Never => false,
                    SchemaLine::PerBlock => true,
                    SchemaLine::Once { done } => !*done,
                };
                if with_schema {
                    encoder.write_schema(&mut self.buffer);
                }
                let lines = self.buffer.len();
                encoder.encode_block(block, &mut self.buffer);
                if self.buffer.len() == lines {
                    return records;
                }
                if let SchemaLine::Once { done } = schema {
                    *done = true;
                }
                let whole = match cut {
                    Cut::PerBlock => true,
                    Cut::PerEvent => false,
                    Cut::ByKind => header.kind == BlockKind::Transactional,
                };
                if whole {
                    push(&mut records, &self.buffer);
                } else {
                    // The encoder writes line ends within values as \n, so that each line is one event.
                    let (schema_line, events) = self.buffer.split_at(lines);
                    for line in events.split_inclusive(|&byte| byte == b'\n') {
                        if records.is_empty() {
                            push(&mut records, &[schema_line, line].concat());
                        } else {
                            push(&mut records, line);
                        }
                    }
                }
            }
            Kind::Field(field) => {
                let mut skip_old = false;
                for event in block.iter() {
                    if std::mem::take(&mut skip_old) {
                        continue;
                    }
                    skip_old = self.options.collapse && event.opcode == Opcode::UpdateBlock;
                    let by_retention =
                        event.flags.contains(Flags::RETENTION) && event.opcode == Opcode::Delete;
                    if by_retention && self.options.rmretdel {
                        continue;
                    }
                    let null = event.row.is_null(*field);
                    records.push(EncodedRecord {
                        part: records.len() as u32,
                        payload: if null { Vec::new() } else { event.row.bytes(*field).to_vec() },
                    });
                }
            }
        }
        records
    }
}

fn push(records: &mut Vec<EncodedRecord>, payload: &[u8]) {
    if !payload.is_empty() {
        records.push(EncodedRecord { part: records.len() as u32, payload: payload.to_vec() });
    }
}

impl fmt::Debug for RecordEncoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordEncoder").field("options", &self.options).finish_non_exhaustive()
    }
}
