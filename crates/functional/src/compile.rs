//! From a function's tree to a node: names become places.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_event::Schema;

use crate::error::FunctionError;
use crate::function::{Function, Kind, MANY};
use crate::json::JsonPath;
use crate::node::Node;
use crate::pattern::Pattern;
use crate::syntax::Syntax;
use crate::value::Value;
use crate::xpath::XPath;

/// What `#name` stands for.
#[derive(Debug, Clone)]
pub enum PropertyKind {
    /// A property with this number.
    Property(usize),
    /// A named regular expression.
    Expression(Arc<Pattern>),
}

/// A compiled function and what in it is odd.
#[derive(Debug, Clone)]
pub struct Compiled {
    /// The function.
    pub node: Node,
    /// References to names that exist nowhere, which are null: warnings.
    pub unknown: Vec<FunctionError>,
}

/// The names that a function sees.
#[derive(Debug, Clone)]
pub struct Names {
    functions: &'static [&'static Function],
    inputs: Vec<Arc<Schema>>,
    slots: BTreeMap<String, usize>,
    properties: BTreeMap<String, PropertyKind>,
    item: Option<String>,
    in_loop: bool,
}

impl Names {
    /// The names of a window with these inputs, by in-edge.
    pub fn new(functions: &'static [&'static Function], inputs: Vec<Arc<Schema>>) -> Self {
        Self {
            functions,
            inputs,
            slots: BTreeMap::new(),
            properties: BTreeMap::new(),
            item: None,
            in_loop: false,
        }
    }

    /// Gives the function `name` a place for its result: the same for all functions of that name.
    pub fn slot(&mut self, name: &str) -> usize {
        let next = self.slots.len();
        *self.slots.entry(name.to_owned()).or_insert(next)
    }

    /// The place of the function `name`, if there is one.
    pub fn find_slot(&self, name: &str) -> Option<usize> {
        self.slots.get(name).copied()
    }

    /// Number of places so far.
    pub fn slots(&self) -> usize {
        self.slots.len()
    }

    /// Declares a property or named expression; answers whether the name is new.
    pub fn property(&mut self, name: &str, kind: PropertyKind) -> bool {
        self.properties.insert(name.to_owned(), kind).is_none()
    }

    /// From now on, functions are those of an event loop, whose hits have this name.
    pub fn enter_loop(&mut self, item: Option<&str>) {
        self.in_loop = true;
        self.item = item.map(str::to_owned);
    }

    /// A function of the loop's own context has this name: from now on its result stands before the hit's name.
    pub fn shadow_item(&mut self, name: &str) {
        if self.item.as_deref() == Some(name) {
            self.item = None;
        }
    }

    /// Whether a name is a function's.
    pub fn is_function(&self, name: &str) -> bool {
        self.find_function(name).is_some()
    }

    fn find_function(&self, name: &str) -> Option<&'static Function> {
        self.functions.iter().copied().find(|function| function.name == name)
    }

    /// Compiles a function's text.
    ///
    /// # Errors
    /// When it is malformed, calls what does not exist or with a wrong number of arguments, names an unknown property, or has a
    /// constant that is no regular expression or path where one is needed.
    pub fn compile(&self, text: &str) -> Result<Compiled, FunctionError> {
        let syntax = Syntax::parse(text, &|name| self.is_function(name))?;
        let mut unknown = Vec::new();
        let node = self.node(&syntax, &mut unknown)?;
        Ok(Compiled { node, unknown })
    }

    fn node(&self, syntax: &Syntax, unknown: &mut Vec<FunctionError>) -> Result<Node, FunctionError> {
        Ok(match syntax {
            Syntax::Nothing => Node::Constant(Value::Null),
            Syntax::Constant { text, .. } => Node::Constant(Value::text_of(text.as_str())),
            Syntax::Field { name, at } => self.field(name, *at, unknown),
            Syntax::Property { name, at } => self.property_node(name, *at)?,
            Syntax::Call { name, at, arguments } => self.call(name, *at, arguments, unknown)?,
        })
    }

    fn field(&self, name: &str, at: usize, unknown: &mut Vec<FunctionError>) -> Node {
        if self.item.as_deref() == Some(name) {
            return Node::Item;
        }
        let slot = self.find_slot(name);
        let fields: Box<[Option<usize>]> = self.inputs.iter().map(|schema| schema.position(name)).collect();
        if slot.is_none() && fields.iter().all(Option::is_none) {
            let names = self.slots.keys().map(String::as_str).chain(self.item.as_deref());
            let fields = self.inputs.iter().flat_map(|schema| schema.fields());
            let names = names.chain(fields.map(|field| field.name.as_str()));
            let error = FunctionError::new(at, format!("there is no field or function '{name}': it is null"));
            unknown.push(with_nearest(error, name, names));
        }
        Node::Name { slot, fields }
    }

    fn property_node(&self, name: &str, at: usize) -> Result<Node, FunctionError> {
        Ok(match self.properties.get(name) {
            Some(PropertyKind::Property(number)) => Node::Property(*number),
            Some(PropertyKind::Expression(pattern)) => Node::Constant(Value::Pattern(Arc::clone(pattern))),
            None if name == "_context" && self.in_loop => Node::Context,
            None => {
                let error = FunctionError::new(at, format!("there is no property or expression '{name}'"));
                return Err(with_nearest(error, name, self.properties.keys().map(String::as_str)));
            }
        })
    }

    fn call(
        &self,
        name: &str,
        at: usize,
        arguments: &[Syntax],
        unknown: &mut Vec<FunctionError>,
    ) -> Result<Node, FunctionError> {
        let Some(function) = self.find_function(name) else {
            let error = FunctionError::new(at, format!("there is no function '{name}'"));
            return Err(with_nearest(error, name, self.functions.iter().map(|function| function.name)));
        };
        let (least, most) = function.arity;
        if !(least..=most).contains(&arguments.len()) {
            let wanted = match (least, most) {
                (least, MANY) => format!("at least {least}"),
                (least, most) if least == most => least.to_string(),
                (least, most) => format!("{least} to {most}"),
            };
            let message = format!("'{name}' takes {wanted} arguments, not {}", arguments.len());
            return Err(FunctionError::new(at, message).hint(format!("{name}{}", function.usage)));
        }
        let mut nodes = Vec::with_capacity(arguments.len());
        for (position, argument) in arguments.iter().enumerate() {
            let kind = function.kinds.iter().find(|(at, _)| *at == position).map(|&(_, kind)| kind);
            nodes.push(match (kind, argument) {
                (Some(kind), Syntax::Constant { text, at }) => Node::Constant(special(kind, text, *at)?),
                _ => self.node(argument, unknown)?,
            });
        }
        Ok(Node::Call { function, arguments: nodes.into() })
    }
}

/// A constant of a special kind.
fn special(kind: Kind, text: &str, at: usize) -> Result<Value, FunctionError> {
    match kind {
        Kind::Pattern => {
            Pattern::new(text).map(Value::Pattern).map_err(|message| FunctionError::new(at, message))
        }
        Kind::XPath => XPath::parse(text).map(|path| Value::XPath(Arc::new(path))).map_err(|mut error| {
            // Behind the quotation mark.
            error.offset += at + 1;
            error
        }),
        Kind::JsonPath => JsonPath::parse(text)
            .map(|path| Value::JsonPath(Arc::new(path)))
            .map_err(|message| FunctionError::new(at, message)),
    }
}

fn with_nearest<'a>(
    mut error: FunctionError,
    name: &str,
    names: impl Iterator<Item = &'a str>,
) -> FunctionError {
    error.unknown = Some((name.to_owned(), names.map(str::to_owned).collect()));
    error
}
