//! XML documents inside of events.

mod parse;

use crate::value::Text;

pub use parse::XmlError;

/// A node of a document: the document itself, an element, a text or an attribute. Ordered as in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct NodeId {
    /// Number of the node; of an attribute, its element's.
    pub(crate) node: u32,
    /// 0, or the attribute's number in the document plus 1.
    pub(crate) attribute: u32,
}

/// The document, above its outermost element.
pub(crate) const ROOT: u32 = 0;

/// No such node.
const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NodeKind {
    Document,
    Element,
    Text,
}

#[derive(Debug, Clone)]
struct Node {
    kind: NodeKind,
    /// An element's name, as written.
    name: Text,
    /// A text's characters, with entities resolved.
    value: String,
    /// Where the node stands in the document's text.
    span: (u32, u32),
    parent: u32,
    first_child: u32,
    last_child: u32,
    next: u32,
    previous: u32,
    /// Numbers of the element's attributes.
    attributes: (u32, u32),
}

#[derive(Debug, Clone)]
struct Attribute {
    name: Text,
    value: Box<str>,
}

/// A well-formed document, read into memory whole.
#[derive(Debug, Clone)]
pub struct Document {
    text: Text,
    nodes: Vec<Node>,
    attributes: Vec<Attribute>,
    element: u32,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// When it is not well-formed.
    pub fn parse(text: Text) -> Result<Self, XmlError> {
        parse::parse(text)
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The outermost element: where relative paths begin.
    pub(crate) fn element(&self) -> NodeId {
        NodeId::of(self.element)
    }

    /// The text of a node with its markup, as it stands in the document; of texts and attributes, their characters.
    pub(crate) fn markup(&self, id: NodeId) -> String {
        let node = &self.nodes[id.node as usize];
        if id.attribute != 0 || node.kind == NodeKind::Text {
            return self.string_value(id);
        }
        self.text[node.span.0 as usize..node.span.1 as usize].to_owned()
    }

    /// The characters of a node and of all nodes in it.
    pub(crate) fn string_value(&self, id: NodeId) -> String {
        if let Some(attribute) = self.attribute_of(id) {
            return attribute.value.to_string();
        }
        // Nodes stand in document order: those within a node follow it up to the first that is not below it.
        let end = self.end(id.node);
        let texts = self.nodes[id.node as usize..end as usize].iter();
        texts.filter(|node| node.kind == NodeKind::Text).map(|node| &*node.value).collect()
    }

    /// The name of an element or attribute as written; empty for others.
    pub(crate) fn name(&self, id: NodeId) -> &str {
        self.attribute_of(id).map_or(&self.nodes[id.node as usize].name, |attribute| &attribute.name)
    }

    pub(crate) fn is_text(&self, id: NodeId) -> bool {
        id.attribute == 0 && self.nodes[id.node as usize].kind == NodeKind::Text
    }

    pub(crate) fn is_element(&self, id: NodeId) -> bool {
        id.attribute == 0 && self.nodes[id.node as usize].kind == NodeKind::Element
    }

    pub(crate) fn parent(&self, id: NodeId) -> Option<NodeId> {
        if id.attribute != 0 {
            return Some(NodeId::of(id.node));
        }
        NodeId::existing(self.nodes[id.node as usize].parent)
    }

    pub(crate) fn children(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let first = if id.attribute != 0 { NONE } else { self.nodes[id.node as usize].first_child };
        self.follow(first, |node| node.next)
    }

    pub(crate) fn siblings_after(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let next = if id.attribute != 0 { NONE } else { self.nodes[id.node as usize].next };
        self.follow(next, |node| node.next)
    }

    /// The nearest first.
    pub(crate) fn siblings_before(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let previous = if id.attribute != 0 { NONE } else { self.nodes[id.node as usize].previous };
        self.follow(previous, |node| node.previous)
    }

    /// All nodes below, in document order.
    pub(crate) fn descendants(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let end = if id.attribute != 0 { 0 } else { self.end(id.node) };
        (id.node + 1..end).map(NodeId::of)
    }

    pub(crate) fn attributes(&self, id: NodeId) -> impl Iterator<Item = NodeId> + use<> {
        let (first, end) = if id.attribute != 0 { (0, 0) } else { self.nodes[id.node as usize].attributes };
        (first..end).map(move |number| NodeId { node: id.node, attribute: number + 1 })
    }

    fn attribute_of(&self, id: NodeId) -> Option<&Attribute> {
        self.attributes.get((id.attribute as usize).checked_sub(1)?)
    }

    fn follow(&self, from: u32, step: fn(&Node) -> u32) -> impl Iterator<Item = NodeId> + '_ {
        std::iter::successors(NodeId::existing(from), move |id| {
            NodeId::existing(step(&self.nodes[id.node as usize]))
        })
    }

    /// The number of the first node behind all those below `node`.
    fn end(&self, node: u32) -> u32 {
        let mut at = node;
        loop {
            let this = &self.nodes[at as usize];
            if this.next != NONE {
                return this.next;
            }
            if this.parent == NONE {
                return self.nodes.len() as u32;
            }
            at = this.parent;
        }
    }
}

impl NodeId {
    pub(crate) const fn of(node: u32) -> Self {
        Self { node, attribute: 0 }
    }

    fn existing(node: u32) -> Option<Self> {
        (node != NONE).then_some(Self::of(node))
    }
}
