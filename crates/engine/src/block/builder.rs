//! Building an output block.

use std::sync::Arc;

use tidegate_event::row::RowLayout;
use tidegate_event::{EventBlock, EventRef, Flags, Opcode, RowBatch, RowView, RowWriter};

use super::pool::BlockPool;

/// How a block's rows relate to those of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sharing {
    /// They are the input's own rows.
    Input,
    /// They begin with a copy of all of the input's rows, under the same numbers.
    Copied,
    /// They are single copies and rows from elsewhere.
    Apart,
}

/// Builds an output block: over the rows of the input while only those are emitted, over rows of its own from
/// the first other row on.
#[derive(Debug)]
pub struct BlockBuilder {
    rows: Box<RowBatch>,
    events: Vec<EventRef>,
    input: Option<Arc<RowBatch>>,
    sharing: Sharing,
}

impl BlockBuilder {
    /// A block of new rows of `layout`.
    pub fn new(pool: &mut BlockPool, layout: &RowLayout) -> Self {
        Self::start(pool, layout, None)
    }

    /// A block that selects and relabels rows of `input`, and may add others of the same layout.
    pub fn over(pool: &mut BlockPool, input: &EventBlock) -> Self {
        Self::start(pool, input.rows().layout(), Some(Arc::clone(input.rows())))
    }

    /// As [`over`](Self::over), when it is known that other rows will follow: copies rows from the start.
    pub fn copying(pool: &mut BlockPool, input: &EventBlock) -> Self {
        if 2 * input.len() >= input.rows().len() {
            let mut builder = Self::new(pool, input.rows().layout());
            builder.rows.clone_rows(input.rows());
            builder.sharing = Sharing::Copied;
            return builder;
        }
        let mut builder = Self::over(pool, input);
        builder.copy_input(input.len());
        builder
    }

    fn start(pool: &mut BlockPool, layout: &RowLayout, input: Option<Arc<RowBatch>>) -> Self {
        let sharing = if input.is_some() { Sharing::Input } else { Sharing::Apart };
        Self { rows: pool.take_rows(layout), events: pool.take_events(), input, sharing }
    }

    /// Number of events so far.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether there is no event so far.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The events so far, for relabelling and dropping.
    pub fn events_mut(&mut self) -> &mut Vec<EventRef> {
        &mut self.events
    }

    /// The row of an event so far.
    pub fn row(&self, event: usize) -> RowView<'_> {
        let number = self.events[event].row as usize;
        match &self.input {
            Some(input) if self.sharing == Sharing::Input => input.row(number),
            _ => self.rows.row(number),
        }
    }

    /// Emits row `number` of the input.
    #[inline]
    pub fn emit_input(&mut self, number: u32, opcode: Opcode, flags: Flags) {
        let row = match &self.input {
            _ if self.sharing != Sharing::Apart => number,
            Some(input) => self.rows.push_copy(&input.row(number as usize)),
            None => unreachable!("only a builder over an input emits its rows"),
        };
        self.events.push(EventRef { row, opcode, flags });
    }

    /// Emits a copy of a row of the block's layout from elsewhere.
    #[inline]
    pub fn emit_copy(&mut self, row: &RowView<'_>, opcode: Opcode, flags: Flags) {
        self.stop_sharing();
        let row = self.rows.push_copy(row);
        self.events.push(EventRef { row, opcode, flags });
    }

    /// Adds a row of nulls to be filled; [`emit_last`](Self::emit_last) or [`emit_own`](Self::emit_own) emits it.
    #[inline]
    pub fn new_row(&mut self) -> RowWriter<'_> {
        self.stop_sharing();
        self.rows.push()
    }

    /// Emits the row that was added last.
    #[inline]
    pub fn emit_last(&mut self, opcode: Opcode, flags: Flags) {
        debug_assert!(self.sharing != Sharing::Input && !self.rows.is_empty());
        self.emit_own(self.rows.len() as u32 - 1, opcode, flags);
    }

    /// Emits row `number` among those that were added.
    #[inline]
    pub fn emit_own(&mut self, number: u32, opcode: Opcode, flags: Flags) {
        self.events.push(EventRef { row: number, opcode, flags });
    }

    /// Copies `source_field` of the rows that `events` name in `source` into `field` of the rows added first.
    pub fn copy_column(&mut self, field: usize, source: &RowBatch, events: &[EventRef], source_field: usize) {
        self.stop_sharing();
        for (number, event) in events.iter().enumerate() {
            self.rows.row_mut(number).copy_field(field, &source.row(event.row as usize), source_field);
        }
    }

    /// The rows added so far, for kernels that fill a column of many.
    pub fn rows_mut(&mut self) -> &mut RowBatch {
        self.stop_sharing();
        &mut self.rows
    }

    /// The rows added so far, and the events, for windows that emit many at once.
    pub(crate) fn parts_mut(&mut self) -> (&mut RowBatch, &mut Vec<EventRef>) {
        self.stop_sharing();
        (&mut self.rows, &mut self.events)
    }

    /// The rows added so far.
    pub fn rows(&self) -> &RowBatch {
        &self.rows
    }

    #[inline]
    fn stop_sharing(&mut self) {
        if self.sharing == Sharing::Input {
            self.copy_input(self.events.len());
        }
    }

    /// Makes the rows the block's own: all of the input's at once, where at least half of them are `wanted`.
    #[inline(never)]
    fn copy_input(&mut self, wanted: usize) {
        let Some(input) = &self.input else { return };
        if 2 * wanted >= input.len() {
            self.rows.clone_rows(input);
            self.sharing = Sharing::Copied;
            return;
        }
        self.sharing = Sharing::Apart;
        for event in &mut self.events {
            event.row = self.rows.push_copy(&input.row(event.row as usize));
        }
    }

    /// The finished block, or nothing if no event was emitted.
    pub fn finish(self, pool: &mut BlockPool) -> Option<Arc<EventBlock>> {
        let Self { rows, events, input, sharing } = self;
        if events.is_empty() {
            pool.give_rows(rows);
            pool.give_events(events);
            return None;
        }
        Some(match input {
            Some(input) if sharing == Sharing::Input => {
                pool.give_rows(rows);
                pool.make_over(input, events)
            }
            _ => pool.make(rows, events),
        })
    }
}
