//! What the machine wants done.

use tidegate_event::OutputId;

use crate::gate::{Held, Mismatch};
use crate::input::{OutputNo, RequestNo, Sequence};

/// Something to do. Commands with a request number are answered exactly once; those to the coordination service
/// with [`Input::Answered`](crate::Input::Answered), those to an output topic with
/// [`Input::Done`](crate::Input::Done).
#[derive(Debug, Clone)]
pub enum Command<R> {
    /// Open a new session with the coordination service, for as long as it takes; the old one is done with.
    Connect,
    /// End the session.
    Disconnect,
    /// Create an ephemeral node of this session with the next number.
    Create {
        /// Number of the request.
        request: RequestNo,
    },
    /// List the candidates.
    List {
        /// Number of the request.
        request: RequestNo,
    },
    /// Ask whether a node exists, and tell once when that changes.
    Watch {
        /// Number of the request.
        request: RequestNo,
        /// The node.
        sequence: Sequence,
    },
    /// Ask whether the own node exists.
    Check {
        /// Number of the request.
        request: RequestNo,
        /// The node.
        sequence: Sequence,
    },
    /// Delete a node of this session; a node that is gone counts as deleted.
    Delete {
        /// Number of the request.
        request: RequestNo,
        /// The node.
        sequence: Sequence,
    },
    /// Keep the last committed id of an output where later actives find it.
    Keep {
        /// Number of the request.
        request: RequestNo,
        /// The output.
        output: OutputNo,
        /// The id.
        id: OutputId,
    },
    /// Ask for the id that was kept for an output.
    Recall {
        /// Number of the request.
        request: RequestNo,
        /// The output.
        output: OutputNo,
    },
    /// Make sure that no older producer can write to the output any more.
    Fence {
        /// Number of the request.
        request: RequestNo,
        /// The output.
        output: OutputNo,
    },
    /// Read the output topic to its end.
    ReadTail {
        /// Number of the request.
        request: RequestNo,
        /// The output.
        output: OutputNo,
        /// Ids of this input and beyond are wanted; what lies before need not be read.
        low: Option<i64>,
    },
    /// Write records: all of them or, with transactions, none. Commit only while
    /// [`Machine::may_commit`](crate::Machine::may_commit).
    Write {
        /// Number of the request.
        request: RequestNo,
        /// The output.
        output: OutputNo,
        /// The records, in order.
        records: Vec<Held<R>>,
    },
    /// The role is lost: stop what is at hand for the output, answer what is open, give up the producer.
    Abandon {
        /// The output.
        output: OutputNo,
    },
    /// Nothing is open for the output any more; its connector may end.
    Released {
        /// The output.
        output: OutputNo,
    },
    /// Tell the operator.
    Tell(Notice),
}

/// Something for the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A session exists.
    SessionConnected,
    /// The own node exists.
    NodeCreated(Sequence),
    /// The node of the candidate before this one is watched.
    Watching(Sequence),
    /// An output's role is standby.
    Standby(OutputNo),
    /// An output's role is active.
    Active {
        /// The output.
        output: OutputNo,
        /// The last id that was committed before.
        resume: Option<OutputId>,
        /// Records in the gate that go out first.
        held: usize,
    },
    /// The role was given up.
    Demoted(Demotion),
    /// The lease is over before it could be renewed: nothing is written.
    Held,
    /// The lease is renewed.
    Unheld,
    /// The role was passed on, because this engine is behind the output topic and another candidate exists.
    Yielded(OutputNo),
    /// The output cannot become active until its connector is started again.
    Refused(OutputNo, Refusal),
    /// A committed record differs from what this engine computes for the same id.
    Mismatch(OutputNo, Mismatch),
}

/// Why the role was given up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demotion {
    /// The session is over.
    SessionExpired,
    /// The own node was deleted.
    NodeGone,
    /// A newer active has fenced this one.
    Fenced,
    /// An output's last write may or may not have landed.
    WriteUnknown,
    /// A connector was stopped.
    Stopped,
}

/// Why an output cannot become active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The last committed id lies at or beyond the end of the input: the input topic was made anew.
    InputRecreated {
        /// The last committed id.
        resume: OutputId,
        /// The first input id that does not exist yet.
        input_end: i64,
    },
    /// Output between the last committed id and the first that this engine has is missing.
    Gap {
        /// The last committed id.
        resume: OutputId,
        /// The first input id whose output this engine has.
        low: i64,
    },
    /// This engine computes something else than what is in the topic.
    Mismatch(OutputId),
}
