//! One field value, outside of a row.

use crate::field_type::FieldType;

/// Money is kept as a whole number of ten-thousandths.
pub const MONEY_SCALE: i64 = 10_000;

/// A field value taken out of a row, or on its way into one.
///
/// For the places where one value at a time is handled: tests, wire formats, messages. Hot loops read slots
/// through [`crate::RowView`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// An `int32`.
    Int32(i32),
    /// An `int64`.
    Int64(i64),
    /// A `double`.
    Double(f64),
    /// A `string` or `rstring`.
    String(&'a str),
    /// Seconds since 1970-01-01 UTC.
    Date(i64),
    /// Microseconds since 1970-01-01 UTC.
    Stamp(i64),
    /// Ten-thousandths.
    Money(i64),
    /// Bytes.
    Blob(&'a [u8]),
    /// Elements of 4, 8 and 8 bytes, little-endian.
    Array(FieldType, &'a [u8]),
}

impl Value<'_> {
    /// Whether there is no value.
    pub const fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// The elements of an `array(i32)` in its stored form.
pub fn array_i32(bytes: &[u8]) -> impl Iterator<Item = i32> + '_ {
    bytes.as_chunks::<4>().0.iter().map(|b| i32::from_le_bytes(*b))
}

/// The elements of an `array(i64)` in its stored form.
pub fn array_i64(bytes: &[u8]) -> impl Iterator<Item = i64> + '_ {
    bytes.as_chunks::<8>().0.iter().map(|b| i64::from_le_bytes(*b))
}

/// The elements of an `array(dbl)` in its stored form.
pub fn array_double(bytes: &[u8]) -> impl Iterator<Item = f64> + '_ {
    bytes.as_chunks::<8>().0.iter().map(|b| f64::from_le_bytes(*b))
}
