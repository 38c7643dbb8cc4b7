//! Rows become columns: the last values of each tag are remembered per group.

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Field, FieldType, Flags, Opcode, RowBatch, RowView, Schema};
use tidegate_model::{Attribute, IndexType, MistakeKind};

use super::{Lists, input_field, make_schema, with_values};
use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::key::KeyFields;
use crate::retained::Retained;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::Window;

/// Output: the input's key, the group fields, `TAG_VALUE` for each tag and value, the other fields.
pub(super) fn build(
    context: &mut BuildContext<'_>,
    lists: &Lists<'_>,
    groups: Option<(&Attribute, Vec<&str>)>,
    clear_micros: Option<i64>,
) -> Option<(Arc<Schema>, Box<dyn Window>)> {
    let input = context.only_input()?.schema;
    let before = context.mistakes.len();
    let tag_field = input_field(context, &input, lists.tag_name.value.trim(), lists.tag_name);
    let values: Vec<usize> = (lists.values.iter())
        .filter_map(|value| input_field(context, &input, value, lists.values_attribute))
        .collect();
    let mut group: Vec<usize> = Vec::new();
    if let Some((attribute, names)) = groups {
        for name in names {
            group.extend(input_field(context, &input, name, attribute));
        }
    }
    let tag_field = tag_field?;
    if !input.ty(tag_field).is_text() {
        let message = format!(
            "window-transpose '{}': the tag field '{}' is {}, but tags are strings",
            context.def.name,
            lists.tag_name.value,
            input.ty(tag_field)
        );
        context.mistakes.add(lists.tag_name.position, MistakeKind::BadValue, message);
    }
    if context.mistakes.len() > before {
        return None;
    }
    let taken = |at: usize| at == tag_field || values.contains(&at);
    let mut places: Vec<usize> = input.keys().iter().copied().filter(|&at| !taken(at)).collect();
    places.extend(group.iter().copied().filter(|&at| !taken(at) && !input.fields()[at].key));
    let first_column = places.len();
    let columns: Vec<Field> = (lists.tags.iter())
        .flat_map(|tag| lists.values.iter().zip(&values).map(move |(value, &at)| (tag, value, at)))
        .map(|(tag, value, at)| Field::new(format!("{tag}_{value}"), input.ty(at)))
        .collect();
    let rest: Vec<usize> = input.non_keys().filter(|&at| !taken(at) && !group.contains(&at)).collect();
    let field = |at: &usize| input.fields()[*at].clone();
    let fields: Vec<Field> =
        (places.iter().map(field)).chain(columns.iter().cloned()).chain(rest.iter().map(field)).collect();
    let schema = make_schema(context, fields)?;
    let mut copied: Vec<(usize, usize)> = places.into_iter().enumerate().collect();
    copied.extend(rest.iter().enumerate().map(|(place, &at)| (first_column + columns.len() + place, at)));
    let memory = memory_schema(context, &input, &group, &columns)?;
    let window = Wide {
        schema: Arc::clone(&schema),
        tag_field,
        tags: lists.tags.iter().map(|tag| (*tag).to_owned()).collect(),
        values,
        first_column,
        copied,
        probe: KeyFields::new(&input, &group),
        groups: Retained::new(&memory, IndexType::Hash, None, false),
        scratch: RowBatch::new(memory.layout()),
        clear_micros,
    };
    Some((schema, Box::new(window)))
}

/// What is remembered of a group: its fields, its columns, and when its last event came.
fn memory_schema(
    context: &mut BuildContext<'_>,
    input: &Schema,
    group: &[usize],
    columns: &[Field],
) -> Option<Arc<Schema>> {
    // Names are of no account here, but must differ.
    let mut fields: Vec<Field> = Vec::new();
    for &at in group {
        fields.push(Field::key(format!("group {at}"), input.ty(at)));
    }
    fields.extend(columns.iter().enumerate().map(|(at, c)| Field::new(format!("column {at}"), c.ty)));
    fields.push(Field::new("last", FieldType::Int64));
    match Schema::new(fields) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(error) => {
            context.mistake(MistakeKind::BadKeyType, &format!("group-by: {error}"));
            None
        }
    }
}

#[derive(Debug)]
struct Wide {
    schema: Arc<Schema>,
    tag_field: usize,
    tags: Vec<String>,
    /// The fields of a tag's values in the input.
    values: Vec<usize>,
    /// Where the columns begin in the output.
    first_column: usize,
    /// Fields of the event itself: (position in the output, position in the input).
    copied: Vec<(usize, usize)>,
    /// The group's fields in the input.
    probe: KeyFields,
    groups: Retained,
    /// One row of a group at most.
    scratch: RowBatch,
    clear_micros: Option<i64>,
}

impl Wide {
    fn columns(&self) -> usize {
        self.tags.len() * self.values.len()
    }

    /// Brings the group of an event up to date, into the scratch row: `tag` is the event's, if it is one of ours. Answers whether there is a
    /// group now.
    fn remember(&mut self, event: &RowView<'_>, tag: Option<usize>, now: i64) -> bool {
        let (keys, columns) = (self.probe.fields().len(), self.columns());
        let last = keys + columns;
        let id = self.groups.find_by(&self.probe, event);
        if id.is_none() && tag.is_none() {
            return false;
        }
        let layout = self.groups.schema().layout().clone();
        self.scratch.reset(&layout);
        let mut row = self.scratch.push();
        for (to, &from) in self.probe.fields().iter().enumerate() {
            row.copy_field(to, event, from);
        }
        if let Some(id) = id {
            let stored = self.groups.store().row(id);
            let idle = now.saturating_sub(stored.int(last));
            if self.clear_micros.is_none_or(|clear| idle <= clear) {
                (keys..last).for_each(|column| row.copy_field(column, &stored, column));
            }
        }
        if let Some(tag) = tag {
            for (place, &value) in self.values.iter().enumerate() {
                row.copy_field(keys + tag * self.values.len() + place, event, value);
            }
        }
        row.set_int(last, now);
        match id {
            Some(id) => self.groups.replace(id, &self.scratch.row(0)),
            None => {
                self.groups.insert(&self.scratch.row(0));
            }
        }
        true
    }
}

impl Window for Wide {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let now = step.time.micros();
        let (keys, columns) = (self.probe.fields().len(), self.columns());
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        for event in with_values(input) {
            let text = event.row.bytes(self.tag_field);
            let tag = self.tags.iter().position(|tag| tag.as_bytes() == text);
            if !self.remember(&event.row, tag, now) || tag.is_none() {
                continue;
            }
            let group = self.scratch.row(0);
            let mut row = out.new_row();
            for &(to, from) in &self.copied {
                row.copy_field(to, &event.row, from);
            }
            for column in 0..columns {
                row.copy_field(self.first_column + column, &group, keys + column);
            }
            out.emit_last(Opcode::Insert, Flags::NORMAL);
        }
        out.finish(step.pool)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(self.groups.freeze())
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.groups.load(from)
    }
}
