//! Schemas as models declare them, with `schema@copy` resolved (model-xml 5).

use std::sync::Arc;

use tidegate_event::{Field, Schema, SchemaError};
use tidegate_model::{Mistake, MistakeKind, Mistakes, SchemaDef, WindowDef};

/// The schema that a window declares. `copied` is the schema of the window that it copies, if it does.
/// Rules 25 to 30 of model-xml 20 that need no other window were checked when the model was read.
pub(super) fn declared(
    def: &WindowDef,
    declared: &SchemaDef,
    copied: Option<&Schema>,
    mistakes: &mut Mistakes,
) -> Option<Arc<Schema>> {
    let mut fields: Vec<Field> = Vec::new();
    if let (Some(copy), Some(schema)) = (&declared.copy, copied) {
        let own_keys = declared.fields.iter().any(|field| field.key);
        let keep_keys = copy.keys.unwrap_or(!own_keys);
        fields.extend(schema.fields().iter().map(|f| Field { key: f.key && keep_keys, ..f.clone() }));
    }
    for field in &declared.fields {
        let field = Field { name: field.name.clone(), ty: field.ty, key: field.key };
        match fields.iter_mut().find(|other| other.name == field.name) {
            Some(other) => *other = field,
            None => fields.push(field),
        }
    }
    // Only a notification keeps nothing and passes nothing on: its fields are no events (rule 26).
    let needs_key = def.element.name != "window-notification";
    if needs_key && !fields.is_empty() && !fields.iter().any(|field| field.key) {
        let message = format!("the schema of {} '{}' has no key field", def.element.name, def.name);
        let mistake = Mistake::new(declared.position, MistakeKind::NoKey, message);
        mistakes.push(mistake.hint("mark at least one field with key=\"true\""));
        return None;
    }
    match Schema::new(fields) {
        Ok(schema) => Some(Arc::new(schema)),
        Err(error) => {
            let kind = match error {
                SchemaError::DuplicateField(_) => MistakeKind::DuplicateField,
                SchemaError::BadKeyType { .. } => MistakeKind::BadKeyType,
                _ => MistakeKind::MissingSchema,
            };
            let message = format!("{} '{}': {error}", def.element.name, def.name);
            mistakes.add(declared.position, kind, message);
            None
        }
    }
}
