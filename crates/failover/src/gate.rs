//! The output gate: keeps every record until it is known to be committed (design.md 7, "Output gate").
//!
//! What makes it simple is that the committed output of a stream is always a beginning of the one sequence that
//! every engine computes. So one id, the highest known to be committed, tells of each record whether it is out.

use std::collections::VecDeque;
use std::fmt;

use tidegate_event::{EngineTime, OutputId};

/// Tailed checksums that may wait for this engine to compute the same record.
const AHEAD_MAX: usize = 1 << 16;

/// A record of the output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held<R> {
    /// Its id.
    pub id: OutputId,
    /// Checksum of all that is written for it.
    pub checksum: u32,
    /// Engine time of its step.
    pub time: EngineTime,
    /// What is written for it.
    pub record: R,
}

/// The part of a gate that is saved in snapshots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateState<R> {
    /// Every output of input ids from here on is held or committed; none before the first step.
    pub low: Option<i64>,
    /// The highest id known to be committed, and its engine time.
    pub committed: Option<(OutputId, EngineTime)>,
    /// The last step that has ended, and its engine time.
    pub complete: Option<(i64, EngineTime)>,
    /// The records, in order.
    pub held: Vec<Held<R>>,
}

/// A difference between a committed record and the same one computed here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mismatch {
    /// The record's id.
    pub id: OutputId,
    /// What is different.
    pub difference: Difference,
}

/// What is different about a committed record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Difference {
    /// The checksums of this engine's record and of the committed one.
    Content {
        /// Of this engine's record.
        ours: u32,
        /// Of the committed one.
        theirs: u32,
    },
    /// This engine has gone past the id without computing a record for it.
    Skipped,
    /// This engine has ended the step without a record of that id.
    Unknown,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Content { ours, theirs } => {
                write!(f, "its checksum is {ours:08x} here and {theirs:08x} in the topic")
            }
            Self::Skipped => f.write_str("this engine went past it without a record"),
            Self::Unknown => f.write_str("this engine has ended the step without it"),
        }
    }
}

fn compare(id: OutputId, ours: u32, theirs: u32) -> Result<(), Mismatch> {
    if ours == theirs {
        Ok(())
    } else {
        Err(Mismatch { id, difference: Difference::Content { ours, theirs } })
    }
}

/// The gate of one output.
#[derive(Debug, Clone)]
pub struct Gate<R> {
    low: Option<i64>,
    /// The first step of this engine since the gate was made or restored.
    began: Option<i64>,
    committed: Option<(OutputId, EngineTime)>,
    complete: Option<(i64, EngineTime)>,
    /// In the order of their ids, all of them beyond `committed`.
    held: VecDeque<Held<R>>,
    /// How many of `held` are with a writer.
    taken: usize,
    /// Committed records that this engine has not computed yet.
    ahead: VecDeque<(OutputId, u32)>,
}

impl<R> Default for Gate<R> {
    fn default() -> Self {
        Self {
            low: None,
            began: None,
            committed: None,
            complete: None,
            held: VecDeque::new(),
            taken: 0,
            ahead: VecDeque::new(),
        }
    }
}

impl<R: Clone> Gate<R> {
    /// The gate as it was saved.
    pub fn restore(state: GateState<R>) -> Self {
        Self {
            low: state.low,
            committed: state.committed,
            complete: state.complete,
            held: state.held.into(),
            ..Self::default()
        }
    }

    /// What a snapshot keeps.
    pub fn state(&self) -> GateState<R> {
        GateState {
            low: self.low,
            committed: self.committed,
            complete: self.complete,
            held: self.held.iter().cloned().collect(),
        }
    }

    /// Takes a record that the engine has computed. Ids rise from call to call.
    ///
    /// # Errors
    /// When another record is committed under its id. It is not held then.
    pub fn push(&mut self, held: Held<R>) -> Result<(), Mismatch> {
        self.low.get_or_insert(held.id.input);
        let began = *self.began.get_or_insert(held.id.input);
        debug_assert!(self.held.back().is_none_or(|last| last.id < held.id), "ids rise");
        if self.committed.is_none_or(|(committed, _)| committed < held.id) {
            self.held.push_back(held);
            return Ok(());
        }
        // What others wrote before this engine's first step cannot be compared.
        while self.ahead.front().is_some_and(|(id, _)| id.input < began) {
            self.ahead.pop_front();
        }
        match self.ahead.front() {
            Some(&(id, _)) if id < held.id => Err(Mismatch { id, difference: Difference::Skipped }),
            Some(&(id, checksum)) if id == held.id => {
                self.ahead.pop_front();
                compare(id, held.checksum, checksum)
            }
            _ => Ok(()),
        }
    }

    /// Everything of step `input` was pushed.
    pub fn complete_step(&mut self, input: i64, time: EngineTime) {
        self.low.get_or_insert(input);
        self.began.get_or_insert(input);
        self.complete = Some((input, time));
    }

    /// Takes up that everything to `id` is committed.
    pub fn commit(&mut self, id: OutputId, time: EngineTime) {
        if self.committed.is_none_or(|(committed, _)| committed < id) {
            self.committed = Some((id, time));
        }
        while self.held.front().is_some_and(|held| held.id <= id) {
            self.held.pop_front();
            self.taken = self.taken.saturating_sub(1);
        }
        // Steps before that of the last committed record are out as a whole.
        if let (Some(low), Some((committed, _))) = (&mut self.low, self.committed) {
            *low = committed.input.max(*low);
        }
    }

    /// Takes up a committed record that was read in the topic.
    ///
    /// # Errors
    /// When this engine has computed something else for the id.
    pub fn tailed(&mut self, id: OutputId, checksum: u32, time: EngineTime) -> Result<(), Mismatch> {
        let mut result = Ok(());
        if self.committed.is_none_or(|(committed, _)| committed < id) {
            match self.held.binary_search_by_key(&id, |held| held.id) {
                Ok(at) => result = compare(id, self.held[at].checksum, checksum),
                // What this engine has computed already without holding it, nobody may have written.
                Err(_) if self.has_computed(id.input) => {
                    result = Err(Mismatch { id, difference: Difference::Unknown });
                }
                Err(_) if self.ahead.len() < AHEAD_MAX => self.ahead.push_back((id, checksum)),
                Err(_) => {}
            }
        }
        self.commit(id, time);
        result
    }

    /// Whether the gate has seen all output of this input id.
    fn has_computed(&self, input: i64) -> bool {
        self.low.is_some_and(|low| low <= input) && self.complete.is_some_and(|(last, _)| input <= last)
    }

    /// How many more tailed records can be compared; a reader of the topic waits while it is 0.
    pub fn tail_room(&self) -> usize {
        AHEAD_MAX - self.ahead.len()
    }

    /// Takes the next records for a writer: whole steps, about `records_max` records.
    pub fn take(&mut self, records_max: usize) -> Vec<Held<R>> {
        let Some((complete, _)) = self.complete else { return Vec::new() };
        let mut end = self.taken;
        while let Some(held) = self.held.get(end) {
            let starts_step = end == self.taken || self.held[end - 1].id.input != held.id.input;
            if held.id.input > complete || (starts_step && end - self.taken >= records_max) {
                break;
            }
            end += 1;
        }
        let taken = self.held.range(self.taken..end).cloned().collect();
        self.taken = end;
        taken
    }

    /// No writer has any of the records any more.
    pub fn untake(&mut self) {
        self.taken = 0;
    }

    /// Number of records held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether no record is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// Every output of input ids from here on is held or committed.
    pub const fn low(&self) -> Option<i64> {
        self.low
    }

    /// The highest id known to be committed, and its engine time.
    pub const fn committed(&self) -> Option<(OutputId, EngineTime)> {
        self.committed
    }

    /// The last step that has ended, and its engine time.
    pub const fn complete(&self) -> Option<(i64, EngineTime)> {
        self.complete
    }
}

#[cfg(test)]
mod tests;
