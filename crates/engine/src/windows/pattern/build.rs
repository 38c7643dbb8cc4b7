//! From `window-pattern` to patterns that run (model-xml 12.9, rules 95 to 101 of its section 20).

use tidegate_event::{Field, FieldType, Schema};
use tidegate_expr::{Expression, Scope};
use tidegate_model::{Element, Mistake, MistakeKind, Reader};

use super::condition::{EventCondition, Source};
use super::logic::Logic;
use super::matcher::{Matcher, SourceFields, TimeField};
use super::variables::{Conditions, VariableNames};
use crate::build::BuildContext;
use crate::key::KeyFields;
use crate::window::Input;

/// How many events a pattern may have: an instance keeps what it waits for in one word.
const EVENTS_MAX: usize = 64;

/// A window's distinct inputs, with the names that expressions see.
pub(super) struct Sources {
    pub(super) inputs: Vec<Input>,
    pub(super) scopes: Vec<Scope>,
    /// The source of each in-edge.
    pub(super) by_port: Vec<usize>,
}

impl Sources {
    pub(super) fn of(context: &mut BuildContext<'_>) -> Self {
        let mut sources = Self { inputs: Vec::new(), scopes: Vec::new(), by_port: Vec::new() };
        for input in context.inputs.clone() {
            let known = sources.inputs.iter().position(|other| other.window == input.window);
            sources.by_port.push(known.unwrap_or(sources.inputs.len()));
            if known.is_some() {
                continue;
            }
            if !input.insert_only {
                let message = format!(
                    "'{}' feeds window-pattern '{}' but is not insert-only: what is no insert will be rejected",
                    input.window, context.def.name
                );
                let warning = Mistake::new(context.def.position, MistakeKind::NotInsertOnly, message);
                context.mistakes.warn(warning);
            }
            sources.scopes.push(context.window_scope(&[("", &input.schema)]));
            sources.inputs.push(input);
        }
        sources
    }

    fn schema(&self, source: usize) -> &Schema {
        &self.inputs[source].schema
    }
}

/// Checks rule 95: one key of type int64.
pub(super) fn check_key(context: &mut BuildContext<'_>, schema: &Schema) -> Option<()> {
    match schema.keys() {
        [key] if schema.ty(*key) == FieldType::Int64 => Some(()),
        _ => {
            let message =
                format!("a pattern numbers its output: its schema {schema} needs one key of type int64");
            context.mistake(MistakeKind::BadPattern, &message);
            None
        }
    }
}

/// The parts of a `pattern` element that is read piece by piece.
pub(super) struct PatternBuilder<'c, 'a> {
    pub(super) context: &'c mut BuildContext<'a>,
    pub(super) sources: &'c Sources,
    pub(super) schema: &'c Schema,
}

struct EventDef<'a> {
    name: String,
    source: usize,
    element: &'a Element,
    expression: Expression,
}

impl<'a> PatternBuilder<'_, 'a> {
    /// Reads a pattern; the answer holds nothing after a mistake, and whether the pattern is active.
    pub(super) fn read(&mut self, element: &'a Element) -> Option<(Matcher, bool, String)> {
        let mistakes = &mut *self.context.mistakes;
        let mut reader = Reader::new(element);
        reader.ignore_child("description");
        reader.ignore_attr("name");
        let index = reader.attr("index");
        let active = reader.bool_attr("active", true, mistakes);
        let active = reader.bool_attr("is-active", active, mistakes);
        ["lua-events", "python-events", "code"].iter().for_each(|name| reader.refuse_child(name, mistakes));
        let scripted = ["lua-events", "python-events"].iter().any(|name| element.child(name).is_some());
        let events = if scripted { None } else { reader.required_child("events", mistakes) };
        let logic = reader.required_child("logic", mistakes);
        let output = reader.required_child("output", mistakes);
        let times = reader.child("timefields", mistakes);
        reader.finish(mistakes);

        let events = events.and_then(|list| self.events(list));
        let index = match index {
            Some(attribute) => self.index(&attribute.value, attribute.position, events.as_deref()),
            None => Some(Vec::new()),
        };
        let times = match times {
            Some(list) => self.times(list),
            None => Some(self.sources.inputs.iter().map(|_| None).collect()),
        };
        let events = events?;
        let tree = logic.and_then(|element| self.logic(element, &events));
        let outputs = output.and_then(|element| self.outputs(element, &events));
        let (tree, index, times, outputs) = (tree?, index?, times?, outputs?);

        let names = VariableNames::infer(
            &events.iter().map(|event| (event.source, &event.expression)).collect::<Vec<_>>(),
            self.sources,
        );
        let conditions = Conditions { sources: self.sources, names: &names };
        let mut compiled: Vec<EventCondition> = Vec::new();
        for event in &events {
            let condition =
                conditions.compile(self.context, event.source, &event.expression, &event.element.text);
            compiled.extend(condition);
        }
        let mut complete = compiled.len() == events.len();
        let (schema, inputs) = (self.schema, &self.sources.inputs);

        // An instance's row: variables, index values, output fields.
        let mut fields = names.fields.clone();
        let first_index = fields.len();
        let index_types = index.iter().enumerate();
        fields.extend(index_types.map(|(n, field)| {
            Field::new(
                format!("#index{n}"),
                self.sources.schema(events[0].source).ty(field[events[0].source].unwrap_or(0)),
            )
        }));
        let first_output = fields.len();
        for (n, (field, output)) in schema.non_keys().zip(&outputs).enumerate() {
            fields.push(Field::new(format!("#output{n}"), schema.ty(field)));
            let Some(output) = output else { continue };
            let source = events[output.event].source;
            let from = match &output.value {
                OutputValue::Field(at) if inputs[source].schema.ty(*at) == schema.ty(field) => {
                    Some(Source::Field(*at))
                }
                OutputValue::Field(at) => {
                    let name = &inputs[source].schema.fields()[*at].name;
                    let expression = self.context.report(&output.element.text, Expression::parse(name));
                    expression.and_then(|e| self.program(source, &names, &e, output.element, field))
                }
                OutputValue::Expression(expression) => {
                    self.program(source, &names, expression, output.element, field)
                }
            };
            match (from, compiled.get_mut(output.event)) {
                (Some(from), Some(condition)) => condition.outputs.push((first_output + n, from)),
                _ => complete = false,
            }
        }
        if !complete {
            return None;
        }
        let row = match Schema::new(fields) {
            Ok(row) => row,
            Err(error) => {
                self.mistake(element, format!("the values of a pattern cannot be kept: {error}"));
                return None;
            }
        };
        let index_fields: Vec<usize> = (first_index..first_output).collect();
        let sources = (0..self.sources.inputs.len())
            .map(|source| SourceFields {
                events: (0..compiled.len()).filter(|&event| compiled[event].source == source).collect(),
                index: index.iter().filter_map(|field| field[source]).collect(),
                key: KeyFields::new(
                    self.sources.schema(source),
                    &index.iter().filter_map(|field| field[source]).collect::<Vec<_>>(),
                ),
                time: times[source],
            })
            .collect();
        let shape = format!(
            "{} over {row} index={}",
            logic.map(|element| element.text.trimmed()).unwrap_or_default(),
            index.len()
        );
        let matcher = Matcher::new(tree, compiled, sources, &row, &index_fields, first_output);
        Some((matcher, active, shape))
    }

    fn program(
        &mut self,
        source: usize,
        names: &VariableNames,
        expression: &Expression,
        element: &Element,
        field: usize,
    ) -> Option<Source> {
        let scope = names.scope(&self.sources.scopes[source]);
        let program = scope.compile(expression, self.schema.ty(field));
        self.context.report(&element.text, program).map(Source::Program)
    }

    fn mistake(&mut self, element: &Element, message: String) {
        let message = format!("window-pattern '{}': {message}", self.context.def.name);
        self.context.mistakes.add(element.position, MistakeKind::BadPattern, message);
    }

    /// The number of the input of this name.
    fn source(&mut self, element: &Element, name: &str) -> Option<usize> {
        let found = self.sources.inputs.iter().position(|input| input.window == name);
        if found.is_none() {
            let message = format!(
                "{} of window-pattern '{}' names the source '{name}', which is no input of the window",
                element.name, self.context.def.name
            );
            let mistake = Mistake::new(element.position, MistakeKind::BadPattern, message);
            let names = self.sources.inputs.iter().map(|input| input.window.as_str());
            self.context.mistakes.push(mistake.nearest(name, names));
        }
        found
    }

    fn events(&mut self, list: &'a Element) -> Option<Vec<EventDef<'a>>> {
        let mut reader = Reader::new(list);
        let elements = reader.children("event");
        reader.finish(self.context.mistakes);
        let mut events: Vec<EventDef<'a>> = Vec::new();
        let mut complete = true;
        for &element in &elements {
            let mut reader = Reader::new(element);
            let name = reader.required_attr("name", self.context.mistakes);
            let source = reader.required_attr("source", self.context.mistakes);
            reader.refuse_attr("func", self.context.mistakes);
            reader.finish(self.context.mistakes);
            let source = source.and_then(|attribute| self.source(element, &attribute.value));
            let expression = self.context.parse(element);
            if let Some(name) = name
                && events.iter().any(|event| event.name == name.value)
            {
                self.mistake(element, format!("a pattern has two events called '{}'", name.value));
                complete = false;
                continue;
            }
            match (name, source, expression) {
                (Some(name), Some(source), Some(expression)) => {
                    events.push(EventDef { name: name.value.clone(), source, element, expression });
                }
                _ => complete = false,
            }
        }
        if elements.is_empty() || elements.len() > EVENTS_MAX {
            self.mistake(list, format!("a pattern has 1 to {EVENTS_MAX} events, not {}", elements.len()));
            complete = false;
        }
        complete.then_some(events)
    }

    fn logic(&mut self, element: &Element, events: &[EventDef<'_>]) -> Option<Logic> {
        let names: Vec<&str> = events.iter().map(|event| event.name.as_str()).collect();
        match Logic::parse(element.text.as_str(), &names) {
            Ok(logic) => Some(logic),
            Err(error) => {
                let message = format!("window-pattern '{}': {}", self.context.def.name, error.message);
                let position = element.text.position_at(error.offset);
                let mistake = Mistake::new(position, MistakeKind::BadPattern, message);
                self.context.mistakes.push(match &error.unknown_event {
                    Some(name) => mistake.nearest(name, names),
                    None => mistake,
                });
                None
            }
        }
    }

    /// The places of the index fields, per field and source; nothing where a source has no events.
    fn index(
        &mut self,
        text: &str,
        position: tidegate_model::Position,
        events: Option<&[EventDef<'_>]>,
    ) -> Option<Vec<Vec<Option<usize>>>> {
        let mut index = Vec::new();
        let mut complete = true;
        for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let mut places = Vec::new();
            let mut ty = None;
            for (source, input) in self.sources.inputs.iter().enumerate() {
                let used = events.is_none_or(|events| events.iter().any(|event| event.source == source));
                let place = input.schema.position(name).filter(|_| used);
                places.push(place);
                let found = place.map(|place| input.schema.ty(place));
                let fits = !used || found.is_some() && ty.is_none_or(|ty| found == Some(ty));
                ty = ty.or(found);
                if !fits {
                    complete = false;
                    let message = format!(
                        "window-pattern '{}': the index field '{name}' must be in every source of events, with one type, \
                         but '{}' has {}",
                        self.context.def.name, input.window, input.schema
                    );
                    let mistake = Mistake::new(position, MistakeKind::BadPattern, message);
                    let names = input.schema.fields().iter().map(|field| field.name.as_str());
                    self.context.mistakes.push(if found.is_none() {
                        mistake.nearest(name, names)
                    } else {
                        mistake
                    });
                }
            }
            index.push(places);
        }
        complete.then_some(index)
    }

    fn times(&mut self, list: &'a Element) -> Option<Vec<Option<TimeField>>> {
        let mut times: Vec<Option<TimeField>> = self.sources.inputs.iter().map(|_| None).collect();
        let mut complete = true;
        let mut reader = Reader::new(list);
        let elements = reader.children("timefield");
        reader.finish(self.context.mistakes);
        for element in elements {
            let mut reader = Reader::new(element);
            let source = reader.required_attr("source", self.context.mistakes);
            let field = reader.required_attr("field", self.context.mistakes);
            reader.finish(self.context.mistakes);
            let source = source.and_then(|attribute| self.source(element, &attribute.value));
            let (Some(source), Some(field)) = (source, field) else {
                complete = false;
                continue;
            };
            let schema = self.sources.schema(source);
            let time = schema.position(&field.value).and_then(|at| match schema.ty(at) {
                FieldType::Date => Some(TimeField { field: at, unit_micros: 1_000_000 }),
                FieldType::Stamp => Some(TimeField { field: at, unit_micros: 1 }),
                _ => None,
            });
            if time.is_none() {
                let message = format!(
                    "the time field '{}' is no date or stamp field of the source's {schema}",
                    field.value
                );
                self.mistake(element, message);
                complete = false;
            } else if times[source].is_some() {
                self.mistake(
                    element,
                    format!("the source '{}' has two time fields", self.sources.inputs[source].window),
                );
                complete = false;
            }
            times[source] = time;
        }
        complete.then_some(times)
    }

    /// The outputs in the order of the schema's fields that are no keys; nothing stands for null.
    fn outputs(&mut self, list: &'a Element, events: &[EventDef<'_>]) -> Option<Vec<Option<Output<'a>>>> {
        let mut outputs = Vec::new();
        let mut complete = true;
        let mut reader = Reader::new(list);
        ["field-selection", "field-expr"].iter().for_each(|name| reader.ignore_child(name));
        reader.finish(self.context.mistakes);
        for element in &list.children {
            let selection = element.name == "field-selection";
            if !selection && element.name != "field-expr" {
                continue;
            }
            let mut reader = Reader::new(element);
            let node = reader.required_attr("node", self.context.mistakes);
            let name = if selection { reader.required_attr("name", self.context.mistakes) } else { None };
            if !selection {
                reader.ignore_attr("name");
            }
            reader.finish(self.context.mistakes);
            let event = node.and_then(|node| {
                let found = events.iter().position(|event| event.name == node.value);
                if found.is_none() {
                    let message = format!(
                        "window-pattern '{}': an output names the node '{}', which is no event of the pattern",
                        self.context.def.name, node.value
                    );
                    let mistake = Mistake::new(element.position, MistakeKind::BadPattern, message);
                    self.context.mistakes.push(mistake.nearest(&node.value, events.iter().map(|e| e.name.as_str())));
                }
                found
            });
            let value = match (event, name) {
                (Some(event), Some(name)) => self.selected(element, events[event].source, &name.value),
                (Some(_), None) if !selection && element.text.trimmed().is_empty() => {
                    outputs.push(None);
                    continue;
                }
                (Some(_), None) if !selection => self.context.parse(element).map(OutputValue::Expression),
                _ => None,
            };
            complete &= value.is_some();
            outputs.push(value.and_then(|value| Some(Output { event: event?, value, element })));
        }
        let wanted = self.schema.non_keys().count();
        if outputs.len() != wanted {
            let message = format!(
                "window-pattern '{}' has {wanted} fields that are no keys, but {} outputs",
                self.context.def.name,
                outputs.len()
            );
            self.context.mistakes.add(list.position, MistakeKind::OutputCount, message);
            return None;
        }
        complete.then_some(outputs)
    }

    fn selected(&mut self, element: &Element, source: usize, name: &str) -> Option<OutputValue> {
        let input = &self.sources.inputs[source];
        let found = input.schema.position(name);
        if found.is_none() {
            let message = format!(
                "window-pattern '{}': the field '{name}' of an output is no field of '{}'",
                self.context.def.name, input.window
            );
            let mistake = Mistake::new(element.position, MistakeKind::UnknownField, message);
            let names = input.schema.fields().iter().map(|field| field.name.as_str());
            self.context.mistakes.push(mistake.nearest(name, names));
        }
        found.map(OutputValue::Field)
    }
}

enum OutputValue {
    Field(usize),
    Expression(Expression),
}

struct Output<'a> {
    event: usize,
    value: OutputValue,
    element: &'a Element,
}

/// Reads all patterns of the window.
pub(super) fn patterns<'a>(
    context: &mut BuildContext<'a>,
    sources: &Sources,
    schema: &Schema,
    elements: &[&'a Element],
) -> Option<(Vec<(Matcher, bool)>, String)> {
    let mut patterns = Vec::new();
    let mut shapes = Vec::new();
    for element in elements {
        let mut builder = PatternBuilder { context: &mut *context, sources, schema };
        if let Some((matcher, active, shape)) = builder.read(element) {
            patterns.push((matcher, active));
            shapes.push(shape);
        }
    }
    (patterns.len() == elements.len()).then(|| (patterns, shapes.join("; ")))
}
