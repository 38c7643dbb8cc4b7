//! Blocks that wait for windows, first in, first out.

use std::sync::Arc;

use tidegate_event::EventBlock;

use crate::step::WindowId;

/// A window with a block that waits for it. The block's header is the project's `origin` with this sub-sequence.
pub(super) struct Task {
    pub(super) target: WindowId,
    pub(super) port: u32,
    pub(super) sub: u32,
    pub(super) block: Arc<EventBlock>,
}

/// The place of a task, used again for later ones.
struct Slot {
    target: WindowId,
    port: u32,
    sub: u32,
    block: Option<Arc<EventBlock>>,
}

/// The tasks of a project. Places are given up when the queue has run empty, which it does with every input block.
///
/// A place is written and read field by field: a processor cannot forward what was just written in pieces to a read of
/// the whole, as moving tasks in and out would need it to.
#[derive(Default)]
pub(super) struct Queue {
    slots: Vec<Slot>,
    /// The first task that waits.
    begin: usize,
    /// Behind the last one.
    end: usize,
}

impl Queue {
    /// Adds a task behind all others.
    #[inline]
    pub(super) fn push(&mut self, target: WindowId, port: usize, sub: u32, block: Arc<EventBlock>) {
        if self.end == self.slots.len() {
            self.slots.push(Slot { target, port: 0, sub, block: None });
        }
        let slot = &mut self.slots[self.end];
        slot.target = target;
        slot.port = port as u32;
        slot.sub = sub;
        slot.block = Some(block);
        self.end += 1;
    }

    /// Takes the first task.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Task> {
        if self.begin == self.end {
            return None;
        }
        let slot = &mut self.slots[self.begin];
        let (target, port, sub, block) = (slot.target, slot.port, slot.sub, slot.block.take());
        self.begin += 1;
        if self.begin == self.end {
            (self.begin, self.end) = (0, 0);
        }
        block.map(|block| Task { target, port, sub, block })
    }
}

#[cfg(test)]
mod tests {
    use tidegate_event::Schema;

    use super::*;

    #[test]
    fn the_first_in_is_the_first_out() {
        let block = Arc::new(EventBlock::empty(&Schema::parse("id*:int32").unwrap()));
        let mut queue = Queue::default();
        let mut taken = Vec::new();
        let mut next = 0;
        // Two in, one out, until ten are in; then the others; then once more.
        for _ in 0..2 {
            for _ in 0..5 {
                for _ in 0..2 {
                    queue.push(WindowId(next), next as usize + 1, next + 2, Arc::clone(&block));
                    next += 1;
                }
                taken.extend(queue.pop());
            }
            while let Some(task) = queue.pop() {
                taken.push(task);
            }
        }
        let order: Vec<_> = taken.iter().map(|task| (task.target.0, task.port, task.sub)).collect();
        assert_eq!(order, (0..20).map(|i| (i, i + 1, i + 2)).collect::<Vec<_>>());
        assert!(queue.slots.len() <= 10 && queue.slots.iter().all(|slot| slot.block.is_none()));
    }
}
