//! `window-aggregate`: one row per group, kept up to date (engine-semantics 3.5, functions.md 2).
//!
//! A block is taken in three passes: each event's group is found or made; each accumulator takes in the whole
//! list of changes; each touched group is emitted once, in order of first touch, as I, UB+D or D. Flag R when every
//! change to the group in the block has it. A group ends when it is empty at the end of a block.
//!
//! The group's number is the id of its row. Saved state, all groups in order of arrival:
//!
//! ```text
//! variables of expressions
//! the window's rows              (FrozenRetained)
//! per group: u64 rows, then the state of each accumulator, bit for bit
//! the groups' own input rows     (FrozenRows), where a function needs them
//! the input's rows               (FrozenRetained), where the input is not resolved
//! ```

mod build;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_event::{
    BlockKind, EngineTime, Event, EventBlock, EventRef, Flags, Opcode, RowBatch, RowView, Schema,
};
use tidegate_expr::{Column, Program};

use crate::aggregates::{Accumulator, Change, Emission, GroupRows, OutColumn, Touched};
use crate::block::BlockBuilder;
use crate::evaluator::Evaluator;
use crate::key::KeyFields;
use crate::retained::{Resolution, Retained};
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::window::Window;

pub(super) use build::AGGREGATE;

/// A result of an accumulator and the field it goes to.
#[derive(Debug)]
struct Cell {
    accumulator: usize,
    part: u8,
    field: usize,
}

/// An expression around calls and the field it goes to.
#[derive(Debug)]
struct Formula {
    program: Program,
    field: usize,
}

#[derive(Debug)]
struct Aggregate {
    /// One row per group.
    groups: Retained,
    /// Group key: (position in the output, position in the input).
    keys: Vec<(usize, usize)>,
    /// Group key in the input.
    probe: KeyFields,
    accumulators: Vec<Box<dyn Accumulator>>,
    /// Calls that are a field by themselves.
    plain: Vec<Cell>,
    /// Calls inside expressions: fields of `results`.
    inner: Vec<Cell>,
    formulas: Vec<Formula>,
    /// Layout of the row that expressions see.
    results_schema: Option<Arc<Schema>>,
    evaluator: Evaluator,
    lists: Option<GroupRows>,
    /// Resolves an input that is not.
    resolver: Option<Retained>,
    /// Number of rows by group.
    rows: Vec<u64>,
    /// Position in `touched`, plus 1, by group.
    marks: Vec<u32>,
    changes: Vec<Change>,
    touched: Vec<Touched>,
    living: Vec<Touched>,
    stub: RowBatch,
    results: RowBatch,
    events: Vec<EventRef>,
    column: Column,
}

impl Aggregate {
    /// Pass 1: the group of each event, and what it does to it.
    fn resolve(&mut self, input: &EventBlock, step: &mut Step<'_>) {
        self.changes.clear();
        self.touched.clear();
        let mut position = 0;
        while position < input.len() {
            let event = input.event(position);
            match event.opcode {
                Opcode::Insert | Opcode::Upsert => self.join(input, position, &event, step),
                Opcode::Delete | Opcode::SafeDelete => self.leave(input, position, &event, step),
                Opcode::UpdateBlock if position + 1 < input.len() => {
                    self.change(input, position, step);
                    position += 1;
                }
                Opcode::Update | Opcode::UpdateBlock => step.reject(input, position, Reject::MissingKey),
            }
            position += 1;
        }
    }

    fn change(&mut self, input: &EventBlock, position: usize, step: &mut Step<'_>) {
        let (new, old) = (input.event(position), input.event(position + 1));
        if self.probe.same(&new.row, &self.probe, &old.row)
            && let Some(group) = self.find(&old.row)
            && self.rows[group as usize] > 0
        {
            self.note(group, &old, false, 0);
            self.note(group, &new, true, 2);
            return;
        }
        self.leave(input, position + 1, &old, step);
        self.join(input, position, &new, step);
    }

    fn find(&self, row: &RowView<'_>) -> Option<u32> {
        self.groups.find_by(&self.probe, row).map(|id| id.0)
    }

    fn join(&mut self, input: &EventBlock, position: usize, event: &Event<'_>, step: &mut Step<'_>) {
        if self.probe.has_null(&event.row) {
            step.reject(input, position, Reject::NullKey);
            return;
        }
        let group = match self.find(&event.row) {
            Some(group) => group,
            None => self.begin(&event.row),
        };
        self.note(group, event, true, 1);
    }

    fn leave(&mut self, input: &EventBlock, position: usize, event: &Event<'_>, step: &mut Step<'_>) {
        match self.find(&event.row).filter(|&group| self.rows[group as usize] > 0) {
            Some(group) => self.note(group, event, false, 3),
            // The row was refused when it came, which has been counted.
            None if self.probe.has_null(&event.row) => {}
            None => step.reject(input, position, Reject::MissingKey),
        }
    }

    /// A new group: its row has the key alone until it is emitted.
    #[cold]
    fn begin(&mut self, row: &RowView<'_>) -> u32 {
        self.stub.reset(self.groups.schema().layout());
        let mut stub = self.stub.push();
        for &(to, from) in &self.keys {
            stub.copy_field(to, row, from);
        }
        let group = self.groups.insert(&self.stub.row(0)).0;
        self.grow(group as usize + 1);
        group
    }

    fn grow(&mut self, groups: usize) {
        if groups <= self.rows.len() {
            return;
        }
        self.rows.resize(groups, 0);
        self.marks.resize(groups, 0);
        self.accumulators.iter_mut().for_each(|accumulator| accumulator.grow(groups));
        if let Some(lists) = &mut self.lists {
            lists.grow(groups);
        }
    }

    #[inline]
    fn note(&mut self, group: u32, event: &Event<'_>, add: bool, seen: u8) {
        let at = group as usize;
        let retention = event.flags.contains(Flags::RETENTION);
        if self.marks[at] == 0 {
            self.touched.push(Touched {
                group,
                existed: self.rows[at] > 0,
                retention: true,
                last_row: event.row_number,
                last_event: seen,
            });
            self.marks[at] = self.touched.len() as u32;
        }
        self.rows[at] = if add { self.rows[at] + 1 } else { self.rows[at] - 1 };
        let touched = &mut self.touched[self.marks[at] as usize - 1];
        touched.retention &= retention;
        touched.last_row = event.row_number;
        touched.last_event = seen;
        self.changes.push(Change { group, row: event.row_number, add, event: seen });
    }

    /// Pass 2: what the functions make of it.
    fn accumulate(&mut self, input: &RowBatch, time: EngineTime) {
        for accumulator in &mut self.accumulators {
            accumulator.apply(input, &self.changes, time);
        }
        if let Some(lists) = &mut self.lists {
            lists.apply(input, &self.changes);
        }
    }

    /// Pass 3: one result per touched group.
    fn emit(&mut self, input: &RowBatch, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        self.living.clear();
        let Self { living, touched, rows, .. } = self;
        living.extend(touched.iter().filter(|t| rows[t.group as usize] > 0));
        let mut out = BlockBuilder::new(step.pool, self.groups.schema().layout());
        for touched in &self.living {
            let stored = self.groups.store().row(crate::store::RowId(touched.group));
            let mut row = out.new_row();
            for &(key, _) in &self.keys {
                row.copy_field(key, &stored, key);
            }
        }
        self.fill(input, &mut out, step);
        let mut next = 0;
        for at in 0..self.touched.len() {
            let touched = self.touched[at];
            let group = touched.group as usize;
            let id = crate::store::RowId(touched.group);
            let flags = if touched.retention { Flags::RETENTION } else { Flags::NORMAL };
            self.marks[group] = 0;
            let lives = self.rows[group] > 0;
            if lives {
                let opcode = if touched.existed { Opcode::UpdateBlock } else { Opcode::Insert };
                out.emit_own(next, opcode, flags);
            }
            if touched.existed {
                out.emit_copy(&self.groups.store().row(id), Opcode::Delete, flags);
            }
            if lives {
                self.groups.replace(id, &out.rows().row(next as usize));
                next += 1;
            } else {
                self.groups.remove(id);
                self.accumulators.iter_mut().for_each(|accumulator| accumulator.clear(group));
                if let Some(lists) = &mut self.lists {
                    lists.clear(group);
                }
            }
        }
        out.finish(step.pool)
    }

    fn fill(&mut self, input: &RowBatch, out: &mut BlockBuilder, step: &mut Step<'_>) {
        let Self { accumulators, living, rows, lists, .. } = self;
        let at = Emission { groups: living, input, rows, lists: lists.as_ref() };
        let mut fill = |cells: &[Cell], rows: &mut RowBatch| {
            for cell in cells {
                let mut column = OutColumn::new(rows, cell.field, &mut step.stats.faults);
                accumulators[cell.accumulator].fill(cell.part, &at, &mut column);
            }
        };
        fill(&self.plain, out.rows_mut());
        let Some(schema) = &self.results_schema else { return };
        self.results.reset(schema.layout());
        living.iter().for_each(|_| {
            self.results.push();
        });
        fill(&self.inner, &mut self.results);
        self.events.clear();
        self.events.extend(living.iter().enumerate().map(|(row, touched)| EventRef {
            row: row as u32,
            opcode: if touched.existed { Opcode::UpdateBlock } else { Opcode::Insert },
            flags: if touched.retention { Flags::RETENTION } else { Flags::NORMAL },
        }));
        for Formula { program, field } in &self.formulas {
            if program.is_pure() {
                self.evaluator.column(program, &self.results, &self.events, step, &mut self.column);
                self.column.store(out.rows_mut(), 0, *field);
                continue;
            }
            for event in &self.events {
                let row = Some(self.results.row(event.row as usize));
                self.evaluator.row(step, &[row], event.opcode, event.flags, |context| {
                    program.eval_row(context, &mut out.rows_mut().row_mut(event.row as usize), *field);
                });
            }
        }
    }
}

impl Window for Aggregate {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let resolved = match &mut self.resolver {
            Some(resolver) => {
                let how = Resolution { lenient: false, old_from_input: false };
                Some(resolver.apply(input, kind, how, step)?)
            }
            None => None,
        };
        let input = resolved.as_ref().unwrap_or(input);
        self.resolve(input, step);
        self.accumulate(input.rows(), step.time);
        let out = self.emit(input.rows(), step);
        if let Some(resolved) = resolved {
            step.pool.give(resolved);
        }
        out
    }

    fn start_clock(&mut self, now: EngineTime) {
        self.evaluator.start(now);
    }

    fn retained(&self) -> Option<&Retained> {
        Some(&self.groups)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut variables = Vec::new();
        self.evaluator.save(&mut variables);
        let mut state = Vec::new();
        for id in self.groups.store().in_arrival_order() {
            let group = id.0 as usize;
            state.extend_from_slice(&self.rows[group].to_le_bytes());
            self.accumulators.iter().for_each(|accumulator| accumulator.save(group, &mut state));
        }
        let mut parts: Vec<Box<dyn Frozen>> =
            vec![Box::new(variables), Box::new(self.groups.freeze()), Box::new(state)];
        if let Some(lists) = &mut self.lists {
            parts.push(Box::new(lists.freeze()));
        }
        if let Some(resolver) = &mut self.resolver {
            parts.push(Box::new(resolver.freeze()));
        }
        Box::new(parts)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.evaluator.load(from)?;
        self.groups.load(from)?;
        for id in self.groups.store().in_arrival_order() {
            let group = id.0 as usize;
            self.grow(group + 1);
            self.rows[group] = from.get_u64()?;
            if self.rows[group] == 0 {
                return Err(StateError::corrupt("a group without rows"));
            }
            for accumulator in &mut self.accumulators {
                accumulator.load(group, from)?;
            }
        }
        if let Some(lists) = &mut self.lists {
            let groups = &self.groups;
            lists.load(from, &|key, row| groups.find_by(key, row))?;
        }
        self.resolver.as_mut().map_or(Ok(()), |resolver| resolver.load(from))
    }
}
