//! XML to a typed project model, with every mistake of a file in one run.
//!
//! The way of a model: [`Document::parse`] turns text into a tree of [`Element`]s with positions and expands its
//! `@NAME@` tokens; [`Project::read`] turns a `<project>` into the typed [`Project`], checking everything that needs
//! no knowledge of what a window computes; the window's own file in `engine` reads the rest of its
//! [`WindowDef`] with a [`Reader`]. All three report into one [`Mistakes`], so one load shows every mistake.

mod connector;
mod contquery;
mod document;
mod edge;
mod expr_initialize;
mod graph;
mod index_type;
mod interval;
mod metadata;
mod mistake;
mod modules;
mod name;
mod nearest;
mod orchestration;
mod project;
mod reader;
mod retention;
mod schema_def;
mod splitter;
mod token;
mod vocabulary;
mod window;
mod xml;

pub use connector::{ConnectorDef, ConnectorProperty, ConnectorType};
pub use contquery::ContQuery;
pub use document::Document;
pub use edge::{Edge, Role};
pub use expr_initialize::{ExprInitialize, Initializer, Udf};
pub use index_type::IndexType;
pub use interval::Interval;
pub use mistake::{Mistake, MistakeKind, Mistakes, Phase};
pub use name::is_name;
pub use nearest::nearest;
pub use orchestration::{ConnectorEntry, ConnectorGroup, GroupEdge, TargetState};
pub use project::{Project, Pubsub};
pub use reader::Reader;
pub use retention::{Retention, RetentionPolicy};
pub use schema_def::{FieldDef, SchemaCopy, SchemaDef};
pub use splitter::Splitter;
pub use token::Tokens;
pub use vocabulary::{ClassSpec, Direction, Gives, Inputs, ParamSpec, SchemaRule, Vocabulary, WindowSpec};
pub use window::WindowDef;
pub use xml::{Attribute, Element, Limits, Position, SourceText};
