//! Used blocks, kept for use again.

use std::sync::Arc;

use tidegate_event::{EventBlock, RowBatch};

/// Blocks and row batches that nobody holds any more. A block comes back when the last window that it was sent
/// to has processed it, unless a subscriber still holds it.
#[derive(Debug)]
pub struct BlockPool {
    blocks: Vec<Arc<EventBlock>>,
    batches: Vec<Arc<RowBatch>>,
    /// What an idle block has for rows.
    nothing: Arc<RowBatch>,
}

/// How many blocks and batches are kept: enough for all blocks in flight in a wide model.
const KEPT_MAX: usize = 64;
/// A batch that has grown beyond this is not kept, so that one huge block does not pin its memory.
const KEPT_BYTES_MAX: usize = 4 << 20;

impl Default for BlockPool {
    fn default() -> Self {
        Self { blocks: Vec::new(), batches: Vec::new(), nothing: Arc::new(RowBatch::default()) }
    }
}

impl BlockPool {
    /// An empty pool.
    pub fn new() -> Self {
        Self::default()
    }

    /// A block without rows or events that nobody else holds.
    pub(super) fn take_block(&mut self) -> Arc<EventBlock> {
        self.blocks.pop().unwrap_or_else(|| Arc::new(EventBlock::new(Arc::clone(&self.nothing), Vec::new())))
    }

    /// A batch that nobody else holds; its content is to be reset.
    pub(super) fn take_batch(&mut self) -> Arc<RowBatch> {
        self.batches.pop().unwrap_or_default()
    }

    /// Takes a batch back.
    pub(super) fn give_batch(&mut self, mut batch: Arc<RowBatch>) {
        let kept = Arc::get_mut(&mut batch).is_some_and(|b| b.bytes_used() <= KEPT_BYTES_MAX);
        if kept && self.batches.len() < KEPT_MAX {
            self.batches.push(batch);
        }
    }

    /// Takes a block back, if nobody else holds it.
    pub fn give(&mut self, mut block: Arc<EventBlock>) {
        let Some(idle) = Arc::get_mut(&mut block) else { return };
        let rows = idle.replace_rows(Arc::clone(&self.nothing));
        self.give_batch(rows);
        if self.blocks.len() < KEPT_MAX {
            self.blocks.push(block);
        }
    }
}
