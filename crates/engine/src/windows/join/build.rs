//! From a `window-join` of a model to a join (model-xml 12.6, rules 90 to 94).

use std::sync::Arc;

use tidegate_event::{Field, FieldType, RowBatch, Schema};
use tidegate_expr::{Program, Scope};
use tidegate_model::{Element, IndexType, Mistake, MistakeKind, Position, Reader, Role};

use super::output::Output;
use super::side::{Kept, Lookup, Side};
use super::{Join, LEFT, RIGHT};
use crate::build::BuildContext;
use crate::evaluator::Evaluator;
use crate::index::{ListingOrder, MultiIndex};
use crate::key::KeyFields;
use crate::retained::{Resolution, Retained};
use crate::window::{BuiltWindow, Input, OutputStage};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JoinType {
    Inner,
    LeftOuter,
    RightOuter,
    FullOuter,
}

impl JoinType {
    const SPELLINGS: [(&'static str, Self); 4] = [
        ("leftouter", Self::LeftOuter),
        ("rightouter", Self::RightOuter),
        ("inner", Self::Inner),
        ("fullouter", Self::FullOuter),
    ];

    fn name(self) -> &'static str {
        Self::SPELLINGS.iter().find(|(_, ty)| *ty == self).map_or("", |(name, _)| name)
    }

    fn outer(self) -> [bool; 2] {
        [
            matches!(self, Self::LeftOuter | Self::FullOuter),
            matches!(self, Self::RightOuter | Self::FullOuter),
        ]
    }
}

const SIDE_NAMES: [&str; 2] = ["left", "right"];

/// The element `join` of a model.
struct JoinDef {
    ty: JoinType,
    no_regenerates: bool,
    /// `left-index` and `right-index`.
    index: [Option<IndexType>; 2],
    /// Condition fields, left and right.
    conditions: Vec<[usize; 2]>,
    position: Position,
}

/// How the sides match, which follows from type, conditions and keys.
struct Matching {
    fact: Option<usize>,
    /// The sides whose keys are wholly in the conditions.
    covered: [bool; 2],
    keeps: [bool; 2],
}

pub(super) fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let join = reader.required_child("join", context.mistakes);
    let outputs = reader.child("output", context.mistakes);
    context.finish(reader);
    let (inputs, ports) = sides_of(&context.inputs)?;
    let def = join.and_then(|join| read_join(context, join, &inputs));
    let scope = context.window_scope(&[("l_", &inputs[LEFT].schema), ("r_", &inputs[RIGHT].schema)]);
    let def = def?;
    let matching = matching(context, &def, &inputs);
    let (key_fields, keys) = join_keys(&def, &inputs);
    let mut list = OutputList {
        context,
        inputs: &inputs,
        key_count: keys.len(),
        fields: key_fields,
        sources: Vec::new(),
        sound: true,
    };
    if let Some(outputs) = outputs {
        list.read(outputs, &scope);
    }
    let OutputList { fields, sources, sound, context, .. } = list;
    let matching = matching?;
    if !sound {
        return None;
    }
    let schema = match Schema::new(fields) {
        Ok(schema) => Arc::new(schema),
        Err(error) => {
            context.mistake(MistakeKind::BadJoin, &error.to_string());
            return None;
        }
    };
    let shape = shape(&def, &inputs, &matching);
    let insert_only = (0..2).any(|side| !matching.keeps[side] && inputs[side].insert_only);
    let resolved = insert_only || (matching.fact.is_none() && matching.keeps == [true, true]);
    let (mut copies, mut programs) = (Vec::new(), Vec::new());
    for (field, source) in (keys.len()..).zip(sources) {
        match source {
            Source::Field(side, from) => copies.push((field, side, from)),
            Source::Program(program) => match program.as_field() {
                Some((side, from)) => copies.push((field, side, from)),
                None => programs.push((field, program)),
            },
        }
    }
    let output = Output {
        keys,
        copies,
        programs,
        evaluator: Evaluator::new(scope),
        stateful: context.index.is_stateful(),
    };
    let window = Join {
        merged: RowBatch::new(schema.layout()),
        schema: Arc::clone(&schema),
        sides: [LEFT, RIGHT].map(|side| make_side(side, &def, &inputs, &matching)),
        ports,
        fact: matching.fact,
        output,
        partners: [Vec::new(), Vec::new()],
        near: Vec::new(),
    };
    Some(BuiltWindow {
        schema,
        window: Box::new(window),
        output: OutputStage::Index {
            // The old half of a pair is its new row again where there is an index, which brings what was stored.
            resolution: Resolution { lenient: true, old_from_input: false },
            resolved,
        },
        insert_only,
        shape,
        notices: Vec::new(),
    })
}

/// The inputs as left and right, and the side of each in-edge: by role, else the first is left.
fn sides_of(inputs: &[Input]) -> Option<([Input; 2], [usize; 2])> {
    let [first, second] = inputs else { return None };
    if first.role == Some(Role::Right) || second.role == Some(Role::Left) {
        Some(([second.clone(), first.clone()], [RIGHT, LEFT]))
    } else {
        Some(([first.clone(), second.clone()], [LEFT, RIGHT]))
    }
}

fn read_join(context: &mut BuildContext<'_>, join: &Element, inputs: &[Input; 2]) -> Option<JoinDef> {
    let mut reader = Reader::new(join);
    let mistakes = &mut *context.mistakes;
    let ty = match reader.required_attr("type", mistakes) {
        Some(_) => reader.enum_attr("type", &JoinType::SPELLINGS, mistakes),
        None => None,
    };
    let no_regenerates = reader.bool_attr("no-regenerates", false, mistakes);
    // Facts are always indexed by the condition where a dimension change must find them: results are identical.
    reader.bool_attr("use-secondary-index", false, mistakes);
    let left_index = reader.enum_attr("left-index", &IndexType::SPELLINGS, mistakes);
    let right_index = reader.enum_attr("right-index", &IndexType::SPELLINGS, mistakes);
    let conditions = reader.required_child("conditions", mistakes);
    reader.finish(mistakes);
    let conditions = conditions.and_then(|conditions| read_conditions(context, conditions, inputs));
    Some(JoinDef {
        ty: ty?,
        no_regenerates,
        index: [left_index, right_index],
        conditions: conditions?,
        position: join.position,
    })
}

fn read_conditions(
    context: &mut BuildContext<'_>,
    conditions: &Element,
    inputs: &[Input; 2],
) -> Option<Vec<[usize; 2]>> {
    let mut reader = Reader::new(conditions);
    let fields = reader.children("fields");
    reader.finish(context.mistakes);
    if fields.is_empty() {
        let message = format!("window-join '{}' needs at least one condition", context.def.name);
        context.mistakes.add(conditions.position, MistakeKind::BadJoin, message);
        return None;
    }
    let mut pairs = Vec::new();
    for element in &fields {
        let mut reader = Reader::new(element);
        let names =
            [reader.required_attr("left", context.mistakes), reader.required_attr("right", context.mistakes)];
        reader.finish(context.mistakes);
        let [left, right] = [LEFT, RIGHT].map(|side| {
            let name = names[side]?;
            field_of(context, &inputs[side], name.value.trim(), name.position)
        });
        let (Some(left), Some(right)) = (left, right) else { continue };
        let types = [inputs[LEFT].schema.ty(left), inputs[RIGHT].schema.ty(right)];
        if types[0] == types[1] || types.iter().all(|ty| ty.is_text()) {
            pairs.push([left, right]);
        } else {
            let message = format!(
                "the condition compares '{}' of type {} with '{}' of type {}",
                inputs[LEFT].schema.fields()[left].name,
                types[0],
                inputs[RIGHT].schema.fields()[right].name,
                types[1]
            );
            context.mistakes.add(element.position, MistakeKind::BadJoin, message);
        }
    }
    (pairs.len() == fields.len()).then_some(pairs)
}

/// The place of a field in an input; a mistake when there is none.
fn field_of(context: &mut BuildContext<'_>, input: &Input, name: &str, position: Position) -> Option<usize> {
    let found = input.schema.position(name);
    if found.is_none() {
        let message = format!(
            "window-join '{}': '{name}' is no field of its input '{}'",
            context.def.name, input.window
        );
        let names = input.schema.fields().iter().map(|field| field.name.as_str());
        let mistake = Mistake::new(position, MistakeKind::UnknownField, message);
        context.mistakes.push(mistake.nearest(name, names));
    }
    found
}

/// Whether every right key field is compared with a left key field, so that the left key identifies a right row.
fn left_key_identifies_right(def: &JoinDef, inputs: &[Input; 2]) -> bool {
    let left_keys = inputs[LEFT].schema.keys();
    let identified = |key: &usize| def.conditions.iter().any(|[l, r]| r == key && left_keys.contains(l));
    inputs[RIGHT].schema.keys().iter().all(identified)
}

/// Judges whether type, conditions, keys and indexes go together (the table of engine-semantics 3.6, rule 93).
fn matching(context: &mut BuildContext<'_>, def: &JoinDef, inputs: &[Input; 2]) -> Option<Matching> {
    let covered = [LEFT, RIGHT].map(|side| {
        inputs[side].schema.keys().iter().all(|key| def.conditions.iter().any(|pair| pair[side] == *key))
    });
    let mut refuse = |kind: MistakeKind, message: String| {
        let message = format!("window-join '{}': {message}", context.def.name);
        context.mistakes.add(def.position, kind, message);
        None
    };
    for (side, outer) in def.ty.outer().into_iter().enumerate() {
        let dimension = 1 - side;
        if outer && !covered[dimension] {
            let keys: Vec<&str> = inputs[dimension]
                .schema
                .keys()
                .iter()
                .map(|&key| inputs[dimension].schema.fields()[key].name.as_str())
                .collect();
            return refuse(
                MistakeKind::BadJoin,
                format!(
                    "{} needs all key fields of the {} side ({}) in its conditions",
                    def.ty.name(),
                    SIDE_NAMES[dimension],
                    keys.join(", ")
                ),
            );
        }
    }
    if def.ty == JoinType::FullOuter && !left_key_identifies_right(def, inputs) {
        return refuse(
            MistakeKind::BadJoin,
            "fullouter needs the key fields of both sides compared with each other".to_owned(),
        );
    }
    let empty = def.index.map(|index| index == Some(IndexType::Empty));
    let looks_up = def.no_regenerates || empty != [false, false];
    let either = if empty == [false, true] { RIGHT } else { LEFT };
    let fact = match (def.ty, covered) {
        (JoinType::FullOuter, _) => None,
        (JoinType::LeftOuter, _) | (JoinType::Inner, [false, true]) => Some(LEFT),
        (JoinType::RightOuter, _) | (JoinType::Inner, [true, false]) => Some(RIGHT),
        (JoinType::Inner, [false, false]) => looks_up.then_some(either),
        (JoinType::Inner, [true, true]) => Some(either),
    };
    if let Some(side) = (0..2).find(|&side| empty[side] && fact != Some(side)) {
        return refuse(
            MistakeKind::BadIndex,
            format!("{}-index cannot be pi_EMPTY: the rows of this side are looked up", SIDE_NAMES[side]),
        );
    }
    let Some(fact) = fact else {
        if def.no_regenerates {
            let message = "no-regenerates has no meaning in a fullouter join: neither side is the fact side";
            return refuse(MistakeKind::BadJoin, message.to_owned());
        }
        return Some(Matching { fact: None, covered, keeps: [true, true] });
    };
    let mut keeps = [true, true];
    keeps[fact] = !def.no_regenerates && !empty[fact];
    if !keeps[fact] && covered == [false, false] && !inputs[fact].insert_only {
        return refuse(
            MistakeKind::BadJoin,
            format!(
                "a many-to-many join whose {} side keeps no rows needs an input of inserts only there",
                SIDE_NAMES[fact]
            ),
        );
    }
    Some(Matching { fact: Some(fact), covered, keeps })
}

/// The key fields of the join with their places on both sides (the table of engine-semantics 3.6).
fn join_keys(def: &JoinDef, inputs: &[Input; 2]) -> (Vec<Field>, Vec<[Option<usize>; 2]>) {
    let covered = |side: usize| {
        inputs[side].schema.keys().iter().all(|key| def.conditions.iter().any(|pair| pair[side] == *key))
    };
    let counterpart =
        |left: usize| def.conditions.iter().find(|pair| pair[LEFT] == left).map(|pair| pair[RIGHT]);
    let right_alone = def.ty.outer()[RIGHT];
    let by_right_only = match (covered(LEFT), covered(RIGHT)) {
        (true, false) => true,
        (true, true) => def.ty == JoinType::RightOuter && !left_key_identifies_right(def, inputs),
        _ => false,
    };
    let (mut fields, mut places): (Vec<Field>, Vec<[Option<usize>; 2]>) = (Vec::new(), Vec::new());
    if !by_right_only {
        for &key in inputs[LEFT].schema.keys() {
            fields.push(inputs[LEFT].schema.fields()[key].clone());
            places.push([Some(key), counterpart(key).filter(|_| right_alone)]);
        }
    }
    if by_right_only || !(covered(LEFT) || covered(RIGHT)) {
        for &key in inputs[RIGHT].schema.keys() {
            let mut field = inputs[RIGHT].schema.fields()[key].clone();
            let same_name = fields.iter().position(|other| other.name == field.name);
            if let Some(left) = same_name.and_then(|at| places[at][LEFT]) {
                if def.conditions.contains(&[left, key]) {
                    continue;
                }
                field.name = format!("r_{}", field.name);
            }
            fields.push(field);
            places.push([None, Some(key)]);
        }
    }
    (fields, places)
}

fn make_side(side: usize, def: &JoinDef, inputs: &[Input; 2], matching: &Matching) -> Side {
    let (own, other) = (&inputs[side], &inputs[1 - side]);
    let condition: Vec<usize> = def.conditions.iter().map(|pair| pair[side]).collect();
    let lookup = if matching.covered[1 - side] {
        let probe: Vec<usize> = (other.schema.keys().iter())
            .filter_map(|key| def.conditions.iter().find(|pair| pair[1 - side] == *key))
            .map(|pair| pair[side])
            .collect();
        Lookup::One { exact: probe.len() == def.conditions.len(), probe: KeyFields::new(&own.schema, &probe) }
    } else {
        Lookup::Many
    };
    let kept = matching.keeps[side].then(|| {
        let index = def.index[side].unwrap_or(own.index);
        let index = if index.is_stateful() { index } else { IndexType::default() };
        let wanted = !matching.covered[side];
        Kept {
            rows: Retained::new(&own.schema, index, None, false),
            order: ListingOrder::of(index),
            by_condition: wanted.then(|| MultiIndex::new(KeyFields::new(&own.schema, &condition))),
        }
    });
    Side {
        kept,
        condition: KeyFields::new(&own.schema, &condition),
        lookup,
        outer: def.ty.outer()[side],
        resolution: Resolution { lenient: own.resolved, old_from_input: false },
    }
}

/// What the saved rows of both sides depend on.
fn shape(def: &JoinDef, inputs: &[Input; 2], matching: &Matching) -> String {
    let conditions: Vec<String> = def.conditions.iter().map(|[l, r]| format!("{l}={r}")).collect();
    let side = |side: usize| {
        if matching.keeps[side] { inputs[side].schema.to_string() } else { "nothing".to_owned() }
    };
    format!("{} on {} keeps {} and {}", def.ty.name(), conditions.join(","), side(LEFT), side(RIGHT))
}

/// Where an output field comes from.
enum Source {
    Field(usize, usize),
    Program(Program),
}

/// The element `output` while it is read.
struct OutputList<'c, 'm> {
    context: &'c mut BuildContext<'m>,
    inputs: &'c [Input; 2],
    key_count: usize,
    /// The key fields, then the others so far.
    fields: Vec<Field>,
    sources: Vec<Source>,
    sound: bool,
}

impl OutputList<'_, '_> {
    fn read(&mut self, outputs: &Element, scope: &Scope) {
        let mut reader = Reader::new(outputs);
        reader.refuse_child("field-plug", self.context.mistakes);
        self.sound &= outputs.child("field-plug").is_none();
        for known in
            ["field-selection", "field-expr", "left-expr", "right-expr", "left-select", "right-select"]
        {
            reader.ignore_child(known);
        }
        reader.finish(self.context.mistakes);
        for element in &outputs.children {
            match element.name.as_str() {
                "field-selection" => self.selection(element),
                "field-expr" => self.expression(element, scope),
                "left-expr" | "left-select" => self.list(element, LEFT),
                "right-expr" | "right-select" => self.list(element, RIGHT),
                _ => {}
            }
        }
    }

    fn mistake(&mut self, position: Position, kind: MistakeKind, message: &str) {
        self.sound = false;
        let message = format!("window-join '{}': {message}", self.context.def.name);
        self.context.mistakes.add(position, kind, message);
    }

    /// Adds a field, unless its name is taken (rule 94). `listed`: a list of all fields names it, not the model.
    fn add(&mut self, name: &str, ty: FieldType, source: Source, position: Position, listed: bool) {
        match self.fields.iter().position(|field| field.name == name) {
            None => {
                self.fields.push(Field::new(name, ty));
                self.sources.push(source);
            }
            Some(at) if at < self.key_count && self.fields[at].ty == ty => {
                if !listed {
                    let message = format!(
                        "window-join '{}': the output '{name}' is dropped: the join's key has it already",
                        self.context.def.name
                    );
                    self.context.mistakes.warn(Mistake::new(position, MistakeKind::DuplicateField, message));
                }
            }
            Some(_) => {
                let message = format!("the output '{name}' is there twice");
                self.mistake(position, MistakeKind::DuplicateField, &message);
            }
        }
    }

    fn selection(&mut self, element: &Element) {
        let mut reader = Reader::new(element);
        let name = reader.name_attr("name", self.context.mistakes);
        let source = reader.required_attr("source", self.context.mistakes);
        reader.finish(self.context.mistakes);
        let (Some(name), Some(source)) = (name, source) else {
            self.sound = false;
            return;
        };
        let text = source.value.trim();
        let (side, field) = match (text.strip_prefix("l_"), text.strip_prefix("r_")) {
            (Some(field), _) => (LEFT, field),
            (_, Some(field)) => (RIGHT, field),
            _ => {
                let message = format!("the source '{text}' of '{name}' starts neither with l_ nor with r_");
                return self.mistake(source.position, MistakeKind::BadOutput, &message);
            }
        };
        let inputs = self.inputs;
        match field_of(self.context, &inputs[side], field, source.position) {
            Some(at) => {
                let ty = inputs[side].schema.ty(at);
                self.add(&name, ty, Source::Field(side, at), element.position, false);
            }
            None => self.sound = false,
        }
    }

    fn expression(&mut self, element: &Element, scope: &Scope) {
        let mut reader = Reader::new(element);
        let name = reader.name_attr("name", self.context.mistakes);
        let ty = reader.required_attr("type", self.context.mistakes);
        reader.finish(self.context.mistakes);
        let ty = ty.and_then(|attribute| {
            let ty = FieldType::parse(&attribute.value);
            if ty.is_none() {
                let message = format!("'{}' is no field type", attribute.value.trim());
                self.mistake(attribute.position, MistakeKind::UnknownFieldType, &message);
            }
            ty
        });
        let (Some(name), Some(ty)) = (name, ty) else {
            self.sound = false;
            return;
        };
        match self.context.compile(scope, element, ty) {
            Some(program) => self.add(&name, ty, Source::Program(program), element.position, false),
            None => self.sound = false,
        }
    }

    /// Fields of one side under their own names: a comma list or `*`, without those of `exclude`.
    fn list(&mut self, element: &Element, side: usize) {
        let mut reader = Reader::new(element);
        let exclude = reader.attr("exclude");
        reader.finish(self.context.mistakes);
        let inputs = self.inputs;
        let schema = &inputs[side].schema;
        let mut excluded = Vec::new();
        if let Some(exclude) = exclude {
            for name in exclude.value.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                match field_of(self.context, &inputs[side], name, exclude.position) {
                    Some(at) => excluded.push(at),
                    None => self.sound = false,
                }
            }
        }
        let text = element.text.trimmed();
        let all = text == "*";
        let mut fields = Vec::new();
        if all {
            fields.extend(0..schema.len());
        } else {
            for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                match field_of(self.context, &inputs[side], name, element.text.position()) {
                    Some(at) => fields.push(at),
                    None => self.sound = false,
                }
            }
        }
        for at in fields.into_iter().filter(|at| !excluded.contains(at)) {
            let field = &schema.fields()[at];
            self.add(&field.name, field.ty, Source::Field(side, at), element.position, all);
        }
    }
}
