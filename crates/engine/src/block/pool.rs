//! Used blocks, kept for use again.

use std::sync::Arc;

use tidegate_event::row::RowLayout;
use tidegate_event::{EventBlock, EventRef, RowBatch};

/// Blocks, rows and lists of events that nobody holds any more. A block comes back when the last window that it was sent
/// to has processed it, unless a subscriber still holds it.
///
/// Counting who holds a block costs more than a small block's work, so rows and events are filled outside of shared
/// memory, a block that comes back is only looked at, and it is asked whether it is held by one alone when it is used again.
#[derive(Debug)]
pub struct BlockPool {
    /// Blocks with whatever was in them.
    blocks: Vec<Arc<EventBlock>>,
    /// What blocks over another's rows had for rows.
    batches: Vec<Arc<RowBatch>>,
    #[expect(clippy::vec_box, reason = "a batch is moved more often than it is looked at")]
    rows: Vec<Box<RowBatch>>,
    events: Vec<Vec<EventRef>>,
    /// What a block without rows of its own has for rows.
    nothing: Arc<RowBatch>,
}

/// How many of each are kept: enough for all blocks in flight in a wide model.
const KEPT_MAX: usize = 64;
/// A batch that has grown beyond this is not kept, so that one huge block does not pin its memory.
const KEPT_BYTES_MAX: usize = 4 << 20;
/// How many batches are looked at for one of the layout wanted.
const LOOK_MAX: usize = 8;

impl Default for BlockPool {
    fn default() -> Self {
        Self {
            blocks: Vec::new(),
            batches: Vec::new(),
            rows: Vec::new(),
            events: Vec::new(),
            nothing: Arc::new(RowBatch::default()),
        }
    }
}

impl BlockPool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// No rows yet, of this layout.
    #[inline]
    pub(super) fn take_rows(&mut self, layout: &RowLayout) -> Box<RowBatch> {
        let last = self.rows.iter().rev().take(LOOK_MAX).position(|rows| rows.layout().is(layout));
        let mut rows = match last {
            Some(back) => self.rows.swap_remove(self.rows.len() - 1 - back),
            None => self.rows.pop().unwrap_or_default(),
        };
        rows.reset(layout);
        rows
    }

    /// An empty list.
    #[inline]
    pub(super) fn take_events(&mut self) -> Vec<EventRef> {
        let mut events = self.events.pop().unwrap_or_default();
        events.clear();
        events
    }

    /// Takes back what no block was made of.
    #[inline]
    pub(super) fn give_rows(&mut self, rows: Box<RowBatch>) {
        if self.rows.len() < KEPT_MAX && rows.bytes_used() <= KEPT_BYTES_MAX {
            self.rows.push(rows);
        }
    }

    /// Takes back what no block was made of.
    #[inline]
    pub(super) fn give_events(&mut self, events: Vec<EventRef>) {
        if self.events.len() < KEPT_MAX {
            self.events.push(events);
        }
    }

    /// A block of these rows and events.
    pub(super) fn make(&mut self, mut rows: Box<RowBatch>, mut events: Vec<EventRef>) -> Arc<EventBlock> {
        let mut block = self.blocks.pop();
        let Some(idle) = block.as_mut().and_then(Arc::get_mut) else {
            return Arc::new(EventBlock::new(Arc::new(*rows), events));
        };
        if let Some(old) = idle.rows_mut() {
            std::mem::swap(old, &mut *rows);
        } else {
            let mut batch = self.batches.pop().unwrap_or_default();
            match Arc::get_mut(&mut batch) {
                Some(old) => std::mem::swap(old, &mut *rows),
                None => batch = Arc::new(std::mem::take(&mut *rows)),
            }
            idle.replace_rows(batch);
        }
        std::mem::swap(idle.events_mut(), &mut events);
        self.give_rows(rows);
        self.give_events(events);
        block.unwrap_or_else(|| unreachable!("a block was there just above"))
    }

    /// A block of these events over rows that others hold too.
    pub(super) fn make_over(&mut self, rows: Arc<RowBatch>, mut events: Vec<EventRef>) -> Arc<EventBlock> {
        let mut block = self.blocks.pop();
        let Some(idle) = block.as_mut().and_then(Arc::get_mut) else {
            return Arc::new(EventBlock::new(rows, events));
        };
        let old = idle.replace_rows(rows);
        if self.batches.len() < KEPT_MAX && !Arc::ptr_eq(&old, &self.nothing) {
            self.batches.push(old);
        }
        std::mem::swap(idle.events_mut(), &mut events);
        self.give_events(events);
        block.unwrap_or_else(|| unreachable!("a block was there just above"))
    }

    /// Takes a block back, if nobody else holds it.
    #[inline]
    pub fn give(&mut self, mut block: Arc<EventBlock>) {
        if Arc::strong_count(&block) > 1 || self.blocks.len() == KEPT_MAX {
            return;
        }
        if Arc::strong_count(block.rows()) > 1 || block.rows().bytes_used() > KEPT_BYTES_MAX {
            let Some(idle) = Arc::get_mut(&mut block) else { return };
            idle.replace_rows(Arc::clone(&self.nothing));
        }
        self.blocks.push(block);
    }
}
