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

use crate::aggregates::{Accumulator, Change, Emission, GroupRows, GroupState, OutColumn, Target, Touched};
use crate::block::BlockBuilder;
use crate::evaluator::Evaluator;
use crate::guid::mix;
use crate::key::{Digest, KeyFields};
use crate::retained::{Resolution, Retained};
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::store::RowId;
use crate::window::Window;

pub(super) use build::AGGREGATE;

/// A result of an accumulator and the field it goes to.
#[derive(Debug)]
struct Cell {
    accumulator: usize,
    part: u8,
    target: Target,
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
    /// By group.
    states: Vec<GroupState>,
    /// Groups that a block's events may have, while they are brought nearer.
    near: Vec<u32>,
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
        if self.groups.index().is_far() {
            self.touch(input);
        }
        self.changes.reserve(input.len());
        let mut position = 0;
        while position < input.len() {
            match input.events()[position].opcode {
                Opcode::Insert | Opcode::Upsert => self.change_one(input, position, true, step),
                Opcode::Delete | Opcode::SafeDelete => self.change_one(input, position, false, step),
                Opcode::UpdateBlock if position + 1 < input.len() => {
                    self.change(input, position, step);
                    position += 1;
                }
                Opcode::Update | Opcode::UpdateBlock => step.reject(input, position, Reject::MissingKey),
            }
            position += 1;
        }
    }

    /// Brings what the groups of a block's events will need nearer, in passes whose loads do not wait for each other.
    #[inline(never)]
    fn touch(&mut self, input: &EventBlock) {
        let Self { groups, states, probe, near, .. } = self;
        near.clear();
        near.extend(input.iter().map(|event| groups.index().touch(probe.hash(&event.row))));
        let known = near.iter().map(|&group| (states[group as usize].rows, RowId(group)));
        let words = known.map(|(rows, id)| if rows > 0 { groups.store().touch(id) } else { 0 });
        std::hint::black_box(words.fold(0, |all, word| all ^ word));
    }

    #[inline(never)]
    fn change(&mut self, input: &EventBlock, position: usize, step: &mut Step<'_>) {
        let (new, old) = (input.event(position), input.event(position + 1));
        if let (Some(from), Some(to)) = (self.probe.digest(&old.row), self.probe.digest(&new.row))
            && from.words == to.words
            && (from.exact || self.probe.same(&new.row, &self.probe, &old.row))
            && let Some(group) = self.find(&from, &old.row)
            && self.states[group as usize].rows > 0
        {
            self.note(group, &old, false, 0);
            self.note(group, &new, true, 2);
            return;
        }
        self.change_one(input, position + 1, false, step);
        self.change_one(input, position, true, step);
    }

    /// The group of the key that `digest` is of.
    #[inline]
    fn find(&self, digest: &Digest, row: &RowView<'_>) -> Option<u32> {
        let Self { groups, states, probe, .. } = self;
        let same = |id: RowId| {
            states[id.0 as usize].key == digest.words
                && (digest.exact || groups.key().same(&groups.store().row(id), probe, row))
        };
        groups.index().find_where(digest.hash, same).map(|id| id.0)
    }

    /// A row joins its group or leaves it.
    #[inline(always)]
    fn change_one(&mut self, input: &EventBlock, position: usize, add: bool, step: &mut Step<'_>) {
        let event = input.event(position);
        let Some(digest) = self.probe.digest(&event.row) else {
            // A row that leaves was refused when it came, which has been counted.
            if add {
                step.reject(input, position, Reject::NullKey);
            }
            return;
        };
        let group = match self.find(&digest, &event.row) {
            Some(group) if add || self.states[group as usize].rows > 0 => group,
            None if add => self.begin(&event.row),
            _ => return step.reject(input, position, Reject::MissingKey),
        };
        self.note(group, &event, add, if add { 1 } else { 3 });
    }

    /// A new group: its row has the key alone until it is emitted.
    #[cold]
    fn begin(&mut self, row: &RowView<'_>) -> u32 {
        self.stub.reset(self.groups.schema().layout());
        let mut stub = self.stub.push();
        for &(to, from) in &self.keys {
            stub.copy_field(to, row, from);
        }
        let group = self.groups.insert(&self.stub.row(0));
        self.grow(group);
        group.0
    }

    /// Makes room for a group that has just been stored.
    fn grow(&mut self, group: RowId) {
        let (at, groups) = (group.0 as usize, group.0 as usize + 1);
        if groups > self.states.len() {
            self.states.resize(groups, GroupState::default());
            self.accumulators.iter_mut().for_each(|accumulator| accumulator.grow(groups));
            if let Some(lists) = &mut self.lists {
                lists.grow(groups);
            }
        }
        let digest = self.groups.key().digest(&self.groups.store().row(group));
        self.states[at].key = digest.map_or([0; 2], |digest| digest.words);
    }

    #[inline(always)]
    fn note(&mut self, group: u32, event: &Event<'_>, add: bool, seen: u8) {
        let retention = event.flags.contains(Flags::RETENTION);
        let state = &mut self.states[group as usize];
        let existed = state.rows > 0;
        state.rows = if add { state.rows + 1 } else { state.rows - 1 };
        self.changes.push(Change { group, row: event.row_number, add, event: seen });
        if state.mark > 0 {
            let touched = &mut self.touched[state.mark as usize - 1];
            touched.retention &= retention;
            touched.last_row = event.row_number;
            touched.last_event = seen;
            return;
        }
        self.touched.push(Touched {
            group,
            existed,
            retention,
            last_row: event.row_number,
            last_event: seen,
        });
        state.mark = self.touched.len() as u32;
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
        let Self { living, touched, states, .. } = self;
        living.clear();
        living.extend(touched.iter().filter(|t| states[t.group as usize].rows > 0));
        let mut out = BlockBuilder::new(step.pool, self.groups.schema().layout());
        let store = self.groups.store();
        let row = |touched: &Touched| store.row(RowId(touched.group));
        out.rows_mut().push_fields(living.len(), living.iter().map(row), self.groups.key().fields());
        self.fill(input, &mut out, step);
        let Self { groups, states, touched, accumulators, lists, .. } = self;
        let (rows, events) = out.parts_mut();
        let (mut new, mut old) = (0, rows.push_unwritten(touched.iter().filter(|t| t.existed).count()));
        events.reserve(2 * touched.len());
        for &Touched { group, existed, retention, .. } in &*touched {
            let (state, id) = (&mut states[group as usize], RowId(group));
            let flags = if retention { Flags::RETENTION } else { Flags::NORMAL };
            state.mark = 0;
            let deleted = EventRef { row: old, opcode: Opcode::Delete, flags };
            match (state.rows > 0, existed) {
                (true, true) => {
                    events.push(EventRef { row: new, opcode: Opcode::UpdateBlock, flags });
                    events.push(deleted);
                    groups.exchange(id, rows, new, old);
                    (new, old) = (new + 1, old + 1);
                }
                (true, false) => {
                    events.push(EventRef { row: new, opcode: Opcode::Insert, flags });
                    groups.replace(id, &rows.row(new as usize));
                    new += 1;
                }
                (false, _) => {
                    if existed {
                        events.push(deleted);
                        rows.overwrite(old, &groups.store().row(id));
                        old += 1;
                    }
                    groups.remove(id);
                    accumulators.iter_mut().for_each(|accumulator| accumulator.clear(group as usize));
                    if let Some(lists) = lists {
                        lists.clear(group as usize);
                    }
                }
            }
        }
        out.finish(step.pool)
    }

    fn fill(&mut self, input: &RowBatch, out: &mut BlockBuilder, step: &mut Step<'_>) {
        let Self { accumulators, living, states, lists, .. } = self;
        let id = step.header.id;
        let block = mix(id.input.cast_unsigned()) ^ u64::from(id.sub);
        let seed = mix(mix(block) ^ u64::from(step.window.0));
        let at = Emission { groups: living, input, states, seed, lists: lists.as_ref() };
        let mut fill = |cells: &[Cell], rows: &mut RowBatch| {
            for cell in cells {
                let mut column = OutColumn::new(rows, &cell.target, &mut step.stats.faults);
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
            state.extend_from_slice(&self.states[group].rows.to_le_bytes());
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
            self.grow(id);
            self.states[group].rows = from.get_u64()?;
            if self.states[group].rows == 0 {
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
