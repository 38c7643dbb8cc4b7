//! What is done as soon as it can be done.

use super::{KEEP_EVERY, Machine, Pending, Role};
use crate::clock::Instant;
use crate::command::{Command, Demotion, Notice};
use crate::election::Connection;
use crate::input::OutputNo;
use crate::output::Stage;

impl<R: Clone> Machine<R> {
    /// Does all that can be done now.
    pub(super) fn advance(&mut self, now: Instant) {
        if self.yielded && self.outputs.iter().flatten().all(|output| !output.running || !output.is_behind())
        {
            self.yielded = false;
        }
        self.finish_stops();
        if !self.wants_role() && self.election.own.is_some() {
            let stopping = self.outputs.iter().flatten().any(|output| output.stopping);
            let writing = self.outputs.iter().flatten().any(|output| !output.writes.is_empty());
            // A write that is on its way is let land before the role is given up on request.
            if !(stopping && writing && self.election.is_active(now)) {
                self.keep_all();
                if self.election.elected && stopping {
                    self.step_down(Demotion::Stopped);
                } else {
                    self.give_up_role();
                }
                self.finish_stops();
            }
        }
        self.advance_election(now);
        self.tell_lease(now);
        for output in self.numbers() {
            self.advance_output(output, now);
        }
    }

    /// Releases outputs that are to stop and have nothing open.
    fn finish_stops(&mut self) {
        for output in self.numbers() {
            let this = self.output_mut(output);
            if this.stopping && this.stage == Stage::Idle {
                this.stopping = false;
                this.running = false;
                self.commands.push_back(Command::Released { output });
                // The role goes with any connector of the group; others get a new node.
                self.give_up_role();
            }
        }
    }

    fn keep_all(&mut self) {
        for output in self.numbers() {
            if self.output(output).stage == Stage::Writing {
                self.keep(output);
            }
        }
    }

    fn keep(&mut self, output: OutputNo) {
        let this = self.output(output);
        let Some((id, _)) = this.gate.committed().filter(|&(id, _)| Some(id) != this.kept) else { return };
        if self.election.up().is_none() {
            return;
        }
        self.output_mut(output).kept = Some(id);
        let request = self.request(Pending::Keep);
        self.commands.push_back(Command::Keep { request, output, id });
    }

    fn advance_election(&mut self, now: Instant) {
        let wanted = self.wants_role();
        if self.election.up().is_none() {
            if wanted && self.election.connection == Connection::None {
                self.election.connection = Connection::Connecting;
                self.commands.push_back(Command::Connect);
            }
            return;
        }
        if let Some(own) = self.election.own
            && self.election.check_at <= now
            && !self.is_pending(|pending| matches!(pending, Pending::Check(_)))
        {
            self.election.check_at = now.plus(self.election.check_interval());
            let request = self.request(Pending::Check(own));
            self.commands.push_back(Command::Check { request, sequence: own });
        }
        if now < self.election.retry_at || self.is_pending(Pending::is_of_election) {
            return;
        }
        if let Some(&sequence) = self.election.discarded.first() {
            let request = self.request(Pending::Delete(sequence));
            self.commands.push_back(Command::Delete { request, sequence });
        } else if self.election.uncertain || (wanted && self.election.own.is_some() && self.election.stale) {
            let request = self.request(Pending::List);
            self.commands.push_back(Command::List { request });
        } else if !wanted {
            if self.election.own.is_none() && !self.is_pending(|_| true) && !self.yielded {
                self.election.expired();
                self.commands.push_back(Command::Disconnect);
            }
        } else if let Some(own) = self.election.own {
            if !self.election.own_watched {
                self.election.own_watched = true;
                let request = self.request(Pending::Watch(own));
                self.commands.push_back(Command::Watch { request, sequence: own });
            }
        } else {
            let request = self.request(Pending::Create);
            self.commands.push_back(Command::Create { request });
        }
    }

    fn tell_lease(&mut self, now: Instant) {
        let held = self.role(now) == Role::Held;
        if held != self.told_held && self.election.elected {
            self.told_held = held;
            self.tell(if held { Notice::Held } else { Notice::Unheld });
        }
    }

    fn advance_output(&mut self, output: OutputNo, now: Instant) {
        let active = self.election.is_active(now);
        let this = self.output(output);
        if !active || !this.running || this.stopping || this.refused.is_some() {
            return;
        }
        match this.stage.clone() {
            Stage::Idle => {
                if self.yields(output) {
                    return;
                }
                let request = self.request_of(output);
                self.output_mut(output).stage = Stage::Fencing { fenced: false, recalled: None };
                self.commands.push_back(Command::Fence { request, output });
                self.recall(output);
            }
            Stage::Fencing { recalled: None, .. } => {
                if !self.is_pending(|p| p == Pending::Recall(output)) && now >= self.election.retry_at {
                    self.recall(output);
                }
            }
            Stage::Fencing { fenced: true, recalled: Some(recalled) } => {
                let request = self.request_of(output);
                let this = self.output_mut(output);
                let known = recalled.max(this.gate.committed().map(|(id, _)| id));
                this.stage = Stage::Reading { known };
                let low = this.gate.low();
                self.commands.push_back(Command::ReadTail { request, output, low });
            }
            Stage::AwaitingStep => {
                if self.yields(output) {
                    return;
                }
                if !self.tails_are_read(output) {
                    return;
                }
                let this = self.output(output);
                let gap = match (this.gate.committed(), this.gate.low()) {
                    (Some(_), None) => return,
                    (Some((resume, _)), Some(low)) => this.gap(resume, low),
                    (None, _) => None,
                };
                match gap {
                    Some(gap) => self.refuse(output, gap),
                    None => {
                        self.begin_writing(output);
                        self.write(output, now);
                    }
                }
            }
            Stage::Writing => self.write(output, now),
            Stage::Fencing { .. } | Stage::Reading { .. } | Stage::Closing => {}
        }
    }

    /// Whether all outputs of the project that run have read their topics: an input that was made anew may show in one alone.
    fn tails_are_read(&self, output: OutputNo) -> bool {
        let project = self.output(output).options.project;
        let mut siblings =
            self.outputs.iter().flatten().filter(|o| o.options.project == project && o.running);
        siblings.all(|sibling| sibling.knows_its_tail())
    }

    fn recall(&mut self, output: OutputNo) {
        if self.election.up().is_some() {
            let request = self.request(Pending::Recall(output));
            self.commands.push_back(Command::Recall { request, output });
        }
    }

    /// Passes the role on when this engine is behind and another may not be.
    fn yields(&mut self, output: OutputNo) -> bool {
        let yields = self.output(output).is_behind() && self.election.candidates > 1;
        if yields {
            self.yielded = true;
            self.tell(Notice::Yielded(output));
            self.give_up_role();
        }
        yields
    }

    pub(super) fn write(&mut self, output: OutputNo, now: Instant) {
        // While one output stops, no other goes on: the role is given up as soon as nothing is open.
        if !self.election.is_active(now) || self.is_stopping() {
            return;
        }
        while self.output(output).writes.len() < self.output(output).options.writes_max {
            let this = self.output_mut(output);
            let records = this.gate.take(this.options.records_max);
            let Some(last) = records.last() else { break };
            let (id, time) = (last.id, last.time);
            let request = self.request_of(output);
            self.output_mut(output).writes.push_back((request, id, time));
            self.commands.push_back(Command::Write { request, output, records });
        }
        if self.output(output).keep_at <= now {
            self.output_mut(output).keep_at = now.plus(KEEP_EVERY);
            self.keep(output);
        }
    }
}
