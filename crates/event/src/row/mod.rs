//! Rows: how the fields of an event lie in memory.
//!
//! A row is a run of 64-bit words: first a null bitmap (one bit per field, as many words as it needs), then one
//! slot per field. Fixed-size types take one word: integers as themselves (`int32` sign-extended), a double as
//! its bits. Text, blobs and arrays take two words:
//!
//! ```text
//! word 0   length in bytes (low 32 bits) | hash (high 32 bits)
//! word 1   length <= 8: the bytes themselves, the first lowest, zero-padded
//!          length  > 8: the first 4 bytes (low) | place in the heap in units of 8 bytes (high)
//! ```
//!
//! So values up to eight bytes need no heap, unequal ones differ in a slot word almost always, and equal short
//! ones are equal words. A null slot is all zero. The heap belongs to whoever holds the words: a [`RowBatch`]
//! has a flat one, the engine's row store a paged one; [`RowView`] hides which.

mod batch;
mod heap;
mod layout;
mod stored;
mod view;
mod words;

pub use batch::{RowBatch, RowWriter, canonical_bits};
pub use heap::{HeapRef, PAGE_UNITS, PagedHeap, UNIT};
pub use layout::{FixedPlace, RowLayout};
pub use stored::{StoredRowError, read_row, write_row};
pub use view::RowView;
pub use words::copy_words;

/// Number of bytes that fit into a slot.
pub const INLINE_BYTES: usize = 8;

/// The hash that a variable slot carries: 32 bits, the same in every process and never stored.
pub fn hash_bytes(bytes: &[u8]) -> u32 {
    use std::hash::{BuildHasher, Hasher};
    let mut hasher = foldhash::fast::FixedState::with_seed(0x7469_6465).build_hasher();
    hasher.write(bytes);
    (hasher.finish() >> 32) as u32
}

/// The two slot words of a variable value whose heap place, if it needs one, is `unit`.
pub fn variable_slot(bytes: &[u8], unit: u32) -> [u64; 2] {
    let head = bytes.len() as u64 | u64::from(hash_bytes(bytes)) << 32;
    if bytes.len() <= INLINE_BYTES {
        let mut inline = [0; INLINE_BYTES];
        inline[..bytes.len()].copy_from_slice(bytes);
        [head, u64::from_le_bytes(inline)]
    } else {
        let prefix = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        [head, u64::from(prefix) | u64::from(unit) << 32]
    }
}
