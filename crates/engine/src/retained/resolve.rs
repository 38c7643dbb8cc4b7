//! Resolving a block against the index (engine-semantics 1.6).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Flags, Opcode};

use super::{Retained, transaction};
use crate::block::BlockBuilder;
use crate::step::{Reject, Step};
use crate::store::RowId;

/// How a window resolves what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolution {
    /// The input's deletes and update pairs come from a window that has resolved them: a key that is not here
    /// was given up by this window itself, which is no error.
    pub lenient: bool,
    /// The old half of an update pair of the input is the stored row, and need not be looked up.
    pub old_from_input: bool,
}

impl Retained {
    /// Resolves `input`, applies retention, and answers the block that leaves the window, if any event does.
    ///
    /// A transactional block with an event that is an error is rejected whole; a normal block goes on without it.
    pub fn apply(
        &mut self,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        resolution: Resolution,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        if kind == BlockKind::Transactional && !transaction::accepts(self, input, resolution, step) {
            return None;
        }
        let mut out = if self.retention.is_some() {
            BlockBuilder::copying(step.pool, input)
        } else {
            BlockBuilder::over(step.pool, input)
        };
        let first_sequence = self.store.next_sequence();
        self.sequences.clear();
        if self.index.is_far() {
            self.index.touch_all(input.iter().map(|event| event.row));
        }
        let mut position = 0;
        while position < input.len() {
            position += self.apply_event(input, position, resolution, &mut out, step);
        }
        self.evict_after_block(first_sequence, &mut out);
        out.finish(step.pool)
    }

    /// Resolves the event at `position`; answers how many events it took, two for an update pair.
    #[inline]
    fn apply_event(
        &mut self,
        input: &EventBlock,
        position: usize,
        resolution: Resolution,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) -> usize {
        let event = input.event(position);
        let flags = event.flags.without(Flags::PARTIAL);
        if self.index.key().has_null(&event.row) {
            step.reject(input, position, Reject::NullKey);
            return 1;
        }
        if event.opcode == Opcode::Insert {
            self.insert_event(input, position, flags, out, step);
            return 1;
        }
        let found = self.find(&event.row);
        match (event.opcode, found) {
            (Opcode::Insert, _) => unreachable!("inserts were dealt with above"),
            (Opcode::Upsert, None) => self.add(input, position, flags, out, step),
            (Opcode::Update, None) => step.reject(input, position, Reject::MissingKey),
            (Opcode::Update | Opcode::Upsert, Some(id)) => {
                if event.flags.contains(Flags::PARTIAL) {
                    self.merge(input, position, id, flags, out, step);
                } else {
                    self.change(input, position, id, None, flags, out, step);
                }
            }
            (Opcode::UpdateBlock, found) => {
                let old = input.events().get(position + 1).filter(|old| old.opcode == Opcode::Delete);
                let old_row = old.filter(|_| resolution.old_from_input).map(|old| old.row);
                match found {
                    Some(id) => self.change(input, position, id, old_row, flags, out, step),
                    None if resolution.lenient => self.add(input, position, flags, out, step),
                    None => step.reject(input, position, Reject::MissingKey),
                }
                return 1 + usize::from(old.is_some());
            }
            (Opcode::Delete, None) if !resolution.lenient => step.reject(input, position, Reject::MissingKey),
            (Opcode::Delete | Opcode::SafeDelete, None) => {}
            (Opcode::Delete | Opcode::SafeDelete, Some(id)) => {
                if resolution.old_from_input {
                    out.emit_input(event.row_number, Opcode::Delete, flags);
                } else {
                    out.emit_copy(&self.store.row(id), Opcode::Delete, flags);
                }
                self.note(id);
                self.take_out(id);
            }
        }
        1
    }

    /// An insert: one probe finds out that the key is new and where it goes.
    #[inline(always)]
    fn insert_event(
        &mut self,
        input: &EventBlock,
        position: usize,
        flags: Flags,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        let Some(vacancy) = self.index.vacancy(&self.store, &event.row) else {
            return step.reject(input, position, Reject::DuplicateKey);
        };
        let id = self.store.insert(&event.row);
        vacancy.fill(id);
        self.emit_insert(input, position, id, flags, out, step);
    }

    #[inline(never)]
    fn add(
        &mut self,
        input: &EventBlock,
        position: usize,
        flags: Flags,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let id = self.insert(&input.event(position).row);
        self.emit_insert(input, position, id, flags, out, step);
    }

    #[inline(always)]
    fn emit_insert(
        &mut self,
        input: &EventBlock,
        position: usize,
        id: RowId,
        flags: Flags,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        if event.flags.contains(Flags::PARTIAL) {
            // A copy leaves the marks of unchanged fields behind: there was nothing to keep.
            out.emit_copy(&event.row, Opcode::Insert, flags);
        } else {
            out.emit_input(event.row_number, Opcode::Insert, flags);
        }
        if self.retention.is_some() {
            self.sequences.push(self.store.next_sequence() - 1);
        }
        self.arrived(id, false, out, step);
    }

    #[inline]
    #[expect(clippy::too_many_arguments, reason = "the parts of one change, passed once")]
    fn change(
        &mut self,
        input: &EventBlock,
        position: usize,
        id: RowId,
        old_row: Option<u32>,
        flags: Flags,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        out.emit_input(event.row_number, Opcode::UpdateBlock, flags);
        match old_row {
            Some(row) => out.emit_input(row, Opcode::Delete, flags),
            None => out.emit_copy(&self.store.row(id), Opcode::Delete, flags),
        }
        self.store.replace(id, &event.row);
        self.note(id);
        self.note(id);
        self.arrived(id, true, out, step);
    }

    /// A partial update: fields marked unchanged keep the stored value (engine-semantics 1.12).
    fn merge(
        &mut self,
        input: &EventBlock,
        position: usize,
        id: RowId,
        flags: Flags,
        out: &mut BlockBuilder,
        step: &mut Step<'_>,
    ) {
        let event = input.event(position);
        let stored = self.store.row(id);
        let mut row = out.new_row();
        for field in 0..self.schema.len() {
            if input.rows().is_unchanged(event.row_number as usize, field) {
                row.copy_field(field, &stored, field);
            } else {
                row.copy_field(field, &event.row, field);
            }
        }
        let merged = row.number();
        out.emit_own(merged, Opcode::UpdateBlock, flags);
        out.emit_copy(&stored, Opcode::Delete, flags);
        self.store.replace(id, &out.rows().row(merged as usize));
        self.note(id);
        self.note(id);
        self.arrived(id, true, out, step);
    }

    /// Remembers which row an event of the block being built is about, where evictions may need to know.
    #[inline]
    fn note(&mut self, id: RowId) {
        if self.retention.is_some() {
            self.sequences.push(self.store.sequence(id));
        }
    }

    /// Tells the retention policy; jumping policies answer with rows that go at once.
    #[inline]
    fn arrived(&mut self, id: RowId, update: bool, out: &mut BlockBuilder, step: &mut Step<'_>) {
        let Some(retention) = &mut self.retention else { return };
        retention.arrived(&mut self.store, id, update, step.time, &mut self.evict);
        if !self.evict.is_empty() {
            self.evict_now(out);
        }
    }

    /// Takes a row out of list, index and store.
    #[inline]
    pub(super) fn take_out(&mut self, id: RowId) {
        if let Some(retention) = &mut self.retention {
            retention.leaving(&mut self.store, id);
        }
        self.remove(id);
    }
}
