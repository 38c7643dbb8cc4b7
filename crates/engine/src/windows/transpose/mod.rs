//! `window-transpose`: tagged rows become columns, and columns become tagged rows (engine-semantics 3.13, model-xml 12.19).

mod long;
mod wide;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_event::{Event, EventBlock, Field, Opcode, Schema};
use tidegate_model::{Attribute, Mistake, MistakeKind, Reader};

use crate::build::BuildContext;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static TRANSPOSE: WindowType = WindowType { element: "window-transpose", build };

#[derive(Debug, Clone, Copy)]
enum Mode {
    Wide,
    Long,
}

/// What both modes read.
struct Lists<'a> {
    tag_name: &'a Attribute,
    /// The fields that belong to each tag.
    values: Vec<&'a str>,
    tags: Vec<&'a str>,
    tags_attribute: &'a Attribute,
    values_attribute: &'a Attribute,
}

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let before = context.mistakes.len();
    reader.required_attr("mode", context.mistakes);
    let mode = reader.enum_attr("mode", &[("wide", Mode::Wide), ("long", Mode::Long)], context.mistakes);
    let tag_name = reader.required_attr("tag-name", context.mistakes);
    let tag_values = reader.required_attr("tag-values", context.mistakes);
    let tags_included = reader.required_attr("tags-included", context.mistakes);
    let (mut group_by, mut clear_micros) = (None, None);
    if let Some(Mode::Wide) = mode {
        group_by = reader.attr("group-by");
        clear_micros = clear_timeout(&mut reader, context);
    }
    context.finish(reader);
    let (tag_name, tag_values, tags_included) = (tag_name?, tag_values?, tags_included?);
    let lists = Lists {
        tag_name,
        values: names(tag_values, context),
        tags: names(tags_included, context),
        tags_attribute: tags_included,
        values_attribute: tag_values,
    };
    let groups = group_by.map(|attribute| (attribute, names(attribute, context)));
    if context.mistakes.len() > before {
        return None;
    }
    let (schema, window): (_, Box<dyn Window>) = match mode? {
        Mode::Wide => wide::build(context, &lists, groups, clear_micros)?,
        Mode::Long => long::build(context, &lists)?,
    };
    Some(BuiltWindow {
        schema,
        window,
        output: OutputStage::AsIs { resolved: true },
        insert_only: true,
        shape: format!("{} {}", tag_values.value.trim(), tags_included.value.trim()),
        notices: Vec::new(),
    })
}

/// `clear-timeout`: `never` or an interval.
fn clear_timeout(reader: &mut Reader<'_>, context: &mut BuildContext<'_>) -> Option<i64> {
    let never = reader.attr("clear-timeout")?.value.trim().eq_ignore_ascii_case("never");
    if never {
        return None;
    }
    reader.interval_attr("clear-timeout", context.mistakes).map(|interval| interval.micros())
}

/// The names of a comma list; an empty one, or one that stands there twice, is a mistake.
fn names<'a>(attribute: &'a Attribute, context: &mut BuildContext<'_>) -> Vec<&'a str> {
    let mut names: Vec<&str> = Vec::new();
    for name in attribute.value.split(',').map(str::trim) {
        if name.is_empty() || names.contains(&name) {
            let what = if name.is_empty() { "an empty name" } else { "the same name twice" };
            let message = format!(
                "'{}' of window-transpose '{}' holds {what}: '{}'",
                attribute.name, context.def.name, attribute.value
            );
            context.mistakes.add(attribute.position, MistakeKind::BadValue, message);
            return names;
        }
        names.push(name);
    }
    names
}

/// Position of a field of the input; a mistake at the attribute that names it when it is not there.
fn input_field(context: &mut BuildContext<'_>, input: &Schema, name: &str, at: &Attribute) -> Option<usize> {
    let found = input.position(name);
    if found.is_none() {
        let message =
            format!("window-transpose '{}': the input has no field '{name}' ({})", context.def.name, at.name);
        let mistake = Mistake::new(at.position, MistakeKind::UnknownField, message);
        context.mistakes.push(mistake.nearest(name, input.fields().iter().map(|f| f.name.as_str())));
    }
    found
}

fn make_schema(context: &mut BuildContext<'_>, fields: Vec<Field>) -> Option<Arc<Schema>> {
    if !fields.iter().any(|field| field.key) {
        context.mistake(MistakeKind::NoKey, "no key field of the input is left beside tag and values");
        return None;
    }
    match Schema::new(fields) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(error) => {
            context.mistake(MistakeKind::DuplicateField, &format!("its output: {error}"));
            None
        }
    }
}

/// The events of a block that are transposed: all but deletes and the old halves of update pairs, which carry no new values.
fn with_values(block: &EventBlock) -> impl Iterator<Item = Event<'_>> {
    block.iter().filter(|event| !matches!(event.opcode, Opcode::Delete | Opcode::SafeDelete))
}
