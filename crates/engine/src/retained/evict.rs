//! Rows that a retention policy gives up (engine-semantics 2.2).

use std::sync::Arc;

use tidegate_event::{EventBlock, Flags, Opcode};

use super::Retained;
use crate::block::BlockBuilder;
use crate::step::Step;

impl Retained {
    /// Emits the rows in `evict` as retention deletes and takes them out.
    pub(super) fn evict_now(&mut self, out: &mut BlockBuilder) {
        let evict = std::mem::take(&mut self.evict);
        if self.index.is_far() {
            self.index.touch_all(evict.iter().map(|&id| self.store.row(id)));
        }
        for &id in &evict {
            let (sequence, row) = self.store.row_with_sequence(id);
            let hash = self.index.key().hash(&row);
            out.emit_copy(&row, Opcode::Delete, Flags::RETENTION);
            self.sequences.push(sequence);
            if let Some(retention) = &mut self.retention {
                retention.leaving(&mut self.store, id);
            }
            self.index.remove_hashed(hash, id);
            self.store.remove(id);
        }
        self.evict = evict;
        self.evict.clear();
    }

    /// Applies the policy when the whole block has arrived. A row that came into being with this block vanishes
    /// from it, and a row that it changed is deleted as it was before, unless both may stand in one block.
    pub(super) fn evict_after_block(&mut self, first_sequence: u64, out: &mut BlockBuilder) {
        let Some(retention) = &mut self.retention else { return };
        let listed = retention.listed();
        retention.after_block(&self.store, &mut self.evict);
        // The rows of this block are the youngest: as long as that many stay, none of them goes.
        let untouched = listed.saturating_sub(self.sequences.len());
        let late = self.evict.len() > untouched || !retention.unlisted_is_empty();
        if !self.retention_tracking && late {
            self.evict_touched(first_sequence, out);
        }
        self.evict_now(out);
    }

    /// Emits and takes out those rows in `evict` that the block being built has touched; leaves the others.
    fn evict_touched(&mut self, first_sequence: u64, out: &mut BlockBuilder) {
        let mut gone: Vec<u64> = self.evict.iter().map(|&id| self.store.sequence(id)).collect();
        gone.sort_unstable();
        let mut old_rows = Vec::new();
        let mut kept = 0;
        for position in 0..self.sequences.len() {
            let sequence = self.sequences[position];
            let event = out.events_mut()[position];
            if gone.binary_search(&sequence).is_err() {
                out.events_mut()[kept] = event;
                self.sequences[kept] = sequence;
                kept += 1;
            } else if event.opcode == Opcode::Delete
                && sequence < first_sequence
                && !old_rows.iter().any(|&(other, _)| other == sequence)
            {
                // The old half of the row's first change in this block is the row from before it.
                old_rows.push((sequence, event.row));
            }
        }
        let touched = kept < self.sequences.len();
        out.events_mut().truncate(kept);
        self.sequences.truncate(kept);
        if !touched {
            return;
        }
        let evict = std::mem::take(&mut self.evict);
        for &id in &evict {
            let sequence = self.store.sequence(id);
            let old = old_rows.iter().find(|&&(other, _)| other == sequence);
            match old {
                Some(&(_, row)) => out.emit_own(row, Opcode::Delete, Flags::RETENTION),
                None if sequence < first_sequence => {
                    out.emit_copy(&self.store.row(id), Opcode::Delete, Flags::RETENTION);
                }
                None => {}
            }
            self.take_out(id);
        }
        self.evict = evict;
        self.evict.clear();
    }

    /// Runs the policy at a heartbeat; answers the block of deletes, if there are any.
    pub fn at_heartbeat(&mut self, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let retention = self.retention.as_mut()?;
        retention.at_heartbeat(&self.store, step.time, &mut self.evict);
        if self.evict.is_empty() {
            return None;
        }
        self.sequences.clear();
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        self.evict_now(&mut out);
        out.finish(step.pool)
    }
}
