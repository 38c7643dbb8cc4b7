//! The state machine of one failover group on one engine.

mod advance;
mod answers;

use std::collections::{BTreeMap, VecDeque};

use tidegate_event::EngineTime;

use crate::clock::Instant;
use crate::command::{Command, Demotion, Notice, Refusal};
use crate::election::{Connection, Election};
use crate::gate::{Gate, GateState, Held, Mismatch};
use crate::input::{Input, OutputNo, RequestNo, Sequence, SessionId};
use crate::output::{Output, OutputOptions, Stage};

/// The role of an engine in its group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Elected, with a lease: it writes.
    Active,
    /// It computes and holds its output.
    Standby,
    /// Elected, but the lease is over: it writes nothing until it knows more.
    Held,
}

/// What an open request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Create,
    List,
    Watch(Sequence),
    Check(Sequence),
    Delete(Sequence),
    Keep,
    Recall(OutputNo),
    Output(OutputNo),
}

impl Pending {
    /// Whether the election waits for the answer before it asks anything else.
    const fn is_of_election(self) -> bool {
        matches!(self, Self::Create | Self::List | Self::Watch(_) | Self::Delete(_))
    }
}

/// How often the last committed id is kept, in microseconds.
const KEEP_EVERY: u64 = 1_000_000;

/// Election, output gates, fencing and resume of one group on one engine. See the [crate's page](crate) for its
/// states.
#[derive(Debug)]
pub struct Machine<R> {
    election: Election,
    outputs: Vec<Option<Output<R>>>,
    pending: BTreeMap<RequestNo, (Pending, u64)>,
    commands: VecDeque<Command<R>>,
    next_request: u64,
    /// The role was passed on; no new node before this engine is in sync.
    yielded: bool,
    /// Whether the end of the lease was told.
    told_held: bool,
}

impl<R: Clone> Default for Machine<R> {
    fn default() -> Self {
        Self::new()
    }
}

impl<R: Clone> Machine<R> {
    /// A machine without outputs; it is no candidate.
    pub fn new() -> Self {
        Self {
            election: Election::default(),
            outputs: Vec::new(),
            pending: BTreeMap::new(),
            commands: VecDeque::new(),
            next_request: 0,
            yielded: false,
            told_held: false,
        }
    }

    /// Adds an output, at rest and with an empty gate.
    pub fn add_output(&mut self, options: OutputOptions) -> OutputNo {
        let output = Some(Output::new(options));
        if let Some(free) = self.outputs.iter().position(Option::is_none) {
            self.outputs[free] = output;
            return OutputNo(free);
        }
        self.outputs.push(output);
        OutputNo(self.outputs.len() - 1)
    }

    /// Removes an output that was released, or never started.
    pub fn remove_output(&mut self, output: OutputNo) {
        if let Some(slot) = self.outputs.get_mut(output.0) {
            *slot = None;
        }
    }

    /// The output's gate.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn gate(&self, output: OutputNo) -> &Gate<R> {
        &self.output(output).gate
    }

    /// What a snapshot keeps of the output.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn state(&self, output: OutputNo) -> GateState<R> {
        self.output(output).gate.state()
    }

    /// Takes over the gate of a snapshot; the output's connector does not run.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn restore(&mut self, output: OutputNo, state: GateState<R>) {
        self.output_mut(output).gate = Gate::restore(state);
    }

    /// Takes a record that the engine has computed.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn emit(&mut self, output: OutputNo, record: Held<R>) {
        if let Err(mismatch) = self.output_mut(output).gate.push(record) {
            self.mismatch(output, mismatch);
        }
    }

    /// The engine has ended step `input`.
    ///
    /// # Panics
    /// When there is no such output.
    pub fn step_ended(&mut self, output: OutputNo, input: i64, time: EngineTime, now: Instant) {
        let yielded = self.yielded;
        let this = self.output_mut(output);
        this.gate.complete_step(input, time);
        match this.stage {
            Stage::Writing => self.write(output, now),
            Stage::AwaitingStep => self.advance(now),
            _ if yielded => self.advance(now),
            _ => {}
        }
    }

    /// Takes up what has happened. Then [`poll_command`](Self::poll_command) until it is empty.
    pub fn handle(&mut self, input: Input, now: Instant) {
        match input {
            Input::Start(output) => self.start(output),
            Input::Stop(output) => self.stop(output),
            Input::Connected { session, timeout } => {
                let before = self.election.generation;
                let was_elected = self.election.elected;
                self.election.connected(session, timeout);
                if self.election.generation != before {
                    if was_elected {
                        self.step_down(Demotion::SessionExpired);
                    }
                    self.tell(Notice::SessionConnected);
                }
            }
            Input::Disconnected => {
                if let Connection::Up(session) = self.election.connection {
                    self.election.connection = Connection::Down(session);
                }
            }
            Input::Expired => {
                let was_elected = self.election.elected;
                if self.election.connection != Connection::Connecting {
                    self.election.expired();
                }
                if was_elected {
                    self.step_down(Demotion::SessionExpired);
                }
            }
            Input::NodeChanged(node) if self.election.own == Some(node) => {
                self.election.check_at = Instant::default();
                self.election.own_watched = false;
            }
            Input::NodeChanged(_) => self.election.stale = true,
            Input::Answered { request, sent, answer } => self.answered(request, sent, answer, now),
            Input::Done { request, outcome } => self.done(request, outcome),
            Input::Tailed { output, id, checksum, time } => {
                let Some(this) = self.outputs.get_mut(output.0).and_then(Option::as_mut) else { return };
                if let Err(mismatch) = this.gate.tailed(id, checksum, time) {
                    self.mismatch(output, mismatch);
                }
            }
        }
        self.advance(now);
    }

    /// Time has come to [`poll_timeout`](Self::poll_timeout).
    pub fn tick(&mut self, now: Instant) {
        self.advance(now);
    }

    /// The next thing to do.
    pub fn poll_command(&mut self) -> Option<Command<R>> {
        self.commands.pop_front()
    }

    /// When [`tick`](Self::tick) is to be called at the latest.
    pub fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let election = &self.election;
        let mut times = Vec::new();
        if election.up().is_some() {
            if election.own.is_some() && !self.is_pending(|p| matches!(p, Pending::Check(_))) {
                times.push(election.check_at);
            }
            if now < election.retry_at {
                times.push(election.retry_at);
            }
        }
        if election.elected && now < election.lease_end() {
            times.push(election.lease_end());
        }
        for output in self.outputs.iter().flatten() {
            let committed = output.gate.committed().map(|(id, _)| id);
            let keeps = output.stage == Stage::Writing && committed != output.kept && !self.is_stopping();
            if keeps && election.up().is_some() && election.is_active(now) {
                times.push(output.keep_at);
            }
        }
        times.into_iter().min()
    }

    /// The role at this time.
    pub fn role(&self, now: Instant) -> Role {
        match (self.election.elected, self.election.is_active(now)) {
            (true, true) => Role::Active,
            (true, false) => Role::Held,
            (false, _) => Role::Standby,
        }
    }

    /// The session at hand, connected or not.
    pub const fn session(&self) -> Option<SessionId> {
        match self.election.connection {
            Connection::Up(session) | Connection::Down(session) => Some(session),
            Connection::None | Connection::Connecting => None,
        }
    }

    /// Microseconds until the lease ends; 0 without one.
    pub fn lease(&self, now: Instant) -> u64 {
        if self.election.elected { now.until(self.election.lease_end()) } else { 0 }
    }

    /// Whether a write of the output may be committed now.
    pub fn may_commit(&self, output: OutputNo, now: Instant) -> bool {
        self.election.is_active(now) && self.is_writing(output)
    }

    /// Whether the output is written by this engine, or will be as soon as the lease is renewed.
    pub fn is_writing(&self, output: OutputNo) -> bool {
        self.outputs.get(output.0).and_then(Option::as_ref).is_some_and(|o| o.stage == Stage::Writing)
    }

    /// Whether the output is at most a second of input behind what is committed.
    pub fn is_in_sync(&self, output: OutputNo) -> bool {
        self.outputs.get(output.0).and_then(Option::as_ref).is_some_and(|o| !o.is_behind())
    }

    /// Why the output cannot become active, if it cannot.
    pub fn refused(&self, output: OutputNo) -> Option<Refusal> {
        self.outputs.get(output.0).and_then(Option::as_ref).and_then(|o| o.refused)
    }

    /// Committed records that differ from what this engine has computed.
    pub fn mismatches(&self, output: OutputNo) -> u64 {
        self.outputs.get(output.0).and_then(Option::as_ref).map_or(0, |o| o.mismatches)
    }

    /// Whether an output of the group is to stop.
    fn is_stopping(&self) -> bool {
        self.outputs.iter().flatten().any(|output| output.stopping)
    }

    fn output(&self, output: OutputNo) -> &Output<R> {
        let found = self.outputs.get(output.0).and_then(Option::as_ref);
        found.expect("an output number is used only while its output is there")
    }

    fn output_mut(&mut self, output: OutputNo) -> &mut Output<R> {
        let found = self.outputs.get_mut(output.0).and_then(Option::as_mut);
        found.expect("an output number is used only while its output is there")
    }

    fn numbers(&self) -> impl Iterator<Item = OutputNo> + use<R> {
        let there: Vec<OutputNo> =
            (0..self.outputs.len()).filter(|&at| self.outputs[at].is_some()).map(OutputNo).collect();
        there.into_iter()
    }

    fn tell(&mut self, notice: Notice) {
        self.commands.push_back(Command::Tell(notice));
    }

    fn request(&mut self, pending: Pending) -> RequestNo {
        self.next_request += 1;
        let request = RequestNo(self.next_request);
        self.pending.insert(request, (pending, self.election.generation));
        request
    }

    /// A request to the topic of an output; the output stays open until it is answered.
    fn request_of(&mut self, output: OutputNo) -> RequestNo {
        let request = self.request(Pending::Output(output));
        self.output_mut(output).open.insert(request);
        request
    }

    fn is_pending(&self, what: impl Fn(Pending) -> bool) -> bool {
        self.pending
            .values()
            .any(|&(pending, generation)| generation == self.election.generation && what(pending))
    }

    fn start(&mut self, output: OutputNo) {
        let this = self.output_mut(output);
        this.running = true;
        this.stopping = false;
        this.refused = None;
        self.tell(Notice::Standby(output));
    }

    fn stop(&mut self, output: OutputNo) {
        let this = self.output_mut(output);
        if this.running {
            this.stopping = true;
        } else {
            self.commands.push_back(Command::Released { output });
        }
    }

    fn mismatch(&mut self, output: OutputNo, mismatch: Mismatch) {
        let this = self.output_mut(output);
        this.mismatches += 1;
        if this.mismatches == 1 {
            self.tell(Notice::Mismatch(output, mismatch));
        }
        self.refuse(output, Refusal::Mismatch(mismatch.id));
    }

    fn refuse(&mut self, output: OutputNo, refusal: Refusal) {
        let this = self.output_mut(output);
        if this.refused.is_none() {
            this.refused = Some(refusal);
            self.tell(Notice::Refused(output, refusal));
        }
        self.give_up_role();
    }

    /// Gives the role up, saying why. The own node goes; a new one may follow.
    fn step_down(&mut self, why: Demotion) {
        self.tell(Notice::Demoted(why));
        self.give_up_role();
    }

    fn give_up_role(&mut self) {
        self.election.discard_own();
        self.told_held = false;
        for output in self.numbers() {
            if self.output_mut(output).abandon() {
                self.commands.push_back(Command::Abandon { output });
                self.tell(Notice::Standby(output));
            }
        }
    }

    /// Whether this engine is to be a candidate.
    fn wants_role(&self) -> bool {
        let started = |output: &&Output<R>| output.running;
        let all_run = self.outputs.iter().flatten().filter(started).all(|started| {
            let mut siblings =
                self.outputs.iter().flatten().filter(|o| o.options.project == started.options.project);
            siblings.all(|o| o.running && !o.stopping && o.refused.is_none())
        });
        all_run && self.outputs.iter().flatten().any(|output| output.running) && !self.yielded
    }
}

#[cfg(test)]
mod tests;
