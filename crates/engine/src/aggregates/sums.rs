//! Sum, average, deviation and variance.
//!
//! With n values that are not null, S their sum and Q the sum of their squares, the sample variance is
//! (Q - S²/n) / (n - 1), and 0 for n = 1. S and Q are exact for integers (i128 and pairs of doubles) and pairs of
//! doubles (106 bits) otherwise. Each change costs at most some 2^-104 of the largest S or Q since the group last had
//! no values. So the sum of rows that are left is right to the last digits unless values 15 digits larger came and
//! went many times; the variance, which squares, unless values some 7 digits above the deviation did so by the
//! thousand million. Infinities and NaN are counted apart, so that they can leave again.

use std::collections::BTreeMap;

use tidegate_event::{EngineTime, FieldType, MONEY_SCALE, RowBatch};

use super::accumulator::{Accumulator, Change, Emission};
use super::column::OutColumn;
use super::double_double::DoubleDouble;
use super::function::{AggregateFunction, Argument, Class, Plan, Shape, Spec};
use crate::state::{StateError, StateReader};

const TOTAL: u8 = 0;
const AVERAGE: u8 = 1;
const DEVIATION: u8 = 2;
const VARIANCE: u8 = 3;

pub(super) static SUM: AggregateFunction = AggregateFunction {
    name: "ESP_aSum",
    usage: "ESP_aSum(number)",
    doc: "Sum of the values that are not null; null if all are.",
    class: Class::Additive,
    arguments: &[Shape::Number],
    plan: |a| plan(a.fields[0], TOTAL, total_type(a.fields[0].ty)),
};

pub(super) static AVE: AggregateFunction = AggregateFunction {
    name: "ESP_aAve",
    usage: "ESP_aAve(number)",
    doc: "Average of the values that are not null; null if all are.",
    class: Class::Additive,
    arguments: &[Shape::Number],
    plan: |a| plan(a.fields[0], AVERAGE, FieldType::Double),
};

pub(super) static STD: AggregateFunction = AggregateFunction {
    name: "ESP_aStd",
    usage: "ESP_aStd(number)",
    doc: "Sample standard deviation of the values that are not null; 0 for one value.",
    class: Class::Additive,
    arguments: &[Shape::Number],
    plan: |a| plan(a.fields[0], DEVIATION, FieldType::Double),
};

pub(super) static VAR: AggregateFunction = AggregateFunction {
    name: "ESP_aVar",
    usage: "ESP_aVar(number)",
    doc: "Sample variance of the values that are not null; 0 for one value.",
    class: Class::Additive,
    arguments: &[Shape::Number],
    plan: |a| plan(a.fields[0], VARIANCE, FieldType::Double),
};

fn plan(of: Argument, part: u8, ty: FieldType) -> Plan {
    Plan { spec: Spec::Sums { of, squares: part >= DEVIATION }, part, ty }
}

/// The type of a sum over values of a type.
pub(super) fn total_type(ty: FieldType) -> FieldType {
    if ty == FieldType::Int32 { FieldType::Int64 } else { ty }
}

/// Values that no sum can take, by group: how many are NaN, infinite, infinite and negative.
#[derive(Debug, Default)]
pub(super) struct Outsiders(BTreeMap<u32, [u64; 3]>);

impl Outsiders {
    #[cold]
    pub(super) fn change(&mut self, group: u32, value: f64, add: bool) {
        let counts = self.0.entry(group).or_default();
        let count =
            if value.is_nan() { &mut counts[0] } else { &mut counts[if value > 0.0 { 1 } else { 2 }] };
        *count = if add { *count + 1 } else { count.saturating_sub(1) };
        if *counts == [0; 3] {
            self.0.remove(&group);
        }
    }

    pub(super) fn clear(&mut self, group: u32) {
        self.0.remove(&group);
    }

    /// What they make of the sum; nothing where there are none.
    pub(super) fn sum(&self, group: u32) -> Option<f64> {
        if self.0.is_empty() {
            return None;
        }
        self.0.get(&group).map(|&[nan, up, down]| match (nan, up, down) {
            (0, _, 0) => f64::INFINITY,
            (0, 0, _) => f64::NEG_INFINITY,
            _ => f64::NAN,
        })
    }

    pub(super) fn save(&self, group: u32, out: &mut Vec<u8>) {
        let counts = self.0.get(&group).copied().unwrap_or_default();
        counts.iter().for_each(|count| out.extend_from_slice(&count.to_le_bytes()));
    }

    pub(super) fn load(&mut self, group: u32, from: &mut dyn StateReader) -> Result<(), StateError> {
        let counts = [from.get_u64()?, from.get_u64()?, from.get_u64()?];
        if counts != [0; 3] {
            self.0.insert(group, counts);
        }
        Ok(())
    }
}

/// Number and sum of a group's values that are not null.
#[derive(Debug, Clone, Copy, Default)]
struct DoubleSum {
    count: u64,
    sum: DoubleDouble,
}

#[derive(Debug, Clone, Copy, Default)]
struct IntegerSum {
    count: u64,
    sum: i128,
}

/// Sums of a field, and of its squares if any function wants them.
#[derive(Debug)]
pub(super) struct Sums {
    of: Argument,
    with_squares: bool,
    doubles: Vec<DoubleSum>,
    integers: Vec<IntegerSum>,
    squares: Vec<DoubleDouble>,
    outsiders: Outsiders,
}

impl Sums {
    pub(super) fn new(of: Argument, with_squares: bool) -> Self {
        Self {
            of,
            with_squares,
            doubles: Vec::new(),
            integers: Vec::new(),
            squares: Vec::new(),
            outsiders: Outsiders::default(),
        }
    }

    fn is_double(&self) -> bool {
        self.of.ty == FieldType::Double
    }

    fn apply_doubles(&mut self, input: &RowBatch, changes: &[Change]) {
        let place = input.place(self.of.field);
        for change in changes {
            let Some(word) = input.word_at(place, change.row as usize) else { continue };
            let group = change.group as usize;
            let value = f64::from_bits(word);
            let cell = &mut self.doubles[group];
            cell.count = if change.add { cell.count + 1 } else { cell.count.wrapping_sub(1) };
            if !value.is_finite() {
                self.outsiders.change(change.group, value, change.add);
            } else {
                cell.sum = cell.sum.add(if change.add { value } else { -value });
                if self.with_squares {
                    let square = DoubleDouble::product(value, value);
                    let sum = &mut self.squares[group];
                    *sum = if change.add { sum.plus(square) } else { sum.minus(square) };
                }
            }
            // A group without values starts afresh, whatever its past.
            if cell.count == 0 {
                cell.sum = DoubleDouble::default();
                if self.with_squares {
                    self.squares[group] = DoubleDouble::default();
                }
            }
        }
    }

    fn apply_integers(&mut self, input: &RowBatch, changes: &[Change]) {
        let place = input.place(self.of.field);
        for change in changes {
            let Some(word) = input.word_at(place, change.row as usize) else { continue };
            let group = change.group as usize;
            let value = i128::from(word.cast_signed());
            let cell = &mut self.integers[group];
            cell.count = if change.add { cell.count + 1 } else { cell.count.wrapping_sub(1) };
            cell.sum = if change.add { cell.sum.wrapping_add(value) } else { cell.sum.wrapping_sub(value) };
            if self.with_squares {
                let square = DoubleDouble::from_integer(value * value);
                let sum = &mut self.squares[group];
                *sum = match (cell.count, change.add) {
                    (0, _) => DoubleDouble::default(),
                    (_, true) => sum.plus(square),
                    (_, false) => sum.minus(square),
                };
            }
        }
    }

    fn count_and_sum(&self, group: usize) -> (u64, DoubleDouble) {
        if self.is_double() {
            (self.doubles[group].count, self.doubles[group].sum)
        } else {
            (self.integers[group].count, DoubleDouble::from_integer(self.integers[group].sum))
        }
    }

    /// What a sum of values is to be divided by: money is kept in ten-thousandths.
    fn scale(&self) -> f64 {
        if self.of.ty == FieldType::Money { MONEY_SCALE as f64 } else { 1.0 }
    }

    fn variance(&self, group: usize) -> f64 {
        let (count, sum) = self.count_and_sum(group);
        if self.outsiders.sum(group as u32).is_some() {
            return f64::NAN;
        }
        if count <= 1 {
            return 0.0;
        }
        let spread = self.squares[group].minus(sum.times(sum).over(count as f64)).value();
        let scale = self.scale();
        (spread / (count - 1) as f64 / (scale * scale)).max(0.0)
    }
}

impl Accumulator for Sums {
    fn grow(&mut self, groups: usize) {
        if self.is_double() {
            self.doubles.resize(groups, DoubleSum::default());
        } else {
            self.integers.resize(groups, IntegerSum::default());
        }
        if self.with_squares {
            self.squares.resize(groups, DoubleDouble::default());
        }
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        if self.is_double() {
            self.apply_doubles(input, changes);
        } else {
            self.apply_integers(input, changes);
        }
    }

    fn clear(&mut self, group: usize) {
        if self.is_double() {
            self.doubles[group] = DoubleSum::default();
        } else {
            self.integers[group] = IntegerSum::default();
        }
        if self.with_squares {
            self.squares[group] = DoubleDouble::default();
        }
        self.outsiders.clear(group as u32);
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let group = touched.group as usize;
            let (count, sum) = self.count_and_sum(group);
            if count == 0 {
                continue;
            }
            let outside = self.outsiders.sum(touched.group);
            match part {
                TOTAL if self.is_double() => out.double(row, outside.unwrap_or(sum.value())),
                TOTAL if self.of.ty == FieldType::Money => out.money(row, self.integers[group].sum),
                TOTAL => out.int(row, self.integers[group].sum),
                AVERAGE => out.double(row, outside.unwrap_or(sum.value() / count as f64 / self.scale())),
                DEVIATION => out.double(row, self.variance(group).sqrt()),
                _ => out.double(row, self.variance(group)),
            }
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        if self.is_double() {
            out.extend_from_slice(&self.doubles[group].count.to_le_bytes());
            self.doubles[group].sum.save(out);
            self.outsiders.save(group as u32, out);
        } else {
            out.extend_from_slice(&self.integers[group].count.to_le_bytes());
            out.extend_from_slice(&self.integers[group].sum.to_le_bytes());
        }
        if self.with_squares {
            self.squares[group].save(out);
        }
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let count = from.get_u64()?;
        if self.is_double() {
            self.doubles[group] = DoubleSum { count, sum: DoubleDouble::load(from)? };
            self.outsiders.load(group as u32, from)?;
        } else {
            let mut sum = [0; 16];
            from.get(&mut sum)?;
            self.integers[group] = IntegerSum { count, sum: i128::from_le_bytes(sum) };
        }
        if self.with_squares {
            self.squares[group] = DoubleDouble::load(from)?;
        }
        Ok(())
    }
}
