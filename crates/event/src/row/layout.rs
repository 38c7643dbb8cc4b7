//! Where each field of a row lies.

use std::sync::Arc;

use crate::field_type::FieldType;

/// The places of a schema's fields in the words of a row. Copies share it.
#[derive(Debug, Clone, Default)]
pub struct RowLayout {
    places: Arc<Places>,
    null_words: usize,
    stride: usize,
}

#[derive(Debug, PartialEq, Eq, Default)]
struct Places {
    types: Box<[FieldType]>,
    offsets: Box<[u32]>,
    /// Where the slots of text, blob and array fields begin.
    variable: Box<[u32]>,
}

/// Where a field of fixed size lies in every row of a layout.
#[derive(Debug, Clone, Copy)]
pub struct FixedPlace {
    pub(super) stride: usize,
    pub(super) slot: usize,
    pub(super) null_word: usize,
    pub(super) null_bit: u64,
}

impl PartialEq for RowLayout {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        self.is(other) || self.places == other.places
    }
}

impl Eq for RowLayout {}

impl RowLayout {
    /// The layout of a row with fields of these types.
    pub fn new(types: impl IntoIterator<Item = FieldType>) -> Self {
        let types: Box<[FieldType]> = types.into_iter().collect();
        let null_words = types.len().div_ceil(64);
        let mut next = null_words;
        let offsets: Box<[u32]> = types
            .iter()
            .map(|ty| {
                let offset = next;
                next += ty.slot_words();
                offset as u32
            })
            .collect();
        let variable =
            types.iter().zip(offsets.iter()).filter(|(ty, _)| ty.is_variable()).map(|(_, &at)| at).collect();
        Self { places: Arc::new(Places { types, offsets, variable }), null_words, stride: next }
    }

    /// Whether this is a copy of `other`, or the reverse: equal without a look at the fields.
    #[inline]
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.places, &other.places)
    }

    /// Types of the fields.
    #[inline]
    pub fn types(&self) -> &[FieldType] {
        &self.places.types
    }

    /// Words of the null bitmap.
    #[inline]
    pub fn null_words(&self) -> usize {
        self.null_words
    }

    /// Words of a whole row.
    #[inline]
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Where the slot of `field` begins in a row.
    #[inline]
    pub fn offset(&self, field: usize) -> usize {
        self.places.offsets[field] as usize
    }

    /// The place of a fixed-size `field` in every row: for loops over a column.
    ///
    /// # Panics
    /// In debug builds, when the field is a text, blob or array.
    pub fn place(&self, field: usize) -> FixedPlace {
        debug_assert!(!self.types()[field].is_variable());
        FixedPlace {
            stride: self.stride,
            slot: self.offset(field),
            null_word: field / 64,
            null_bit: 1 << (field % 64),
        }
    }

    /// Where the slots of fields begin that may have bytes in a heap: text, blobs, arrays.
    #[inline]
    pub fn variable_offsets(&self) -> &[u32] {
        &self.places.variable
    }
}
