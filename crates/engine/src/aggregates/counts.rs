//! Counts of events, and what the last event was.

use tidegate_event::{EngineTime, FieldType, RowBatch};

use super::accumulator::{Accumulator, Change, Emission};
use super::column::OutColumn;
use super::function::{AggregateFunction, Class, Plan, Shape, Spec};
use crate::guid::guid;
use crate::state::{StateError, StateReader};

const ROWS: u8 = 0;
const LAST: u8 = 1;
const OPCODE: u8 = 2;
const GUID: u8 = 3;

pub(super) static COUNT: AggregateFunction = AggregateFunction {
    name: "ESP_aCount",
    usage: "ESP_aCount()",
    doc: "Number of events in the group, nulls included.",
    class: Class::Additive,
    arguments: &[Shape::Optional],
    plan: |_| Plan { spec: Spec::Current(None), part: ROWS, ty: FieldType::Int64 },
};

pub(super) static COUNT_NON_NULL: AggregateFunction = AggregateFunction {
    name: "ESP_aCountNonNull",
    usage: "ESP_aCountNonNull(field)",
    doc: "Number of events whose field is not null.",
    class: Class::Additive,
    arguments: &[Shape::Any],
    plan: |a| Plan { spec: Spec::NonNull(a.fields[0].field), part: 0, ty: FieldType::Int64 },
};

pub(super) static COUNT_NULL: AggregateFunction = AggregateFunction {
    name: "ESP_aCountNull",
    usage: "ESP_aCountNull(field)",
    doc: "Number of events whose field is null.",
    class: Class::Additive,
    arguments: &[Shape::Any],
    plan: |a| Plan { spec: Spec::NonNull(a.fields[0].field), part: 1, ty: FieldType::Int64 },
};

pub(super) static COUNT_OPCODES: AggregateFunction = AggregateFunction {
    name: "ESP_aCountOpcodes",
    usage: "ESP_aCountOpcodes(1 for inserts, 2 for updates, 3 for deletes)",
    doc: "Number of events received with that opcode since the group exists.",
    class: Class::Additive,
    arguments: &[Shape::Integer(1, 3)],
    plan: |a| Plan { spec: Spec::Opcodes, part: a.number as u8 - 1, ty: FieldType::Int64 },
};

pub(super) static LAST_OPCODE: AggregateFunction = AggregateFunction {
    name: "ESP_aLastOpcode",
    usage: "ESP_aLastOpcode(field)",
    doc: "Opcode of the last event that hit the group: 1 insert, 2 update, 3 delete.",
    class: Class::Additive,
    arguments: &[Shape::Optional],
    plan: |_| Plan { spec: Spec::Current(None), part: OPCODE, ty: FieldType::Int64 },
};

pub(super) static GUID_OF_OUTPUT: AggregateFunction = AggregateFunction {
    name: "ESP_aGUID",
    usage: "ESP_aGUID()",
    doc: "A new unique id for each output; it follows from the input's message id, so that every engine makes the same.",
    class: Class::Additive,
    arguments: &[],
    plan: |_| Plan { spec: Spec::Current(None), part: GUID, ty: FieldType::String },
};

/// The plan of a value of the last event.
pub(crate) fn last_value(field: usize, ty: FieldType) -> Plan {
    Plan { spec: Spec::Current(Some(field)), part: LAST, ty }
}

/// Results that follow from the block and the number of rows: a group is emitted only when a block touches it.
#[derive(Debug)]
pub(super) struct Current {
    field: Option<usize>,
}

impl Current {
    pub(super) fn new(field: Option<usize>) -> Self {
        Self { field }
    }
}

impl Accumulator for Current {
    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        if part == ROWS {
            return out.counts(at.groups.iter().map(|touched| at.states[touched.group as usize].rows));
        }
        for (row, touched) in at.groups.iter().enumerate() {
            match (part, self.field) {
                (GUID, _) => out.bytes(row, guid(at.seed, row as u64).as_bytes()),
                (OPCODE, _) => out.int(row, i128::from(touched.last_event)),
                (_, Some(field)) => out.copy(row, &at.input.row(touched.last_row as usize), field),
                (_, None) => {}
            }
        }
    }
}

/// Number of values of a field that are not null.
#[derive(Debug)]
pub(super) struct NonNull {
    field: usize,
    counts: Vec<u64>,
}

impl NonNull {
    pub(super) fn new(field: usize) -> Self {
        Self { field, counts: Vec::new() }
    }
}

impl Accumulator for NonNull {
    fn grow(&mut self, groups: usize) {
        self.counts.resize(groups, 0);
    }

    fn apply(&mut self, input: &RowBatch, changes: &[Change], _: EngineTime) {
        for change in changes {
            let count = &mut self.counts[change.group as usize];
            if input.row(change.row as usize).is_null(self.field) {
                continue;
            }
            *count = if change.add { *count + 1 } else { count.wrapping_sub(1) };
        }
    }

    fn clear(&mut self, group: usize) {
        self.counts[group] = 0;
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            let group = touched.group as usize;
            let count = i128::from(self.counts[group]);
            out.int(row, if part == 0 { count } else { i128::from(at.states[group].rows) - count });
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.counts[group].to_le_bytes());
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.counts[group] = from.get_u64()?;
        Ok(())
    }
}

/// Number of events by opcode.
#[derive(Debug, Default)]
pub(super) struct Opcodes {
    counts: Vec<[u64; 3]>,
}

impl Accumulator for Opcodes {
    fn grow(&mut self, groups: usize) {
        self.counts.resize(groups, [0; 3]);
    }

    fn apply(&mut self, _: &RowBatch, changes: &[Change], _: EngineTime) {
        for change in changes.iter().filter(|change| change.event != 0) {
            let count = &mut self.counts[change.group as usize][usize::from(change.event) - 1];
            *count = count.wrapping_add(1);
        }
    }

    fn clear(&mut self, group: usize) {
        self.counts[group] = [0; 3];
    }

    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        for (row, touched) in at.groups.iter().enumerate() {
            out.int(row, i128::from(self.counts[touched.group as usize][usize::from(part)]));
        }
    }

    fn save(&self, group: usize, out: &mut Vec<u8>) {
        self.counts[group].iter().for_each(|count| out.extend_from_slice(&count.to_le_bytes()));
    }

    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        for count in &mut self.counts[group] {
            *count = from.get_u64()?;
        }
        Ok(())
    }
}
