//! Reading a document.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{Attribute, Document, NONE, Node, NodeKind, ROOT};
use crate::value::Text;

/// Why a text is no document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} at byte {offset}")]
pub struct XmlError {
    /// Byte of the text.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// Larger documents are refused: places are 32 bits wide.
const BYTES_MAX: usize = 1 << 30;

/// Elements within elements, as in the library that most XML is read with. Text and markup of all elements together are then at most so
/// many times the document.
const DEPTH_MAX: usize = 256;

pub(super) fn parse(text: Text) -> Result<Document, XmlError> {
    if text.len() > BYTES_MAX {
        return Err(XmlError { offset: 0, message: "the document is too large".to_owned() });
    }
    let mut builder =
        Builder { nodes: Vec::new(), attributes: Vec::new(), open: ROOT, element: NONE, depth: 0 };
    builder.nodes.push(builder.node(NodeKind::Document, "", 0, NONE));
    let mut reader = Reader::from_str(&text);
    reader.config_mut().check_end_names = true;
    loop {
        let start = reader.buffer_position() as usize;
        let wrong = |message: String| XmlError { offset: start, message };
        let event = reader.read_event().map_err(|error| wrong(error.to_string()))?;
        let end = reader.buffer_position() as u32;
        match event {
            Event::Start(tag) => builder.start(&tag, start).map_err(wrong)?,
            Event::Empty(tag) => {
                builder.start(&tag, start).map_err(wrong)?;
                builder.close(end);
            }
            Event::End(_) => builder.close(end),
            Event::Text(part) => {
                let part = part.decode().map_err(|error| wrong(error.to_string()))?;
                builder.text(&part, start).map_err(wrong)?;
            }
            Event::CData(part) => {
                let part = part.decode().map_err(|error| wrong(error.to_string()))?;
                builder.text(&part, start).map_err(wrong)?;
            }
            Event::GeneralRef(reference) => {
                let part = resolve(&reference).map_err(wrong)?;
                builder.text(&part, start).map_err(wrong)?;
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {}
            Event::Eof => break,
        }
    }
    if builder.open != ROOT || builder.element == NONE {
        let message = if builder.open == ROOT { "there is no element" } else { "an element is not closed" };
        return Err(XmlError { offset: text.len(), message: message.to_owned() });
    }
    let Builder { mut nodes, attributes, element, .. } = builder;
    nodes[ROOT as usize].span = (0, text.len() as u32);
    Ok(Document { text, nodes, attributes, element })
}

/// The character that a reference stands for.
fn resolve(reference: &BytesRef<'_>) -> Result<String, String> {
    let name = reference.decode().map_err(|error| error.to_string())?;
    unescape(&format!("&{name};")).map(std::borrow::Cow::into_owned).map_err(|error| error.to_string())
}

struct Builder {
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    /// The innermost element that is open.
    open: u32,
    /// The outermost element.
    element: u32,
    /// How many elements are open.
    depth: usize,
}

impl Builder {
    fn node(&self, kind: NodeKind, name: &str, start: usize, parent: u32) -> Node {
        let attributes = self.attributes.len() as u32;
        Node {
            kind,
            name: name.into(),
            value: String::new(),
            span: (start as u32, start as u32),
            parent,
            first_child: NONE,
            last_child: NONE,
            next: NONE,
            previous: NONE,
            attributes: (attributes, attributes),
        }
    }

    /// Adds a node to the open element; answers its number.
    fn add(&mut self, mut node: Node) -> u32 {
        let number = self.nodes.len() as u32;
        let parent = &mut self.nodes[self.open as usize];
        node.previous = parent.last_child;
        parent.last_child = number;
        if node.previous == NONE {
            parent.first_child = number;
        } else {
            let previous = node.previous as usize;
            self.nodes[previous].next = number;
        }
        self.nodes.push(node);
        number
    }

    fn start(&mut self, tag: &BytesStart<'_>, start: usize) -> Result<(), String> {
        if self.open == ROOT && self.element != NONE {
            return Err("a second outermost element".to_owned());
        }
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return Err(format!("elements are nested more than {DEPTH_MAX} deep"));
        }
        let name =
            std::str::from_utf8(tag.name().into_inner()).map_err(|error| error.to_string())?.to_owned();
        let number = self.add(self.node(NodeKind::Element, &name, start, self.open));
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|error| error.to_string())?;
            let name = std::str::from_utf8(attribute.key.into_inner()).map_err(|error| error.to_string())?;
            let value = std::str::from_utf8(&attribute.value).map_err(|error| error.to_string())?;
            let value = unescape(value).map_err(|error| error.to_string())?;
            self.attributes.push(Attribute { name: name.into(), value: value.into() });
        }
        self.nodes[number as usize].attributes.1 = self.attributes.len() as u32;
        if self.element == NONE {
            self.element = number;
        }
        self.open = number;
        Ok(())
    }

    fn close(&mut self, end: u32) {
        let open = &mut self.nodes[self.open as usize];
        open.span.1 = end;
        self.depth = self.depth.saturating_sub(1);
        if open.parent != NONE {
            self.open = open.parent;
        }
    }

    /// Adds characters: neighbours become one text node. Outside of the outermost element only blanks may stand.
    fn text(&mut self, part: &str, start: usize) -> Result<(), String> {
        if self.open == ROOT {
            let blank = part.trim_start_matches('\u{FEFF}').trim().is_empty();
            return if blank { Ok(()) } else { Err("text outside of the outermost element".to_owned()) };
        }
        if part.is_empty() {
            return Ok(());
        }
        let last = self.nodes[self.open as usize].last_child;
        let number = if last != NONE && self.nodes[last as usize].kind == NodeKind::Text {
            last
        } else {
            self.add(self.node(NodeKind::Text, "", start, self.open))
        };
        self.nodes[number as usize].value.push_str(part);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::NodeId;

    fn read(text: &str) -> Result<Document, XmlError> {
        Document::parse(text.into())
    }

    #[test]
    fn texts_and_spans() {
        let document =
            read("<?xml version='1.0'?>\n<a x='1&amp;2'>t&lt;<![CDATA[u<]]><b/>v<!-- c -->w</a>\n").unwrap();
        let a = document.element();
        assert_eq!(document.name(a), "a");
        assert_eq!(document.string_value(a), "t<u<vw");
        assert_eq!(document.markup(a), "<a x='1&amp;2'>t&lt;<![CDATA[u<]]><b/>v<!-- c -->w</a>");
        let children: Vec<NodeId> = document.children(a).collect();
        assert_eq!(children.len(), 3);
        assert_eq!(document.markup(children[1]), "<b/>");
        let attributes: Vec<NodeId> = document.attributes(a).collect();
        assert_eq!(document.string_value(attributes[0]), "1&2");
        assert_eq!(document.descendants(NodeId::of(ROOT)).count(), 4);
    }

    #[test]
    fn what_is_not_well_formed() {
        for text in [
            "",
            "x",
            "<a>",
            "<a></b>",
            "<a/><b/>",
            "<a/>x",
            "<a>&nope;</a>",
            "</a>",
            "<a b></a>",
            "<a b='1' b='2'/>",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
        let nested = |depth: usize| "<a>".repeat(depth) + &"</a>".repeat(depth);
        assert!(read(&nested(256)).is_ok());
        assert!(read(&nested(257)).is_err());
    }
}
