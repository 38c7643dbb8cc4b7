//! The step: one input record with all that it causes (design.md 7, "Message ids").

use tidegate_event::{BlockKind, EngineTime, EventBlock};

/// One input record on its way into a source window. Its blocks, which may be none, carry the same id and are
/// processed in order, with nothing of another publisher in between.
#[derive(Debug)]
pub struct InputStep {
    /// Id of the step; a Kafka offset, for example. None = the one after that of the step before.
    pub id: Option<i64>,
    /// When the record counts as arrived.
    pub time: StepTime,
    /// What was in the record.
    pub blocks: Vec<StepBlock>,
}

/// One block of a step.
#[derive(Debug)]
pub struct StepBlock {
    /// Normal or transactional.
    pub kind: BlockKind,
    /// Id that the client gave to the block; 0 when it gave none.
    pub client: i64,
    /// The events.
    pub block: EventBlock,
}

/// When a record counts as arrived. A project whose clock is the log (`logclock`) goes by the log's time and never
/// by the machine's; any other project the other way round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepTime {
    /// When it is processed. A project whose clock is the log does not notice that time has gone by.
    Arrival,
    /// The timestamp that the log has for it. None changes nothing. Without `logclock` it counts as
    /// [`Arrival`](Self::Arrival).
    Log(Option<EngineTime>),
}
