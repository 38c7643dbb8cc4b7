//! `window-geofence`: which geometries a position is in or near (engine-semantics 3.12, model-xml 12.10).
//!
//! Every position goes out, with the geometry that matches it or with nulls. Changes of geometries put nothing out:
//! they count from the next position on.

mod build;
mod geometries;
mod grid;
mod plane;
mod shape;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::sync::Arc;

use tidegate_event::{BlockKind, Event, EventBlock, Flags, Opcode, RowBatch, RowView, Schema};

use crate::block::BlockBuilder;
use crate::retained::{Resolution, Retained};
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::window::{Window, WindowType};

use geometries::{Geometries, Match};

/// The type.
pub(super) static GEOFENCE: WindowType = WindowType { element: "window-geofence", build: build::build };

/// More results than rows can be kept.
const MOST_RESULTS: i64 = u32::MAX as i64;

/// Where a position is in its events: the attributes of `position`.
#[derive(Debug)]
struct PositionFields {
    x: usize,
    y: usize,
    lookup_field: Option<usize>,
    lookup: f64,
}

/// What a field that the window adds holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Added {
    /// A field of the geometry: its key, its description, or one to be included.
    Geometry(usize),
    Kind,
    Distance,
    Segment,
    Number,
    /// A description where geometries have none.
    Nothing,
}

/// What the window has put out for a position: needed where that may be several events.
#[derive(Debug)]
struct PutOut {
    /// The position's key, and in the last field the number of events.
    counts: Retained,
    resolution: Resolution,
    scratch: RowBatch,
}

#[derive(Debug)]
struct Geofence {
    schema: Arc<Schema>,
    /// The in-edge of geometries.
    geometry_port: usize,
    position: PositionFields,
    /// Number of fields of a position; those that are added follow.
    width: usize,
    added: Vec<Added>,
    geometries: Geometries,
    stateful: bool,
    /// `output-multiple-results`.
    multiple: bool,
    /// `output-sorted-results`.
    sorted: bool,
    /// With several results and an index.
    put_out: Option<PutOut>,
    found: Vec<Match>,
    /// Scratch: what the old half of an update pair matches.
    found_old: Vec<Match>,
}

/// The nearest first; of two that are as near, the one that arrived first.
fn by_distance(a: &Match, b: &Match) -> Ordering {
    a.fit.distance.abs().total_cmp(&b.fit.distance.abs()).then(a.sequence.cmp(&b.sequence))
}

/// Whether the position of a partial update can be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Whole,
    /// It has not changed.
    Unchanged,
    /// A part of it has not changed, and is not known here.
    Partly,
}

impl Geofence {
    /// Puts what a position matches into `found`: all of it, or the one that goes out.
    fn search(&mut self, row: &RowView<'_>, found: &mut Vec<Match>) {
        found.clear();
        let PositionFields { x, y, lookup_field, lookup } = self.position;
        if row.is_null(x) || row.is_null(y) {
            return;
        }
        let coordinates = self.geometries.rules.coordinates;
        let Some(place) = coordinates.place(row.number(x), row.number(y)) else { return };
        let own = lookup_field.filter(|&field| !row.is_null(field)).map(|field| row.number(field));
        self.geometries.matches(&place, own.unwrap_or(lookup).max(0.0), found);
        if !self.multiple {
            let nearest = found.iter().copied().min_by(by_distance);
            found.clear();
            found.extend(nearest);
        } else if self.sorted {
            found.sort_unstable_by(by_distance);
        }
    }

    fn given(&self, input: &EventBlock, event: &Event<'_>) -> Given {
        if !event.flags.contains(Flags::PARTIAL) {
            return Given::Whole;
        }
        let PositionFields { x, y, lookup_field, .. } = self.position;
        let unchanged = |field: usize| input.rows().is_unchanged(event.row_number as usize, field);
        let mut fields = [Some(x), Some(y), lookup_field].into_iter().flatten();
        if fields.clone().all(unchanged) {
            Given::Unchanged
        } else if fields.any(unchanged) {
            Given::Partly
        } else {
            Given::Whole
        }
    }

    /// Emits a position with what it matches.
    fn emit(
        &self,
        event: &Event<'_>,
        found: Option<&Match>,
        number: usize,
        opcode: Opcode,
        out: &mut BlockBuilder,
    ) {
        let store = self.geometries.rows.store();
        let mut row = out.new_row();
        for field in 0..self.width {
            row.copy_field(field, &event.row, field);
        }
        for (field, added) in (self.width..).zip(&self.added) {
            match (added, found) {
                (Added::Number, _) => row.set_int(field, number as i64),
                (Added::Geometry(from), Some(found)) => row.copy_field(field, &store.row(found.id), *from),
                (Added::Kind, Some(found)) => row.set_text(field, self.geometries.kind(found.id)),
                (Added::Distance, Some(found)) => row.set_double(field, found.fit.distance),
                (Added::Segment, Some(found)) => {
                    if let Some(segment) = found.fit.segment {
                        row.set_int(field, i64::from(segment));
                    }
                }
                (_, None) | (Added::Nothing, _) => {}
            }
        }
        out.emit_last(opcode, event.flags);
    }

    /// Marks in the row added last what a partial update leaves as it is.
    fn mark_unchanged(&self, input: &EventBlock, event: &Event<'_>, geometry: bool, out: &mut BlockBuilder) {
        let last = out.rows().len() - 1;
        let mut row = out.rows_mut().row_mut(last);
        for field in 0..self.width {
            if input.rows().is_unchanged(event.row_number as usize, field) {
                row.set_unchanged(field);
            }
        }
        for (field, added) in (self.width..).zip(&self.added) {
            if geometry && *added != Added::Number {
                row.set_unchanged(field);
            }
        }
    }

    /// Emits one event per position event, or per result where nothing is kept.
    fn pass(
        &mut self,
        input: &EventBlock,
        position: usize,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) -> usize {
        let event = input.event(position);
        let old = old_half(input, position);
        let given = self.given(input, &event);
        let mut found = std::mem::take(&mut self.found);
        // The index knows the row that a delete takes away.
        match given {
            Given::Partly => step.reject(input, position, Reject::MissingKey),
            Given::Unchanged => {
                self.emit(&event, None, 0, event.opcode, out);
                self.mark_unchanged(input, &event, true, out);
            }
            Given::Whole if self.stateful => {
                found.clear();
                if !event.opcode.is_delete() {
                    self.search(&event.row, &mut found);
                }
                self.emit(&event, found.first(), 0, event.opcode, out);
                if event.flags.contains(Flags::PARTIAL) {
                    self.mark_unchanged(input, &event, false, out);
                }
                if let Some(old) = &old {
                    self.emit(old, None, 0, old.opcode, out);
                }
            }
            Given::Whole => {
                let mut found_old = std::mem::take(&mut self.found_old);
                found_old.clear();
                self.search(&event.row, &mut found);
                if let Some(old) = &old {
                    self.search(&old.row, &mut found_old);
                }
                let (new_count, old_count) = (found.len().max(1), found_old.len().max(1));
                for number in 0..new_count {
                    match &old {
                        Some(old) if number < old_count => {
                            self.emit(&event, found.get(number), number, event.opcode, out);
                            self.emit(old, found_old.get(number), number, old.opcode, out);
                        }
                        Some(_) => self.emit(&event, found.get(number), number, Opcode::Insert, out),
                        None => {
                            self.emit(&event, found.get(number), number, event.opcode, out);
                            if event.flags.contains(Flags::PARTIAL) {
                                self.mark_unchanged(input, &event, false, out);
                            }
                        }
                    }
                }
                if let Some(old) = &old {
                    for number in new_count..old_count {
                        self.emit(old, found_old.get(number), number, Opcode::Delete, out);
                    }
                }
                self.found_old = found_old;
            }
        }
        self.found = found;
        1 + usize::from(old.is_some())
    }

    /// Emits what changes in the results of a position, of which there may be several.
    fn pass_many(
        &mut self,
        input: &EventBlock,
        position: usize,
        put_out: &mut PutOut,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        if put_out.counts.key().has_null(&event.row) {
            return step.reject(input, position, Reject::NullKey);
        }
        let known = put_out.counts.find(&event.row);
        let lenient = put_out.resolution.lenient;
        match (event.opcode, known) {
            (Opcode::Insert, Some(_)) => return step.reject(input, position, Reject::DuplicateKey),
            (Opcode::Update | Opcode::UpdateBlock | Opcode::Delete, None) if !lenient => {
                return step.reject(input, position, Reject::MissingKey);
            }
            (Opcode::Delete | Opcode::SafeDelete, None) => return,
            _ => {}
        }
        let given = self.given(input, &event);
        if given != Given::Whole && (known.is_none() || given == Given::Partly) {
            return step.reject(input, position, Reject::MissingKey);
        }
        let old_count = known.map_or(0, |id| put_out.counts.store().row(id).int(self.width) as usize);
        let mut found = std::mem::take(&mut self.found);
        found.clear();
        let new_count = if event.opcode.is_delete() {
            0
        } else if given == Given::Unchanged {
            old_count
        } else {
            self.search(&event.row, &mut found);
            found.len().max(1)
        };
        for number in 0..new_count {
            let opcode = if number < old_count { Opcode::Update } else { Opcode::Insert };
            self.emit(&event, found.get(number), number, opcode, out);
            if event.flags.contains(Flags::PARTIAL) {
                self.mark_unchanged(input, &event, given == Given::Unchanged, out);
            }
        }
        for number in new_count..old_count {
            self.emit(&event, None, number, Opcode::Delete, out);
        }
        self.found = found;
        put_out.note(&event.row, known, new_count, self.width);
    }
}

impl PutOut {
    /// Keeps how many events there are of a position now.
    fn note(&mut self, row: &RowView<'_>, known: Option<crate::store::RowId>, count: usize, width: usize) {
        let Self { counts, scratch, .. } = self;
        if let (Some(id), 0) = (known, count) {
            return counts.remove(id);
        }
        scratch.reset(counts.schema().layout());
        let mut entry = scratch.push();
        for &key in counts.schema().keys() {
            entry.copy_field(key, row, key);
        }
        entry.set_int(width, count as i64);
        match known {
            Some(id) => counts.replace(id, &scratch.row(0)),
            None => drop(counts.insert(&scratch.row(0))),
        }
    }
}

/// The old half of the update pair that starts at `position`, if it does.
fn old_half(input: &EventBlock, position: usize) -> Option<Event<'_>> {
    let starts = input.events()[position].opcode == Opcode::UpdateBlock;
    let old = input.events().get(position + 1).filter(|old| starts && old.opcode == Opcode::Delete);
    old.map(|_| input.event(position + 1))
}

impl Window for Geofence {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        if port == self.geometry_port {
            self.geometries.change(input, kind, step);
            return None;
        }
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        let mut position = 0;
        if let Some(mut put_out) = self.put_out.take() {
            let taken =
                kind != BlockKind::Transactional || put_out.counts.accepts(input, put_out.resolution, step);
            while taken && position < input.len() {
                self.pass_many(input, position, &mut put_out, &mut out, step);
                position += 1 + usize::from(old_half(input, position).is_some());
            }
            self.put_out = Some(put_out);
        } else {
            while position < input.len() {
                position += self.pass(input, position, &mut out, step);
            }
        }
        out.finish(step.pool)
    }

    /// Geometries go first, so that a position sees what came with it.
    fn part_order(&self, port: usize) -> usize {
        usize::from(port != self.geometry_port)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut parts: Vec<Box<dyn Frozen>> = vec![Box::new(self.geometries.rows.freeze())];
        if let Some(put_out) = &mut self.put_out {
            parts.push(Box::new(put_out.counts.freeze()));
        }
        Box::new(parts)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.geometries.rows.load(from)?;
        self.geometries.rebuild();
        let Some(put_out) = &mut self.put_out else { return Ok(()) };
        put_out.counts.load(from)?;
        let store = put_out.counts.store();
        // A broken count must not make the window emit without end.
        if store
            .in_arrival_order()
            .iter()
            .any(|&id| !(1..=MOST_RESULTS).contains(&store.row(id).int(self.width)))
        {
            return Err(StateError::corrupt("a position has an impossible number of results"));
        }
        Ok(())
    }
}
