//! The function language of functional windows (functions.md, part 3).
//!
//! It is a language of its own, not a dialect of the expression language: calls, `$field` and `#property` references and bare text,
//! values whose types convert freely, and documents (XML, JSON, lists, maps) that live for one event. Hence a crate of its own, with
//! the readers that only it needs; from `expr` it takes the counters of run-time faults alone.
//!
//! Way in: [`Syntax::parse`] reads a function, [`Names::compile`] makes a [`Node`] of it, and [`Node::eval`] runs that over an
//! event held by an [`Env`]. Nothing here reads a clock, a random source or a zone: all are handed in.

mod compile;
mod dates;
mod delimited;
mod env;
mod error;
mod function;
mod functions;
mod json;
mod node;
mod number;
mod pattern;
mod random;
mod syntax;
#[cfg(test)]
mod tests;
mod value;
mod xml;
mod xpath;

pub use compile::{Compiled, Names, PropertyKind};
pub use delimited::{List, Map, Set};
pub use env::{Env, Memory};
pub use error::FunctionError;
pub use function::{Body, Example, Function, Kind, Mark, Nulls};
pub use functions::FUNCTIONS;
pub use json::{JsonPath, JsonText};
pub use node::Node;
pub use number::Number;
pub use pattern::Pattern;
pub use random::Random;
pub use syntax::Syntax;
pub use value::{Outcome, Text, Value};
pub use xml::{Document, XmlError};
pub use xpath::XPath;
