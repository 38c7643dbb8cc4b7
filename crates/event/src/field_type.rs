//! The twelve field types of an ESP schema.

use std::fmt;

/// A field's type, as written in a model's schema (model-xml 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FieldType {
    /// Signed 32-bit integer.
    Int32,
    /// Signed 64-bit integer.
    Int64,
    /// IEEE 754 double.
    Double,
    /// UTF-8 text.
    String,
    /// Seconds since 1970-01-01 UTC.
    Date,
    /// Microseconds since 1970-01-01 UTC.
    Stamp,
    /// Fixed decimal, kept in ten-thousandths (see [`crate::MONEY_SCALE`]).
    Money,
    /// Bytes; base64 in text formats.
    Blob,
    /// UTF-8 text in a reference-counted buffer; here the same as [`FieldType::String`].
    RString,
    /// Vector of `i32`.
    ArrayI32,
    /// Vector of `i64`.
    ArrayI64,
    /// Vector of `f64`.
    ArrayDouble,
}

impl FieldType {
    /// Every type, in the order of its [`code`](Self::code).
    pub const ALL: [Self; 12] = [
        Self::Int32,
        Self::Int64,
        Self::Double,
        Self::String,
        Self::Date,
        Self::Stamp,
        Self::Money,
        Self::Blob,
        Self::RString,
        Self::ArrayI32,
        Self::ArrayI64,
        Self::ArrayDouble,
    ];

    /// The name used in models and in every text that the server writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Int32 => "int32",
            Self::Int64 => "int64",
            Self::Double => "double",
            Self::String => "string",
            Self::Date => "date",
            Self::Stamp => "stamp",
            Self::Money => "money",
            Self::Blob => "blob",
            Self::RString => "rstring",
            Self::ArrayI32 => "array(i32)",
            Self::ArrayI64 => "array(i64)",
            Self::ArrayDouble => "array(dbl)",
        }
    }

    /// ESP's number of the type (connectors-adapters, part 4), used in binary blocks.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type with ESP's number `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// Reads a type name in any letter case, with inner blanks and the aliases of model-xml 5.1.
    pub fn parse(text: &str) -> Option<Self> {
        let name: String =
            text.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_ascii_lowercase()).collect();
        Some(match name.as_str() {
            "int32" => Self::Int32,
            "int64" => Self::Int64,
            "double" => Self::Double,
            "string" | "utf8str" => Self::String,
            "rstring" | "rutf8str" => Self::RString,
            "date" | "datetime" => Self::Date,
            "stamp" | "timestamp" => Self::Stamp,
            "money" => Self::Money,
            "blob" | "binary" => Self::Blob,
            "array(i32)" | "array(int32)" => Self::ArrayI32,
            "array(i64)" | "array(int64)" => Self::ArrayI64,
            "array(dbl)" | "array(double)" => Self::ArrayDouble,
            _ => return None,
        })
    }

    /// Whether the value is text.
    pub const fn is_text(self) -> bool {
        matches!(self, Self::String | Self::RString)
    }

    /// Whether the value is a list of numbers.
    pub const fn is_array(self) -> bool {
        matches!(self, Self::ArrayI32 | Self::ArrayI64 | Self::ArrayDouble)
    }

    /// Size of an array's element in bytes; `None` for what is no array.
    pub const fn element_bytes(self) -> Option<usize> {
        match self {
            Self::ArrayI32 => Some(4),
            Self::ArrayI64 | Self::ArrayDouble => Some(8),
            _ => None,
        }
    }

    /// Whether the value has no fixed size, and so a two-word slot and perhaps bytes in a heap.
    pub const fn is_variable(self) -> bool {
        self.is_text() || self.is_array() || matches!(self, Self::Blob)
    }

    /// Whether the slot holds a plain signed integer.
    pub const fn is_integral(self) -> bool {
        matches!(self, Self::Int32 | Self::Int64 | Self::Date | Self::Stamp | Self::Money)
    }

    /// Whether a field of this type may be a key: everything but money, blobs and arrays (model-xml 5).
    pub const fn can_be_key(self) -> bool {
        !self.is_array() && !matches!(self, Self::Blob | Self::Money)
    }

    /// How many 64-bit words the field's slot takes in a row.
    pub const fn slot_words(self) -> usize {
        if self.is_variable() { 2 } else { 1 }
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        for ty in FieldType::ALL {
            assert_eq!(FieldType::parse(ty.name()), Some(ty));
            assert_eq!(FieldType::from_code(ty.code()), Some(ty));
        }
        assert_eq!(FieldType::from_code(12), None);
    }

    #[test]
    fn aliases_and_letter_case() {
        assert_eq!(FieldType::parse(" Array( Double ) "), Some(FieldType::ArrayDouble));
        assert_eq!(FieldType::parse("TIMESTAMP"), Some(FieldType::Stamp));
        assert_eq!(FieldType::parse("inherit"), None);
    }
}
