//! The element tree that every response is rendered from.

use std::borrow::Cow;

use crate::{json, xml};

/// One element: a tag, attributes in the order they are written, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The element's name. Names come from models and from ESP's vocabulary, which only allow XML names.
    pub tag: String,
    /// Attributes in document order; scripts depend on it (failover-and-server 5.3).
    pub attributes: Vec<(Cow<'static, str>, String)>,
    /// What stands between the tags.
    pub content: Content,
}

/// What an element holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Nothing: a leaf.
    Empty,
    /// Text: a leaf.
    Text(String),
    /// A list of elements, perhaps an empty one (in JSON an array even then).
    Elements(Vec<Node>),
    /// Named values, each name once: in JSON members of one object (an `<event>` and its fields).
    Members(Vec<Node>),
}

impl Node {
    /// An element that holds nothing.
    pub fn leaf(tag: impl Into<String>) -> Self {
        Self { tag: tag.into(), attributes: Vec::new(), content: Content::Empty }
    }

    /// An element that holds text.
    pub fn text(tag: impl Into<String>, text: impl Into<String>) -> Self {
        Self { content: Content::Text(text.into()), ..Self::leaf(tag) }
    }

    /// An element that holds a list of elements.
    pub fn list(tag: impl Into<String>, elements: Vec<Self>) -> Self {
        Self { content: Content::Elements(elements), ..Self::leaf(tag) }
    }

    /// An element that holds named values.
    pub fn members(tag: impl Into<String>, members: Vec<Self>) -> Self {
        Self { content: Content::Members(members), ..Self::leaf(tag) }
    }

    /// Adds an attribute after those already there.
    #[must_use]
    pub fn attribute(mut self, name: impl Into<Cow<'static, str>>, value: impl Into<String>) -> Self {
        self.attributes.push((name.into(), value.into()));
        self
    }

    /// Adds an attribute if there is a value for it.
    #[must_use]
    pub fn attribute_if(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.attribute(name, value),
            None => self,
        }
    }
}

/// How the lines of the XML form begin. Either way an element is one line, or, when it holds elements, one
/// line for each of its two tags; lines end with `\n`, the last one too, and there is no prolog (rest-api 2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// Two spaces for each level: lists and descriptions.
    Indented,
    /// No indentation: messages and errors, as the real server printed them (rest-api 4.4).
    Flat,
}

/// A tree and the layout of its XML form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The root element.
    pub root: Node,
    /// Layout of the XML form.
    pub layout: Layout,
}

/// A response body that has an XML and a JSON form.
pub trait Response {
    /// The tree both forms are rendered from.
    fn document(&self) -> Document;

    /// The body for `Content-Type: text/xml`.
    fn to_xml(&self) -> String {
        xml::write(&self.document())
    }

    /// The body for `Content-Type: application/json`: one line, without a line end.
    fn to_json(&self) -> String {
        json::write(&self.document().root)
    }
}

impl Response for Document {
    fn document(&self) -> Document {
        self.clone()
    }

    fn to_xml(&self) -> String {
        xml::write(self)
    }

    fn to_json(&self) -> String {
        json::write(&self.root)
    }
}
