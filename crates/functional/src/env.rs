//! What functions see while an event is processed.

use std::fmt;
use std::sync::Arc;

use jiff::tz::TimeZone;
use tidegate_event::{EngineTime, RowView};
use tidegate_expr::{FaultKind, Faults};

use crate::json::JsonText;
use crate::pattern::Pattern;
use crate::random::Random;
use crate::value::{Text, Value};
use crate::xml::Document;
use crate::xpath::XPath;

/// What a window keeps while it processes an event, and the documents that it read last.
#[derive(Debug)]
pub struct Memory {
    /// Results of functions, by name: kept from the main event to the loops and from hit to hit (functions.md 3.1, rule 6).
    pub slots: Vec<Option<Value>>,
    /// Values of properties.
    pub properties: Vec<Value>,
    /// The loop's hit, as its `data` variable.
    pub item: Value,
    /// The loop's hit, as a document.
    pub context: Value,
    /// Calls of `eventNumber()` since the input event arrived.
    pub event_number: i64,
    /// Input events so far, this one included.
    pub event_counter: i64,
    documents: Documents,
}

/// The text that a function read last is often the next one's, too.
#[derive(Debug, Default)]
struct Documents {
    xml: Option<(Text, Option<Arc<Document>>)>,
    json: Option<(Text, Option<Arc<JsonText>>)>,
    pattern: Option<(Text, Option<Arc<Pattern>>)>,
    xpath: Option<(Text, Option<Arc<XPath>>)>,
}

impl Memory {
    /// Memory for so many names and properties.
    pub fn new(slots: usize, properties: usize) -> Self {
        Self {
            slots: vec![None; slots],
            properties: vec![Value::Null; properties],
            item: Value::Null,
            context: Value::Null,
            event_number: 0,
            event_counter: 0,
            documents: Documents::default(),
        }
    }

    /// Forgets everything about the last event.
    pub fn begin_event(&mut self) {
        self.slots.fill(None);
        self.properties.fill(Value::Null);
        self.item = Value::Null;
        self.context = Value::Null;
        self.event_number = 0;
    }
}

/// An event with all that functions may ask for.
pub struct Env<'a> {
    /// The window's memory.
    pub memory: &'a mut Memory,
    /// The input event's fields.
    pub row: RowView<'a>,
    /// The in-edge that it came through.
    pub port: usize,
    /// Names of the windows at the in-edges.
    pub inputs: &'a [String],
    /// The engine time.
    pub time: EngineTime,
    /// The server's local zone.
    pub zone: &'a TimeZone,
    /// Random numbers of the block.
    pub random: &'a mut Random,
    /// Counters of faults.
    pub faults: &'a mut Faults,
    /// Takes a line for the log.
    pub print: &'a mut dyn FnMut(&str),
}

impl Env<'_> {
    /// Counts a fault; answers null.
    pub fn fault(&mut self, kind: FaultKind) -> Value {
        self.faults.add(kind);
        Value::Null
    }

    /// The engine time in seconds since 1970-01-01 UTC.
    pub(crate) fn seconds(&self) -> i64 {
        self.time.micros().div_euclid(1_000_000)
    }

    /// A value as an XML document; nothing when it is null or blank.
    ///
    /// # Errors
    /// When it is not well-formed.
    pub fn xml(&mut self, value: &Value) -> Result<Option<Arc<Document>>, FaultKind> {
        if let Value::Xml(document) = value {
            return Ok(Some(Arc::clone(document)));
        }
        let Some(text) = value.shared_text().filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let parse = |text: &Text| Document::parse(Arc::clone(text)).ok().map(Arc::new);
        remembered(&mut self.memory.documents.xml, text, parse).map(Some).ok_or(FaultKind::BadDocument)
    }

    /// A value as a JSON document; nothing when it is null or blank.
    ///
    /// # Errors
    /// When it is not well-formed.
    pub fn json(&mut self, value: &Value) -> Result<Option<Arc<JsonText>>, FaultKind> {
        if let Value::Json(document) = value {
            return Ok(Some(Arc::clone(document)));
        }
        let Some(text) = value.shared_text().filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let parse = |text: &Text| JsonText::parse(Arc::clone(text)).map(Arc::new);
        remembered(&mut self.memory.documents.json, text, parse).map(Some).ok_or(FaultKind::BadDocument)
    }

    /// A value as a regular expression.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn pattern(&mut self, value: &Value) -> Result<Arc<Pattern>, FaultKind> {
        if let Value::Pattern(pattern) = value {
            return Ok(Arc::clone(pattern));
        }
        let text = value.shared_text().ok_or(FaultKind::BadArgument)?;
        let parse = |text: &Text| Pattern::new(text).ok();
        remembered(&mut self.memory.documents.pattern, text, parse).ok_or(FaultKind::BadArgument)
    }

    /// A value as an XPath expression.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn xpath(&mut self, value: &Value) -> Result<Arc<XPath>, FaultKind> {
        if let Value::XPath(path) = value {
            return Ok(Arc::clone(path));
        }
        let text = value.shared_text().ok_or(FaultKind::BadArgument)?;
        let parse = |text: &Text| XPath::parse(text).ok().map(Arc::new);
        remembered(&mut self.memory.documents.xpath, text, parse).ok_or(FaultKind::BadArgument)
    }
}

/// What `parse` makes of a text, kept until another text comes.
fn remembered<T>(
    kept: &mut Option<(Text, Option<Arc<T>>)>,
    text: Text,
    parse: impl FnOnce(&Text) -> Option<Arc<T>>,
) -> Option<Arc<T>> {
    if kept.as_ref().is_none_or(|(last, _)| *last != text) {
        let parsed = parse(&text);
        *kept = Some((text, parsed));
    }
    kept.as_ref().and_then(|(_, parsed)| parsed.clone())
}

impl fmt::Debug for Env<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Env").field("port", &self.port).field("time", &self.time).finish_non_exhaustive()
    }
}
