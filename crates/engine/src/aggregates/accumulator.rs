//! What holds the state of a function, or of several, for all groups.

use std::fmt;

use tidegate_event::{EngineTime, RowBatch};

use super::column::OutColumn;
use super::group_rows::GroupRows;
use crate::state::{StateError, StateReader};

/// A row that joins or leaves a group.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Change {
    /// The group's number.
    pub(crate) group: u32,
    /// The row's number in the block.
    pub(crate) row: u32,
    /// Whether it joins.
    pub(crate) add: bool,
    /// What the group sees: 1 insert, 2 update, 3 delete; 0 for the old half of an update within the group, which
    /// comes right before its new half.
    pub(crate) event: u8,
}

/// What an aggregate window itself knows of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct GroupState {
    /// Its key as words, for finding it without a look at its row.
    pub(crate) key: [u64; 2],
    /// Number of its rows.
    pub(crate) rows: u64,
    /// While a block is in hand, its position among the touched groups, plus 1.
    pub(crate) mark: u32,
}

/// A group that a block has touched.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Touched {
    /// The group's number.
    pub(crate) group: u32,
    /// Whether it was there before the block.
    pub(crate) existed: bool,
    /// Whether every change of it comes from retention.
    pub(crate) retention: bool,
    /// Row of the last event.
    pub(crate) last_row: u32,
    /// Opcode of the last event, as in [`Change::event`].
    pub(crate) last_event: u8,
}

/// What results are computed for: the touched groups that have rows, in order.
#[derive(Debug)]
pub(crate) struct Emission<'a> {
    /// The groups.
    pub(crate) groups: &'a [Touched],
    /// Rows of the block.
    pub(crate) input: &'a RowBatch,
    /// What is known of each group, by number.
    pub(crate) states: &'a [GroupState],
    /// What ids of these results follow from: other for each block and window.
    pub(crate) seed: u64,
    /// The rows of each group, if any function needs them.
    pub(crate) lists: Option<&'a GroupRows>,
}

/// Cells of more bytes than this lie outside the nearer caches.
const NEAR_BYTES: usize = 1 << 19;

/// Reads the cell of every change's group in a pass of its own, where cells lie far: these loads do not wait for each
/// other, as those of the work itself would.
#[inline]
pub(super) fn touch<T>(cells: &[T], changes: &[Change], read: impl Fn(&T) -> u64) {
    if size_of_val(cells) > NEAR_BYTES {
        let words = changes.iter().map(|change| read(&cells[change.group as usize]));
        std::hint::black_box(words.fold(0, |all, word| all ^ word));
    }
}

/// State of all groups in flat vectors by group number.
pub(crate) trait Accumulator: Send + fmt::Debug {
    /// Makes room for this many groups, new ones empty.
    fn grow(&mut self, groups: usize) {
        let _ = groups;
    }

    /// Takes in a block.
    fn apply(&mut self, input: &RowBatch, changes: &[Change], time: EngineTime) {
        let _ = (input, changes, time);
    }

    /// A group has ended; its number will be given again.
    fn clear(&mut self, group: usize) {
        let _ = group;
    }

    /// Fills in the result `part` of each group. What is not filled in stays null.
    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>);

    /// Writes the state of a group, bit for bit.
    fn save(&self, group: usize, out: &mut Vec<u8>) {
        let _ = (group, out);
    }

    /// Reads what [`save`](Self::save) wrote.
    fn load(&mut self, group: usize, from: &mut dyn StateReader) -> Result<(), StateError> {
        let _ = (group, from);
        Ok(())
    }
}
