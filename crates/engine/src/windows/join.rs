//! `window-join`: matches the rows of two inputs by equal fields (engine-semantics 3.6).
//!
//! Each side keeps its own rows, so inputs may be stateless. A change of a row is resolved against its side's
//! rows, and its old and new partners on the other side decide what goes out. A side that keeps nothing (a pure
//! lookup, or `no-regenerates`) is joined as it passes, and changes of the other side then put nothing out.

mod build;
mod output;
mod side;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, Event, EventBlock, Flags, Opcode, RowBatch, RowView, Schema};

use crate::block::BlockBuilder;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::store::RowId;
use crate::window::{Window, WindowType};

use output::{Emitter, Output, Pair};
use side::{Lookup, Side};

/// The type.
pub(super) static JOIN: WindowType = WindowType { element: "window-join", build: build::build };

const LEFT: usize = 0;
const RIGHT: usize = 1;

#[derive(Debug)]
struct Join {
    schema: Arc<Schema>,
    /// Left and right.
    sides: [Side; 2],
    /// The side that each in-edge feeds.
    ports: [usize; 2],
    /// The side whose rows are the join's rows; none where both are alike.
    fact: Option<usize>,
    output: Output,
    /// Scratch: a partial update completed.
    merged: RowBatch,
    /// Scratch: partners of the old row and of the new one.
    partners: [Vec<RowId>; 2],
    /// Scratch: rows that the events of a block may meet.
    near: Vec<RowId>,
}

/// What an event does to a row of its side.
enum Change<'a> {
    Insert(RowView<'a>),
    Update(RowId, RowView<'a>),
    Delete(RowId),
}

/// The pair of a row of `side` and one of the other.
fn pair<'a>(side: usize, own: Option<RowView<'a>>, other: Option<RowView<'a>>) -> Pair<'a> {
    if side == LEFT { [own, other] } else { [other, own] }
}

/// The old half of the update pair that starts at `position`, if it does.
fn old_half(input: &EventBlock, position: usize) -> Option<Event<'_>> {
    let starts = input.events()[position].opcode == Opcode::UpdateBlock;
    let old = input.events().get(position + 1).filter(|old| starts && old.opcode == Opcode::Delete);
    old.map(|_| input.event(position + 1))
}

impl Join {
    /// Processes the event at `position` of a side that keeps its rows.
    fn change(
        &mut self,
        side: usize,
        input: &EventBlock,
        position: usize,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        let Self { sides, output, merged, partners, .. } = self;
        let upserts = !output.stateful && self.fact.is_some_and(|fact| fact != side);
        let [left, right] = sides;
        let (own, other) = if side == LEFT { (left, &*right) } else { (right, &*left) };
        let Some(kept) = &own.kept else { return };
        if kept.rows.key().has_null(&event.row) {
            return step.reject(input, position, Reject::NullKey);
        }
        let found = kept.rows.find(&event.row);
        let change = match (event.opcode, found) {
            (Opcode::Insert, Some(_)) => return step.reject(input, position, Reject::DuplicateKey),
            (Opcode::Insert | Opcode::Upsert, None) => Change::Insert(event.row),
            (Opcode::UpdateBlock, None) if own.resolution.lenient => Change::Insert(event.row),
            (Opcode::Update | Opcode::UpdateBlock, None) => {
                return step.reject(input, position, Reject::MissingKey);
            }
            (Opcode::Update | Opcode::Upsert | Opcode::UpdateBlock, Some(id)) => {
                if event.flags.contains(Flags::PARTIAL) {
                    complete(merged, &kept.rows.store().row(id), input, &event);
                    Change::Update(id, merged.row(0))
                } else {
                    Change::Update(id, event.row)
                }
            }
            (Opcode::Delete, None) if !own.resolution.lenient => {
                return step.reject(input, position, Reject::MissingKey);
            }
            (Opcode::Delete | Opcode::SafeDelete, None) => return,
            (Opcode::Delete | Opcode::SafeDelete, Some(id)) => Change::Delete(id),
        };
        let (old, new) = match &change {
            Change::Insert(row) => (None, Some(*row)),
            Change::Update(id, row) => (Some(kept.rows.store().row(*id)), Some(*row)),
            Change::Delete(id) => (Some(kept.rows.store().row(*id)), None),
        };
        let flags = event.flags.without(Flags::PARTIAL);
        let mut emitter = Emitter { output, out, step, opcode: event.opcode, flags, upserts };
        emit_change(side, own, other, old, new, partners, &mut emitter);
        let Some(kept) = &mut own.kept else { return };
        match change {
            Change::Insert(row) => kept.insert(&row),
            Change::Update(id, row) => kept.replace(id, &row),
            Change::Delete(id) => kept.remove(id),
        }
    }

    /// Joins the event at `position` of a side that keeps nothing. What was put out for its key before can only
    /// be found by the key.
    fn look_up(
        &mut self,
        side: usize,
        input: &EventBlock,
        position: usize,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        if event.flags.contains(Flags::PARTIAL) {
            // There is no stored row to complete it from.
            return step.reject(input, position, Reject::MissingKey);
        }
        let Self { sides, output, partners, .. } = self;
        let stateful = output.stateful;
        let (own, other) = (&sides[side], &sides[1 - side]);
        let [of_old, of_new] = partners;
        let mut emitter =
            Emitter { output, out, step, opcode: event.opcode, flags: event.flags, upserts: false };
        let partner = |id: &RowId| other.kept.as_ref().map(|kept| kept.rows.store().row(*id));
        own.partners(&event.row, other, of_new);
        let new = pair(side, Some(event.row), of_new.first().and_then(partner));
        let goes_out = own.outer || !of_new.is_empty();
        match event.opcode {
            Opcode::Insert => {
                for id in of_new.iter() {
                    emitter.insert(&pair(side, Some(event.row), partner(id)));
                }
                if of_new.is_empty() && own.outer {
                    emitter.insert(&new);
                }
            }
            Opcode::Update | Opcode::Upsert | Opcode::Delete | Opcode::SafeDelete if !goes_out => {
                emitter.delete_safely(&new);
            }
            // Where rows without partner do not go out, this may be the first of its key that does.
            Opcode::Update if stateful && !own.outer => emitter.emit(&new, Opcode::Upsert),
            Opcode::Update | Opcode::Upsert | Opcode::Delete | Opcode::SafeDelete => {
                emitter.emit(&new, event.opcode);
            }
            Opcode::UpdateBlock => {
                let old_row = old_half(input, position).map(|old| old.row);
                of_old.clear();
                if let Some(row) = &old_row {
                    own.partners(row, other, of_old);
                }
                let old = pair(side, old_row, of_old.first().and_then(partner));
                let went_out = old_row.is_some() && (own.outer || !of_old.is_empty());
                match (went_out || stateful, goes_out) {
                    (true, true) => emitter.update(&old, &new),
                    (false, true) => emitter.emit(&new, Opcode::Upsert),
                    (true, false) if went_out => emitter.delete(&old),
                    (_, false) => emitter.delete_safely(&new),
                }
            }
        }
    }
}

/// Fills `merged` with the stored row, changed in those fields that a partial update has a value for.
fn complete(merged: &mut RowBatch, stored: &RowView<'_>, input: &EventBlock, event: &Event<'_>) {
    merged.reset(stored.layout());
    merged.push_copy(stored);
    let mut row = merged.row_mut(0);
    for field in 0..stored.len() {
        if !input.rows().is_unchanged(event.row_number as usize, field) {
            row.copy_field(field, &event.row, field);
        }
    }
}

/// Puts out what follows from a row of `side` turning from `old` into `new`. Neither side's rows have changed yet.
fn emit_change(
    side: usize,
    own: &Side,
    other: &Side,
    old: Option<RowView<'_>>,
    new: Option<RowView<'_>>,
    partners: &mut [Vec<RowId>; 2],
    emitter: &mut Emitter<'_, '_>,
) {
    let [of_old, of_new] = partners;
    of_old.clear();
    of_new.clear();
    let partner = |id: &RowId| other.kept.as_ref().map(|kept| kept.rows.store().row(*id));
    if let (Some(old), Some(new)) = (old, new)
        && own.condition.same(&old, &own.condition, &new)
    {
        own.partners(&new, other, of_new);
        for id in of_new.iter() {
            emitter.update(&pair(side, Some(old), partner(id)), &pair(side, Some(new), partner(id)));
        }
        if of_new.is_empty() && own.outer {
            emitter.update(&pair(side, Some(old), None), &pair(side, Some(new), None));
        }
        return;
    }
    if let Some(row) = &old {
        own.partners(row, other, of_old);
    }
    if let Some(row) = &new {
        own.partners(row, other, of_new);
    }
    if let Lookup::One { .. } = own.lookup {
        // A row, with its partner or alone; and a partner that is left alone, or was alone so far.
        let old_partner = of_old.first();
        let new_partner = of_new.first();
        let changed = old_partner != new_partner;
        let goes =
            |row: Option<&RowView<'_>>, id: Option<&RowId>| row.is_some() && (id.is_some() || own.outer);
        let before = [
            goes(old.as_ref(), old_partner).then(|| pair(side, old, old_partner.and_then(partner))),
            new_partner.filter(|_| other.outer && changed).map(|id| pair(side, None, partner(id))),
        ];
        let after = [
            goes(new.as_ref(), new_partner).then(|| pair(side, new, new_partner.and_then(partner))),
            old_partner.filter(|_| other.outer && changed).map(|id| pair(side, None, partner(id))),
        ];
        return emitter.settle(before, after);
    }
    for id in of_old.iter() {
        let before = pair(side, old, partner(id));
        if other.outer {
            emitter.update(&before, &pair(side, None, partner(id)));
        } else {
            emitter.delete(&before);
        }
    }
    for id in of_new.iter() {
        let after = pair(side, new, partner(id));
        if other.outer {
            emitter.update(&pair(side, None, partner(id)), &after);
        } else {
            emitter.insert(&after);
        }
    }
}

impl Window for Join {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let side = self.ports[port];
        if !self.sides[side].accepts(input, kind, step) {
            return None;
        }
        if input.len() > 1 {
            self.sides[side].touch(&self.sides[1 - side], input, &mut self.near);
        }
        let keeps = self.sides[side].kept.is_some();
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        let mut position = 0;
        while position < input.len() {
            if keeps {
                self.change(side, input, position, &mut out, step);
            } else {
                self.look_up(side, input, position, &mut out, step);
            }
            position += 1 + usize::from(old_half(input, position).is_some());
        }
        out.finish(step.pool)
    }

    /// The dimension goes first, so that a new fact sees what came with it (engine-semantics 3.6).
    fn part_order(&self, port: usize) -> usize {
        usize::from(self.fact == Some(self.ports[port]))
    }

    fn start_clock(&mut self, now: EngineTime) {
        self.output.evaluator.start(now);
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut variables = Vec::new();
        self.output.evaluator.save(&mut variables);
        let mut parts: Vec<Box<dyn Frozen>> = vec![Box::new(variables)];
        for kept in self.sides.iter_mut().filter_map(|side| side.kept.as_mut()) {
            parts.push(Box::new(kept.rows.freeze()));
        }
        Box::new(parts)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.output.evaluator.load(from)?;
        for kept in self.sides.iter_mut().filter_map(|side| side.kept.as_mut()) {
            kept.rows.load(from)?;
            kept.rebuild();
        }
        Ok(())
    }
}
