//! Where decoders put events.

use std::sync::Arc;

use tidegate_event::row::RowWriter;
use tidegate_event::{BlockHeader, BlockKind, EventBlock, EventRef, Flags, Opcode, RowBatch, Schema};

/// A block that is being decoded: rows, the list of events, and the header if the format carries one.
///
/// It can be filled by several calls, and is reused: [`BlockSink::reset`] keeps the memory.
#[derive(Debug)]
pub struct BlockSink {
    block: EventBlock,
    header: Option<BlockHeader>,
}

impl BlockSink {
    /// An empty sink for rows of `schema`.
    pub fn new(schema: &Schema) -> Self {
        Self { block: EventBlock::empty(schema), header: None }
    }

    /// Makes the sink one for the memory of `block`, which is emptied.
    pub fn reuse(mut block: EventBlock, schema: &Schema) -> Self {
        empty(&mut block, schema);
        Self { block, header: None }
    }

    /// Number of events so far.
    pub fn len(&self) -> usize {
        self.block.len()
    }

    /// Whether there is no event yet.
    pub fn is_empty(&self) -> bool {
        self.block.is_empty()
    }

    /// The events so far.
    pub fn block(&self) -> &EventBlock {
        &self.block
    }

    /// Kind, message id and time of the block, when the format carries them (binary does).
    pub fn header(&self) -> Option<BlockHeader> {
        self.header
    }

    /// What kind of block the input makes of the events: transactional where it says so.
    pub fn kind(&self) -> BlockKind {
        self.header.map_or(BlockKind::Normal, |header| header.kind)
    }

    /// Forgets everything but keeps the memory; from now on rows are of `schema`.
    pub fn reset(&mut self, schema: &Schema) {
        empty(&mut self.block, schema);
        self.header = None;
    }

    /// The block so far; the sink is left empty.
    pub fn take(&mut self) -> EventBlock {
        self.header = None;
        let empty = EventBlock::new(Arc::new(RowBatch::new(self.block.rows().layout())), Vec::new());
        std::mem::replace(&mut self.block, empty)
    }

    pub(crate) fn set_header(&mut self, header: BlockHeader) {
        self.header = Some(header);
    }

    /// A new row, all null.
    pub(crate) fn row(&mut self) -> RowWriter<'_> {
        if self.block.rows_mut().is_none() {
            let copy = Arc::new(RowBatch::clone(self.block.rows()));
            let events = std::mem::take(self.block.events_mut());
            self.block = EventBlock::new(copy, events);
        }
        self.block.rows_mut().expect("rows were copied when another block shared them").push()
    }

    /// The event for the row that was added last.
    pub(crate) fn push(&mut self, opcode: Opcode, flags: Flags) {
        let row = (self.block.rows().len() - 1) as u32;
        self.block.events_mut().push(EventRef { row, opcode, flags });
    }

    /// Takes rows and events from number `events` on back out.
    pub(crate) fn truncate(&mut self, events: usize) {
        self.block.events_mut().truncate(events);
        if let Some(rows) = self.block.rows_mut() {
            if events == 0 {
                let layout = rows.layout().clone();
                rows.reset(&layout);
            } else {
                rows.truncate(events);
            }
        }
    }
}

/// Takes events and rows away but keeps their memory; rows that another block shares are left to it.
fn empty(block: &mut EventBlock, schema: &Schema) {
    block.events_mut().clear();
    match block.rows_mut() {
        Some(rows) => rows.reset(schema.layout()),
        None => {
            block.replace_rows(Arc::new(RowBatch::new(schema.layout())));
        }
    }
}
