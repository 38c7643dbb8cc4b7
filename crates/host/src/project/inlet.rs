//! The way into a project: one bounded queue, and a gate that is open while the project runs.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, SendTimeoutError, Sender, bounded};
use parking_lot::RwLock;
use tidegate_engine::WindowId;
use tidegate_event::{BlockKind, EventBlock};

use super::core::Core;
use crate::connector::{SourcePosition, StepBlock, StepTime};
use crate::error::HostError;

/// A block on its way into a source window. It is a step of its own (design.md 7, "Message ids").
#[derive(Debug, Clone)]
pub struct Input {
    /// The window.
    pub window: WindowId,
    /// Normal or transactional.
    pub kind: BlockKind,
    /// Id that the client gave to the block; 0 when it gave none.
    pub client: i64,
    /// The events.
    pub block: Arc<EventBlock>,
}

/// A publisher's record on its way into a source window.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) window: WindowId,
    pub(crate) id: Option<i64>,
    pub(crate) time: StepTime,
    pub(crate) blocks: Vec<StepBlock>,
}

/// What the project's thread takes from its queue, in order.
pub(crate) enum Command {
    /// A block, and where its publisher stands behind it.
    Input {
        /// The block.
        input: Input,
        /// The publisher's number and position.
        source: Option<(u32, SourcePosition)>,
    },
    /// A record, and where its publisher stands behind it.
    Step {
        /// The record.
        step: Step,
        /// The publisher's number.
        source: u32,
        /// Its position.
        position: SourcePosition,
    },
    /// Something to do between two steps.
    Call(Box<dyn FnOnce(&mut Core) + Send>),
    /// The thread is to end.
    End,
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input { .. } => "Input",
            Self::Step { .. } => "Step",
            Self::Call(_) => "Call",
            Self::End => "End",
        })
    }
}

/// Why a command did not get into the queue.
pub(crate) enum NotSent {
    /// The queue was full for as long as the caller would wait; the command comes back.
    Full(Command),
    /// The project does not run.
    Closed,
}

/// The state of a project (failover-and-server 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectState {
    /// Loaded and never started.
    Loaded,
    /// Takes and processes events.
    Running,
    /// Stopped at a step boundary; keeps its state.
    Stopped,
    /// Its thread ended on an internal error.
    Failed,
}

impl ProjectState {
    const ALL: [Self; 4] = [Self::Loaded, Self::Running, Self::Stopped, Self::Failed];
}

impl fmt::Display for ProjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loaded => "loaded",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        })
    }
}

/// A handle on the queue, for everything that sends to the project's thread.
#[derive(Clone)]
pub(crate) struct Inlet {
    project: Arc<str>,
    sender: Sender<Command>,
    /// Whether input is let in. Senders hold it for reading while they wait for room, so that closing it waits for
    /// what was accepted before.
    gate: Arc<RwLock<bool>>,
    /// The project's state; beside the gate, so that reading it never waits.
    state: Arc<AtomicU8>,
}

impl Inlet {
    pub(crate) fn new(project: &str, sender: Sender<Command>) -> Self {
        Self {
            project: project.into(),
            sender,
            gate: Arc::default(),
            state: Arc::new(AtomicU8::new(ProjectState::Loaded as u8)),
        }
    }

    pub(crate) fn state(&self) -> ProjectState {
        ProjectState::ALL[usize::from(self.state.load(Ordering::SeqCst))]
    }

    pub(crate) fn set_state(&self, state: ProjectState) {
        self.state.store(state as u8, Ordering::SeqCst);
    }

    /// Lets input in.
    pub(crate) fn open(&self) {
        *self.gate.write() = true;
    }

    /// Lets no more input in; what is waiting for room in the queue gets in before.
    pub(crate) fn close(&self) {
        *self.gate.write() = false;
    }

    /// Puts input into the queue; waits at most `time`, without one for as long as it takes.
    pub(crate) fn send(&self, command: Command, time: Option<Duration>) -> Result<(), NotSent> {
        let gate = self.gate.read();
        if !*gate {
            return Err(NotSent::Closed);
        }
        match time {
            None => self.sender.send(command).map_err(|_| NotSent::Closed),
            Some(time) => self.sender.send_timeout(command, time).map_err(|error| match error {
                SendTimeoutError::Timeout(back) => NotSent::Full(back),
                SendTimeoutError::Disconnected(_) => NotSent::Closed,
            }),
        }
    }

    /// Ends the thread once it has processed what is in the queue.
    pub(crate) fn end(&self) {
        // A thread that has ended on its own has dropped the queue; then there is nothing to end.
        let _gone = self.sender.send(Command::End);
    }

    /// Runs `work` on the project's thread between two steps, behind everything that is in the queue, and waits
    /// for its answer.
    pub(crate) fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> T + Send + 'static,
    ) -> Result<T, HostError> {
        self.call_watched(work, Duration::MAX, &mut || ())
    }

    /// As [`call`](Self::call), and calls `waiting` whenever another `patience` has gone by without an answer.
    pub(crate) fn call_watched<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Core) -> T + Send + 'static,
        patience: Duration,
        waiting: &mut dyn FnMut(),
    ) -> Result<T, HostError> {
        let (answer, answered) = bounded(1);
        let mut call = Command::Call(Box::new(move |core| {
            // Who asked may have gone; then nobody needs the answer.
            let _unwanted = answer.send(work(core));
        }));
        let failed = || HostError::Failed(self.project.to_string());
        while let Err(error) = self.sender.send_timeout(call, patience) {
            let SendTimeoutError::Timeout(back) = error else { return Err(failed()) };
            call = back;
            waiting();
        }
        loop {
            match answered.recv_timeout(patience) {
                Ok(answer) => return Ok(answer),
                Err(RecvTimeoutError::Timeout) => waiting(),
                Err(RecvTimeoutError::Disconnected) => return Err(failed()),
            }
        }
    }
}
