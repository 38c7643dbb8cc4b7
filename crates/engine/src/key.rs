//! Keys: some fields of a row by which rows are found, grouped or joined.

use std::cmp::Ordering;

use tidegate_event::row::INLINE_BYTES;
use tidegate_event::{FieldType, RowView, Schema};

/// Which fields of a row make a key, and how they are hashed, compared and ordered.
#[derive(Debug, Clone)]
pub struct KeyFields {
    fields: Box<[usize]>,
    shape: Shape,
}

/// What most keys are: one field, whose slot can be looked at without asking the layout.
#[derive(Debug, Clone, Copy)]
enum Shape {
    /// One field of fixed size, at this place: keys are equal words.
    Word(usize),
    /// One text, blob or array, whose slot begins at this place.
    Text(usize),
    /// Several fields.
    Several,
}

/// A key without nulls, boiled down: its hash, and words by which most keys are told apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Digest {
    /// The key's hash.
    pub(crate) hash: u64,
    /// Equal for equal keys.
    pub(crate) words: [u64; 2],
    /// Whether keys of equal words are equal.
    pub(crate) exact: bool,
}

impl KeyFields {
    /// The key made of `fields` of a row of `schema`.
    pub fn new(schema: &Schema, fields: &[usize]) -> Self {
        let shape = match fields {
            [only] if schema.ty(*only).is_variable() => Shape::Text(schema.layout().offset(*only)),
            [only] => Shape::Word(schema.layout().offset(*only)),
            _ => Shape::Several,
        };
        Self { fields: fields.into(), shape }
    }

    /// The schema's own key.
    pub fn of(schema: &Schema) -> Self {
        Self::new(schema, schema.keys())
    }

    /// The fields, in key order.
    #[inline]
    pub fn fields(&self) -> &[usize] {
        &self.fields
    }

    /// Whether any of the fields is null.
    #[inline]
    pub fn has_null(&self, row: &RowView<'_>) -> bool {
        if let [field] = *self.fields {
            return row.is_null(field);
        }
        self.fields.iter().any(|&field| row.is_null(field))
    }

    /// The key's hash. Rows of two schemas whose key fields have the same types hash alike.
    #[inline(always)]
    pub fn hash(&self, row: &RowView<'_>) -> u64 {
        match self.shape {
            Shape::Word(at) | Shape::Text(at) => mix(SEED, row.words()[at]),
            Shape::Several => self.hash_several(row),
        }
    }

    fn hash_several(&self, row: &RowView<'_>) -> u64 {
        self.fields.iter().fold(SEED, |hash, &field| mix(hash, row.word(field)))
    }

    /// The key of a row boiled down; nothing when a field of it is null. Digests of two rows can be compared when their key fields
    /// have the same types.
    #[inline(always)]
    pub(crate) fn digest(&self, row: &RowView<'_>) -> Option<Digest> {
        if self.has_null(row) {
            return None;
        }
        let words = row.words();
        Some(match self.shape {
            Shape::Word(at) => Digest { hash: mix(SEED, words[at]), words: [words[at], 0], exact: true },
            Shape::Text(at) => {
                let (head, tail) = (words[at], words[at + 1]);
                // The tail of a longer text says where it lies.
                let exact = head as u32 as usize <= INLINE_BYTES;
                let tail = if exact { tail } else { u64::from(tail as u32) };
                Digest { hash: mix(SEED, head), words: [head, tail], exact }
            }
            Shape::Several => {
                let hash = self.hash(row);
                Digest { hash, words: [hash, 0], exact: false }
            }
        })
    }

    /// Whether `row` has the key that `other_row` has in the fields `other`.
    #[inline(always)]
    pub fn same(&self, row: &RowView<'_>, other: &Self, other_row: &RowView<'_>) -> bool {
        match (self.shape, other.shape) {
            (Shape::Word(a), Shape::Word(b)) => row.words()[a] == other_row.words()[b],
            (Shape::Text(a), Shape::Text(b)) => {
                // The first word holds length and hash; of up to eight bytes the second is the text itself.
                let (head, tail) = (row.words()[a], row.words()[a + 1]);
                if head != other_row.words()[b] {
                    return false;
                }
                tail == other_row.words()[b + 1] && head as u32 as usize <= INLINE_BYTES
                    || head as u32 as usize > INLINE_BYTES && self.same_fields(row, other, other_row)
            }
            _ => self.same_fields(row, other, other_row),
        }
    }

    #[inline(never)]
    fn same_fields(&self, row: &RowView<'_>, other: &Self, other_row: &RowView<'_>) -> bool {
        self.fields.iter().zip(&other.fields).all(|(&a, &b)| row.same(a, other_row, b))
    }

    /// Orders two rows by this key: numbers by value, text by its bytes, nulls first.
    pub fn order(&self, a: &RowView<'_>, b: &RowView<'_>) -> Ordering {
        self.fields
            .iter()
            .map(|&field| order_field(a, b, field))
            .find(|o| o.is_ne())
            .unwrap_or(Ordering::Equal)
    }
}

fn order_field(a: &RowView<'_>, b: &RowView<'_>, field: usize) -> Ordering {
    match (a.is_null(field), b.is_null(field)) {
        (false, false) => match a.layout().types()[field] {
            FieldType::Double => a.double(field).total_cmp(&b.double(field)),
            ty if ty.is_variable() => a.bytes(field).cmp(b.bytes(field)),
            _ => a.int(field).cmp(&b.int(field)),
        },
        (a_null, b_null) => b_null.cmp(&a_null),
    }
}

const SEED: u64 = 0x9E37_79B9_7F4A_7C15;
const FACTOR: u64 = 0xD6E8_FEB8_6659_FD93;

/// Folds a word into a hash by a 64 x 64 -> 128 bit multiplication whose halves are xored. A text field's first
/// slot word holds length and hash of the text, which is enough here: equality is decided by comparing.
#[inline]
fn mix(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ word) * u128::from(FACTOR);
    let folded = product as u64 ^ (product >> 64) as u64;
    // The table takes its tag from the top bits and its bucket from the low ones: both must depend on all input.
    folded.rotate_left(26) ^ folded.wrapping_mul(SEED)
}

const _: () = assert!(INLINE_BYTES == 8, "text up to a word is compared as a word");
