//! Schemas as models write them (model-xml 5).

use tidegate_event::FieldType;

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::name::is_name;
use crate::reader::Reader;
use crate::xml::{Element, Position};

/// One declared field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDef {
    /// Its name.
    pub name: String,
    /// Its type.
    pub ty: FieldType,
    /// Whether it is a key.
    pub key: bool,
    /// Where it is declared.
    pub position: Position,
}

/// `schema@copy`: the fields of another window come first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaCopy {
    /// The window whose fields are copied.
    pub window: String,
    /// `copy-keys`, if given. If not, keys are copied unless explicit key fields are there.
    pub keys: Option<bool>,
    /// Where the attribute stands.
    pub position: Position,
}

/// A schema that a window declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaDef {
    /// The declared fields in order. With a copy they are merged into the copied ones: same name replaces, new name appends.
    pub fields: Vec<FieldDef>,
    /// The window to copy from, resolved by the engine.
    pub copy: Option<SchemaCopy>,
    /// Where the schema element stands.
    pub position: Position,
}

impl SchemaDef {
    pub(crate) fn read(element: &Element, mistakes: &mut Mistakes) -> Self {
        let mut reader = Reader::new(element);
        reader.ignore_attr("name");
        let keys = reader.opt_bool_attr("copy-keys", mistakes);
        let copy = reader.attr("copy").map(|attribute| SchemaCopy {
            window: attribute.value.trim().to_owned(),
            keys,
            position: attribute.position,
        });
        let mut fields = Vec::new();
        if let Some(list) = reader.child("fields", mistakes) {
            let mut list = Reader::new(list);
            for field in list.children("field") {
                fields.extend(read_field(field, mistakes));
            }
            list.finish(mistakes);
        }
        reader.finish(mistakes);
        Self::checked(Self { fields, copy, position: element.position }, mistakes)
    }

    pub(crate) fn read_string(element: &Element, mistakes: &mut Mistakes) -> Self {
        let text = element.text.as_str();
        let mut fields = Vec::new();
        let mut offset = 0;
        for item in text.split(',') {
            let position = element.text.position_at(offset + item.len() - item.trim_start().len());
            offset += item.len() + 1;
            let Some((name, ty)) = item.split_once(':') else {
                let message = format!("'{}' in the schema string has no type", item.trim());
                let mistake = Mistake::new(position, MistakeKind::BadSchemaString, message);
                mistakes
                    .push(mistake.hint("write fields as name:type, keys as name*:type, with commas between"));
                continue;
            };
            let (name, key) = match name.trim().strip_suffix('*') {
                Some(name) => (name.trim_end(), true),
                None => (name.trim(), false),
            };
            fields.extend(field(name, ty, key, position, position, mistakes));
        }
        Self::checked(Self { fields, copy: None, position: element.position }, mistakes)
    }

    fn checked(self, mistakes: &mut Mistakes) -> Self {
        for (i, field) in self.fields.iter().enumerate() {
            if self.fields[..i].iter().any(|earlier| earlier.name == field.name) {
                let message = format!("the field '{}' is declared twice", field.name);
                mistakes.add(field.position, MistakeKind::DuplicateField, message);
            }
            if field.key && !field.ty.can_be_key() {
                let message = format!("the field '{}' of type {} cannot be a key", field.name, field.ty);
                mistakes.add(field.position, MistakeKind::BadKeyType, message);
            }
        }
        self
    }
}

fn read_field(element: &Element, mistakes: &mut Mistakes) -> Option<FieldDef> {
    let mut reader = Reader::new(element);
    let name = reader.required_attr("name", mistakes).map(|name| name.value.trim().to_owned());
    let ty = reader.required_attr("type", mistakes);
    let key = reader.bool_attr("key", false, mistakes);
    reader.finish(mistakes);
    let (name, ty) = (name?, ty?);
    field(&name, &ty.value, key, element.position, ty.position, mistakes)
}

fn field(
    name: &str,
    ty: &str,
    key: bool,
    position: Position,
    type_position: Position,
    mistakes: &mut Mistakes,
) -> Option<FieldDef> {
    if !is_name(name) {
        let mistake = Mistake::new(position, MistakeKind::BadName, format!("'{name}' is no name of a field"));
        mistakes.push(mistake.hint("a letter or underscore, then letters, digits and underscores"));
        return None;
    }
    let parsed = FieldType::parse(ty);
    if parsed.is_none() {
        let ty = ty.trim();
        let message = format!("the field '{name}' has the unknown type '{ty}'");
        let mistake = Mistake::new(type_position, MistakeKind::UnknownFieldType, message);
        mistakes.push(mistake.nearest(ty, FieldType::ALL.iter().map(|ty| ty.name())));
    }
    Some(FieldDef { name: name.to_owned(), ty: parsed?, key, position })
}
