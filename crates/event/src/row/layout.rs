//! Where each field of a row lies.

use std::sync::Arc;

use crate::field_type::FieldType;

/// The places of a schema's fields in the words of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLayout {
    types: Arc<[FieldType]>,
    offsets: Arc<[u32]>,
    /// Where the slots of text, blob and array fields begin.
    variable: Arc<[u32]>,
    null_words: usize,
    stride: usize,
}

impl RowLayout {
    /// The layout of a row with fields of these types.
    pub fn new(types: impl IntoIterator<Item = FieldType>) -> Self {
        let types: Arc<[FieldType]> = types.into_iter().collect();
        let null_words = types.len().div_ceil(64);
        let mut next = null_words;
        let offsets: Arc<[u32]> = types
            .iter()
            .map(|ty| {
                let offset = next;
                next += ty.slot_words();
                offset as u32
            })
            .collect();
        let variable =
            types.iter().zip(offsets.iter()).filter(|(ty, _)| ty.is_variable()).map(|(_, &at)| at).collect();
        Self { types, offsets, variable, null_words, stride: next }
    }

    /// Types of the fields.
    #[inline]
    pub fn types(&self) -> &[FieldType] {
        &self.types
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
        self.offsets[field] as usize
    }

    /// Where the slots of fields begin that may have bytes in a heap: text, blobs, arrays.
    #[inline]
    pub fn variable_offsets(&self) -> &[u32] {
        &self.variable
    }
}
