//! A column of results on its way into rows, converted to the field's type.

use tidegate_event::row::{FixedPlace, RowLayout, canonical_bits};
use tidegate_event::{FieldType, MONEY_SCALE, RowBatch, RowView};
use tidegate_expr::{FaultKind, Faults};

/// Whether results of type `from` go straight into a field of type `to`.
pub(crate) fn can_store(from: FieldType, to: FieldType) -> bool {
    from == to || from.is_text() && to.is_text() || is_number(from) && is_number(to)
}

/// Whether values of the type can be summed.
pub(super) fn is_number(ty: FieldType) -> bool {
    matches!(ty, FieldType::Int32 | FieldType::Int64 | FieldType::Double | FieldType::Money)
}

/// A field that results go to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Target {
    field: usize,
    ty: FieldType,
    /// Where numbers go; nothing for a field of no fixed size.
    place: Option<FixedPlace>,
}

impl Target {
    /// The `field` of rows of a layout.
    pub(crate) fn new(layout: &RowLayout, field: usize) -> Self {
        let ty = layout.types()[field];
        Self { field, ty, place: (!ty.is_variable()).then(|| layout.place(field)) }
    }
}

/// A field of rows 0, 1, … of a batch. A number that the field cannot hold leaves null and counts a fault.
#[derive(Debug)]
pub(crate) struct OutColumn<'a> {
    rows: &'a mut RowBatch,
    target: &'a Target,
    faults: &'a mut Faults,
}

impl<'a> OutColumn<'a> {
    /// The column `target` of `rows`.
    #[inline]
    pub(crate) fn new(rows: &'a mut RowBatch, target: &'a Target, faults: &'a mut Faults) -> Self {
        Self { rows, target, faults }
    }

    #[inline]
    fn store(&mut self, row: usize, word: u64) {
        debug_assert!(self.target.place.is_some(), "can_store lets numbers only into fields of fixed size");
        if let Some(place) = self.target.place {
            self.rows.set_word_at(place, row, word);
        }
    }

    /// Stores a double, or nothing, in each row from the first on.
    #[inline]
    pub(super) fn doubles(&mut self, values: impl Iterator<Item = Option<f64>>) {
        match self.target.place.filter(|_| self.target.ty == FieldType::Double) {
            Some(place) => self.rows.set_words(place, values.map(|value| value.map(canonical_bits))),
            None => {
                for (row, value) in values.enumerate() {
                    value.into_iter().for_each(|value| self.double(row, value));
                }
            }
        }
    }

    /// Stores a count in each row from the first on.
    #[inline]
    pub(super) fn counts(&mut self, counts: impl Iterator<Item = u64>) {
        match self.target.place.filter(|_| self.target.ty == FieldType::Int64) {
            Some(place) => self.rows.set_words(place, counts.map(Some)),
            None => counts.enumerate().for_each(|(row, count)| self.int(row, i128::from(count))),
        }
    }

    /// Stores a value of fixed size of type `ty`, given as its slot, or nothing, in each row from the first on.
    #[inline]
    pub(super) fn words(&mut self, ty: FieldType, words: impl Iterator<Item = Option<u64>>) {
        match self.target.place.filter(|_| self.target.ty == ty) {
            Some(place) => self.rows.set_words(place, words),
            None => {
                for (row, word) in words.enumerate() {
                    word.into_iter().for_each(|word| self.word(row, ty, word));
                }
            }
        }
    }

    /// Stores an integer.
    #[inline]
    pub(super) fn int(&mut self, row: usize, value: i128) {
        match self.target.ty {
            FieldType::Double => self.store(row, canonical_bits(value as f64)),
            FieldType::Money => self.integral(row, value.saturating_mul(i128::from(MONEY_SCALE))),
            _ => self.integral(row, value),
        }
    }

    /// Stores ten-thousandths.
    #[inline]
    pub(super) fn money(&mut self, row: usize, value: i128) {
        match self.target.ty {
            FieldType::Double => self.store(row, canonical_bits(value as f64 / MONEY_SCALE as f64)),
            FieldType::Money => self.integral(row, value),
            _ => self.integral(row, value / i128::from(MONEY_SCALE)),
        }
    }

    /// Stores a double; fractions are cut off for integers.
    #[inline]
    pub(super) fn double(&mut self, row: usize, value: f64) {
        if self.target.ty == FieldType::Double {
            self.store(row, canonical_bits(value));
        } else {
            self.rounded(row, value);
        }
    }

    fn rounded(&mut self, row: usize, value: f64) {
        let whole = match self.target.ty {
            FieldType::Money => (value * MONEY_SCALE as f64).round(),
            _ => value.trunc(),
        };
        if whole.abs() < 1e19 {
            self.integral(row, whole as i128);
        } else {
            self.faults.add(FaultKind::FailedCast);
        }
    }

    /// Stores the field `source` of a row.
    #[inline]
    pub(super) fn copy(&mut self, row: usize, from: &RowView<'_>, source: usize) {
        if from.is_null(source) {
            return;
        }
        let ty = from.layout().types()[source];
        if ty.is_variable() {
            self.rows.row_mut(row).copy_field(self.target.field, from, source);
        } else {
            self.word(row, ty, from.word(source));
        }
    }

    /// Stores a value of fixed size of type `ty`, given as its slot.
    #[inline]
    pub(super) fn word(&mut self, row: usize, ty: FieldType, word: u64) {
        match ty {
            FieldType::Double => self.double(row, f64::from_bits(word)),
            FieldType::Money => self.money(row, i128::from(word.cast_signed())),
            _ => self.int(row, i128::from(word.cast_signed())),
        }
    }

    /// Stores the bytes of a value that has no fixed size.
    pub(super) fn bytes(&mut self, row: usize, bytes: &[u8]) {
        if self.target.ty.is_text() {
            match std::str::from_utf8(bytes) {
                Ok(text) => self.rows.row_mut(row).set_text(self.target.field, text),
                Err(_) => self.faults.add(FaultKind::FailedCast),
            }
        } else {
            self.rows.row_mut(row).set_bytes(self.target.field, bytes);
        }
    }

    #[inline]
    fn integral(&mut self, row: usize, value: i128) {
        let fits = if self.target.ty == FieldType::Int32 {
            i32::try_from(value).map(i64::from).ok()
        } else {
            i64::try_from(value).ok()
        };
        match fits {
            Some(value) => self.store(row, value.cast_unsigned()),
            None => self.faults.add(FaultKind::FailedCast),
        }
    }
}
