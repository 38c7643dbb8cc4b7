//! What happens in the world, and the messages between its parts.

use tidegate_event::{EngineTime, OutputId};
use tidegate_failover::{Answer, SessionId};

use crate::fault::Fault;
use crate::net::Connection;
use crate::project::Record;

/// One thing that happens at one moment.
#[derive(Debug)]
pub(crate) enum Event {
    /// The next record is appended to the input.
    Append,
    /// Something goes wrong, or is mended.
    Fault(Fault),
    /// The service looks which sessions are over.
    ServiceTick,
    /// A message reaches the service.
    Service { connection: Connection, from: usize, life: u32, number: u64, request: ServiceRequest },
    /// A message reaches the log.
    Log { from: usize, life: u32, token: u64, request: LogRequest },
    /// Something reaches a process, or a timer of it is due.
    Process { to: usize, life: u32, delivery: Delivery },
    /// The run is over.
    End,
}

/// What a client asks of the service.
#[derive(Debug)]
pub(crate) enum ServiceRequest {
    /// Open a session, or go on with one.
    Open(Option<SessionId>),
    /// A sign of life.
    Ping,
    /// End the session.
    Close,
    Create,
    List,
    Exists {
        sequence: i64,
        watch: bool,
    },
    Delete(i64),
    Keep(usize, OutputId),
    Recall(usize),
}

/// What the service says over a connection.
#[derive(Debug)]
pub(crate) enum ServiceReply {
    /// The session goes on, or a new one began.
    Opened(SessionId),
    /// The session is over.
    Expired,
    Pong,
    Answer(u64, Answer),
    /// A watched node has changed.
    Changed(i64),
}

/// What a client asks of the log. Requests are sent again under a new token when no reply comes.
#[derive(Debug, Clone)]
pub(crate) enum LogRequest {
    /// Begin a producer epoch.
    Init { output: usize },
    /// Append to a transaction.
    Produce { output: usize, epoch: u64, transaction: u64, records: Vec<Record> },
    /// End a transaction.
    End { output: usize, epoch: u64, transaction: u64, commit: bool },
    /// Append without a transaction; `first` is the sequence number of the first record.
    Append { output: usize, producer: u64, first: u64, records: Vec<Record> },
    /// Read on.
    Fetch { output: usize, from: usize },
    /// Read the end.
    Tail { output: usize, low: Option<i64> },
}

/// What the log says.
#[derive(Debug)]
pub(crate) enum LogReply {
    Epoch(u64),
    Done,
    Fenced,
    /// Something before it is missing.
    OutOfOrder,
    Records {
        next: usize,
        records: Vec<Tailed>,
    },
    Tail {
        highest: Option<(OutputId, EngineTime)>,
        input_end: i64,
    },
}

/// A committed record as a reader sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tailed {
    pub(crate) id: OutputId,
    pub(crate) checksum: u32,
    pub(crate) time: EngineTime,
}

/// What reaches a process.
#[derive(Debug)]
pub(crate) enum Delivery {
    /// A message of the service.
    Service(Connection, ServiceReply),
    /// The connection is found broken.
    Broken(Connection),
    /// The service's client looks after its session.
    Beat,
    /// A request that could not be sent is answered.
    Unsent(tidegate_failover::RequestNo),
    /// The log has replied.
    Log(u64, LogReply),
    /// No reply came in time.
    LogTimeout(usize, u64),
    /// The output's committed records are read on.
    Poll(usize),
    /// The machine's time.
    Tick(u64),
    /// The next input record is processed.
    Step,
    /// The connector of an output is started.
    StartConnector(usize),
    /// The connector of an output is stopped.
    StopConnector(usize),
}
