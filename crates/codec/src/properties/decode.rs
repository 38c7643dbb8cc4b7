//! Lines `name=value` into events.

use std::sync::Arc;

use memchr::memmem;
use tidegate_event::{Flags, Opcode, Schema};

use crate::error::{Cause, DecodeError};
use crate::format::{Decoder, Progress};
use crate::options::DecodeOptions;
use crate::sink::BlockSink;
use crate::text::set_from_text;

/// Reads events of lines `name=value`; a line `opcode=insert` names the opcode. Lines are matched by name, others
/// are ignored; an empty value is null.
///
/// A bad event is an error that the decoder survives.
#[derive(Debug)]
pub struct PropertiesDecoder {
    schema: Arc<Schema>,
    options: DecodeOptions,
    separator: Vec<u8>,
    buffer: Vec<u8>,
    /// Start of the event that comes next.
    at: usize,
    /// Offset of the buffer in the input.
    base: u64,
    line: u64,
    finished: bool,
    scratch: Vec<u8>,
}

/// A bad event: which field, and why.
type Bad = (Option<usize>, Cause);

impl PropertiesDecoder {
    /// A decoder of events for `schema` with `separator` between them; an empty one stands for an empty line.
    pub fn new(schema: Arc<Schema>, options: DecodeOptions, separator: &str) -> Self {
        let separator = if separator.is_empty() { "\n\n" } else { separator };
        Self {
            schema,
            options,
            separator: separator.as_bytes().to_vec(),
            buffer: Vec::new(),
            at: 0,
            base: 0,
            line: 1,
            finished: false,
            scratch: Vec::new(),
        }
    }

    /// Where the next event ends, and where the one behind it begins.
    fn next_end(&self) -> Option<(usize, usize)> {
        let rest = &self.buffer[self.at..];
        match memmem::find(rest, &self.separator) {
            Some(end) => Some((self.at + end, self.at + end + self.separator.len())),
            None if self.finished && !rest.is_empty() => Some((self.buffer.len(), self.buffer.len())),
            None => None,
        }
    }

    fn event(&mut self, range: std::ops::Range<usize>, sink: &mut BlockSink) -> Result<(), Bad> {
        let Self { schema, options, buffer, scratch, .. } = self;
        let bytes = &buffer[range];
        if bytes.len() > options.limits.max_unit_bytes {
            return Err((None, Cause::TooLong { what: "event", limit: options.limits.max_unit_bytes }));
        }
        let text = std::str::from_utf8(bytes).map_err(|_| (None, Cause::NotUtf8))?;
        if text.trim().is_empty() {
            return Ok(());
        }
        let mut opcode = options.opcode;
        let mut row = sink.row();
        for line in text.lines().map(str::trim_start).filter(|line| !line.is_empty()) {
            let Some((name, value)) = line.split_once('=') else {
                let expected = "a line name=value".to_owned();
                return Err((None, Cause::Unexpected { expected, found: format!("'{line}'") }));
            };
            let name = name.trim_end();
            let Some(position) = schema.position(name) else {
                if name == "opcode" {
                    opcode = Opcode::parse(value.trim()).ok_or_else(|| {
                        (None, Cause::Opcode { opcode: value.to_owned(), event: text.to_owned() })
                    })?;
                }
                continue;
            };
            let (ty, dates) = (schema.ty(position), options.date_format.as_ref());
            if !value.is_empty() && set_from_text(&mut row, position, ty, value, dates, scratch).is_none() {
                let field = name.to_owned();
                return Err((
                    Some(position),
                    Cause::Member { field, value: value.to_owned(), ty: ty.name() },
                ));
            }
        }
        let upsert = options.upsert && opcode == Opcode::Insert;
        sink.push(if upsert { Opcode::Upsert } else { opcode }, Flags::NORMAL);
        Ok(())
    }
}

impl Decoder for PropertiesDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        // Behind an event that was too long nothing is read any more.
        if self.finished {
            return;
        }
        // Both kinds of line ends separate events.
        self.buffer.extend(bytes.iter().filter(|&&byte| byte != b'\r'));
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn next_block(&mut self, max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>> {
        while sink.len() < max_events {
            let Some((end, next)) = self.next_end() else {
                let limit = self.options.limits.max_unit_bytes;
                if self.buffer.len() - self.at > limit {
                    let raw = DecodeError::keep(&self.buffer[self.at..]);
                    let byte = self.base + self.at as u64;
                    (self.at, self.finished) = (self.buffer.len(), true);
                    let cause = Cause::TooLong { what: "event", limit };
                    return Err(Box::new(DecodeError {
                        line: self.line,
                        byte,
                        field: None,
                        cause,
                        can_continue: false,
                        raw,
                    }));
                }
                return Ok(if self.finished { Progress::End } else { Progress::NeedBytes });
            };
            let (start, line, events) = (self.at, self.line, sink.len());
            self.line += memchr::memchr_iter(b'\n', &self.buffer[start..next]).count() as u64;
            self.at = next;
            if let Err((field, cause)) = self.event(start..end, sink) {
                let raw = DecodeError::keep(&self.buffer[start..end]);
                sink.truncate(events);
                let byte = self.base + start as u64;
                return Err(Box::new(DecodeError { line, byte, field, cause, can_continue: true, raw }));
            }
        }
        Ok(Progress::Block)
    }
}
