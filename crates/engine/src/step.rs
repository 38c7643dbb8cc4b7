//! A step: one input record with all that it causes, and what comes out of it.

use std::fmt;
use std::sync::Arc;

use tidegate_event::{BlockHeader, EngineTime, EventBlock};
use tidegate_expr::{FaultKind, Faults};

use crate::block::BlockPool;

/// A window of a project: its position in the order of declaration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowId(pub u32);

/// Why a window refused an event. The event goes to the bad-events file and a counter; the stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reject {
    /// An insert whose key is there already.
    DuplicateKey,
    /// An update or delete whose key is not there.
    MissingKey,
    /// A key field is null.
    NullKey,
    /// Anything but an insert into an insert-only window.
    NotInsert,
    /// Another event of the same transactional block was refused.
    Transaction,
    /// The event would have started an instance of a pattern that has as many as it may have.
    OpenPatterns,
}

impl Reject {
    /// Every reason.
    pub const ALL: [Self; 6] = [
        Self::DuplicateKey,
        Self::MissingKey,
        Self::NullKey,
        Self::NotInsert,
        Self::Transaction,
        Self::OpenPatterns,
    ];
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuplicateKey => "an event with this key exists already",
            Self::MissingKey => "no event with this key exists",
            Self::NullKey => "a key field is null",
            Self::NotInsert => "the window accepts only inserts",
            Self::Transaction => "another event of the same transactional block was rejected",
            Self::OpenPatterns => "the pattern has as many open instances as it may have",
        })
    }
}

/// Something worth a line in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// An expression met a fault of this kind for the first time in this window; more are only counted.
    Fault(FaultKind),
    /// An expression printed a line.
    Print(String),
    /// An aggregate window keeps accumulators only.
    AdditiveAggregate,
    /// A geofence window cannot use a geometry, and was told to say so.
    InvalidGeometry {
        /// The geometry's key.
        id: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// Takes what a project gives out.
pub trait Sink {
    /// A window emitted a block. The block may be kept.
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>);

    /// A window refused the event at `position` of a block.
    fn rejected(
        &mut self,
        window: WindowId,
        header: &BlockHeader,
        block: &EventBlock,
        position: usize,
        reason: Reject,
    );

    /// Something happened that an operator should know.
    fn noticed(&mut self, window: WindowId, notice: Notice);
}

/// Counters of a window since the project was built.
#[derive(Debug, Clone, Default)]
pub struct WindowStats {
    /// Events emitted; both halves of an update pair count.
    pub emitted: u64,
    /// Events refused.
    pub rejected: u64,
    /// Faults of expressions.
    pub faults: Faults,
}

/// What a window may use while it processes a block.
pub struct Step<'a> {
    /// The engine time of the step.
    pub time: EngineTime,
    /// The header of the block in hand.
    pub header: BlockHeader,
    /// Where output blocks come from and go back to.
    pub pool: &'a mut BlockPool,
    /// The window at work.
    pub window: WindowId,
    /// Its counters.
    pub stats: &'a mut WindowStats,
    /// Where output goes.
    pub sink: &'a mut dyn Sink,
}

impl Step<'_> {
    /// Refuses an event of the block in hand.
    pub fn reject(&mut self, block: &EventBlock, position: usize, reason: Reject) {
        self.stats.rejected += 1;
        self.sink.rejected(self.window, &self.header, block, position, reason);
    }
}

impl fmt::Debug for Step<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Step").field("time", &self.time).field("window", &self.window).finish_non_exhaustive()
    }
}
