//! Sum, average, deviation and variance.
//!
//! With n values that are not null, S their sum and Q the sum of their squares, the sample variance is
//! (nQ - S²) / (n (n - 1)), and 0 for n = 1. S and Q are exact for integers (i128 and pairs of doubles) and pairs of
//! doubles (106 bits) otherwise. Each change costs at most some 2^-104 of the largest S or Q since the group last had
//! no values. So the sum of rows that are left is right to the last digits unless values 15 digits larger came and
//! went many times; the variance, which squares, unless values some 7 digits above the deviation did so by the
//! thousand million. Infinities and NaN are counted apart, so that they can leave again.

use std::collections::BTreeMap;

use tidegate_event::{EngineTime, FieldType, MONEY_SCALE, RowBatch};

use super::accumulator::{Accumulator, Change, Emission, touch};
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

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
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

/// Number and sum of a group's values that are not null, and of their squares if they are wanted.
#[derive(Debug, Clone, Copy, Default)]
struct DoubleSum {
    count: u64,
    sum: DoubleDouble,
    squares: DoubleDouble,
}

#[derive(Debug, Clone, Copy, Default)]
struct IntegerSum {
    count: u64,
    sum: i128,
    squares: DoubleDouble,
}

/// Sums of a field, and of its squares if any function wants them.
#[derive(Debug)]
pub(super) struct Sums {
    of: Argument,
    with_squares: bool,
    doubles: Vec<DoubleSum>,
    integers: Vec<IntegerSum>,
    outsiders: Outsiders,
}

impl Sums {
    pub(super) fn new(of: Argument, with_squares: bool) -> Self {
        Self { of, with_squares, doubles: Vec::new(), integers: Vec::new(), outsiders: Outsiders::default() }
    }

    fn is_double(&self) -> bool {
        self.of.ty == FieldType::Double
    }

    fn apply_doubles(&mut self, input: &RowBatch, changes: &[Change]) {
        touch(&self.doubles, changes, |cell| cell.count);
        let Self { of, with_squares, doubles, outsiders, .. } = self;
        let place = input.place(of.field);
        for &Change { group, row, add, .. } in changes {
            let Some(word) = input.word_at(place, row as usize) else { continue };
            let value = f64::from_bits(word);
            let cell = &mut doubles[group as usize];
            cell.count = cell.count.wrapping_add(if add { 1 } else { u64::MAX });
            let changed = if *with_squares {
                cell.sum.with_square(cell.squares, value, add)
            } else {
                cell.sum.with(value, add).map(|sum| (sum, cell.squares))
            };
            match changed {
                Some(changed) => (cell.sum, cell.squares) = changed,
                None => cell.change_with_care(value, add, *with_squares, group, outsiders),
            }
            // A group without values starts afresh, whatever its past.
            if cell.count == 0 {
                *cell = DoubleSum::default();
            }
        }
    }

    fn apply_integers(&mut self, input: &RowBatch, changes: &[Change]) {
        touch(&self.integers, changes, |cell| cell.count);
        let place = input.place(self.of.field);
        for change in changes {
            let Some(word) = input.word_at(place, change.row as usize) else { continue };
            let value = i128::from(word.cast_signed());
            let cell = &mut self.integers[change.group as usize];
            cell.count = if change.add { cell.count + 1 } else { cell.count.wrapping_sub(1) };
            cell.sum = if change.add { cell.sum.wrapping_add(value) } else { cell.sum.wrapping_sub(value) };
            if self.with_squares {
                let square = DoubleDouble::from_integer(value * value);
                cell.squares = match (cell.count, change.add) {
                    (0, _) => DoubleDouble::default(),
                    (_, true) => cell.squares.plus(square),
                    (_, false) => cell.squares.minus(square),
                };
            }
        }
    }

    /// What a group's values come to as doubles.
    #[inline]
    fn sums(&self, group: usize) -> DoubleSum {
        if self.is_double() {
            return self.doubles[group];
        }
        let IntegerSum { count, sum, squares } = self.integers[group];
        DoubleSum { count, sum: DoubleDouble::from_integer(sum), squares }
    }

    /// What a sum of values is to be divided by: money is kept in ten-thousandths.
    fn scale(&self) -> f64 {
        if self.of.ty == FieldType::Money { MONEY_SCALE as f64 } else { 1.0 }
    }

    fn load_squares(&self, from: &mut dyn StateReader) -> Result<DoubleDouble, StateError> {
        if self.with_squares { DoubleDouble::load(from) } else { Ok(DoubleDouble::default()) }
    }

    /// The result `part` of a group that has values.
    #[inline]
    fn result(&self, part: u8, group: u32, sums: &DoubleSum) -> f64 {
        let outside = self.outsiders.sum(group);
        match part {
            TOTAL => outside.unwrap_or(sums.sum.value()),
            AVERAGE => outside.unwrap_or(sums.average() / self.scale()),
            _ if outside.is_some() => f64::NAN,
            DEVIATION => sums.variance(self.scale()).sqrt(),
            _ => sums.variance(self.scale()),
        }
    }
}

impl DoubleSum {
    #[inline(always)]
    fn average(&self) -> f64 {
        self.sum.value() / self.count as f64
    }

    #[inline(always)]
    fn variance(&self, scale: f64) -> f64 {
        if self.count <= 1 {
            return 0.0;
        }
        let count = self.count as f64;
        let spread = self.squares.spread(count, self.sum);
        (spread / (count * (count - 1.0)) / (scale * scale)).max(0.0)
    }

    /// Takes in a value that is not finite or makes a sum, or the square of one, overflow.
    #[cold]
    fn change_with_care(
        &mut self,
        value: f64,
        add: bool,
        with_squares: bool,
        group: u32,
        outsiders: &mut Outsiders,
    ) {
        if !value.is_finite() {
            return outsiders.change(group, value, add);
        }
        self.sum = self.sum.add(if add { value } else { -value });
        if with_squares {
            let square = DoubleDouble::product(value, value);
            self.squares = if add { self.squares.plus(square) } else { self.squares.minus(square) };
        }
    }
}

impl Accumulator for Sums {
    fn grow(&mut self, groups: usize) {
        if self.is_double() {
            self.doubles.resize(groups, DoubleSum::default());
        } else {
            self.integers.resize(groups, IntegerSum::default());
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
        self.outsiders.clear(group as u32);
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        let groups = at.groups.iter().map(|touched| touched.group);
        if part == TOTAL && !self.is_double() {
            for (row, group) in groups.enumerate() {
                match self.integers[group as usize] {
                    IntegerSum { count: 0, .. } => {}
                    cell if self.of.ty == FieldType::Money => out.money(row, cell.sum),
                    cell => out.int(row, cell.sum),
                }
            }
            return;
        }
        if !self.is_double() || !self.outsiders.is_empty() {
            return out.doubles(groups.map(|group| {
                let sums = self.sums(group as usize);
                (sums.count > 0).then(|| self.result(part, group, &sums))
            }));
        }
        let cells = groups.map(|group| Some(&self.doubles[group as usize]).filter(|cell| cell.count > 0));
        match part {
            TOTAL => out.doubles(cells.map(|cell| Some(cell?.sum.value()))),
            AVERAGE => out.doubles(cells.map(|cell| Some(cell?.average()))),
            DEVIATION => out.doubles(cells.map(|cell| Some(cell?.variance(1.0).sqrt()))),
            _ => out.doubles(cells.map(|cell| Some(cell?.variance(1.0)))),
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
            self.sums(group).squares.save(out);
        }
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let count = from.get_u64()?;
        if self.is_double() {
            let sum = DoubleDouble::load(from)?;
            self.outsiders.load(group as u32, from)?;
            let squares = self.load_squares(from)?;
            self.doubles[group] = DoubleSum { count, sum, squares };
        } else {
            let mut sum = [0; 16];
            from.get(&mut sum)?;
            let squares = self.load_squares(from)?;
            self.integers[group] = IntegerSum { count, sum: i128::from_le_bytes(sum), squares };
        }
        Ok(())
    }
}
