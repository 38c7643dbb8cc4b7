//! From text to a tree of elements.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::errors::{Error, IllFormedError};
use quick_xml::events::{BytesStart, Event};

use super::{Attribute, Content, Element, Limits, Position, SourceText};
use crate::mistake::{Mistake, MistakeKind};

/// Reads a document and returns its root element. No DOCTYPE, no entities beyond the five of XML and character references.
///
/// # Errors
/// The first place where the text is not well-formed, or beyond the limits.
pub(crate) fn parse(text: &str, limits: &Limits) -> Result<Element, Mistake> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.len() > limits.bytes {
        return Err(Mistake::new(
            Position::START,
            MistakeKind::TooLarge,
            format!("the document has {} bytes, {} are allowed", text.len(), limits.bytes),
        ));
    }
    // XML reads every line break as \n.
    let text = if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    };
    Parser { text: &text, lines: Lines::new(&text), limits, elements: 0, open: Vec::new(), root: None }.run()
}

struct Parser<'a> {
    text: &'a str,
    lines: Lines<'a>,
    limits: &'a Limits,
    elements: usize,
    open: Vec<Element>,
    root: Option<Element>,
}

impl<'a> Parser<'a> {
    fn run(mut self) -> Result<Element, Mistake> {
        let mut reader = Reader::from_str(self.text);
        reader.config_mut().check_comments = true;
        loop {
            let start = offset(reader.buffer_position());
            let event = reader.read_event().map_err(|error| {
                let at = offset(reader.error_position());
                self.malformed(at, describe(&error))
            })?;
            match event {
                Event::Start(tag) => self.start(&tag, start, false)?,
                Event::Empty(tag) => {
                    self.start(&tag, start, true)?;
                    self.close();
                }
                Event::End(_) => self.close(),
                Event::Text(text) => self.text(&text.into_inner(), start, false)?,
                Event::CData(text) => self.text(&text.into_inner(), start + "<![CDATA[".len(), true)?,
                Event::GeneralRef(name) => self.reference(&name.into_inner(), start)?,
                Event::Comment(comment) => {
                    if let Some(parent) = self.open.last_mut() {
                        parent.content.push(Content::Comment(String::from_utf8_lossy(&comment).into_owned()));
                    }
                }
                Event::DocType(_) => {
                    return Err(self.malformed(start, "a DOCTYPE is not allowed in a model".into()));
                }
                Event::Decl(_) | Event::PI(_) => {}
                Event::Eof => break,
            }
        }
        if let Some(open) = self.open.last() {
            return Err(Mistake::new(
                open.position,
                MistakeKind::MalformedXml,
                format!("the element '{}' is not closed", open.name),
            ));
        }
        self.root.take().ok_or_else(|| {
            Mistake::new(Position::START, MistakeKind::MalformedXml, "the document has no element")
        })
    }

    fn start(&mut self, tag: &BytesStart<'_>, start: usize, empty_tag: bool) -> Result<(), Mistake> {
        let position = self.lines.position(start);
        self.elements += 1;
        if self.open.len() >= self.limits.depth || self.elements > self.limits.elements {
            let message = format!(
                "the document has more than {} elements, or more than {} of them within each other",
                self.limits.elements, self.limits.depth
            );
            return Err(Mistake::new(position, MistakeKind::TooLarge, message));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.malformed(start, "the document has a second root element".into()));
        }
        let name = String::from_utf8_lossy(tag.name().as_ref()).into_owned();
        if name.is_empty() {
            return Err(self.malformed(start, "an element has no name".into()));
        }
        let attributes = self.attributes(tag, start)?;
        if let Some(parent) = self.open.last_mut() {
            parent.content.push(Content::Child);
        }
        self.open.push(Element {
            name,
            attributes,
            children: Vec::new(),
            text: SourceText::default(),
            position,
            content: Vec::new(),
            empty_tag,
        });
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>, start: usize) -> Result<Vec<Attribute>, Mistake> {
        // The tag's content begins after its '<'.
        let base = start + 1;
        let content = tag.as_ref();
        let mut attributes = Vec::new();
        for attribute in tag.attributes() {
            let attribute = attribute
                .map_err(|error| self.malformed(start, format!("an attribute is wrong: {error}")))?;
            let key = attribute.key.as_ref();
            // The key is a part of the content: the distance of the two is its offset.
            let at = base + (key.as_ptr() as usize).saturating_sub(content.as_ptr() as usize);
            let raw = String::from_utf8_lossy(&attribute.value);
            if raw.contains('<') {
                return Err(self.malformed(at, "an attribute's value holds '<'; write &lt;".into()));
            }
            let raw = raw.replace(['\n', '\t'], " ");
            let value = quick_xml::escape::unescape(&raw)
                .map_err(|error| self.malformed(at, format!("an attribute's value is wrong: {error}")))?;
            attributes.push(Attribute {
                name: String::from_utf8_lossy(key).into_owned(),
                value: value.into_owned(),
                position: self.lines.position(at),
            });
        }
        Ok(attributes)
    }

    fn close(&mut self) {
        let Some(mut element) = self.open.pop() else { return };
        for content in &element.content {
            if let Content::Text { text, .. } = content {
                element.text.push(text);
            }
        }
        if element.text.as_str().is_empty() {
            // What is missing in an empty element is missing there.
            element.text = SourceText::new("", element.position);
        }
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
    }

    fn text(&mut self, bytes: &[u8], start: usize, cdata: bool) -> Result<(), Mistake> {
        self.append(&String::from_utf8_lossy(bytes), start, cdata)
    }

    fn reference(&mut self, name: &[u8], start: usize) -> Result<(), Mistake> {
        let name = String::from_utf8_lossy(name);
        let resolved = quick_xml::escape::unescape(&format!("&{name};"))
            .map(Cow::into_owned)
            .map_err(|error| self.malformed(start, format!("'&{name};' is not known: {error}")))?;
        self.append(&resolved, start, false)
    }

    fn append(&mut self, text: &str, start: usize, cdata: bool) -> Result<(), Mistake> {
        let position = self.lines.position(start);
        let Some(parent) = self.open.last_mut() else {
            if text.trim().is_empty() {
                return Ok(());
            }
            return Err(self.malformed(start, "there is text outside the root element".into()));
        };
        match parent.content.last_mut() {
            Some(Content::Text { text: before, cdata: false }) if !cdata => before.push_str(text, position),
            _ => parent.content.push(Content::Text { text: SourceText::new(text, position), cdata }),
        }
        Ok(())
    }

    fn malformed(&self, offset: usize, message: String) -> Mistake {
        Mistake::new(self.lines.position(offset), MistakeKind::MalformedXml, message)
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

fn describe(error: &Error) -> String {
    match error {
        Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
            format!("the element '{expected}' is closed by '{found}'")
        }
        Error::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
            format!("'{found}' is closed but was never opened")
        }
        other => format!("not well-formed XML: {other}"),
    }
}

/// Line starts of a text: byte offsets to lines and columns.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    fn position(&self, offset: usize) -> Position {
        let mut offset = offset.min(self.text.len());
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.starts.partition_point(|&start| start <= offset);
        let start = self.starts[line - 1];
        let column = self.text[start..offset].chars().count() + 1;
        Position { line: number(line), column: number(column) }
    }
}

fn number(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
