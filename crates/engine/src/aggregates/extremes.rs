//! Largest, smallest and number of distinct values: a counted, ordered set of the values per group.
//!
//! Numbers are kept as unsigned words of the same order (see [`Values`]). While rows only come, no more than the two ends
//! are kept unless the distinct values are counted.

use std::collections::BTreeMap;

use tidegate_event::{EngineTime, FieldType, RowBatch};

use super::accumulator::{Accumulator, Change, Emission, touch};
use super::column::OutColumn;
use super::function::{AggregateFunction, Argument, Class, Plan, Shape, Spec};
use super::values::{FEW_MAX, Values};
use crate::state::{StateError, StateReader};

const LARGEST: u8 = 0;
const SMALLEST: u8 = 1;
const DISTINCT: u8 = 2;

pub(super) static MAX: AggregateFunction = AggregateFunction {
    name: "ESP_aMax",
    usage: "ESP_aMax(field)",
    doc: "Largest value that is not null; null if all are.",
    class: Class::InsertOnly,
    arguments: &[Shape::Ordered],
    plan: |a| plan(a.fields[0], LARGEST, a.fields[0].ty, a.insert_only),
};

pub(super) static MIN: AggregateFunction = AggregateFunction {
    name: "ESP_aMin",
    usage: "ESP_aMin(field)",
    doc: "Smallest value that is not null; null if all are.",
    class: Class::InsertOnly,
    arguments: &[Shape::Ordered],
    plan: |a| plan(a.fields[0], SMALLEST, a.fields[0].ty, a.insert_only),
};

pub(super) static COUNT_DISTINCT: AggregateFunction = AggregateFunction {
    name: "ESP_aCountDistinct",
    usage: "ESP_aCountDistinct(field)",
    doc: "Number of distinct values that are not null.",
    class: Class::Ordered,
    arguments: &[Shape::Any],
    plan: |a| plan(a.fields[0], DISTINCT, FieldType::Int64, false),
};

fn plan(of: Argument, part: u8, ty: FieldType, ends_only: bool) -> Plan {
    Plan { spec: Spec::Values { of, ends_only, distinct: part == DISTINCT }, part, ty }
}

/// The accumulator for a field.
pub(super) fn build(of: Argument, ends_only: bool, distinct: bool) -> Box<dyn Accumulator> {
    if of.ty.is_variable() {
        Box::new(Texts { of, ends_only, groups: Vec::new() })
    } else {
        let few_max = if distinct { DISTINCT_FEW_MAX } else { FEW_MAX };
        Box::new(Numbers { of, ends_only, few_max, groups: Vec::new() })
    }
}

/// A slot as a word that orders as its value does; NaN above all.
pub(super) fn ordered(ty: FieldType, word: u64) -> u64 {
    const SIGN: u64 = 1 << 63;
    if ty == FieldType::Double && word & SIGN != 0 { !word } else { word ^ SIGN }
}

/// The slot of an ordered word.
pub(super) fn slot(ty: FieldType, ordered: u64) -> u64 {
    const SIGN: u64 = 1 << 63;
    if ty == FieldType::Double && ordered & SIGN == 0 { !ordered } else { ordered ^ SIGN }
}

/// Longest list of values without order where distinct ones are counted, which looks at each pair.
const DISTINCT_FEW_MAX: usize = 16;

/// Values of a field of fixed size.
#[derive(Debug)]
struct Numbers {
    of: Argument,
    ends_only: bool,
    /// How many values of a group lie in a list.
    few_max: usize,
    groups: Vec<Values>,
}

impl Accumulator for Numbers {
    fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups, Values::default);
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        touch(&self.groups, changes, Values::touch);
        let place = input.place(self.of.field);
        for change in changes {
            let Some(word) = input.word_at(place, change.row as usize) else { continue };
            let value = ordered(self.of.ty, word);
            let values = &mut self.groups[change.group as usize];
            if !change.add {
                values.take(value, self.few_max);
                continue;
            }
            values.add(value, self.few_max);
            if self.ends_only {
                values.keep_ends();
            }
        }
    }

    fn clear(&mut self, group: usize) {
        self.groups[group].clear();
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        let groups = at.groups.iter().map(|touched| &self.groups[touched.group as usize]);
        match part {
            DISTINCT => out.counts(groups.map(Values::distinct)),
            LARGEST => out.words(self.of.ty, groups.map(|values| Some(slot(self.of.ty, values.largest()?)))),
            _ => out.words(self.of.ty, groups.map(|values| Some(slot(self.of.ty, values.smallest()?)))),
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        let counts = self.groups[group].counts();
        out.extend_from_slice(&(counts.len() as u64).to_le_bytes());
        for (value, count) in counts {
            out.extend_from_slice(&value.to_le_bytes());
            out.extend_from_slice(&u64::from(count).to_le_bytes());
        }
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let len = from.get_u64()?;
        let mut counts = BTreeMap::new();
        for _ in 0..len {
            counts.insert(from.get_u64()?, count(from)?);
        }
        self.groups[group] = Values::of(counts, self.few_max);
        Ok(())
    }
}

fn count(from: &mut dyn StateReader) -> Result<u32, StateError> {
    match u32::try_from(from.get_u64()?) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(StateError::corrupt("a value that is there no times or too often")),
    }
}

/// Values longer than this are refused when they are read back.
const VALUE_BYTES_MAX: usize = 1 << 30;

/// Values of a field of no fixed size.
#[derive(Debug)]
struct Texts {
    of: Argument,
    ends_only: bool,
    groups: Vec<BTreeMap<Box<[u8]>, u32>>,
}

impl Accumulator for Texts {
    fn grow(&mut self, groups: usize) {
        self.groups.resize_with(groups, BTreeMap::new);
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        for change in changes {
            let row = input.row(change.row as usize);
            if row.is_null(self.of.field) {
                continue;
            }
            let value = row.bytes(self.of.field);
            let values = &mut self.groups[change.group as usize];
            match (values.get_mut(value), change.add) {
                (Some(count), true) => *count = count.saturating_add(1),
                (Some(count), false) if *count > 1 => *count -= 1,
                (Some(_), false) => {
                    values.remove(value);
                }
                (None, true) => {
                    values.insert(value.into(), 1);
                    if self.ends_only && values.len() > 2 {
                        let middle = values.keys().nth(1).cloned();
                        middle.map(|value| values.remove(&value));
                    }
                }
                (None, false) => {}
            }
        }
    }

    fn clear(&mut self, group: usize) {
        self.groups[group].clear();
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let values = &self.groups[touched.group as usize];
            let end = match part {
                DISTINCT => {
                    out.int(row, values.len() as i128);
                    continue;
                }
                LARGEST => values.last_key_value(),
                _ => values.first_key_value(),
            };
            if let Some((value, _)) = end {
                out.bytes(row, value);
            }
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        let values = &self.groups[group];
        out.extend_from_slice(&(values.len() as u64).to_le_bytes());
        for (value, count) in values {
            out.extend_from_slice(&(value.len() as u64).to_le_bytes());
            out.extend_from_slice(value);
            out.extend_from_slice(&u64::from(*count).to_le_bytes());
        }
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let mut bytes = Vec::new();
        for _ in 0..from.get_u64()? {
            from.get_bytes(VALUE_BYTES_MAX, &mut bytes)?;
            self.groups[group].insert(bytes.as_slice().into(), count(from)?);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_keep_the_order_of_their_values() {
        let doubles = [f64::NEG_INFINITY, -2.5, -1e-300, 0.0, 1e-300, 3.0, f64::INFINITY, f64::NAN];
        let words: Vec<u64> = doubles.iter().map(|d| ordered(FieldType::Double, d.to_bits())).collect();
        assert!(words.is_sorted());
        for (word, double) in words.iter().zip(doubles) {
            assert_eq!(slot(FieldType::Double, *word), double.to_bits());
        }
        let integers = [i64::MIN, -1, 0, 1, i64::MAX];
        let words: Vec<u64> = integers.iter().map(|i| ordered(FieldType::Int64, i.cast_unsigned())).collect();
        assert!(words.is_sorted());
        assert_eq!(slot(FieldType::Int64, words[1]).cast_signed(), -1);
    }
}
