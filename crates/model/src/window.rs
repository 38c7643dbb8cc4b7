//! A window of a model: what all types have in common (model-xml 4).

use crate::connector::ConnectorDef;
use crate::expr_initialize::ExprInitialize;
use crate::index_type::IndexType;
use crate::interval::Interval;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::retention::{Retention, index_attr};
use crate::schema_def::SchemaDef;
use crate::splitter::Splitter;
use crate::vocabulary::{SchemaRule, Vocabulary, WindowSpec};
use crate::xml::{Element, Position};

/// A window. Its type reads the rest of [`element`](Self::element) through [`reader`](Self::reader).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowDef {
    /// Its name, unique in the query.
    pub name: String,
    /// Its type, the name of its element.
    pub window_type: &'static str,
    /// Whether it has something that this release does not, and the model is loaded all the same: it then emits nothing.
    pub unsupported: bool,
    /// Where its element stands.
    pub position: Position,
    /// The whole element; its name is the window's type.
    pub element: Element,
    /// Its own index; else that of the query or project counts.
    pub index: Option<IndexType>,
    /// The index by which subscribers get its content, where that is not its own.
    pub pubsub_index: Option<IndexType>,
    /// Changes are held and go out together, once per interval.
    pub pulse_interval: Option<Interval>,
    /// `pubsub`, which counts only in projects with `pubsub="manual"`.
    pub pubsub: Option<bool>,
    /// Only inserts go on to other windows and subscribers.
    pub output_insert_only: bool,
    /// Several changes of one key within a block become one.
    pub collapse_updates: bool,
    /// The longest string that its expressions make, in characters.
    pub exp_max_string: u32,
    /// The schema that it declares.
    pub schema: Option<SchemaDef>,
    /// Its retention.
    pub retention: Option<Retention>,
    /// Its splitter.
    pub splitter: Option<Splitter>,
    /// What its expressions share.
    pub expr_initialize: Option<ExprInitialize>,
    /// Its connectors, in document order.
    pub connectors: Vec<ConnectorDef>,
}

/// Default of `exp-max-string` (model-xml 4.2).
const EXP_MAX_STRING: u32 = 1024;

/// Attributes that [`WindowDef::read`] deals with.
const ATTRIBUTES: [&str; 9] = [
    "name",
    "pubsub",
    "index",
    "pubsub-index",
    "output-insert-only",
    "collapse-updates",
    "pulse-interval",
    "exp-max-string",
    "queue-height",
];

/// Children that [`WindowDef::read`] deals with.
const CHILDREN: [&str; 10] = [
    "description",
    "splitter-expr",
    "splitter-plug",
    "splitter-lua",
    "finalized-callback",
    "expr-initialize",
    "schema",
    "schema-string",
    "retention",
    "connectors",
];

impl WindowDef {
    /// A reader of the window's element that knows what is common to all types.
    pub fn reader(&self) -> Reader<'_> {
        let mut reader = Reader::new(&self.element);
        ATTRIBUTES.iter().for_each(|name| reader.ignore_attr(name));
        CHILDREN.iter().for_each(|name| reader.ignore_child(name));
        reader
    }

    pub(crate) fn read(element: &Element, vocabulary: &Vocabulary, mistakes: &mut Mistakes) -> Option<Self> {
        let Some(spec) = vocabulary.window(&element.name) else {
            let message = format!("'{}' is no window type", element.name);
            let mistake = Mistake::new(element.position, MistakeKind::UnknownWindowType, message);
            mistakes
                .push(mistake.nearest(&element.name, vocabulary.windows().iter().map(|spec| spec.element)));
            return None;
        };
        let mut reader = Reader::new(element);
        let name = reader.name_attr("name", mistakes);
        let unsupported_before = mistakes.unsupported_so_far();
        if !spec.implemented {
            // What is common to all windows is read all the same, for its mistakes.
            let message = format!("{} is not implemented yet", reader.label());
            mistakes.add(element.position, MistakeKind::NotImplemented, message);
        }
        if let Some(height) = reader.attr("queue-height") {
            let message = format!(
                "queue-height of {} has no effect: a project has one input queue, which is bounded",
                reader.label()
            );
            mistakes.warn(Mistake::new(height.position, MistakeKind::NoEffect, message));
        }
        let index = index_attr(&mut reader, "index", mistakes);
        let pubsub = reader.opt_bool_attr("pubsub", mistakes);
        let output_insert_only = reader.bool_attr("output-insert-only", false, mistakes);
        let exp_max_string =
            reader.int_attr("exp-max-string", 1..=1 << 30, mistakes).and_then(|n| u32::try_from(n).ok());
        let pubsub_index = index_attr(&mut reader, "pubsub-index", mistakes);
        let pulse_interval = reader.interval_attr("pulse-interval", mistakes);
        let collapse_updates = reader.bool_attr("collapse-updates", false, mistakes);
        if let Some(callback) = reader.child("finalized-callback", mistakes) {
            let message =
                format!("the finalized-callback of {} is ignored: it needs native code", reader.label());
            mistakes.warn(Mistake::new(callback.position, MistakeKind::NoEffect, message));
        }
        let schema = read_schema(&mut reader, *spec, mistakes);
        let splitter = Splitter::read(&mut reader, mistakes);
        let expr_initialize =
            reader.child("expr-initialize", mistakes).map(|element| ExprInitialize::read(element, mistakes));
        let retention = reader.child("retention", mistakes).and_then(|retention| {
            if !spec.retention {
                let message =
                    format!("{} cannot have retention: only source and copy windows can", reader.label());
                mistakes.add(retention.position, MistakeKind::UnknownElement, message);
                return None;
            }
            Retention::read(retention, mistakes)
        });
        // A connector that this release does not have leaves its window as it is.
        let unsupported = mistakes.unsupported_so_far() != unsupported_before;
        let connectors = reader
            .child("connectors", mistakes)
            .map(|list| ConnectorDef::read_all(list, *spec, &reader.label(), vocabulary, mistakes))
            .unwrap_or_default();
        let name = name.filter(|_| spec.implemented || unsupported);
        Some(Self {
            name: name?,
            window_type: spec.element,
            unsupported,
            position: element.position,
            element: element.clone(),
            index,
            pubsub_index,
            pulse_interval,
            pubsub,
            output_insert_only,
            collapse_updates,
            exp_max_string: exp_max_string.unwrap_or(EXP_MAX_STRING),
            schema,
            retention,
            splitter,
            expr_initialize,
            connectors,
        })
    }
}

fn read_schema(reader: &mut Reader<'_>, spec: WindowSpec, mistakes: &mut Mistakes) -> Option<SchemaDef> {
    let schema = reader.child("schema", mistakes);
    let string = reader.child("schema-string", mistakes);
    let Some(element) = schema.or(string) else {
        if spec.schema == SchemaRule::Required {
            let message = format!("{} needs a schema", reader.label());
            mistakes.add(reader.element().position, MistakeKind::MissingSchema, message);
        }
        return None;
    };
    if schema.is_some() && string.is_some() {
        let message = format!("{} has both a schema and a schema-string", reader.label());
        mistakes.add(element.position, MistakeKind::TwoSchemas, message);
    }
    if spec.schema == SchemaRule::Derived {
        let message = format!("the schema of {} is ignored: the window derives its own", reader.label());
        mistakes.warn(Mistake::new(element.position, MistakeKind::IgnoredSchema, message));
        return None;
    }
    let before = mistakes.len();
    let declared = if schema.is_some() {
        SchemaDef::read(element, mistakes)
    } else {
        SchemaDef::read_string(element, mistakes)
    };
    // Of a schema with a mistake nothing else can be judged.
    (mistakes.len() == before).then_some(declared)
}
