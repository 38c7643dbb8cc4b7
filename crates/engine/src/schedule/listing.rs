//! `pubsub-index`: by which index subscribers get a window's content (engine-semantics 1.9).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Opcode, Schema};
use tidegate_model::IndexType;

use crate::block::BlockBuilder;
use crate::retained::{Resolution, Retained};
use crate::step::Step;

/// What a window shows as its content. What was shown and the blocks that leave afterwards always fit together.
#[derive(Debug)]
pub(crate) enum Listing {
    /// The rows that it keeps for itself, if it keeps any.
    Own,
    /// Nothing, though it may keep rows.
    Nothing,
    /// Rows that are kept of what leaves it: because it keeps none itself, in another order, or because what it
    /// keeps is not what has left it.
    Kept(Box<Retained>),
}

impl Listing {
    /// Rows of what leaves a window, under an index of their own.
    pub(crate) fn kept(schema: &Arc<Schema>, index: IndexType) -> Self {
        Self::Kept(Box::new(Retained::new(schema, index, None, false)))
    }

    /// Follows a block that leaves the window. Whatever the window says of a key, the last is what counts.
    pub(crate) fn follow(&mut self, out: &EventBlock, step: &mut Step<'_>) {
        let Self::Kept(rows) = self else { return };
        let mut changes = BlockBuilder::over(step.pool, out);
        let mut events = out.events().iter().peekable();
        while let Some(event) = events.next() {
            if rows.key().has_null(&out.rows().row(event.row as usize)) {
                continue;
            }
            let opcode = if event.opcode.is_delete() { Opcode::SafeDelete } else { Opcode::Upsert };
            changes.emit_input(event.row, opcode, event.flags);
            if event.opcode == Opcode::UpdateBlock {
                events.next_if(|old| old.opcode == Opcode::Delete);
            }
        }
        let Some(changes) = changes.finish(step.pool) else { return };
        let resolution = Resolution { lenient: true, old_from_input: false };
        if let Some(told) = rows.apply(&changes, BlockKind::Normal, resolution, step) {
            step.pool.give(told);
        }
        step.pool.give(changes);
    }
}
