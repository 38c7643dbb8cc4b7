//! Lines into events.

use std::sync::Arc;

use tidegate_event::{Flags, Opcode, Schema};

use super::fields::{BadQuotes, Fields};
use super::lines::{Lines, Next};
use crate::error::{Cause, DecodeError};
use crate::format::{Decoder, Progress};
use crate::options::DecodeOptions;
use crate::sink::BlockSink;
use crate::text::set_from_text;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Reads lines `opcode,flags,field1,field2,...` (connectors-adapters 4.1.1).
///
/// A bad line is an error that the decoder survives: the next call goes on with the next line.
#[derive(Debug)]
pub struct CsvDecoder {
    lines: Lines,
    parser: Parser,
    headers_left: u64,
}

/// What it takes to read one line; apart from the bytes, so that a line can be borrowed meanwhile.
#[derive(Debug)]
struct Parser {
    schema: Arc<Schema>,
    options: DecodeOptions,
    /// What options put in front of each line, for messages.
    prefix: String,
    text: String,
    bytes: Vec<u8>,
}

/// A bad line: which field, and why.
type Bad = (Option<usize>, Cause);

impl CsvDecoder {
    /// A decoder of lines for `schema`. The delimiter must be an ASCII byte.
    pub fn new(schema: Arc<Schema>, options: DecodeOptions) -> Self {
        let mut prefix = String::new();
        let delimiter = char::from(options.delimiter);
        if options.add_opcode {
            prefix.push(if options.upsert { 'p' } else { 'i' });
            prefix.push(delimiter);
            if let Some(flags) = options.add_flags {
                prefix.push_str(&flags.letters().to_ascii_lowercase());
                prefix.push(delimiter);
            }
        }
        Self {
            lines: Lines::new(options.limits.max_unit_bytes),
            headers_left: options.header_lines,
            parser: Parser { schema, options, prefix, text: String::new(), bytes: Vec::new() },
        }
    }
}

impl Decoder for CsvDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        if self.parser.options.strip_nulls {
            self.lines.feed(bytes.iter().copied().filter(|&b| b != 0));
        } else {
            self.lines.feed_slice(bytes);
        }
    }

    fn finish(&mut self) {
        self.lines.finish();
    }

    fn next_block(&mut self, max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>> {
        while sink.len() < max_events {
            let (range, too_long) = match self.lines.next() {
                Next::Line(range) => (range, false),
                Next::TooLong(range) => (range, true),
                Next::NeedBytes => return Ok(Progress::NeedBytes),
                Next::End => return Ok(Progress::End),
            };
            if self.headers_left > 0 {
                self.headers_left -= 1;
                continue;
            }
            let start = range.start;
            let mut line = self.lines.bytes(range);
            if self.lines.line() == 1 {
                line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
            }
            let result = if too_long {
                let limit = self.parser.options.limits.max_unit_bytes;
                Err((None, Cause::TooLong { what: "line", limit }))
            } else {
                self.parser.line(line, sink)
            };
            if let Err((field, cause)) = result {
                return Err(Box::new(DecodeError {
                    line: self.lines.line(),
                    byte: self.lines.offset(start),
                    field,
                    cause,
                    can_continue: true,
                    raw: DecodeError::keep(line),
                }));
            }
        }
        Ok(Progress::Block)
    }
}

impl Parser {
    /// Adds the event of a line, if the line is not blank.
    fn line(&mut self, line: &[u8], sink: &mut BlockSink) -> Result<(), Bad> {
        if line.iter().all(|b| *b == b' ' || *b == b'\t') && !line.contains(&self.options.delimiter) {
            return Ok(());
        }
        let line = std::str::from_utf8(line).map_err(|_| (None, Cause::NotUtf8))?;
        let events = sink.len();
        match self.event(line, sink) {
            Ok((opcode, flags)) => {
                sink.push(opcode, flags);
                Ok(())
            }
            Err(bad) => {
                sink.truncate(events);
                Err(bad)
            }
        }
    }

    /// Adds the row of a line.
    fn event(&mut self, line: &str, sink: &mut BlockSink) -> Result<(Opcode, Flags), Bad> {
        let Self { schema, options, prefix, text, bytes } = self;
        let event_text = || format!("{prefix}{line}");
        let quotes = |position: usize| {
            move |_: BadQuotes| (Some(position), Cause::Quotes { position, event: event_text() })
        };
        let mut fields = Fields::new(line, options.delimiter);
        let bare = options.bare_lines && fields.clone().count(text) == Some(schema.len());
        let opcode = if options.add_opcode || bare {
            options.opcode
        } else {
            let token = fields.next(text).map_err(quotes(0))?.unwrap_or("").trim_end();
            Opcode::parse(token)
                .ok_or_else(|| (None, Cause::Opcode { opcode: token.to_owned(), event: event_text() }))?
        };
        let opcode = if options.upsert && opcode == Opcode::Insert { Opcode::Upsert } else { opcode };
        let flags = match options.add_flags {
            Some(flags) => flags,
            None if bare => Flags::NORMAL,
            None => {
                let letters = fields.next(text).map_err(quotes(0))?.unwrap_or("").trim_end();
                Flags::parse(letters)
                    .ok_or_else(|| (None, Cause::Flags { flags: letters.to_owned(), event: event_text() }))?
            }
        };
        let partial = flags.contains(Flags::PARTIAL) && matches!(opcode, Opcode::Update | Opcode::Upsert);
        let mut row = sink.row();
        for (position, field) in schema.fields().iter().enumerate() {
            if options.no_autogen_field && field.key {
                continue;
            }
            let Some(value) = fields.next(text).map_err(quotes(position))? else {
                let keys_read = schema.keys().last().is_none_or(|&last| last < position);
                if opcode.is_delete() && keys_read {
                    break;
                }
                let expected = schema.len() - if options.no_autogen_field { schema.keys().len() } else { 0 };
                let skipped = schema.keys().iter().filter(|&&key| key < position).count();
                let found = position - if options.no_autogen_field { skipped } else { 0 };
                return Err((Some(position), Cause::TooFewFields { found, expected, event: event_text() }));
            };
            if value.is_empty() {
                if partial && !field.key {
                    row.set_unchanged(position);
                }
                continue;
            }
            let dates = options.date_format.as_ref();
            if set_from_text(&mut row, position, field.ty, value, dates, bytes).is_none() {
                let cause = Cause::Conversion { field: value.to_owned(), position, event: event_text() };
                return Err((Some(position), cause));
            }
        }
        Ok((opcode, flags))
    }
}
