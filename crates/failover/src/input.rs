//! What happens to the machine.

use tidegate_event::{EngineTime, OutputId};

use crate::clock::Instant;

/// Number of a request; its answer carries it back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestNo(pub u64);

/// Number of an output topic of the group, as [`Machine::add_output`](crate::Machine::add_output) gave it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OutputNo(pub usize);

/// Number that the coordination service gave to a candidate's node; the lowest is elected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Sequence(pub i64);

/// A session with the coordination service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SessionId(pub i64);

/// A candidate's node, as a listing shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Number of the node.
    pub sequence: Sequence,
    /// The session that it will vanish with.
    pub owner: SessionId,
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The connector of an output has started.
    Start(OutputNo),
    /// The connector of an output is to stop; [`Command::Released`](crate::Command::Released) follows.
    Stop(OutputNo),
    /// There is a session with the coordination service: a new one, or the old one again after a disconnection.
    Connected {
        /// The session.
        session: SessionId,
        /// How long the service waits for a sign of life before it ends the session, in microseconds.
        timeout: u64,
    },
    /// The connection to the coordination service is gone; the session may live on.
    Disconnected,
    /// The session is over, and every node of it.
    Expired,
    /// A watched node was deleted, or changed otherwise.
    NodeChanged(Sequence),
    /// The coordination service has answered.
    Answered {
        /// The request.
        request: RequestNo,
        /// When the request was sent.
        sent: Instant,
        /// What it said.
        answer: Answer,
    },
    /// A request to an output topic is over.
    Done {
        /// The request.
        request: RequestNo,
        /// How it went.
        outcome: Outcome,
    },
    /// A record of the stream was read, committed, in the output topic.
    Tailed {
        /// The output.
        output: OutputNo,
        /// The record's id.
        id: OutputId,
        /// The checksum of the record.
        checksum: u32,
        /// The engine time that it was written with.
        time: EngineTime,
    },
}

/// What the coordination service says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The node was created under this number.
    Created(Sequence),
    /// All candidates, in any order.
    Listed(Vec<Candidate>),
    /// Whether the node exists.
    Present(bool),
    /// The node does not exist any more.
    Deleted,
    /// The id is kept.
    Kept,
    /// The id that was kept for an output, if any.
    Recalled(Option<OutputId>),
    /// The connection was lost before an answer came: the request was carried out, or was not.
    Lost,
}

/// How a request to an output topic went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No older producer can write any more.
    Fenced,
    /// The topic was read to its end as it was after the fence.
    TailRead {
        /// The highest id of the stream, with the engine time that it was written with, among all records read.
        highest: Option<(OutputId, EngineTime)>,
        /// The first input id that does not exist yet.
        input_end: i64,
    },
    /// The records of a [`Command::Write`](crate::Command::Write) are committed, or acknowledged.
    Committed,
    /// The request has failed, or its outcome is not known: only the topic can tell what became of it.
    Failed(Failure),
}

/// Why a request to an output topic came to nothing that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// A newer producer has fenced this one.
    Fenced,
    /// The role was lost before the commit; nothing of it can land any more.
    RoleLost,
    /// The outcome is not known, or an error that a new start may mend.
    Unknown,
}
