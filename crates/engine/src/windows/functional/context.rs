//! A function context at work: properties, then functions, in document order.

use std::sync::Arc;

use tidegate_functional::{Env, List, Map, Node, Set, Value};

/// What kind of property.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `property-map`.
    Map { outer: String, inner: String },
    /// `property-set`.
    Set { delimiter: String },
    /// `property-list`.
    List { delimiter: String },
    /// `property-xml`.
    Xml,
    /// `property-json`.
    Json,
    /// `property-string`.
    Text,
}

/// A property.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) number: usize,
    pub(super) kind: Kind,
    pub(super) node: Node,
}

/// The functions of a window or of one of its loops.
#[derive(Debug, Default)]
pub(in crate::windows) struct Context {
    pub(super) properties: Vec<Property>,
    /// Each with the place of its result.
    pub(super) functions: Vec<(usize, Node)>,
}

impl Context {
    pub(in crate::windows) fn run(&self, env: &mut Env<'_>) {
        for property in &self.properties {
            let value = property.node.eval(env);
            env.memory.properties[property.number] = property.kind.of(&value, env);
        }
        for (slot, node) in &self.functions {
            let value = node.eval(env);
            env.memory.slots[*slot] = Some(value);
        }
    }

    /// Whether the same event always gives the same values.
    pub(super) fn is_repeatable(&self) -> bool {
        let properties = self.properties.iter().map(|property| &property.node);
        properties.chain(self.functions.iter().map(|(_, node)| node)).all(Node::is_repeatable)
    }
}

impl Kind {
    /// What the property makes of a value. A document that is not well-formed is a fault, and null.
    pub(super) fn of(&self, value: &Value, env: &mut Env<'_>) -> Value {
        let document = match self {
            Self::Text => return value.clone(),
            Self::Xml => env.xml(value).map(|document| document.map(Value::Xml)),
            Self::Json => env.json(value).map(|document| document.map(Value::Json)),
            Self::Map { outer, inner } => {
                Ok(value.shared_text().map(|text| Value::Map(Arc::new(Map::new(text, outer, inner)))))
            }
            Self::Set { delimiter } => {
                Ok(value.shared_text().map(|text| Value::Set(Arc::new(Set::new(text, delimiter)))))
            }
            Self::List { delimiter } => {
                Ok(value.shared_text().map(|text| Value::List(Arc::new(List::new(text, delimiter)))))
            }
        };
        match document {
            Ok(value) => value.unwrap_or(Value::Null),
            Err(kind) => env.fault(kind),
        }
    }
}
