//! A window's schema as responses show it (rest-api 4.1 and 5.1).

use tidegate_event::Schema;

use crate::node::Node;

/// One field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldEntry {
    /// The field's name.
    pub name: String,
    /// Its type, as in models.
    pub ty: String,
    /// Whether it is part of the key; `key="true"` is written only then.
    pub key: bool,
}

/// The fields of a window in declared order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SchemaEntry {
    /// The fields.
    pub fields: Vec<FieldEntry>,
}

impl From<&Schema> for SchemaEntry {
    fn from(schema: &Schema) -> Self {
        let fields = schema
            .fields()
            .iter()
            .map(|field| FieldEntry {
                name: field.name.clone(),
                ty: field.ty.name().to_owned(),
                key: field.key,
            })
            .collect();
        Self { fields }
    }
}

impl SchemaEntry {
    pub(crate) fn node(&self) -> Node {
        let fields = self
            .fields
            .iter()
            .map(|field| {
                Node::leaf("field")
                    .attribute("name", field.name.as_str())
                    .attribute("type", field.ty.as_str())
                    .attribute_if("key", field.key.then_some("true"))
            })
            .collect();
        Node::list("schema", vec![Node::list("fields", fields)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_as_in_models() {
        let schema = Schema::parse("id*:int64,a:array(dbl)").unwrap();
        let entry = SchemaEntry::from(&schema);
        let field = |name: &str, ty: &str, key| FieldEntry { name: name.to_owned(), ty: ty.to_owned(), key };
        assert_eq!(entry.fields, [field("id", "int64", true), field("a", "array(dbl)", false)]);
    }
}
