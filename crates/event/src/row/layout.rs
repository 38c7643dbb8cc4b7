//! Where each field of a row lies.

use std::sync::Arc;

use crate::field_type::FieldType;

/// The places of a schema's fields in the words of a row.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RowLayout {
    types: Arc<[FieldType]>,
    offsets: Arc<[u32]>,
    null_words: usize,
    stride: usize,
}

impl RowLayout {
    /// The layout of a row with fields of these types.
    pub fn new(types: impl IntoIterator<Item = FieldType>) -> Self {
        let types: Arc<[FieldType]> = types.into_iter().collect();
        let null_words = types.len().div_ceil(64);
        let mut next = null_words;
        let offsets = types
            .iter()
            .map(|ty| {
                let offset = next;
                next += ty.slot_words();
                offset as u32
            })
            .collect();
        Self { types, offsets, null_words, stride: next }
    }

    /// Types of the fields.
    pub fn types(&self) -> &[FieldType] {
        &self.types
    }

    /// Words of the null bitmap.
    pub fn null_words(&self) -> usize {
        self.null_words
    }

    /// Words of a whole row.
    pub fn stride(&self) -> usize {
        self.stride
    }

    /// Where the slot of `field` begins in a row.
    pub fn offset(&self, field: usize) -> usize {
        self.offsets[field] as usize
    }

    /// Whether any field may have bytes in a heap.
    pub fn has_variable(&self) -> bool {
        self.types.iter().any(|ty| ty.is_variable())
    }
}
