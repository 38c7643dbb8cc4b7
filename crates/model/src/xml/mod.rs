//! The tree of an XML document, with the place of everything in it.

mod parse;
mod text;
mod write;

pub(crate) use parse::parse;
pub use text::SourceText;

use std::fmt;

/// A place in a model file. The first line is 1, the first character of a line is 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Line, from 1.
    pub line: u32,
    /// Character in the line, from 1.
    pub column: u32,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };
}

/// `line:column`.
impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How large a document may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text, before and after expansion of tokens.
    pub bytes: usize,
    /// Elements within elements.
    pub depth: usize,
    /// Elements in all.
    pub elements: usize,
}

impl Limits {
    /// The limits for models: far beyond any real one (the largest known has 3,000 elements), small enough that a
    /// hostile body over HTTP costs little.
    pub const MODEL: Self = Self { bytes: 32 << 20, depth: 64, elements: 500_000 };
}

/// One attribute of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its value, with entities resolved and tokens expanded.
    pub value: String,
    /// Where the name stands.
    pub position: Position,
}

/// One element of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// Its attributes, in document order.
    pub attributes: Vec<Attribute>,
    /// Its child elements, in document order.
    pub children: Vec<Element>,
    /// Its own text: everything between the children, joined, with entities resolved and tokens expanded.
    pub text: SourceText,
    /// Where its start tag begins.
    pub position: Position,
    /// What lies between the tags, in order, for the echo.
    pub(crate) content: Vec<Content>,
    /// Whether it was written `<a/>`.
    pub(crate) empty_tag: bool,
}

/// One piece between the tags of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    /// The next of the element's children.
    Child,
    /// Text, written with entities or as a CDATA section.
    Text { text: SourceText, cdata: bool },
    /// A comment, kept for the echo only.
    Comment(String),
}

impl Element {
    /// The attribute called `name`.
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    /// The value of the attribute called `name`, without white space around it.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|attribute| attribute.value.trim())
    }

    /// Sets an attribute, or appends it when there is none of that name (the name that a load request gives, rest-api 4.2).
    pub fn set_attribute(&mut self, name: &str, value: &str) {
        match self.attributes.iter_mut().find(|attribute| attribute.name == name) {
            Some(attribute) => value.clone_into(&mut attribute.value),
            None => self.attributes.push(Attribute {
                name: name.to_owned(),
                value: value.to_owned(),
                position: self.position,
            }),
        }
    }

    /// The first child called `name`.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child called `name`.
    pub fn children_named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> + 'a {
        self.children.iter().filter(move |child| child.name == name)
    }
}
