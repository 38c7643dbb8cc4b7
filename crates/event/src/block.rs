//! Event blocks: the unit in which events travel.

use std::sync::Arc;

use crate::message_id::MessageId;
use crate::opcode::{Flags, Opcode};
use crate::row::{RowBatch, RowView};
use crate::schema::Schema;
use crate::time::EngineTime;

/// How a block is to be applied (engine-semantics 1.8).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum BlockKind {
    /// Each event stands for itself.
    #[default]
    Normal = 0,
    /// All events resolve, or the whole block is rejected.
    Transactional = 1,
    /// Rows that a subscriber asked for when it began; more such blocks may follow.
    Snapshot = 4,
    /// The end of such rows.
    LastSnapshot = 5,
}

impl BlockKind {
    /// ESP's number of the block type (connectors-adapters, part 4).
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The block type with ESP's number `code`.
    pub fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            0 => Self::Normal,
            1 => Self::Transactional,
            4 => Self::Snapshot,
            5 => Self::LastSnapshot,
            _ => return None,
        })
    }
}

/// What travels with a block besides its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BlockHeader {
    /// Normal, transactional or snapshot.
    pub kind: BlockKind,
    /// What caused the block.
    pub id: MessageId,
    /// The engine time at which its step runs.
    pub time: EngineTime,
}

/// An entry of a block's event list: which row, and what to do with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef {
    /// Row number in the block's [`RowBatch`].
    pub row: u32,
    /// The event's opcode.
    pub opcode: Opcode,
    /// The event's flags.
    pub flags: Flags,
}

/// One event of a block, with its row at hand.
#[derive(Debug, Clone, Copy)]
pub struct Event<'a> {
    /// The event's opcode.
    pub opcode: Opcode,
    /// The event's flags.
    pub flags: Flags,
    /// Row number in the block's batch.
    pub row_number: u32,
    /// The event's fields.
    pub row: RowView<'a>,
}

/// An ordered list of events over shared, immutable rows.
///
/// A window that only selects or relabels events builds a new list over the same rows; one that passes
/// everything passes the same block. The header is not part of it: the same events have another message id
/// behind another window.
#[derive(Debug, Clone)]
pub struct EventBlock {
    rows: Arc<RowBatch>,
    events: Vec<EventRef>,
}

impl EventBlock {
    /// A block of these events over `rows`.
    ///
    /// # Panics
    /// In debug builds, when an event names a row that does not exist.
    pub fn new(rows: Arc<RowBatch>, events: Vec<EventRef>) -> Self {
        debug_assert!(events.iter().all(|e| (e.row as usize) < rows.len()));
        Self { rows, events }
    }

    /// A block without rows or events for rows of `schema`, to be filled and used again.
    pub fn empty(schema: &Schema) -> Self {
        Self { rows: Arc::new(RowBatch::new(schema.layout())), events: Vec::new() }
    }

    /// Number of events.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether the block has no events.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The rows, some of which may belong to no event of this block.
    pub fn rows(&self) -> &Arc<RowBatch> {
        &self.rows
    }

    /// The list of events.
    pub fn events(&self) -> &[EventRef] {
        &self.events
    }

    /// The event at `position`.
    pub fn event(&self, position: usize) -> Event<'_> {
        let EventRef { row, opcode, flags } = self.events[position];
        Event { opcode, flags, row_number: row, row: self.rows.row(row as usize) }
    }

    /// The events in order, each with its row.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Event<'_>> + '_ {
        (0..self.events.len()).map(|i| self.event(i))
    }

    /// Adds an event over row `row`.
    pub fn push(&mut self, opcode: Opcode, flags: Flags, row: u32) {
        debug_assert!((row as usize) < self.rows.len());
        self.events.push(EventRef { row, opcode, flags });
    }

    /// The event list, for a window that edits a block it has just built.
    pub fn events_mut(&mut self) -> &mut Vec<EventRef> {
        &mut self.events
    }

    /// The rows for writing, when no other block shares them.
    pub fn rows_mut(&mut self) -> Option<&mut RowBatch> {
        Arc::get_mut(&mut self.rows)
    }

    /// Makes `rows` the block's rows, with no events yet, and gives back those it had. Keeps the memory of the
    /// event list.
    pub fn replace_rows(&mut self, rows: Arc<RowBatch>) -> Arc<RowBatch> {
        self.events.clear();
        std::mem::replace(&mut self.rows, rows)
    }
}
