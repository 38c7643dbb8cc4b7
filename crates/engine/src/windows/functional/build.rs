//! A functional window from its model (model-xml 12.8).

use std::sync::Arc;

use tidegate_event::{Opcode, Schema};
use tidegate_functional::{
    FunctionError, JsonPath, Memory, Names, Node, Pattern, PropertyKind, Value, XPath,
};
use tidegate_model::{Element, Mistake, MistakeKind, Position, Reader};

use super::context::{Context, Kind, Property};
use super::looping::{Loop, Search};
use super::{FieldPlan, Functional};
use crate::build::BuildContext;
use crate::key::KeyFields;
use crate::retained::Resolution;
use crate::window::{BuiltWindow, OutputStage};

/// Between items of a list or set, or entries of a map, where the model names no delimiter.
const DELIMITER: &str = ",";
/// Between key and value of a map's entry, where the model names no delimiter.
const INNER: &str = "=";

pub(super) fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let only_inserts = reader.bool_attr("produces-only-inserts", false, context.mistakes);
    let opcode = reader.child("opcode", context.mistakes);
    let functions = reader.child("function-context", context.mistakes);
    let generate = reader.child("generate", context.mistakes);
    let loops = reader.child("event-loops", context.mistakes);
    context.finish(reader);
    let schema = context.own_schema();
    let schemas = context.inputs.iter().map(|input| Arc::clone(&input.schema)).collect();
    let mut names = Names::new(context.registry.functional, schemas);
    let loops = loops.map(|loops| loops_of(loops, context)).unwrap_or_default();
    for element in functions.into_iter().chain(loops.iter().filter_map(|e| e.child("function-context"))) {
        for function in element.children_named("functions").flat_map(|e| e.children_named("function")) {
            function.value("name").into_iter().for_each(|name| {
                names.slot(name);
            });
        }
    }
    let mut compiler = Compiler { context, properties: 0, complete: true };
    let main = functions.map_or_else(Context::default, |e| compiler.function_context(e, &mut names));
    let generate = generate.map(|e| compiler.function(e, &names));
    let opcode = opcode.map(|e| compiler.opcode(e, &names));
    let loops: Vec<Option<Loop>> = loops.iter().map(|e| compiler.event_loop(e, &names)).collect();
    let Compiler { properties, complete, .. } = compiler;
    let loops = loops.into_iter().collect::<Option<Vec<Loop>>>()?;
    let (generate, opcode) =
        (generate.map_or(Some(None), |n| n.map(Some))?, opcode.map_or(Some(None), |n| n.map(Some))?);
    if !complete {
        return None;
    }
    let functions = Functions { main, generate, opcode, loops, only_inserts, properties };
    Some(functions.window(context, schema?, &names))
}

/// What the model says, compiled.
struct Functions {
    main: Context,
    generate: Option<Node>,
    opcode: Option<Node>,
    loops: Vec<Loop>,
    only_inserts: bool,
    properties: usize,
}

impl Functions {
    fn window(self, context: &BuildContext<'_>, schema: Arc<Schema>, names: &Names) -> BuiltWindow {
        let inputs = &context.inputs;
        let fields = schema.fields().iter().map(|field| FieldPlan {
            slot: names.find_slot(&field.name),
            inputs: inputs.iter().map(|input| input.schema.position(&field.name)).collect(),
        });
        let always = match &self.opcode {
            Some(Node::Constant(value)) => value.as_text().and_then(|text| Opcode::parse(text.trim())),
            _ => None,
        };
        let only_inserts = self.only_inserts || always == Some(Opcode::Insert);
        // The old half of an update must give again what it gave when it was new.
        let repeatable = self.main.is_repeatable()
            && self.generate.as_ref().is_none_or(Node::is_repeatable)
            && self.loops.iter().all(Loop::is_repeatable);
        let takes_opcode = self.opcode.is_none();
        let all_resolved = inputs.iter().all(|input| input.resolved);
        let window = Functional {
            key: KeyFields::of(&schema),
            fields: fields.collect(),
            schema: Arc::clone(&schema),
            context: self.main,
            generate: self.generate,
            opcode: self.opcode,
            loops: self.loops,
            only_inserts: self.only_inserts,
            inputs: inputs.iter().map(|input| input.window.clone()).collect(),
            place: context.def.name.clone(),
            zone: (context.registry.local_zone)(),
            memory: Memory::new(names.slots(), self.properties),
        };
        BuiltWindow {
            schema,
            window: Box::new(window),
            output: OutputStage::Index {
                resolution: Resolution { lenient: all_resolved, old_from_input: false },
                resolved: only_inserts || takes_opcode && repeatable && all_resolved,
            },
            insert_only: only_inserts || takes_opcode && inputs.iter().all(|input| input.insert_only),
            shape: String::new(),
            notices: Vec::new(),
        }
    }
}

/// The loops of all kinds, in document order.
fn loops_of<'a>(loops: &'a Element, context: &mut BuildContext<'_>) -> Vec<&'a Element> {
    let mut reader = Reader::new(loops);
    let kinds = ["event-loop-xml", "event-loop-json", "event-loop-regex"];
    kinds.iter().for_each(|kind| reader.ignore_child(kind));
    reader.finish(context.mistakes);
    loops.children.iter().filter(|child| kinds.contains(&child.name.as_str())).collect()
}

pub(in crate::windows) struct Compiler<'a, 'b> {
    pub(in crate::windows) context: &'a mut BuildContext<'b>,
    /// Number of properties so far.
    pub(in crate::windows) properties: usize,
    /// Whether there was no mistake.
    pub(in crate::windows) complete: bool,
}

impl Compiler<'_, '_> {
    fn wrong(&mut self, position: Position, error: &FunctionError) {
        self.complete = false;
        let mistake = self.mistake(position, MistakeKind::BadExpression, error);
        self.context.mistakes.push(mistake);
    }

    fn mistake(&self, position: Position, kind: MistakeKind, error: &FunctionError) -> Mistake {
        let def = self.context.def;
        let message = format!("function of {} '{}': {}", def.element.name, def.name, error.message);
        let mistake = Mistake::new(position, kind, message);
        match (&error.hint, &error.unknown) {
            (Some(hint), _) => mistake.hint(hint.clone()),
            (None, Some((name, names))) => mistake.nearest(name, names.iter().map(String::as_str)),
            (None, None) => mistake,
        }
    }

    /// The function that is an element's text; `None` after a mistake.
    pub(in crate::windows) fn function(&mut self, element: &Element, names: &Names) -> Option<Node> {
        match names.compile(element.text.as_str()) {
            Ok(compiled) => {
                for unknown in &compiled.unknown {
                    let position = element.text.position_at(unknown.offset);
                    let warning = self.mistake(position, MistakeKind::UnknownField, unknown);
                    self.context.mistakes.warn(warning);
                }
                Some(compiled.node)
            }
            Err(error) => {
                self.wrong(element.text.position_at(error.offset), &error);
                None
            }
        }
    }

    /// The window's `opcode`; a constant must be one.
    fn opcode(&mut self, element: &Element, names: &Names) -> Option<Node> {
        let node = self.function(element, names)?;
        if let Node::Constant(value) = &node
            && let Some(text) = value.as_text()
            && Opcode::parse(text.trim()).is_none()
        {
            self.complete = false;
            let message = format!(
                "'{}' is no opcode ({} '{}')",
                text, self.context.def.element.name, self.context.def.name
            );
            let mistake = Mistake::new(element.text.position(), MistakeKind::BadValue, message);
            self.context.mistakes.push(
                mistake.hint(
                    "allowed: insert, update, delete, upsert, safedelete, or a function that gives one",
                ),
            );
            return None;
        }
        Some(node)
    }

    pub(in crate::windows) fn function_context(&mut self, element: &Element, names: &mut Names) -> Context {
        let mut reader = Reader::new(element);
        let expressions = reader.child("expressions", self.context.mistakes);
        let properties = reader.child("properties", self.context.mistakes);
        let functions = reader.child("functions", self.context.mistakes);
        reader.finish(self.context.mistakes);
        if let Some(expressions) = expressions {
            self.expressions(expressions, names);
        }
        Context {
            properties: properties.map(|properties| self.properties(properties, names)).unwrap_or_default(),
            functions: functions.map(|functions| self.functions(functions, names)).unwrap_or_default(),
        }
    }

    fn name(&mut self, reader: &mut Reader<'_>) -> Option<String> {
        let name =
            reader.required_attr("name", self.context.mistakes).map(|name| name.value.trim().to_owned());
        self.complete &= name.is_some();
        name
    }

    fn expressions(&mut self, expressions: &Element, names: &mut Names) {
        let mut reader = Reader::new(expressions);
        let list = reader.children("expression");
        reader.finish(self.context.mistakes);
        let mut declared = Vec::new();
        for element in list {
            let mut reader = Reader::new(element);
            let name = self.name(&mut reader);
            reader.finish(self.context.mistakes);
            let pattern = self.pattern(element);
            let (Some(name), Some(pattern)) = (name, pattern) else { continue };
            self.declare(&mut declared, &name, element.position);
            names.property(&name, PropertyKind::Expression(pattern));
        }
    }

    /// A name is declared once in a context.
    fn declare(&mut self, declared: &mut Vec<String>, name: &str, position: Position) {
        if declared.iter().any(|other| other == name) {
            self.complete = false;
            let message = format!("there is a second '{name}' in this function-context");
            self.context.mistakes.add(position, MistakeKind::DuplicateName, message);
        }
        declared.push(name.to_owned());
    }

    fn pattern(&mut self, element: &Element) -> Option<Arc<Pattern>> {
        let compiled = Pattern::new(element.text.trimmed());
        compiled.map_err(|message| self.wrong(element.text.position(), &FunctionError::new(0, message))).ok()
    }

    fn properties(&mut self, properties: &Element, names: &mut Names) -> Vec<Property> {
        let mut reader = Reader::new(properties);
        for kind in [
            "property-map",
            "property-set",
            "property-list",
            "property-xml",
            "property-json",
            "property-string",
        ] {
            reader.ignore_child(kind);
        }
        reader.finish(self.context.mistakes);
        let mut list = Vec::new();
        let mut declared = Vec::new();
        for element in &properties.children {
            let mut reader = Reader::new(element);
            let mut text = |name, default: &str| {
                reader.attr(name).map_or_else(|| default.to_owned(), |attribute| attribute.value.clone())
            };
            let kind = match element.name.as_str() {
                "property-map" => Kind::Map { outer: text("outer", DELIMITER), inner: text("inner", INNER) },
                "property-set" => Kind::Set { delimiter: text("delimiter", DELIMITER) },
                "property-list" => Kind::List { delimiter: text("delimiter", DELIMITER) },
                "property-xml" => Kind::Xml,
                "property-json" => Kind::Json,
                "property-string" => Kind::Text,
                // Warned of above.
                _ => continue,
            };
            let name = self.name(&mut reader);
            reader.finish(self.context.mistakes);
            let node = self.function(element, names);
            let (Some(name), Some(node)) = (name, node) else { continue };
            self.declare(&mut declared, &name, element.position);
            let number = self.properties;
            self.properties += 1;
            names.property(&name, PropertyKind::Property(number));
            list.push(Property { number, kind, node });
        }
        list
    }

    fn functions(&mut self, functions: &Element, names: &mut Names) -> Vec<(usize, Node)> {
        let mut reader = Reader::new(functions);
        let elements = reader.children("function");
        reader.finish(self.context.mistakes);
        let mut list = Vec::new();
        for element in elements {
            let mut reader = Reader::new(element);
            let name = self.name(&mut reader);
            reader.finish(self.context.mistakes);
            let node = self.function(element, names);
            let (Some(name), Some(node)) = (name, node) else { continue };
            list.push((names.slot(&name), node));
            names.shadow_item(&name);
        }
        list
    }

    fn event_loop(&mut self, element: &Element, names: &Names) -> Option<Loop> {
        let mut reader = Reader::new(element);
        let name = self.name(&mut reader);
        let item = reader.attr("data").map(|attribute| attribute.value.trim().to_owned());
        let (data, search) = match element.name.as_str() {
            "event-loop-xml" => ("use-xml", "xpath"),
            "event-loop-json" => ("use-json", "json"),
            _ => ("use-text", "regex"),
        };
        let data = reader.required_child(data, self.context.mistakes);
        let search = reader.required_child(search, self.context.mistakes);
        let functions = reader.child("function-context", self.context.mistakes);
        reader.finish(self.context.mistakes);
        let data = data.and_then(|element| self.function(element, names));
        let search = search.and_then(|element| self.search(element, names));
        let mut names = names.clone();
        names.enter_loop(item.as_deref());
        let context = functions.map_or_else(Context::default, |e| self.function_context(e, &mut names));
        name?;
        Some(Loop { data: data?, search: search?, context })
    }

    fn search(&mut self, element: &Element, names: &Names) -> Option<Search> {
        let mut reader = Reader::new(element);
        let is_regex = element.name == "regex";
        let group = if is_regex { reader.int_attr("group", 0..=99, self.context.mistakes) } else { None };
        reader.finish(self.context.mistakes);
        let text = element.text.trimmed();
        let found = match element.name.as_str() {
            "xpath" => XPath::parse(text).map(Search::Xml),
            "json" => {
                JsonPath::parse(text).map(Search::Json).map_err(|message| FunctionError::new(0, message))
            }
            _ => {
                let pattern = match names.compile(text) {
                    Ok(compiled) if text.starts_with('#') => match compiled.node {
                        Node::Constant(Value::Pattern(pattern)) => Some(pattern),
                        _ => self.pattern(element),
                    },
                    _ => self.pattern(element),
                }?;
                let group = group.and_then(|group| usize::try_from(group).ok()).unwrap_or(0);
                let groups = pattern.regex().captures_len();
                if group < groups {
                    Ok(Search::Regex(pattern, group))
                } else {
                    let message = format!("'{text}' has {} groups, hence no group {group}", groups - 1);
                    Err(FunctionError::new(0, message))
                }
            }
        };
        match found {
            Ok(search) => Some(search),
            Err(error) => {
                let blanks = element.text.as_str().len() - element.text.as_str().trim_start().len();
                self.wrong(element.text.position_at(blanks + error.offset), &error);
                None
            }
        }
    }
}
