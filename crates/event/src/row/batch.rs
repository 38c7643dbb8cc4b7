//! The rows of an event block.

use super::words::{copy_words, push_words};
use super::{FixedPlace, HeapRef, INLINE_BYTES, RowLayout, RowView, UNIT, variable_slot};
use crate::field_type::FieldType;
use crate::value::Value;

/// The bits that a row holds for a double: negative zero becomes zero and every NaN the same NaN, so that equal
/// values have equal bits.
#[inline]
pub fn canonical_bits(value: f64) -> u64 {
    (if value.is_nan() { f64::NAN } else { value + 0.0 }).to_bits()
}

/// Rows of one layout in contiguous memory, with the bytes of their long values.
#[derive(Debug, Clone, Default)]
pub struct RowBatch {
    layout: RowLayout,
    words: Vec<u64>,
    heap: Vec<u8>,
    len: usize,
    /// Per row as many words as the null bitmap: fields whose stored value is to be kept. Empty until used.
    unchanged: Vec<u64>,
}

impl RowBatch {
    /// No rows of `layout` yet.
    pub fn new(layout: &RowLayout) -> Self {
        Self { layout: layout.clone(), ..Self::default() }
    }

    /// Forgets all rows but keeps the memory; from now on rows have `layout`.
    pub fn reset(&mut self, layout: &RowLayout) {
        self.words.clear();
        self.heap.clear();
        self.unchanged.clear();
        self.len = 0;
        if self.layout != *layout {
            self.layout.clone_from(layout);
        }
    }

    /// The layout of every row.
    #[inline]
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The words of all rows, one after the other: for loops over a column.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// The place of a fixed-size `field` in every row: for loops over a column.
    ///
    /// # Panics
    /// In debug builds, when the field is a text, blob or array.
    pub fn place(&self, field: usize) -> FixedPlace {
        self.layout.place(field)
    }

    /// The slot word at `place` of row `number`; nothing when null.
    #[inline]
    pub fn word_at(&self, place: FixedPlace, number: usize) -> Option<u64> {
        let start = number * place.stride;
        if self.words[start + place.null_word] & place.null_bit == 0 {
            Some(self.words[start + place.slot])
        } else {
            None
        }
    }

    /// Sets the slot word at `place` of row `number`. A double's word is canonical: see [`canonical_bits`].
    #[inline]
    pub fn set_word_at(&mut self, place: FixedPlace, number: usize, word: u64) {
        let row = &mut self.words[number * place.stride..][..place.stride];
        row[place.null_word] &= !place.null_bit;
        row[place.slot] = word;
    }

    /// Sets the slot word at `place` of each row from the first on, as long as there are `words`, of which there are not
    /// more than rows; leaves rows without one as they are. Doubles as in [`set_word_at`](Self::set_word_at).
    #[inline]
    pub fn set_words(&mut self, place: FixedPlace, words: impl Iterator<Item = Option<u64>>) {
        let mut start = 0;
        for word in words {
            if let Some(word) = word {
                self.words[start + place.null_word] &= !place.null_bit;
                self.words[start + place.slot] = word;
            }
            start += place.stride;
        }
    }

    /// The heap of the long values.
    #[inline]
    pub fn heap(&self) -> HeapRef<'_> {
        HeapRef::Flat(&self.heap)
    }

    /// Bytes of memory in use, for limits.
    pub fn bytes_used(&self) -> usize {
        (self.words.len() + self.unchanged.len()) * 8 + self.heap.len()
    }

    /// The row at `number`.
    #[inline]
    pub fn row(&self, number: usize) -> RowView<'_> {
        let stride = self.layout.stride();
        RowView::new(&self.layout, &self.words[number * stride..][..stride], self.heap())
    }

    /// Whether `field` of row `number` is marked "keep the stored value" (partial updates).
    pub fn is_unchanged(&self, number: usize, field: usize) -> bool {
        let at = number * self.layout.null_words() + field / 64;
        self.unchanged.get(at).is_some_and(|bits| bits >> (field % 64) & 1 == 1)
    }

    /// Adds a row with all fields null, to be filled.
    #[inline]
    pub fn push(&mut self) -> RowWriter<'_> {
        let start = self.words.len();
        self.words.resize(start + self.layout.stride(), 0);
        let mut fields = self.layout.types().len();
        for word in &mut self.words[start..start + self.layout.null_words()] {
            *word = if fields >= 64 { u64::MAX } else { (1 << fields) - 1 };
            fields = fields.saturating_sub(64);
        }
        self.len += 1;
        RowWriter { start, number: self.len - 1, batch: self }
    }

    /// A row to be filled further. A long value that is set anew leaves its old bytes in the heap until the batch
    /// is reset.
    #[inline]
    pub fn row_mut(&mut self, number: usize) -> RowWriter<'_> {
        assert!(number < self.len, "row {number} of {}", self.len);
        RowWriter { start: number * self.layout.stride(), number, batch: self }
    }

    /// Adds a copy of `row`, which has the same layout, and answers its number.
    #[inline]
    pub fn push_copy(&mut self, row: &RowView<'_>) -> u32 {
        debug_assert_eq!(&self.layout, row.layout());
        let start = self.words.len();
        push_words(&mut self.words, row.words());
        self.copy_long_values(start, row);
        self.len += 1;
        (self.len - 1) as u32
    }

    /// Adds `count` rows that are nothing until [`overwrite`](Self::overwrite) or [`exchange`](Self::exchange) writes them, and
    /// answers the number of the first.
    pub fn push_unwritten(&mut self, count: usize) -> u32 {
        self.words.resize(self.words.len() + count * self.layout.stride(), 0);
        self.len += count;
        (self.len - count) as u32
    }

    /// Makes row `number` a copy of `row`, which has the same layout. Long values that it had stay in the heap until the
    /// batch is reset.
    #[inline]
    pub fn overwrite(&mut self, number: u32, row: &RowView<'_>) {
        let (start, stride) = (number as usize * self.layout.stride(), self.layout.stride());
        copy_words(&mut self.words[start..start + stride], row.words());
        self.copy_long_values(start, row);
    }

    /// Overwrites the row whose words are `stored` with row `new`, and row `old`, which comes later, with what it was, if
    /// neither has a long value; tells whether.
    #[inline]
    pub fn exchange(&mut self, new: u32, old: u32, stored: &mut [u64]) -> bool {
        let stride = self.layout.stride();
        let (before, after) = self.words.split_at_mut(old as usize * stride);
        let (new, old) = (&before[new as usize * stride..][..stride], &mut after[..stride]);
        let len = |row: &[u64], at: u32| row[at as usize] as u32 as usize;
        let short = |&at: &u32| len(new, at).max(len(stored, at)) <= INLINE_BYTES;
        if !self.layout.variable_offsets().iter().all(short) {
            return false;
        }
        copy_words(old, stored);
        copy_words(stored, new);
        true
    }

    /// Gives the copy of `row` at `start` long values of its own.
    #[inline]
    fn copy_long_values(&mut self, start: usize, row: &RowView<'_>) {
        for i in 0..self.layout.variable_offsets().len() {
            let offset = self.layout.variable_offsets()[i] as usize;
            if row.words()[offset] as u32 as usize > INLINE_BYTES {
                self.copy_long_value(start + offset, row, offset);
            }
        }
    }

    #[inline(never)]
    fn copy_long_value(&mut self, at: usize, row: &RowView<'_>, offset: usize) {
        let [head, tail] = [row.words()[offset], row.words()[offset + 1]];
        let unit = self.push_heap(row.heap().bytes((tail >> 32) as u32, head as u32 as usize));
        self.words[at + 1] = u64::from(tail as u32) | u64::from(unit) << 32;
    }

    /// Adds `count` rows that have `fields` of `rows`, which have the same layout, and are null elsewhere.
    #[inline]
    pub fn push_fields<'a>(
        &mut self,
        count: usize,
        rows: impl Iterator<Item = RowView<'a>> + Clone,
        fields: &[usize],
    ) {
        let stride = self.layout.stride();
        let start = self.words.len();
        self.words.resize(start + count * stride, 0);
        self.len += count;
        let mut left = self.layout.types().len();
        for word in 0..self.layout.null_words() {
            let nulls = if left >= 64 { u64::MAX } else { (1 << left) - 1 };
            left = left.saturating_sub(64);
            (0..count).for_each(|row| self.words[start + row * stride + word] = nulls);
        }
        for &field in fields {
            let (slot, variable) = (self.layout.offset(field), self.layout.types()[field].is_variable());
            let (null_word, present) = (field / 64, !(1_u64 << (field % 64)));
            let mut at = start;
            for row in rows.clone() {
                let from = row.words();
                if !row.is_null(field) {
                    self.words[at + null_word] &= present;
                    self.words[at + slot] = from[slot];
                    if variable {
                        self.words[at + slot + 1] = from[slot + 1];
                        if from[slot] as u32 as usize > INLINE_BYTES {
                            self.copy_long_value(at + slot, &row, slot);
                        }
                    }
                }
                at += stride;
            }
            debug_assert_eq!(at, self.words.len());
        }
    }

    /// Makes this batch, which must be empty and of the same layout, a copy of all rows of `other`, without their
    /// marks of unchanged fields.
    pub fn clone_rows(&mut self, other: &Self) {
        debug_assert!(self.is_empty() && self.heap.is_empty() && self.layout == other.layout);
        self.words.extend_from_slice(&other.words);
        self.heap.extend_from_slice(&other.heap);
        self.len = other.len;
    }

    /// Takes away the rows from number `len` on. Their long values stay in the heap until the batch is reset.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.words.truncate(len * self.layout.stride());
            self.unchanged.truncate(len * self.layout.null_words());
            self.len = len;
        }
    }

    fn push_heap(&mut self, bytes: &[u8]) -> u32 {
        let unit = self.heap.len() / UNIT;
        self.heap.extend_from_slice(bytes);
        self.heap.resize(self.heap.len().next_multiple_of(UNIT), 0);
        u32::try_from(unit).expect("a block's text stays below 32 GiB: decoders limit blocks to far less")
    }
}

/// Fills a row that was added to a [`RowBatch`]. Fields not set stay null.
#[derive(Debug)]
pub struct RowWriter<'a> {
    batch: &'a mut RowBatch,
    start: usize,
    number: usize,
}

impl RowWriter<'_> {
    /// The row's number in its batch.
    pub fn number(&self) -> u32 {
        self.number as u32
    }

    /// The row as filled so far.
    pub fn view(&self) -> RowView<'_> {
        self.batch.row(self.number)
    }

    fn ty(&self, field: usize) -> FieldType {
        self.batch.layout.types()[field]
    }

    #[inline]
    fn set_word(&mut self, field: usize, word: u64) {
        self.batch.words[self.start + field / 64] &= !(1 << (field % 64));
        let at = self.start + self.batch.layout.offset(field);
        self.batch.words[at] = word;
    }

    /// Takes the field's value away.
    pub fn set_null(&mut self, field: usize) {
        let at = self.start + self.batch.layout.offset(field);
        for word in &mut self.batch.words[at..at + self.batch.layout.types()[field].slot_words()] {
            *word = 0;
        }
        self.batch.words[self.start + field / 64] |= 1 << (field % 64);
    }

    /// Sets an integral field (`int32`, `int64`, `date`, `stamp`, `money`).
    #[inline]
    pub fn set_int(&mut self, field: usize, value: i64) {
        debug_assert!(self.ty(field).is_integral());
        debug_assert!(self.ty(field) != FieldType::Int32 || i32::try_from(value).is_ok());
        self.set_word(field, value.cast_unsigned());
    }

    /// Sets a double field, in its canonical bits ([`canonical_bits`]).
    #[inline]
    pub fn set_double(&mut self, field: usize, value: f64) {
        debug_assert_eq!(self.ty(field), FieldType::Double);
        self.set_word(field, canonical_bits(value));
    }

    /// Sets a text field.
    pub fn set_text(&mut self, field: usize, value: &str) {
        debug_assert!(self.ty(field).is_text());
        self.set_variable(field, value.as_bytes());
    }

    /// Sets a blob field, or an array field from its elements in little-endian bytes.
    pub fn set_bytes(&mut self, field: usize, value: &[u8]) {
        debug_assert!(matches!(self.ty(field), FieldType::Blob) || self.ty(field).is_array());
        self.set_variable(field, value);
    }

    fn set_variable(&mut self, field: usize, bytes: &[u8]) {
        let unit = if bytes.len() > INLINE_BYTES { self.batch.push_heap(bytes) } else { 0 };
        let [head, tail] = variable_slot(bytes, unit);
        self.set_word(field, head);
        let at = self.start + self.batch.layout.offset(field);
        self.batch.words[at + 1] = tail;
    }

    /// Sets a field from a value of its type.
    ///
    /// # Panics
    /// In debug builds, when the value has another type.
    pub fn set(&mut self, field: usize, value: Value<'_>) {
        match value {
            Value::Null => self.set_null(field),
            Value::Int32(v) => self.set_int(field, i64::from(v)),
            Value::Int64(v) | Value::Date(v) | Value::Stamp(v) | Value::Money(v) => self.set_int(field, v),
            Value::Double(v) => self.set_double(field, v),
            Value::String(v) => self.set_text(field, v),
            Value::Blob(v) | Value::Array(_, v) => self.set_bytes(field, v),
        }
    }

    /// Sets `field` to the value of `source_field` in `source`, which has the same type.
    #[inline]
    pub fn copy_field(&mut self, field: usize, source: &RowView<'_>, source_field: usize) {
        debug_assert_eq!(self.ty(field).is_variable(), source.layout().types()[source_field].is_variable());
        if source.is_null(source_field) {
            self.set_null(field);
        } else if !self.ty(field).is_variable() {
            self.set_word(field, source.word(source_field));
        } else {
            let [head, mut tail] = source.variable_words(source_field);
            if head as u32 as usize > INLINE_BYTES {
                let unit = self.batch.push_heap(source.bytes(source_field));
                tail = u64::from(tail as u32) | u64::from(unit) << 32;
            }
            self.set_word(field, head);
            let at = self.start + self.batch.layout.offset(field);
            self.batch.words[at + 1] = tail;
        }
    }

    /// Marks `field` as "keep the stored value", which is not the same as null (engine-semantics 1.12).
    pub fn set_unchanged(&mut self, field: usize) {
        self.set_null(field);
        let words = self.batch.layout.null_words();
        self.batch.unchanged.resize(self.batch.len * words, 0);
        self.batch.unchanged[self.number * words + field / 64] |= 1 << (field % 64);
    }

    /// Whether `field` has been marked "keep the stored value".
    pub fn is_unchanged(&self, field: usize) -> bool {
        self.batch.is_unchanged(self.number, field)
    }

    /// Takes the row back out of its batch.
    pub fn discard(self) {
        let number = self.number;
        self.batch.truncate(number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;
    use proptest::prelude::*;

    fn schema() -> Schema {
        Schema::parse(
            "k*:int64,i:int32,d:double,s:string,t:date,m:stamp,c:money,b:blob,r:rstring,\
             x:array(i32),y:array(i64),z:array(dbl)",
        )
        .unwrap()
    }

    #[test]
    fn a_new_row_is_null() {
        let mut batch = RowBatch::new(schema().layout());
        batch.push();
        assert!(batch.row(0).values().all(|v| v.is_null()));
    }

    #[test]
    fn null_and_unchanged_are_two_marks() {
        let mut batch = RowBatch::new(schema().layout());
        batch.push();
        let mut row = batch.push();
        row.set_int(1, 5);
        row.set_unchanged(1);
        assert!(batch.row(1).is_null(1) && batch.is_unchanged(1, 1));
        assert!(batch.row(0).is_null(1) && !batch.is_unchanged(0, 1));
        batch.push();
        assert!(!batch.is_unchanged(2, 1));
    }

    #[test]
    fn equal_doubles_have_equal_bits() {
        let schema = Schema::parse("d:double").unwrap();
        let mut batch = RowBatch::new(schema.layout());
        batch.push().set_double(0, -0.0);
        batch.push().set_double(0, 0.0);
        batch.push().set_double(0, -f64::NAN);
        batch.push().set_double(0, f64::NAN);
        assert!(batch.row(0).same(0, &batch.row(1), 0));
        assert!(batch.row(2).same(0, &batch.row(3), 0));
        assert!(!batch.row(0).same(0, &batch.row(2), 0));
    }

    proptest! {
        #[test]
        fn text_round_trips_and_compares(texts in prop::collection::vec(prop::option::of(".{0,20}"), 1..20)) {
            let schema = Schema::parse("a:int32,s:string").unwrap();
            let mut batch = RowBatch::new(schema.layout());
            for text in &texts {
                let mut row = batch.push();
                if let Some(text) = text {
                    row.set_text(1, text);
                }
            }
            let mut copies = RowBatch::new(schema.layout());
            for i in 0..batch.len() {
                copies.push_copy(&batch.row(i));
                let mut row = copies.push();
                row.copy_field(1, &batch.row(i), 1);
            }
            for (i, text) in texts.iter().enumerate() {
                let expected = text.as_deref().map_or(Value::Null, Value::String);
                prop_assert_eq!(batch.row(i).value(1), expected);
                prop_assert_eq!(copies.row(2 * i).value(1), expected);
                prop_assert_eq!(copies.row(2 * i + 1).value(1), expected);
                for (j, other) in texts.iter().enumerate() {
                    prop_assert_eq!(batch.row(i).same(1, &copies.row(2 * j), 1), text == other);
                }
            }
        }
    }
}
