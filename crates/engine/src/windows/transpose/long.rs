//! Columns become rows: one event per tag.

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Field, FieldType, Flags, Opcode, Schema};
use tidegate_model::MistakeKind;

use super::{Lists, input_field, make_schema, with_values};
use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::step::Step;
use crate::window::Window;

/// Output: the input's key, `tagNum`, the tag, its values, the other fields.
pub(super) fn build(
    context: &mut BuildContext<'_>,
    lists: &Lists<'_>,
) -> Option<(Arc<Schema>, Box<dyn Window>)> {
    let input = context.only_input()?.schema;
    let before = context.mistakes.len();
    let mut tags: Vec<(String, Vec<usize>)> = Vec::new();
    for tag in &lists.tags {
        let columns: Vec<usize> = (lists.values.iter())
            .filter_map(|value| input_field(context, &input, &format!("{tag}_{value}"), lists.tags_attribute))
            .collect();
        tags.push(((*tag).to_owned(), columns));
    }
    if context.mistakes.len() > before {
        return None;
    }
    let taken: Vec<usize> = tags.iter().flat_map(|(_, columns)| columns.clone()).collect();
    let mut fields: Vec<Field> = input.keys().iter().map(|&key| input.fields()[key].clone()).collect();
    let keys: Vec<(usize, usize)> = input.keys().iter().copied().enumerate().collect();
    let number = fields.len();
    fields.push(Field::key("tagNum", FieldType::Int32));
    fields.push(Field::new(lists.tag_name.value.trim(), FieldType::String));
    for (place, value) in lists.values.iter().enumerate() {
        let first = tags[0].1[place];
        fields.push(Field::new(*value, input.ty(first)));
        for (_, columns) in &tags {
            let other = columns[place];
            if input.ty(other) != input.ty(first) {
                let [a, b] = [first, other].map(|at| &input.fields()[at]);
                let message = format!(
                    "window-transpose '{}': the fields of '{value}' have different types: {} is {}, {} is {}",
                    context.def.name, a.name, a.ty, b.name, b.ty
                );
                context.mistakes.add(lists.values_attribute.position, MistakeKind::BadValue, message);
            }
        }
    }
    let mut others = keys;
    for at in input.non_keys().filter(|at| !taken.contains(at)) {
        others.push((fields.len(), at));
        fields.push(input.fields()[at].clone());
    }
    if context.mistakes.len() > before {
        return None;
    }
    let schema = make_schema(context, fields)?;
    Some((Arc::clone(&schema), Box::new(Long { schema, number, tags, others })))
}

#[derive(Debug)]
struct Long {
    schema: Arc<Schema>,
    /// Where `tagNum` stands; the tag and its values follow.
    number: usize,
    /// Each tag with the fields of its values in the input.
    tags: Vec<(String, Vec<usize>)>,
    /// Fields that every row of an event has: (position in the output, position in the input).
    others: Vec<(usize, usize)>,
}

impl Window for Long {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        for event in with_values(input) {
            for (number, (tag, columns)) in self.tags.iter().enumerate() {
                let mut row = out.new_row();
                row.set_int(self.number, number as i64);
                row.set_text(self.number + 1, tag);
                for (place, &column) in columns.iter().enumerate() {
                    row.copy_field(self.number + 2 + place, &event.row, column);
                }
                for &(to, from) in &self.others {
                    row.copy_field(to, &event.row, from);
                }
                out.emit_last(Opcode::Insert, Flags::NORMAL);
            }
        }
        out.finish(step.pool)
    }
}
