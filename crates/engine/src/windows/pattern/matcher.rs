//! One pattern at work: its open instances move with every event and with time (functions.md 4.4).

use tidegate_event::{Event, EventBlock, RowView, Schema};

use super::condition::{EventCondition, WorkRow};
use super::instances::Instances;
use super::logic::Logic;
use super::passing::Passing;
use super::progress::{NodeState, Progress, Status, Wanted};
use crate::evaluator::Evaluator;
use crate::key::KeyFields;
use crate::step::{Reject, Step};
use crate::store::RowId;

/// How many instances of a pattern may be open. An event that would start one more is rejected.
pub(super) const OPEN_MAX: usize = 1 << 24;

/// The field that tells an event's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct TimeField {
    pub(super) field: usize,
    pub(super) unit_micros: i64,
}

/// What a pattern knows of one input of its window.
#[derive(Debug)]
pub(super) struct SourceFields {
    /// The pattern's events that come from it.
    pub(super) events: Vec<usize>,
    /// The index fields.
    pub(super) index: Vec<usize>,
    /// The same, as a key.
    pub(super) key: KeyFields,
    pub(super) time: Option<TimeField>,
}

/// One pattern of a window.
#[derive(Debug)]
pub(super) struct Matcher {
    pub(super) logic: Logic,
    events: Vec<EventCondition>,
    sources: Vec<SourceFields>,
    /// The index values in an instance's row.
    key: KeyFields,
    /// Where the output fields begin in an instance's row.
    first_output: usize,
    pub(super) instances: Instances,
    /// The time of the last event.
    pub(super) clock: i64,
    /// Whether the engine's clock drives the limits: no source has a time field.
    pub(super) by_engine_time: bool,
    /// What a new instance waits for.
    start: Wanted,
    /// Per position in the block: the events, a bit each, whose filters let it pass.
    passed: Vec<u64>,
    passing: Passing,
    states: Vec<NodeState>,
    found: Vec<(u64, RowId)>,
}

/// What a pattern works with while it takes an event.
pub(super) struct Hands<'h, 's> {
    pub(super) evaluator: &'h mut Evaluator,
    pub(super) work: &'h mut WorkRow,
    pub(super) step: &'h mut Step<'s>,
    /// Takes a complete instance's row and the place of its first output field.
    pub(super) complete: &'h mut dyn FnMut(&RowView<'_>, usize),
}

impl Matcher {
    pub(super) fn new(
        logic: Logic,
        events: Vec<EventCondition>,
        sources: Vec<SourceFields>,
        row: &Schema,
        index: &[usize],
        first_output: usize,
    ) -> Self {
        let mut states = vec![NodeState::IDLE; logic.nodes.len()];
        let mut progress = Progress::new(&logic, &mut states, 0);
        progress.start();
        Self {
            start: progress.wanted(),
            by_engine_time: sources.iter().all(|source| source.time.is_none()),
            key: KeyFields::new(row, index),
            instances: Instances::new(row, logic.nodes.len(), events.len()),
            passed: Vec::new(),
            passing: Passing::default(),
            first_output,
            clock: i64::MIN,
            found: Vec::new(),
            states,
            logic,
            events,
            sources,
        }
    }

    /// A row in hand for instances of this pattern.
    pub(super) fn work_row(&self) -> WorkRow {
        WorkRow::new(self.instances.rows.layout())
    }

    /// Asks the filters of all events of `source` for a block.
    pub(super) fn filter(
        &mut self,
        source: usize,
        block: &EventBlock,
        evaluator: &mut Evaluator,
        step: &mut Step<'_>,
    ) {
        let Self { sources, events, passed, passing, .. } = self;
        passed.clear();
        passed.resize(block.len(), 0);
        for &number in &sources[source].events {
            passing.start(block.events());
            for program in &events[number].filters {
                passing.keep(|events, out| evaluator.conditions_of(program, block.rows(), events, step, out));
            }
            passing.positions().for_each(|position| passed[position] |= 1 << number);
        }
    }

    /// Takes the event at `position` of a block whose filters have been asked.
    pub(super) fn take(
        &mut self,
        source: usize,
        block: &EventBlock,
        position: usize,
        event: &Event<'_>,
        hands: &mut Hands<'_, '_>,
    ) {
        if self.sources[source].events.is_empty() {
            return;
        }
        let time = self.time_of(source, &event.row, hands.step);
        self.clock = time;
        self.expire(time, hands);
        let passing = self.passed[position];
        let key_hash = self.sources[source].key.hash(&event.row);
        self.find(key_hash, passing, &event.row);
        for at in 0..self.found.len() {
            let (_, id) = self.found[at];
            let row = self.instances.rows.row(id);
            if self.same_index(source, &event.row, &row) {
                hands.work.start(&row);
                self.advance(id, time, passing, event, hands);
            }
        }
        if self.start.any || self.start.events & passing != 0 {
            self.begin(source, time, passing, block, position, event, hands);
        }
    }

    fn time_of(&self, source: usize, row: &RowView<'_>, step: &Step<'_>) -> i64 {
        match self.sources[source].time {
            None => step.time.micros(),
            // An event without a time comes when the last one came.
            Some(time) if row.is_null(time.field) => self.clock,
            Some(time) => row.int(time.field).saturating_mul(time.unit_micros),
        }
    }

    /// Finds the instances that an event may move, oldest first.
    fn find(&mut self, key_hash: u64, passing: u64, row: &RowView<'_>) {
        self.found.clear();
        if self.instances.len() == 0 {
            return;
        }
        self.instances.collect(fold(key_hash, ANY), &mut self.found);
        let mut left = passing;
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let list = fold(key_hash, number as u64);
            self.instances.collect(list, &mut self.found);
            if let Some(probe) = self.events[number].probe
                && !row.is_null(probe.field)
            {
                self.instances.collect(fold(list, row.word(probe.field)), &mut self.found);
            }
        }
        self.found.sort_unstable();
        self.found.dedup();
    }

    /// Whether an event has the index values of an instance; null is a value of its own.
    fn same_index(&self, source: usize, event: &RowView<'_>, row: &RowView<'_>) -> bool {
        let source = &self.sources[source];
        let mut fields = source.index.iter().zip(self.key.fields());
        fields.all(|(&a, &b)| event.is_null(a) == row.is_null(b)) && source.key.same(event, &self.key, row)
    }

    /// Offers an event to an instance, whose row is in hand.
    fn advance(&mut self, id: RowId, time: i64, passing: u64, event: &Event<'_>, hands: &mut Hands<'_, '_>) {
        let Self { logic, events, states, instances, .. } = self;
        states.copy_from_slice(instances.states_of(id));
        let mut progress = Progress::new(logic, states, time);
        let status = progress.offer(&mut |number, counts| {
            passing & 1 << number != 0
                && hands.work.take(&events[number], counts, event, hands.evaluator, hands.step)
        });
        match status {
            Status::False => self.instances.remove(id),
            Status::True => {
                (hands.complete)(&hands.work.row(), self.first_output);
                self.instances.remove(id);
            }
            Status::Idle | Status::Open => {
                if hands.work.changed {
                    self.instances.rows.replace(id, &hands.work.row());
                }
                if self.states != self.instances.states_of(id) {
                    self.instances.states_of_mut(id).copy_from_slice(&self.states);
                    self.settle(id);
                }
            }
        }
    }

    /// Starts an instance, if the event satisfies an operand that can come first.
    #[expect(clippy::too_many_arguments, reason = "the event comes with its place, for a rejection")]
    fn begin(
        &mut self,
        source: usize,
        time: i64,
        passing: u64,
        block: &EventBlock,
        position: usize,
        event: &Event<'_>,
        hands: &mut Hands<'_, '_>,
    ) {
        hands.work.start_empty();
        for (&field, &from) in self.key.fields().iter().zip(&self.sources[source].index) {
            hands.work.copy(field, &event.row, from);
        }
        let Self { logic, events, states, .. } = self;
        let mut progress = Progress::new(logic, states, time);
        progress.start();
        let status = progress.offer(&mut |number, counts| {
            passing & 1 << number != 0
                && hands.work.take(&events[number], counts, event, hands.evaluator, hands.step)
        });
        match status {
            Status::False => {}
            _ if progress.steps == 0 => {}
            Status::True => (hands.complete)(&hands.work.row(), self.first_output),
            Status::Idle | Status::Open if self.instances.len() >= OPEN_MAX => {
                hands.step.reject(block, position, Reject::OpenPatterns);
            }
            Status::Idle | Status::Open => {
                let id = self.instances.insert(&hands.work.row(), &self.states);
                self.settle(id);
            }
        }
    }

    /// Lets time decide: instances whose limit lies before `time` are dropped, or complete where nothing has broken
    /// them.
    pub(super) fn expire(&mut self, time: i64, hands: &mut Hands<'_, '_>) {
        if self.instances.next_deadline().is_none_or(|deadline| deadline >= time) {
            return;
        }
        let mut due = std::mem::take(&mut self.found);
        self.instances.take_due(time, &mut due);
        for &(_, id) in &due {
            self.states.copy_from_slice(self.instances.states_of(id));
            match Progress::new(&self.logic, &mut self.states, time).expire() {
                Status::False => self.instances.remove(id),
                Status::True => {
                    (hands.complete)(&self.instances.rows.row(id), self.first_output);
                    self.instances.remove(id);
                }
                Status::Idle | Status::Open => {
                    self.instances.states_of_mut(id).copy_from_slice(&self.states);
                    self.settle(id);
                }
            }
        }
        self.found = due;
    }

    /// Files an instance under what it waits for and when it runs out.
    pub(super) fn settle(&mut self, id: RowId) {
        self.states.copy_from_slice(self.instances.states_of(id));
        let progress = Progress::new(&self.logic, &mut self.states, 0);
        let (deadline, wanted) = (progress.deadline(), progress.wanted());
        self.instances.set_deadline(id, deadline);
        self.instances.unlink(id);
        let row = self.instances.rows.row(id);
        let key_hash = self.key.hash(&row);
        if wanted.any {
            self.instances.link(id, self.events.len(), fold(key_hash, ANY));
            return;
        }
        let mut left = wanted.events;
        while left != 0 {
            let number = left.trailing_zeros() as usize;
            left &= left - 1;
            let list = fold(key_hash, number as u64);
            let row = self.instances.rows.row(id);
            let hash = match self.events[number].probe {
                Some(probe) if !row.is_null(probe.variable) => fold(list, row.word(probe.variable)),
                _ => list,
            };
            self.instances.link(id, number, hash);
        }
    }
}

/// In place of an event's number: every event of the index values.
const ANY: u64 = u64::MAX;

/// Folds a word into the hash of a list.
fn fold(hash: u64, word: u64) -> u64 {
    let product = u128::from(hash ^ 0x9E37_79B9_7F4A_7C15) * u128::from(word ^ 0xD6E8_FEB8_6659_FD93);
    (product as u64 ^ (product >> 64) as u64).rotate_left(23) ^ hash.wrapping_mul(0xA24B_AED4_963E_E407)
}
