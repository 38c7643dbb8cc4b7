//! Values of the language, which convert freely into each other.

use std::borrow::Cow;
use std::sync::Arc;

use tidegate_event::{FieldType, MONEY_SCALE, RowView, RowWriter, value as stored};
use tidegate_expr::FaultKind;

use crate::delimited::{List, Map, Set};
use crate::json::{JsonPath, JsonText};
use crate::number::Number;
use crate::pattern::Pattern;
use crate::xml::Document;
use crate::xpath::XPath;

/// Text that is shared, not copied.
pub type Text = Arc<str>;

/// What a function answers: a value, or a fault that is counted and leaves null.
pub type Outcome = Result<Value, FaultKind>;

/// A text longer than this many bytes is a fault: a loop that appends to its own field must end somewhere.
pub(crate) const TEXT_BYTES_MAX: usize = 16 << 20;

/// A value.
#[derive(Debug, Clone)]
pub enum Value {
    /// No value.
    Null,
    /// Printed as 1 or 0.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Double(f64),
    /// Text.
    Text(Text),
    /// Bytes that are no text.
    Bytes(Arc<[u8]>),
    /// A list property.
    List(Arc<List>),
    /// A set property.
    Set(Arc<Set>),
    /// A map property.
    Map(Arc<Map>),
    /// An XML document.
    Xml(Arc<Document>),
    /// A JSON document.
    Json(Arc<JsonText>),
    /// A regular expression: a named one, or a constant where a function wants one.
    Pattern(Arc<Pattern>),
    /// A constant where a function wants an XPath expression.
    XPath(Arc<XPath>),
    /// A constant where a function wants a JSON path.
    JsonPath(Arc<JsonPath>),
}

impl Value {
    /// A text.
    pub fn text_of(text: impl Into<Text>) -> Self {
        Self::Text(text.into())
    }

    /// The value of a field.
    pub fn of_field(row: &RowView<'_>, field: usize) -> Self {
        if row.is_null(field) {
            return Self::Null;
        }
        match row.layout().types()[field] {
            FieldType::Int32 | FieldType::Int64 | FieldType::Date | FieldType::Stamp => {
                Self::Int(row.int(field))
            }
            FieldType::Double | FieldType::Money => Self::Double(row.number(field)),
            FieldType::String | FieldType::RString => Self::text_of(row.text(field)),
            FieldType::Blob => Self::Bytes(row.bytes(field).into()),
            FieldType::ArrayI32 => array(stored::array_i32(row.bytes(field)).map(|v| Number::Int(v.into()))),
            FieldType::ArrayI64 => array(stored::array_i64(row.bytes(field)).map(Number::Int)),
            FieldType::ArrayDouble => array(stored::array_double(row.bytes(field)).map(Number::Double)),
        }
    }

    /// Whether there is no value.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// The value as text; nothing when null. Bytes that are no UTF-8 have none.
    pub fn as_text(&self) -> Option<Cow<'_, str>> {
        Some(match self {
            Self::Null => return None,
            Self::Bool(value) => Cow::Borrowed(if *value { "1" } else { "0" }),
            Self::Int(value) => Cow::Owned(number_text(Number::Int(*value))),
            Self::Double(value) => Cow::Owned(number_text(Number::Double(*value))),
            Self::Text(text) => Cow::Borrowed(text),
            Self::Bytes(bytes) => Cow::Borrowed(std::str::from_utf8(bytes).ok()?),
            Self::List(list) => Cow::Borrowed(list.text()),
            Self::Set(set) => Cow::Borrowed(set.text()),
            Self::Map(map) => Cow::Borrowed(map.text()),
            Self::Xml(document) => Cow::Borrowed(document.text()),
            Self::Json(document) => Cow::Borrowed(document.text()),
            Self::Pattern(pattern) => Cow::Borrowed(pattern.text()),
            Self::XPath(path) => Cow::Borrowed(path.text()),
            Self::JsonPath(path) => Cow::Borrowed(path.text()),
        })
    }

    /// The value as shared text, without a copy where it is text already.
    pub fn shared_text(&self) -> Option<Text> {
        match self {
            Self::Text(text) => Some(Arc::clone(text)),
            other => other.as_text().map(Text::from),
        }
    }

    /// The value as a number; nothing when it is null or blank.
    ///
    /// # Errors
    /// When it is a text that is no number.
    pub fn number(&self) -> Result<Option<Number>, FaultKind> {
        Ok(Some(match self {
            Self::Null => return Ok(None),
            Self::Bool(value) => Number::Int((*value).into()),
            Self::Int(value) => Number::Int(*value),
            Self::Double(value) if value.is_nan() => return Ok(None),
            Self::Double(value) => Number::Double(*value),
            other => {
                let text = other.as_text().ok_or(FaultKind::FailedCast)?;
                if text.trim().is_empty() {
                    return Ok(None);
                }
                Number::parse(&text).ok_or(FaultKind::FailedCast)?
            }
        }))
    }

    /// The number that a value is, without a fault when it is none.
    pub fn as_number(&self) -> Option<Number> {
        self.number().ok().flatten()
    }

    /// Whether the value counts as true: not null, `""`, `false` or a zero (functions.md 3.2).
    pub fn truth(&self) -> bool {
        match self {
            Self::Null => false,
            Self::Bool(value) => *value,
            Self::Int(value) => *value != 0,
            Self::Double(value) => *value != 0.0 && !value.is_nan(),
            Self::Bytes(bytes) => !bytes.is_empty(),
            other => other.as_text().is_some_and(|text| {
                let text = text.trim();
                let zero = Number::parse(text).is_some_and(|number| number.double() == 0.0);
                !text.is_empty() && !text.eq_ignore_ascii_case("false") && !zero
            }),
        }
    }

    /// Writes the value into a field, which is null before.
    ///
    /// # Errors
    /// When it cannot be converted into the field's type; the field stays null.
    pub fn store(&self, row: &mut RowWriter<'_>, field: usize, ty: FieldType) -> Result<(), FaultKind> {
        if self.is_null() {
            return Ok(());
        }
        match ty {
            FieldType::String | FieldType::RString => {
                let text = self.as_text().ok_or(FaultKind::FailedCast)?;
                row.set_text(field, &text);
            }
            FieldType::Blob => match self {
                Self::Bytes(bytes) => row.set_bytes(field, bytes),
                other => {
                    row.set_bytes(field, other.as_text().ok_or(FaultKind::FailedCast)?.as_bytes());
                }
            },
            FieldType::Double => {
                if let Some(number) = self.number()? {
                    row.set_double(field, number.double());
                }
            }
            FieldType::Money => {
                if let Some(number) = self.number()? {
                    let scaled = match number {
                        Number::Int(value) => value.checked_mul(MONEY_SCALE).ok_or(FaultKind::FailedCast)?,
                        Number::Double(value) => {
                            Number::Double((value * MONEY_SCALE as f64).round()).truncated()?
                        }
                    };
                    row.set_int(field, scaled);
                }
            }
            FieldType::Int32 => {
                if let Some(number) = self.number()? {
                    let value = i32::try_from(number.truncated()?).map_err(|_| FaultKind::FailedCast)?;
                    row.set_int(field, value.into());
                }
            }
            FieldType::Int64 => {
                if let Some(number) = self.number()? {
                    row.set_int(field, number.truncated()?);
                }
            }
            FieldType::Date | FieldType::Stamp => {
                if let Some(value) = self.time(ty)? {
                    row.set_int(field, value);
                }
            }
            FieldType::ArrayI32 | FieldType::ArrayI64 | FieldType::ArrayDouble => {
                row.set_bytes(field, &array_bytes(&self.as_text().ok_or(FaultKind::FailedCast)?, ty)?);
            }
        }
        Ok(())
    }

    /// The value of a date (seconds) or stamp (microseconds) field: the number itself, or the time that a text of the form
    /// `2026-01-31 10:00:00` says.
    fn time(&self, ty: FieldType) -> Result<Option<i64>, FaultKind> {
        let fault = match self.number() {
            Ok(number) => return number.map(Number::truncated).transpose(),
            Err(fault) => fault,
        };
        let text = self.as_text().ok_or(fault)?;
        let micros = crate::dates::micros_of_text(text.trim()).ok_or(fault)?;
        Ok(Some(if ty == FieldType::Date { micros.div_euclid(1_000_000) } else { micros }))
    }
}

fn number_text(number: Number) -> String {
    let mut text = String::new();
    number.write(&mut text);
    text
}

/// An array as ESP writes one: `[1;2;3]`.
fn array(items: impl Iterator<Item = Number>) -> Value {
    let mut text = String::from("[");
    for (position, item) in items.enumerate() {
        if position > 0 {
            text.push(';');
        }
        item.write(&mut text);
    }
    text.push(']');
    Value::text_of(text)
}

fn array_bytes(text: &str, ty: FieldType) -> Result<Vec<u8>, FaultKind> {
    let inner = text.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let inner = inner.ok_or(FaultKind::FailedCast)?;
    let mut bytes = Vec::new();
    if inner.trim().is_empty() {
        return Ok(bytes);
    }
    for item in inner.split([';', ',']) {
        let number = Number::parse(item).ok_or(FaultKind::FailedCast)?;
        match ty {
            FieldType::ArrayI32 => {
                let value = i32::try_from(number.truncated()?).map_err(|_| FaultKind::FailedCast)?;
                bytes.extend_from_slice(&value.to_le_bytes());
            }
            FieldType::ArrayI64 => bytes.extend_from_slice(&number.truncated()?.to_le_bytes()),
            _ => bytes.extend_from_slice(&number.double().to_le_bytes()),
        }
    }
    Ok(bytes)
}

impl From<Number> for Value {
    fn from(number: Number) -> Self {
        match number {
            Number::Int(value) => Self::Int(value),
            Number::Double(value) => Self::Double(value),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}
