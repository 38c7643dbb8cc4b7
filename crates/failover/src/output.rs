//! One output topic on its way between the roles: fence, read the tail, write.

use std::collections::{BTreeSet, VecDeque};

use tidegate_event::{EngineTime, OutputId};

use crate::clock::Instant;
use crate::command::Refusal;
use crate::gate::Gate;
use crate::input::RequestNo;

/// How an output is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputOptions {
    /// The project of the output: the group is a candidate only while all outputs of a project run, or none.
    pub project: u64,
    /// Whether a write lands as a whole or not at all, so that a committed step is committed to its end.
    pub whole_steps: bool,
    /// Writes that may be open at a time. With transactions the driver may commit several as one.
    pub writes_max: usize,
    /// Records of one write; a step is never split.
    pub records_max: usize,
}

/// Where an output is on its way to being written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Not written by this engine.
    Idle,
    /// Older producers are being fenced, and the id that they kept is being recalled.
    Fencing { fenced: bool, recalled: Option<Option<OutputId>> },
    /// The topic is being read to its end.
    Reading {
        /// The higher of what was kept and what was known to be committed before the topic and the end of the input
        /// were asked for.
        known: Option<OutputId>,
    },
    /// The topic has been read. Waits for the first step of this engine, and for the tails of the project's other outputs: what
    /// they tell of the input counts for all. An older active may write on meanwhile, so the resume point is what is known last.
    AwaitingStep,
    /// Records go out.
    Writing,
    /// Given up; answers are outstanding.
    Closing,
}

/// An output of the group.
#[derive(Debug)]
pub(crate) struct Output<R> {
    pub(crate) options: OutputOptions,
    pub(crate) gate: Gate<R>,
    pub(crate) running: bool,
    pub(crate) stopping: bool,
    pub(crate) stage: Stage,
    pub(crate) refused: Option<Refusal>,
    /// Committed records that differ from what this engine has computed.
    pub(crate) mismatches: u64,
    /// Requests to the output topic that are not answered yet.
    pub(crate) open: BTreeSet<RequestNo>,
    /// Open writes, in order, each with its last record.
    pub(crate) writes: VecDeque<(RequestNo, OutputId, EngineTime)>,
    /// The id that the coordination service keeps, and when the next may be sent.
    pub(crate) kept: Option<OutputId>,
    pub(crate) keep_at: Instant,
}

/// How much of the input, in engine time, an engine may be behind the output topic and still take over.
const IN_SYNC_MICROS: i64 = 1_000_000;

impl<R: Clone> Output<R> {
    pub(crate) fn new(options: OutputOptions) -> Self {
        Self {
            options,
            gate: Gate::default(),
            running: false,
            stopping: false,
            stage: Stage::Idle,
            refused: None,
            mismatches: 0,
            open: BTreeSet::new(),
            writes: VecDeque::new(),
            kept: None,
            keep_at: Instant::default(),
        }
    }

    /// Whether this engine has yet to compute what others have written, by more than a second of input.
    pub(crate) fn is_behind(&self) -> bool {
        let Some((resume, written)) = self.gate.committed() else { return false };
        match self.gate.complete() {
            None => true,
            Some((input, time)) => input < resume.input && time.plus_micros(IN_SYNC_MICROS) < written,
        }
    }

    /// Whether output is missing between the resume point and the first that this engine has.
    pub(crate) fn gap(&self, resume: OutputId, low: i64) -> Option<Refusal> {
        let first_missing = resume.input.saturating_add(i64::from(self.options.whole_steps));
        (low > first_missing).then_some(Refusal::Gap { resume, low })
    }

    /// Whether the output may be written, or could be if others allowed it.
    pub(crate) const fn knows_its_tail(&self) -> bool {
        matches!(self.stage, Stage::AwaitingStep | Stage::Writing)
    }

    /// Gives up writing; answers whether it was on the way.
    pub(crate) fn abandon(&mut self) -> bool {
        let was_on_the_way = !matches!(self.stage, Stage::Idle | Stage::Closing);
        if was_on_the_way {
            self.stage = if self.open.is_empty() { Stage::Idle } else { Stage::Closing };
            self.writes.clear();
            if self.open.is_empty() {
                self.gate.untake();
            }
        }
        was_on_the_way
    }

    /// A request to the topic was answered.
    pub(crate) fn close(&mut self, request: RequestNo) {
        self.open.remove(&request);
        if self.stage == Stage::Closing && self.open.is_empty() {
            self.stage = Stage::Idle;
            self.gate.untake();
        }
    }
}
