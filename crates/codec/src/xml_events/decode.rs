//! `<event>` elements into events.

use std::sync::Arc;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use tidegate_event::row::RowWriter;
use tidegate_event::{BlockHeader, BlockKind, Flags, Opcode, Schema};

use crate::error::{Cause, DecodeError};
use crate::format::{Decoder, Progress};
use crate::options::DecodeOptions;
use crate::sink::BlockSink;
use crate::text::set_from_text;

/// Elements around events; deeper nesting is refused.
const MAX_CONTAINERS: usize = 4;

/// Reads `<events><event><opcode>i</opcode><ID key="true">1</ID>...</event></events>`.
///
/// The end of a `<transaction>`, and of `<events>`, ends a block. Children are matched by name, others are
/// ignored; an empty element is null. A wrong value drops its event; text that is no such XML ends the reading.
#[derive(Debug)]
pub struct XmlDecoder {
    schema: Arc<Schema>,
    options: DecodeOptions,
    buffer: Vec<u8>,
    /// Start of the next piece of markup outside of events.
    at: usize,
    base: u64,
    line: u64,
    containers: Vec<Container>,
    finished: bool,
    broken: bool,
    scratch: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Container {
    Events,
    Transaction,
}

/// A piece of input outside of events, or a whole event.
enum Item {
    Nothing,
    Open(Container),
    Close(Container),
    Event,
    /// The bytes end in the middle.
    Cut,
    End,
}

/// Why an item is none.
enum Bad {
    /// The event ended, but is no event.
    Event(Option<usize>, Cause),
    /// This is no XML of this form.
    Fatal(Cause),
}

fn fatal(expected: &str, found: impl ToString) -> Bad {
    Bad::Fatal(Cause::Unexpected { expected: expected.to_owned(), found: found.to_string() })
}

impl XmlDecoder {
    /// A decoder of events for `schema`.
    pub fn new(schema: Arc<Schema>, options: DecodeOptions) -> Self {
        Self {
            schema,
            options,
            buffer: Vec::new(),
            at: 0,
            base: 0,
            line: 1,
            containers: Vec::new(),
            finished: false,
            broken: false,
            scratch: Vec::new(),
        }
    }

    fn in_transaction(&self) -> bool {
        self.containers.contains(&Container::Transaction)
    }

    /// Reads the next item and answers it with its length.
    fn item(&mut self, sink: &mut BlockSink) -> (usize, Result<Item, Bad>) {
        let bytes = &self.buffer[self.at..];
        let mut reader = Reader::from_reader(bytes);
        let config = reader.config_mut();
        config.check_end_names = false;
        config.allow_unmatched_ends = true;
        let result = match reader.read_event() {
            Ok(Event::Start(start)) => match start.local_name().as_ref() {
                b"events" => Ok(Item::Open(Container::Events)),
                b"transaction" => Ok(Item::Open(Container::Transaction)),
                // Without an end tag in sight there is no use in reading the event again and again.
                b"event" if !self.finished && memchr::memmem::find(bytes, b"</event").is_none() => {
                    Ok(Item::Cut)
                }
                b"event" => {
                    let mut parser = Parser {
                        schema: &self.schema,
                        options: &self.options,
                        scratch: &mut self.scratch,
                        finished: self.finished,
                        opcode: opcode_attribute(&start),
                        bad: None,
                    };
                    parser.event(&mut reader, sink)
                }
                other => Err(fatal("<events>, <transaction> or <event>", String::from_utf8_lossy(other))),
            },
            Ok(Event::End(end)) => match end.local_name().as_ref() {
                b"events" => Ok(Item::Close(Container::Events)),
                b"transaction" => Ok(Item::Close(Container::Transaction)),
                other => Err(fatal("</events> or </transaction>", String::from_utf8_lossy(other))),
            },
            Ok(Event::Empty(_) | Event::Decl(_) | Event::Comment(_) | Event::PI(_)) => Ok(Item::Nothing),
            Ok(Event::Text(text)) if text.trim_ascii().is_empty() => Ok(Item::Nothing),
            Ok(Event::Eof) => Ok(Item::End),
            Ok(Event::Text(_) | Event::CData(_) | Event::GeneralRef(_)) => Err(fatal("markup", "text")),
            Ok(Event::DocType(_)) => Err(fatal("events", "a document type")),
            Err(error) if !self.finished && may_be_cut(&error) => Ok(Item::Cut),
            Err(error) => Err(fatal("XML", error)),
        };
        // A reader over bytes in memory stays within them.
        (reader.buffer_position() as usize, result)
    }
}

impl Decoder for XmlDecoder {
    fn feed(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.at);
        self.base += self.at as u64;
        self.at = 0;
        self.buffer.extend_from_slice(bytes);
    }

    fn finish(&mut self) {
        self.finished = true;
    }

    fn next_block(&mut self, max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>> {
        // The events of a transaction are one block, however many were asked for.
        while sink.len() < max_events || self.in_transaction() {
            if self.broken {
                return Ok(Progress::End);
            }
            let events = sink.len();
            let (length, mut result) = self.item(sink);
            let length = length.min(self.buffer.len() - self.at);
            match result {
                Ok(Item::Open(container)) => {
                    self.containers.push(container);
                    if self.containers.len() > MAX_CONTAINERS {
                        result = Err(fatal("fewer nested elements", self.containers.len()));
                    }
                }
                Ok(Item::Event)
                    if self.in_transaction() && sink.len() > self.options.limits.max_unit_events =>
                {
                    let limit = self.options.limits.max_unit_events;
                    result = Err(fatal(&format!("at most {limit} events in a transaction"), "more"));
                }
                Ok(Item::Close(container)) if self.containers.pop() != Some(container) => {
                    result = Err(fatal("the end of the open element", "another one"));
                }
                Ok(Item::Cut | Item::End) if !self.finished => {
                    let limit = self.options.limits.max_unit_bytes;
                    if self.buffer.len() - self.at <= limit {
                        sink.truncate(events);
                        return Ok(Progress::NeedBytes);
                    }
                    result = Err(Bad::Fatal(Cause::TooLong { what: "event element", limit }));
                }
                Ok(Item::End) if self.containers.is_empty() => return Ok(Progress::End),
                Ok(Item::Cut | Item::End) => {
                    result = Err(fatal("the end of the open element", "the end of the input"))
                }
                _ => {}
            }
            let (start, line) = (self.at, self.line);
            let piece = &self.buffer[start..start + length];
            self.line += memchr::memchr_iter(b'\n', piece).count() as u64;
            self.at += length;
            let (field, cause, can_continue) = match result {
                Ok(Item::Close(container)) if !sink.is_empty() => {
                    if container == Container::Transaction {
                        let kind = BlockKind::Transactional;
                        sink.set_header(BlockHeader { kind, ..BlockHeader::default() });
                    }
                    return Ok(Progress::Block);
                }
                // What stands before a transaction is no part of it.
                Ok(Item::Open(Container::Transaction)) if !sink.is_empty() => return Ok(Progress::Block),
                Ok(_) => continue,
                Err(Bad::Event(field, cause)) => (field, cause, true),
                Err(Bad::Fatal(cause)) => (None, cause, false),
            };
            sink.truncate(events);
            self.broken = !can_continue;
            let raw = DecodeError::keep(&self.buffer[start..start + length]);
            let byte = self.base + start as u64;
            return Err(Box::new(DecodeError { line, byte, field, cause, can_continue, raw }));
        }
        Ok(Progress::Block)
    }

    fn may_cut(&self) -> bool {
        !self.in_transaction()
    }
}

/// What it takes to read one event.
struct Parser<'p> {
    schema: &'p Schema,
    options: &'p DecodeOptions,
    scratch: &'p mut Vec<u8>,
    /// Whether no more bytes come.
    finished: bool,
    opcode: Option<String>,
    /// The first wrong value.
    bad: Option<(Option<usize>, Cause)>,
}

impl Parser<'_> {
    /// Adds the event whose start tag has been read.
    fn event(&mut self, reader: &mut Reader<&[u8]>, sink: &mut BlockSink) -> Result<Item, Bad> {
        let mut row = sink.row();
        // Names of the open elements below `<event>`: the first is a field, deeper ones only occur in ignored ones.
        let mut open: Vec<String> = Vec::new();
        let mut text = String::new();
        loop {
            match reader.read_event() {
                Ok(Event::Start(start)) => {
                    if open.first().is_some_and(|name| self.schema.position(name).is_some()) {
                        return Err(fatal("text in a field", format!("<{}>", name_of(&start))));
                    }
                    if open.len() >= self.options.limits.max_depth {
                        return Err(fatal("fewer nested elements", open.len() + 1));
                    }
                    open.push(name_of(&start));
                    text.clear();
                }
                Ok(Event::End(_)) => match open.pop() {
                    None => break,
                    Some(name) if open.is_empty() => self.field(&mut row, &name, &text),
                    Some(_) => {}
                },
                Ok(Event::Text(part)) => text.push_str(&part.decode().map_err(|e| fatal("UTF-8", e))?),
                Ok(Event::CData(part)) => text.push_str(&part.decode().map_err(|e| fatal("UTF-8", e))?),
                Ok(Event::GeneralRef(part)) => {
                    let name = part.decode().map_err(|e| fatal("UTF-8", e))?;
                    let named = match name.as_ref() {
                        "lt" => Some('<'),
                        "gt" => Some('>'),
                        "amp" => Some('&'),
                        "quot" => Some('"'),
                        "apos" => Some('\''),
                        _ => part.resolve_char_ref().map_err(|e| fatal("a character", e))?,
                    };
                    text.push(named.ok_or_else(|| fatal("a known entity", format!("&{name};")))?);
                }
                Ok(Event::Empty(_) | Event::Comment(_) | Event::PI(_)) => {}
                Ok(Event::Eof) => return Ok(Item::Cut),
                Ok(Event::Decl(_) | Event::DocType(_)) => return Err(fatal("a field", "a declaration")),
                Err(error) if !self.finished && may_be_cut(&error) => return Ok(Item::Cut),
                Err(error) => return Err(fatal("XML", error)),
            }
        }
        if let Some((field, cause)) = self.bad.take() {
            return Err(Bad::Event(field, cause));
        }
        let opcode = match &self.opcode {
            None => self.options.opcode,
            Some(word) => Opcode::parse(word.trim()).ok_or_else(|| {
                Bad::Event(None, Cause::Opcode { opcode: word.clone(), event: "<event>".to_owned() })
            })?,
        };
        let upsert = self.options.upsert && opcode == Opcode::Insert;
        sink.push(if upsert { Opcode::Upsert } else { opcode }, Flags::NORMAL);
        Ok(Item::Event)
    }

    fn field(&mut self, row: &mut RowWriter<'_>, name: &str, text: &str) {
        if name == "opcode" {
            self.opcode = Some(text.to_owned());
        }
        let Some(position) = self.schema.position(name) else { return };
        let ty = self.schema.ty(position);
        let value = if ty.is_text() { text } else { text.trim() };
        let dates = self.options.date_format.as_ref();
        if !value.is_empty() && set_from_text(row, position, ty, value, dates, self.scratch).is_none() {
            let cause = Cause::Member { field: name.to_owned(), value: value.to_owned(), ty: ty.name() };
            self.bad.get_or_insert((Some(position), cause));
        }
    }
}

/// Whether more bytes could make the error go away.
fn may_be_cut(error: &quick_xml::Error) -> bool {
    use quick_xml::errors::IllFormedError::UnclosedReference;
    matches!(error, quick_xml::Error::Syntax(_) | quick_xml::Error::IllFormed(UnclosedReference))
}

fn name_of(start: &BytesStart<'_>) -> String {
    String::from_utf8_lossy(start.local_name().as_ref()).into_owned()
}

fn opcode_attribute(start: &BytesStart<'_>) -> Option<String> {
    let attribute = start.try_get_attribute("opcode").ok()??;
    Some(String::from_utf8_lossy(&attribute.value).into_owned())
}
