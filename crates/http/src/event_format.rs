//! Events in a body or a file, on their way into a window (rest-api 5.4).

use std::io::{self, Read};
use std::sync::Arc;

use tidegate_api::Query;
use tidegate_codec::csv::CsvDecoder;
use tidegate_codec::json::JsonDecoder;
use tidegate_codec::xml_events::XmlDecoder;
use tidegate_codec::{BlockSink, DatePattern, DecodeError, DecodeOptions, Decoder, Limits, Progress};
use tidegate_event::{BlockKind, EventBlock, Opcode, Schema};

use crate::answer::Refused;
use crate::call::{bad, number};

/// What decoders may hold. One event may be an image.
pub(crate) const LIMITS: Limits = Limits { max_unit_bytes: 32 << 20, max_depth: 64, max_unit_events: 65_536 };

/// Most events of a block that the input delimits itself.
const MAX_BLOCK_EVENTS: usize = 65_536;

/// Bytes read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventFormat {
    Xml,
    Json,
    Csv,
}

impl EventFormat {
    fn named(name: &str) -> Option<Self> {
        match name {
            "xml" => Some(Self::Xml),
            "json" => Some(Self::Json),
            "csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format that a media type stands for, if it stands for one.
    fn of_media_type(name: &str) -> Option<Self> {
        match name {
            "application/xml" | "text/xml" => Some(Self::Xml),
            "application/json" | "text/json" => Some(Self::Json),
            "text/csv" => Some(Self::Csv),
            _ => None,
        }
    }

    /// The format that the ending of a file's name stands for.
    pub(crate) fn of_path(path: &std::path::Path) -> Option<Self> {
        path.extension()?.to_str().and_then(|ending| Self::named(&ending.to_ascii_lowercase()))
    }

    /// The format that the first bytes look like. Clients of older releases do not say.
    fn of_content(start: &[u8]) -> Self {
        match start.trim_ascii_start().first() {
            Some(b'<') => Self::Xml,
            Some(b'{' | b'[') => Self::Json,
            _ => Self::Csv,
        }
    }
}

/// What the parameters say about the events of a request.
#[derive(Debug)]
pub(crate) struct EventReading {
    format: Option<EventFormat>,
    block_events: Option<usize>,
    options: DecodeOptions,
}

/// Why events could not be read to the end.
#[derive(Debug)]
pub(crate) enum ReadError {
    /// They are no events.
    Decode(Box<DecodeError>),
    /// The bytes could not be read.
    Io(io::Error),
    /// They could not be handed on.
    Refused(Refused),
}

impl EventReading {
    /// The parameters `format`, `blocksize`, `opcode` and `dateformat` (else `date_format`), and the media type of the body.
    pub(crate) fn new(
        query: &Query,
        media_type: Option<&str>,
        date_format: Option<&str>,
    ) -> Result<Self, Refused> {
        let format = match query.get("format") {
            Some(name) => {
                let unknown =
                    || bad(format!("parameter 'format' is '{name}', expected 'xml', 'json' or 'csv'"));
                Some(EventFormat::named(name).ok_or_else(unknown)?)
            }
            None => media_type.and_then(EventFormat::of_media_type),
        };
        let block_events = match number(query, "blocksize")? {
            Some(0) => return Err(bad("parameter 'blocksize' is '0', expected a number of 1 or more")),
            number => {
                number.map(|number| usize::try_from(number).unwrap_or(usize::MAX).min(MAX_BLOCK_EVENTS))
            }
        };
        let mut options = DecodeOptions::new(LIMITS);
        options.upsert = match query.get("opcode").map(Opcode::parse) {
            None | Some(Some(Opcode::Insert)) => false,
            Some(Some(Opcode::Upsert)) => true,
            Some(Some(_)) => {
                return Err(bad(
                    "of the opcodes for a whole request only insert and upsert are implemented yet",
                ));
            }
            Some(None) => return Err(bad("parameter 'opcode' is no opcode")),
        };
        if let Some(pattern) = query.get("dateformat").or(date_format) {
            options.date_format = Some(DatePattern::new(pattern).map_err(bad)?);
        }
        Ok(Self { format, block_events, options })
    }

    /// The same with a format for inputs of which the request does not say it.
    pub(crate) fn or_format(mut self, format: Option<EventFormat>) -> Self {
        self.format = self.format.or(format);
        self
    }

    /// Reads events for a window of this schema and gives them on, block by block, each with its kind; answers how many there were.
    pub(crate) fn read(
        &self,
        schema: &Arc<Schema>,
        input: &mut dyn Read,
        give: &mut dyn FnMut(BlockKind, EventBlock) -> Result<(), Refused>,
    ) -> Result<u64, ReadError> {
        let mut piece = vec![0; PIECE_BYTES];
        let mut length = fill(input, &mut piece)?;
        let format = self.format.unwrap_or_else(|| EventFormat::of_content(&piece[..length]));
        // A JSON array is a block; of the others every event is one.
        let default = if format == EventFormat::Json { MAX_BLOCK_EVENTS } else { 1 };
        let block_events = self.block_events.unwrap_or(default);
        let mut decoder = self.decoder(format, schema);
        let mut sink = BlockSink::new(schema);
        let mut count = 0;
        loop {
            if length == 0 {
                decoder.finish();
            } else {
                decoder.feed(&piece[..length]);
            }
            loop {
                let progress = decoder.next_block(block_events, &mut sink).map_err(ReadError::Decode)?;
                if progress == Progress::NeedBytes && length > 0 {
                    break;
                }
                if !sink.is_empty() {
                    count += sink.len() as u64;
                    give(sink.kind(), sink.take()).map_err(ReadError::Refused)?;
                }
                if progress != Progress::Block {
                    return Ok(count);
                }
            }
            length = fill(input, &mut piece)?;
        }
    }

    fn decoder(&self, format: EventFormat, schema: &Arc<Schema>) -> Box<dyn Decoder> {
        let (schema, options) = (Arc::clone(schema), self.options.clone());
        match format {
            EventFormat::Xml => Box::new(XmlDecoder::new(schema, options)),
            EventFormat::Json => Box::new(JsonDecoder::new(schema, options)),
            EventFormat::Csv => Box::new(CsvDecoder::new(schema, options)),
        }
    }
}

/// Reads until `piece` is full or the input ends.
fn fill(input: &mut dyn Read, piece: &mut [u8]) -> Result<usize, ReadError> {
    let mut length = 0;
    while length < piece.len() {
        match input.read(&mut piece[length..]) {
            Ok(0) => break,
            Ok(count) => length += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadError::Io(error)),
        }
    }
    Ok(length)
}

#[cfg(test)]
mod tests;
