//! What keeps the output of a connector that others may take over from (design.md 7, "Output gate").

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use tidegate_engine::state::{Frozen, StateError, StateReader};
use tidegate_event::{BlockHeader, EngineTime, EventBlock};

/// Takes all that a window emits from the loading of the project on, whether or not its connector runs. It outlives
/// the runs of its connector, and what it holds is part of a snapshot. It is made by
/// [`ConnectorClass::gate`](super::ConnectorClass::gate); the connector finds it in its
/// [`Gated`](super::Gated).
///
/// `emitted`, `step_ended`, `freeze` and `reset` are called on the project's thread, the others anywhere.
pub trait OutputGate: Send + Sync + fmt::Debug {
    /// The window has emitted a block. May wait, which makes the project and its publishers wait.
    fn emitted(&self, header: &BlockHeader, block: &Arc<EventBlock>);

    /// The step `input` has ended at `time`, with or without output: all that it causes was emitted.
    fn step_ended(&self, input: i64, time: EngineTime);

    /// What it holds, between two steps. Must not wait for anything outside of the process.
    fn freeze(&self) -> Box<dyn Frozen>;

    /// Reads all of a state that [`freeze`](Self::freeze) gave and checks it; nothing changes before the answer is
    /// called, on the project's thread, together with the change of the project's state.
    ///
    /// # Errors
    /// When the state cannot be read, or is none that it can have written.
    fn load(&self, from: &mut dyn StateReader) -> Result<Box<dyn FnOnce() + Send>, StateError>;

    /// The project has taken over a state that has nothing of this gate: it holds nothing, and `input` is the last
    /// step whose output it will not see.
    fn reset(&self, input: i64);

    /// Where the failover stands; none when it takes no part in one.
    fn status(&self) -> Option<FailoverStatus>;

    /// Whether all that the project does must come from one ordered log (design.md 7, "One input").
    fn requires_one_input(&self) -> bool {
        true
    }

    /// For the class to get its own type back.
    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync>;

    /// The project stops and its output does not get away, or it is going away: [`emitted`](Self::emitted) must not
    /// wait any more, until the connector is started again. Nothing is dropped for it.
    fn close(&self);
}

/// Where the failover of one gate stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailoverStatus {
    /// The group that elects.
    pub group: String,
    /// What this engine is in it.
    pub role: FailoverRole,
    /// Records of input that are not processed yet.
    pub lag: u64,
    /// Whether `lag` is at most a second of input.
    pub in_sync: bool,
    /// Records that the gate holds.
    pub gate: u64,
    /// Id of the last output that is known to be committed.
    pub last_committed: Option<String>,
    /// What is left of the lease, in milliseconds.
    pub lease_ms: u64,
    /// Whether this engine is the active one with a valid lease at this moment.
    pub primary: bool,
}

/// What an engine is in its failover group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailoverRole {
    /// It writes.
    Active,
    /// It computes and holds its output.
    Standby,
    /// It was active, its lease has ended, and it writes nothing until it knows more.
    Held,
}

impl fmt::Display for FailoverRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Active => "active",
            Self::Standby => "standby",
            Self::Held => "held",
        })
    }
}

/// What a publisher connector reads, as far as order goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InputKind {
    /// Nothing that every engine sees alike.
    Other,
    /// A log, but not so that every engine sees the same records in the same order: why, naming the property.
    Unordered(String),
    /// One partition of a log.
    OrderedLog {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
    },
}
