//! Reading a row.

use super::{HeapRef, INLINE_BYTES, RowLayout};
use crate::field_type::FieldType;
use crate::value::Value;

/// A row to read, wherever it lies.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'a> {
    layout: &'a RowLayout,
    words: &'a [u64],
    heap: HeapRef<'a>,
}

impl<'a> RowView<'a> {
    /// The row in `words`, whose long values lie in `heap`.
    #[inline]
    pub fn new(layout: &'a RowLayout, words: &'a [u64], heap: HeapRef<'a>) -> Self {
        debug_assert_eq!(words.len(), layout.stride());
        Self { layout, words, heap }
    }

    /// The row's layout.
    #[inline]
    pub fn layout(&self) -> &'a RowLayout {
        self.layout
    }

    /// The row's words.
    #[inline]
    pub fn words(&self) -> &'a [u64] {
        self.words
    }

    /// The heap of the row's long values.
    #[inline]
    pub fn heap(&self) -> HeapRef<'a> {
        self.heap
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.layout.types().len()
    }

    /// Whether the row has no fields.
    pub fn is_empty(&self) -> bool {
        self.layout.types().is_empty()
    }

    /// Whether `field` has no value.
    #[inline]
    pub fn is_null(&self, field: usize) -> bool {
        self.words[field / 64] >> (field % 64) & 1 == 1
    }

    /// The first slot word of `field`; 0 when null.
    #[inline]
    pub fn word(&self, field: usize) -> u64 {
        self.words[self.layout.offset(field)]
    }

    /// The integer in `field` (`int32`, `int64`, `date`, `stamp`, `money`); 0 when null.
    #[inline]
    pub fn int(&self, field: usize) -> i64 {
        debug_assert!(self.layout.types()[field].is_integral());
        self.word(field).cast_signed()
    }

    /// The double in `field`; 0 when null.
    #[inline]
    pub fn double(&self, field: usize) -> f64 {
        debug_assert_eq!(self.layout.types()[field], FieldType::Double);
        f64::from_bits(self.word(field))
    }

    /// The number in `field` as a double, whatever its numeric type; 0 when null.
    #[inline]
    pub fn number(&self, field: usize) -> f64 {
        match self.layout.types()[field] {
            FieldType::Double => self.double(field),
            FieldType::Money => self.int(field) as f64 / crate::MONEY_SCALE as f64,
            _ => self.int(field) as f64,
        }
    }

    /// The two slot words of a variable `field`; zeros when null.
    #[inline]
    pub fn variable_words(&self, field: usize) -> [u64; 2] {
        let at = self.layout.offset(field);
        [self.words[at], self.words[at + 1]]
    }

    /// The hash of a variable `field`'s bytes, as in [`super::hash_bytes`]; 0 when null.
    #[inline]
    pub fn hash(&self, field: usize) -> u32 {
        (self.word(field) >> 32) as u32
    }

    /// The bytes of a variable `field`; empty when null.
    #[inline]
    pub fn bytes(&self, field: usize) -> &'a [u8] {
        debug_assert!(self.layout.types()[field].is_variable());
        let at = self.layout.offset(field);
        let len = self.words[at] as u32 as usize;
        if len <= INLINE_BYTES {
            slot_bytes::get(&self.words[at + 1], len)
        } else {
            self.heap.bytes((self.words[at + 1] >> 32) as u32, len)
        }
    }

    /// The text of a string `field`; empty when null.
    ///
    /// # Panics
    /// When the bytes are not UTF-8, which writers of rows rule out.
    pub fn text(&self, field: usize) -> &'a str {
        std::str::from_utf8(self.bytes(field)).expect("text is checked when it is written into a row")
    }

    /// The value of `field`.
    pub fn value(&self, field: usize) -> Value<'a> {
        if self.is_null(field) {
            return Value::Null;
        }
        match self.layout.types()[field] {
            FieldType::Int32 => Value::Int32(self.int(field) as i32),
            FieldType::Int64 => Value::Int64(self.int(field)),
            FieldType::Double => Value::Double(self.double(field)),
            FieldType::String | FieldType::RString => Value::String(self.text(field)),
            FieldType::Date => Value::Date(self.int(field)),
            FieldType::Stamp => Value::Stamp(self.int(field)),
            FieldType::Money => Value::Money(self.int(field)),
            FieldType::Blob => Value::Blob(self.bytes(field)),
            ty @ (FieldType::ArrayI32 | FieldType::ArrayI64 | FieldType::ArrayDouble) => {
                Value::Array(ty, self.bytes(field))
            }
        }
    }

    /// The values in field order.
    pub fn values(&self) -> impl ExactSizeIterator<Item = Value<'a>> + use<'a> {
        let row = *self;
        (0..row.len()).map(move |field| row.value(field))
    }

    /// Whether `field` here and `other_field` there hold the same value of the same type. Nulls are equal;
    /// doubles compare by their bits.
    #[inline]
    pub fn same(&self, field: usize, other: &RowView<'_>, other_field: usize) -> bool {
        debug_assert_eq!(
            self.layout.types()[field].is_variable(),
            other.layout.types()[other_field].is_variable()
        );
        if self.is_null(field) != other.is_null(other_field) {
            return false;
        }
        if !self.layout.types()[field].is_variable() {
            return self.word(field) == other.word(other_field);
        }
        let (a, b) = (self.variable_words(field), other.variable_words(other_field));
        if a[0] != b[0] {
            return false;
        }
        if a[0] as u32 as usize <= INLINE_BYTES {
            return a[1] == b[1];
        }
        a[1] as u32 == b[1] as u32 && self.bytes(field) == other.bytes(other_field)
    }
}

/// Viewing a slot word as the bytes it holds.
mod slot_bytes {
    #![expect(
        unsafe_code,
        reason = "inline text must be borrowed from its slot: copying it out costs an allocation per read"
    )]

    #[cfg(target_endian = "big")]
    compile_error!("slots hold their bytes in little-endian order");

    /// The first `len` bytes of `word` in memory order.
    #[inline]
    pub(super) fn get(word: &u64, len: usize) -> &[u8] {
        let len = len.min(8);
        // SAFETY: a u64 is 8 initialised bytes without padding, u8 has no alignment, `len` is at most 8, and
        // the result borrows from `word`.
        unsafe { std::slice::from_raw_parts(std::ptr::from_ref(word).cast::<u8>(), len) }
    }
}
