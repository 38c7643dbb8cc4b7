//! First and last values.

use tidegate_event::{EngineTime, RowBatch, RowView};

use super::accumulator::{Accumulator, Change, Emission};
use super::column::OutColumn;
use super::counts::last_value;
use super::function::{AggregateFunction, Argument, Class, Plan, Shape, Spec};
use super::lists;
use crate::state::{StateError, StateReader};

pub(super) static FIRST: AggregateFunction = AggregateFunction {
    name: "ESP_aFirst",
    usage: "ESP_aFirst(field)",
    doc: "Value of the event that has been in the group for longest.",
    class: Class::InsertOnly,
    arguments: &[Shape::Any],
    plan: |a| {
        let of = a.fields[0];
        if a.insert_only { Plan { spec: Spec::First(of), part: 0, ty: of.ty } } else { lists::first(of) }
    },
};

pub(super) static LAST: AggregateFunction = AggregateFunction {
    name: "ESP_aLast",
    usage: "ESP_aLast(field)",
    doc: "Value of the event that last changed the group, a delete included.",
    class: Class::Additive,
    arguments: &[Shape::Any],
    plan: |a| last_value(a.fields[0].field, a.fields[0].ty),
};

pub(super) static LAST_NON_DELETE: AggregateFunction = AggregateFunction {
    name: "ESP_aLastNonDelete",
    usage: "ESP_aLastNonDelete(field)",
    doc: "Value of the insert or update that last changed the group.",
    class: Class::Additive,
    arguments: &[Shape::Any],
    plan: |a| Plan { spec: Spec::LastAdded(a.fields[0]), part: 0, ty: a.fields[0].ty },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Unset,
    Null,
    Value,
}

/// One value per group: the first that came, or the last.
#[derive(Debug)]
pub(super) struct Kept {
    of: Argument,
    first: bool,
    marks: Vec<Mark>,
    words: Vec<u64>,
    bytes: Vec<Vec<u8>>,
}

/// Values longer than this are refused when they are read back.
const VALUE_BYTES_MAX: usize = 1 << 30;

impl Kept {
    pub(super) fn new(of: Argument, first: bool) -> Self {
        Self { of, first, marks: Vec::new(), words: Vec::new(), bytes: Vec::new() }
    }

    fn set(&mut self, group: usize, row: &RowView<'_>) {
        if row.is_null(self.of.field) {
            self.marks[group] = Mark::Null;
            return;
        }
        self.marks[group] = Mark::Value;
        if self.of.ty.is_variable() {
            self.bytes[group].clear();
            self.bytes[group].extend_from_slice(row.bytes(self.of.field));
        } else {
            self.words[group] = row.word(self.of.field);
        }
    }
}

impl Accumulator for Kept {
    fn grow(&mut self, groups: usize) {
        self.marks.resize(groups, Mark::Unset);
        if self.of.ty.is_variable() {
            self.bytes.resize_with(groups, Vec::new);
        } else {
            self.words.resize(groups, 0);
        }
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        for change in changes.iter().filter(|change| change.add) {
            let group = change.group as usize;
            if !self.first || self.marks[group] == Mark::Unset {
                self.set(group, &input.row(change.row as usize));
            }
        }
    }

    fn clear(&mut self, group: usize) {
        self.marks[group] = Mark::Unset;
        if self.of.ty.is_variable() {
            self.bytes[group].clear();
        }
    }

    fn fill(&self, _: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let group = touched.group as usize;
            if self.marks[group] != Mark::Value {
                continue;
            }
            if self.of.ty.is_variable() {
                out.bytes(row, &self.bytes[group]);
            } else {
                out.word(row, self.of.ty, self.words[group]);
            }
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.marks[group] as u64).to_le_bytes());
        if self.marks[group] != Mark::Value {
        } else if self.of.ty.is_variable() {
            out.extend_from_slice(&(self.bytes[group].len() as u64).to_le_bytes());
            out.extend_from_slice(&self.bytes[group]);
        } else {
            out.extend_from_slice(&self.words[group].to_le_bytes());
        }
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.marks[group] = match from.get_u64()? {
            0 => Mark::Unset,
            1 => Mark::Null,
            2 => Mark::Value,
            mark => return Err(StateError::corrupt(format!("{mark} is no mark of a value"))),
        };
        if self.marks[group] != Mark::Value {
            Ok(())
        } else if self.of.ty.is_variable() {
            from.get_bytes(VALUE_BYTES_MAX, &mut self.bytes[group])
        } else {
            self.words[group] = from.get_u64()?;
            Ok(())
        }
    }
}
