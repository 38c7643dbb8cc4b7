//! XPath 1.0 over the documents in events: what models use, and what users of XPath expect around it.
//!
//! Own code, because the libraries there are build XPath 3.1 with its type system, or are no longer kept. Left out and refused
//! when the model is loaded: the axes `following`, `preceding` and `namespace`, variables, `id()` and `lang()`. Names match as they
//! are written: prefixes are not resolved.

mod calls;
mod eval;
mod lexer;
mod parser;

use tidegate_expr::FaultKind;

use crate::error::FunctionError;
use crate::value::{Text, Value};
use crate::xml::{Document, NodeId};
use calls::CallId;

/// An expression, compiled.
#[derive(Debug, Clone)]
pub struct XPath {
    text: Text,
    expression: Expression,
}

/// What an expression found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Found {
    /// A number.
    Number(f64),
    /// A text.
    Text(String),
    /// A truth value.
    Boolean(bool),
}

/// Markup of all hits together: elements within each other are hits one by one, so it may be far more than the document.
const HITS_BYTES_MAX: usize = 256 << 20;

/// The evaluation took more steps than are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooManySteps;

impl XPath {
    /// Compiles an expression.
    ///
    /// # Errors
    /// When it is malformed, or uses what is left out.
    pub fn parse(text: &str) -> Result<Self, FunctionError> {
        Ok(Self { text: text.into(), expression: parser::parse(text)? })
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The characters of the first node found, or the value where the expression has another type.
    pub(crate) fn first(&self, document: &Document) -> Result<Option<Found>, TooManySteps> {
        Ok(match eval::evaluate(&self.expression, document)? {
            eval::Value::Nodes(nodes) => nodes.first().map(|&id| Found::Text(document.string_value(id))),
            eval::Value::Number(number) => Some(Found::Number(number)),
            eval::Value::Text(text) => Some(Found::Text(text)),
            eval::Value::Boolean(value) => Some(Found::Boolean(value)),
        })
    }

    /// The hits of an event loop: an element as it stands in the document, the characters of texts and attributes. A value of another
    /// type is one hit.
    ///
    /// # Errors
    /// When the evaluation takes too many steps.
    pub fn hits(&self, document: &Document) -> Result<Vec<Value>, FaultKind> {
        let value =
            eval::evaluate(&self.expression, document).map_err(|TooManySteps| FaultKind::TooManySteps)?;
        Ok(match value {
            eval::Value::Nodes(nodes) => {
                let mut bytes = 0;
                let mut hits = Vec::with_capacity(nodes.len());
                for id in nodes {
                    let markup = document.markup(id);
                    bytes += markup.len();
                    if bytes > HITS_BYTES_MAX {
                        return Err(FaultKind::TooManySteps);
                    }
                    hits.push(markup.into());
                }
                hits
            }
            other => vec![other.text(document).into()],
        })
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Expression {
    Binary(Operator, Box<Expression>, Box<Expression>),
    Negative(Box<Expression>),
    Text(String),
    Number(f64),
    Call(CallId, Vec<Expression>),
    Path(Path),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
    Add,
    Subtract,
    Multiply,
    Divide,
    Modulo,
    Union,
}

#[derive(Debug, Clone, PartialEq)]
struct Path {
    start: Start,
    steps: Vec<Step>,
}

/// Where a path begins.
#[derive(Debug, Clone, PartialEq)]
enum Start {
    /// At the context node.
    Context,
    /// Above the outermost element.
    Root,
    /// At the nodes of an expression that pass all predicates.
    Nodes(Box<Expression>, Vec<Expression>),
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    axis: Axis,
    test: Test,
    predicates: Vec<Expression>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Axis {
    Child,
    Descendant,
    DescendantOrSelf,
    Parent,
    Ancestor,
    AncestorOrSelf,
    FollowingSibling,
    PrecedingSibling,
    Itself,
    Attribute,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Test {
    Name(String),
    /// `p:*`.
    Prefix(String),
    Any,
    Text,
    Node,
}

impl Axis {
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "child" => Self::Child,
            "descendant" => Self::Descendant,
            "descendant-or-self" => Self::DescendantOrSelf,
            "parent" => Self::Parent,
            "ancestor" => Self::Ancestor,
            "ancestor-or-self" => Self::AncestorOrSelf,
            "following-sibling" => Self::FollowingSibling,
            "preceding-sibling" => Self::PrecedingSibling,
            "self" => Self::Itself,
            "attribute" => Self::Attribute,
            _ => return None,
        })
    }

    /// Whether positions count from the context node backwards.
    const fn is_reverse(self) -> bool {
        matches!(self, Self::Parent | Self::Ancestor | Self::AncestorOrSelf | Self::PrecedingSibling)
    }

    /// The axis's nodes, the nearest first.
    fn nodes(self, document: &Document, from: NodeId, out: &mut Vec<NodeId>) {
        let ancestors = |id: NodeId| std::iter::successors(document.parent(id), |&id| document.parent(id));
        match self {
            Self::Child => out.extend(document.children(from)),
            Self::Descendant => out.extend(document.descendants(from)),
            Self::DescendantOrSelf => {
                out.push(from);
                out.extend(document.descendants(from));
            }
            Self::Parent => out.extend(document.parent(from)),
            Self::Ancestor => out.extend(ancestors(from)),
            Self::AncestorOrSelf => {
                out.push(from);
                out.extend(ancestors(from));
            }
            Self::FollowingSibling => out.extend(document.siblings_after(from)),
            Self::PrecedingSibling => out.extend(document.siblings_before(from)),
            Self::Itself => out.push(from),
            Self::Attribute => out.extend(document.attributes(from)),
        }
    }
}

impl Test {
    fn passes(&self, document: &Document, axis: Axis, id: NodeId) -> bool {
        let is_principal = if axis == Axis::Attribute { id.attribute != 0 } else { document.is_element(id) };
        match self {
            Self::Node => true,
            Self::Text => document.is_text(id),
            Self::Any => is_principal,
            Self::Name(name) => is_principal && document.name(id) == name,
            Self::Prefix(prefix) => {
                let name = document.name(id);
                is_principal && name.split_once(':').is_some_and(|(own, _)| own == prefix)
            }
        }
    }
}
