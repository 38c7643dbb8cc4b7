//! Functions over a period that begins with an event (functions.md 2.4, engine-semantics 3.5, C08).
//!
//! The first event of a group opens a period; the first one that arrives at or after its end opens the next, and
//! all results start anew with it. Inserts and new halves of updates are counted; what leaves the group changes
//! nothing. Time is the engine's.

use tidegate_event::{EngineTime, FieldType, MONEY_SCALE, RowBatch};

use super::accumulator::{Accumulator, Change, Emission};
use super::column::OutColumn;
use super::double_double::DoubleDouble;
use super::extremes::{ordered, slot};
use super::function::{AggregateFunction, Argument, Arguments, Class, Plan, Shape, Spec};
use super::sums::{Outsiders, total_type};
use crate::state::{StateError, StateReader};

const TOTAL: u8 = 0;
const AVERAGE: u8 = 1;
const LARGEST: u8 = 2;
const SMALLEST: u8 = 3;
const EVENTS: u8 = 4;

macro_rules! timed {
    ($id:ident, $name:literal, $part:ident, $ty:expr, $doc:literal) => {
        pub(super) static $id: AggregateFunction = AggregateFunction {
            name: $name,
            usage: concat!($name, "(number, seconds)"),
            doc: $doc,
            class: Class::Additive,
            arguments: &[Shape::Number, Shape::Seconds],
            plan: |a| plan(a, $part, $ty(a.fields[0].ty)),
        };
    };
}

timed!(SUM_TIMED, "ESP_aSumTimed", TOTAL, total_type, "Sum of the values of the period.");
timed!(AVE_TIMED, "ESP_aAveTimed", AVERAGE, |_| FieldType::Double, "Average of the values of the period.");
timed!(MAX_TIMED, "ESP_aMaxTimed", LARGEST, |ty| ty, "Largest value of the period.");
timed!(MIN_TIMED, "ESP_aMinTimed", SMALLEST, |ty| ty, "Smallest value of the period.");

pub(super) static COUNT_TIMED: AggregateFunction = AggregateFunction {
    name: "ESP_aCountTimed",
    usage: "ESP_aCountTimed(seconds)",
    doc: "Number of events of the period.",
    class: Class::Additive,
    arguments: &[Shape::Seconds],
    plan: |a| plan(a, EVENTS, FieldType::Int64),
};

fn plan(arguments: &Arguments, part: u8, ty: FieldType) -> Plan {
    let of = arguments.fields.first().copied();
    Plan { spec: Spec::Timed { of, micros: arguments.number }, part, ty }
}

/// A group's period. `events` is 0 before the first.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    start: i64,
    events: u64,
    values: u64,
    integers: i128,
    doubles: DoubleDouble,
    smallest: u64,
    largest: u64,
}

/// Results of the current period of each group.
#[derive(Debug)]
pub(super) struct Timed {
    of: Option<Argument>,
    micros: i64,
    cells: Vec<Cell>,
    outsiders: Outsiders,
}

impl Timed {
    pub(super) fn new(of: Option<Argument>, micros: i64) -> Self {
        Self { of, micros, cells: Vec::new(), outsiders: Outsiders::default() }
    }
}

impl Accumulator for Timed {
    fn grow(&mut self, groups: usize) {
        self.cells.resize(groups, Cell::default());
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], time: EngineTime) {
        let now = time.micros();
        for change in changes.iter().filter(|change| change.add) {
            let cell = &mut self.cells[change.group as usize];
            if cell.events == 0 || now >= cell.start.saturating_add(self.micros) {
                *cell = Cell { start: now, ..Cell::default() };
                self.outsiders.clear(change.group);
            }
            cell.events += 1;
            let Some(Argument { field, ty }) = self.of else { continue };
            let row = input.row(change.row as usize);
            if row.is_null(field) {
                continue;
            }
            cell.values += 1;
            if ty != FieldType::Double {
                cell.integers = cell.integers.wrapping_add(i128::from(row.int(field)));
            } else if row.double(field).is_finite() {
                cell.doubles = cell.doubles.add(row.double(field));
            } else {
                self.outsiders.change(change.group, row.double(field), true);
            }
            let value = ordered(ty, row.word(field));
            let first = cell.values == 1;
            cell.smallest = if first { value } else { cell.smallest.min(value) };
            cell.largest = if first { value } else { cell.largest.max(value) };
        }
    }

    fn clear(&mut self, group: usize) {
        self.cells[group] = Cell::default();
        self.outsiders.clear(group as u32);
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let cell = &self.cells[touched.group as usize];
            let Some(Argument { ty, .. }) = self.of.filter(|_| part != EVENTS) else {
                out.int(row, i128::from(cell.events));
                continue;
            };
            if cell.values == 0 {
                continue;
            }
            let outside = self.outsiders.sum(touched.group);
            let count = cell.values as f64;
            match (part, ty) {
                (TOTAL, FieldType::Double) => out.double(row, outside.unwrap_or(cell.doubles.value())),
                (TOTAL, FieldType::Money) => out.money(row, cell.integers),
                (TOTAL, _) => out.int(row, cell.integers),
                (AVERAGE, FieldType::Double) => {
                    out.double(row, outside.unwrap_or(cell.doubles.value() / count));
                }
                (AVERAGE, FieldType::Money) => {
                    out.double(row, cell.integers as f64 / count / MONEY_SCALE as f64);
                }
                (AVERAGE, _) => out.double(row, cell.integers as f64 / count),
                (LARGEST, _) => out.word(row, ty, slot(ty, cell.largest)),
                _ => out.word(row, ty, slot(ty, cell.smallest)),
            }
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        let cell = &self.cells[group];
        for word in [cell.start.cast_unsigned(), cell.events, cell.values, cell.smallest, cell.largest] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&cell.integers.to_le_bytes());
        cell.doubles.save(out);
        self.outsiders.save(group as u32, out);
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let (start, events, values) = (from.get_i64()?, from.get_u64()?, from.get_u64()?);
        let (smallest, largest) = (from.get_u64()?, from.get_u64()?);
        let mut integers = [0; 16];
        from.get(&mut integers)?;
        let integers = i128::from_le_bytes(integers);
        let doubles = DoubleDouble::load(from)?;
        self.cells[group] = Cell { start, events, values, integers, doubles, smallest, largest };
        self.outsiders.load(group as u32, from)
    }
}
