//! Schemas: the named, typed fields of a window and which of them are its key.

use std::fmt;

use crate::field_type::FieldType;
use crate::row::RowLayout;

/// One field of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// The field's name, unique in its schema and case-sensitive.
    pub name: String,
    /// The field's type.
    pub ty: FieldType,
    /// Whether the field is part of the key.
    pub key: bool,
}

impl Field {
    /// A field that is not part of the key.
    pub fn new(name: impl Into<String>, ty: FieldType) -> Self {
        Self { name: name.into(), ty, key: false }
    }

    /// A key field.
    pub fn key(name: impl Into<String>, ty: FieldType) -> Self {
        Self { name: name.into(), ty, key: true }
    }
}

/// Why a list of fields, or a schema string, is no schema.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SchemaError {
    /// Two fields share a name.
    #[error("field '{0}' is declared twice")]
    DuplicateField(String),
    /// A key field of a type that cannot be compared for equality of identity.
    #[error("field '{name}' of type {ty} cannot be a key")]
    BadKeyType {
        /// The field.
        name: String,
        /// Its type.
        ty: FieldType,
    },
    /// An item of a schema string without the form `name[*]:type`.
    #[error("'{0}' is not of the form name[*]:type")]
    BadItem(String),
    /// A type name that does not exist.
    #[error("field '{name}' has the unknown type '{ty}'")]
    UnknownType {
        /// The field.
        name: String,
        /// The text in the place of its type.
        ty: String,
    },
    /// No field at all.
    #[error("a schema needs at least one field")]
    Empty,
}

/// The fields of a window in declared order, with the layout of a row that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schema {
    fields: Vec<Field>,
    keys: Vec<usize>,
    layout: RowLayout,
}

impl Schema {
    /// A schema of these fields, in this order. It may have no key (only notification windows do that).
    ///
    /// # Errors
    /// When there is no field, a name occurs twice, or a key has a type that cannot be one.
    pub fn new(fields: Vec<Field>) -> Result<Self, SchemaError> {
        if fields.is_empty() {
            return Err(SchemaError::Empty);
        }
        for (i, field) in fields.iter().enumerate() {
            if fields[..i].iter().any(|earlier| earlier.name == field.name) {
                return Err(SchemaError::DuplicateField(field.name.clone()));
            }
            if field.key && !field.ty.can_be_key() {
                return Err(SchemaError::BadKeyType { name: field.name.clone(), ty: field.ty });
            }
        }
        let keys = fields.iter().enumerate().filter(|(_, f)| f.key).map(|(i, _)| i).collect();
        let layout = RowLayout::new(fields.iter().map(|f| f.ty));
        Ok(Self { fields, keys, layout })
    }

    /// Reads a schema string such as `ID*:int32,symbol:string` (model-xml 5).
    ///
    /// # Errors
    /// As [`Schema::new`], and when an item has another form or names an unknown type.
    pub fn parse(text: &str) -> Result<Self, SchemaError> {
        let mut fields = Vec::new();
        for item in text.split(',') {
            let item = item.trim();
            let (name, ty) = item.split_once(':').ok_or_else(|| SchemaError::BadItem(item.to_owned()))?;
            let name = name.trim();
            let (name, key) = match name.strip_suffix('*') {
                Some(name) => (name.trim_end(), true),
                None => (name, false),
            };
            if name.is_empty() {
                return Err(SchemaError::BadItem(item.to_owned()));
            }
            let ty = FieldType::parse(ty).ok_or_else(|| SchemaError::UnknownType {
                name: name.to_owned(),
                ty: ty.trim().to_owned(),
            })?;
            fields.push(Field { name: name.to_owned(), ty, key });
        }
        Self::new(fields)
    }

    /// The fields in declared order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Never true: a schema has fields.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Positions of the key fields, ascending.
    pub fn keys(&self) -> &[usize] {
        &self.keys
    }

    /// Positions of the other fields, ascending.
    pub fn non_keys(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.fields.len()).filter(|&i| !self.fields[i].key)
    }

    /// Position of the field called `name`.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|f| f.name == name)
    }

    /// Type of the field at `position`.
    pub fn ty(&self, position: usize) -> FieldType {
        self.fields[position].ty
    }

    /// How a row of this schema lies in memory.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }
}

/// The schema string: `ID*:int32,symbol:string`.
impl fmt::Display for Schema {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, field) in self.fields.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            let star = if field.key { "*" } else { "" };
            write!(f, "{comma}{}{star}:{}", field.name, field.ty)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schema_string_round_trips() {
        let schema = Schema::parse("ID*:int32 , symbol : string,price:double").unwrap();
        assert_eq!(schema.to_string(), "ID*:int32,symbol:string,price:double");
        assert_eq!(schema.keys(), [0]);
        assert_eq!(schema.non_keys().collect::<Vec<_>>(), [1, 2]);
        assert_eq!(schema.position("price"), Some(2));
    }

    #[test]
    fn mistakes_are_named() {
        assert_eq!(Schema::parse("a:int32,a:int64"), Err(SchemaError::DuplicateField("a".into())));
        assert_eq!(Schema::parse("a"), Err(SchemaError::BadItem("a".into())));
        assert_eq!(
            Schema::parse("a:inherit"),
            Err(SchemaError::UnknownType { name: "a".into(), ty: "inherit".into() })
        );
        assert_eq!(
            Schema::parse("a*:blob"),
            Err(SchemaError::BadKeyType { name: "a".into(), ty: FieldType::Blob })
        );
    }
}
