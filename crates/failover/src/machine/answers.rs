//! What answers to requests change.

use tidegate_event::{EngineTime, OutputId};

use super::{Machine, Pending};
use crate::clock::Instant;
use crate::command::{Command, Demotion, Notice, Refusal};
use crate::input::{Answer, Failure, Outcome, OutputNo, RequestNo};
use crate::output::Stage;

impl<R: Clone> Machine<R> {
    pub(super) fn answered(&mut self, request: RequestNo, sent: Instant, answer: Answer, now: Instant) {
        let Some((pending, generation)) = self.pending.remove(&request) else { return };
        if generation != self.election.generation {
            return;
        }
        if answer == Answer::Lost {
            self.election.retry_at = now.plus(self.election.check_interval());
            match pending {
                Pending::Create | Pending::Delete(_) => self.election.uncertain = true,
                Pending::List => self.election.stale = true,
                Pending::Watch(node) => {
                    self.election.stale = true;
                    self.election.own_watched &= Some(node) != self.election.own;
                }
                Pending::Check(_) => self.election.check_at = self.election.retry_at,
                Pending::Keep | Pending::Recall(_) | Pending::Output(_) => {}
            }
            return;
        }
        self.election.answered(sent);
        match (pending, answer) {
            (Pending::Create, Answer::Created(node)) => {
                self.election.own = Some(node);
                self.election.stale = true;
                self.tell(Notice::NodeCreated(node));
            }
            (Pending::List, Answer::Listed(candidates)) => {
                let was_elected = self.election.elected;
                let own = self.election.own;
                let before = self.election.listed(&candidates);
                if was_elected && !self.election.elected {
                    self.step_down(Demotion::NodeGone);
                    return;
                }
                if self.election.own != own
                    && let Some(adopted) = self.election.own
                {
                    self.tell(Notice::NodeCreated(adopted));
                }
                if let Some(before) = before {
                    let request = self.request(Pending::Watch(before));
                    self.commands.push_back(Command::Watch { request, sequence: before });
                    self.tell(Notice::Watching(before));
                }
            }
            (Pending::Watch(node), Answer::Present(present)) => {
                if Some(node) == self.election.own {
                    if !present {
                        self.own_gone();
                    }
                } else if !present {
                    self.election.stale = true;
                }
            }
            (Pending::Check(node), Answer::Present(false)) if Some(node) == self.election.own => {
                self.own_gone();
            }
            (Pending::Delete(node), Answer::Deleted) => {
                self.election.discarded.remove(&node);
            }
            (Pending::Recall(output), Answer::Recalled(id)) => {
                if let Some(this) = self.outputs.get_mut(output.0).and_then(Option::as_mut)
                    && let Stage::Fencing { recalled, .. } = &mut this.stage
                {
                    *recalled = Some(id);
                    this.kept = id;
                }
            }
            _ => {}
        }
    }

    fn own_gone(&mut self) {
        let was_elected = self.election.elected;
        self.election.own_gone();
        if was_elected {
            self.step_down(Demotion::NodeGone);
        }
    }

    pub(super) fn done(&mut self, request: RequestNo, outcome: Outcome) {
        let Some((Pending::Output(output), _)) = self.pending.remove(&request) else { return };
        let Some(this) = self.outputs.get_mut(output.0).and_then(Option::as_mut) else { return };
        let write = this.writes.iter().position(|&(open, ..)| open == request);
        let write = write.and_then(|at| this.writes.remove(at));
        let given_up = this.stage == Stage::Closing;
        this.close(request);
        match (outcome, given_up) {
            (Outcome::Committed, false) => {
                if let Some((_, id, time)) = write {
                    this.gate.commit(id, time);
                }
            }
            (Outcome::Fenced, false) => {
                if let Stage::Fencing { fenced, .. } = &mut this.stage {
                    *fenced = true;
                }
            }
            (Outcome::TailRead { highest, input_end }, false) => self.tail_read(output, highest, input_end),
            // What was given up is neither repeated nor assumed: the tail will tell.
            (_, true) => {}
            (Outcome::Failed(why), false) => self.step_down(match why {
                Failure::Fenced => Demotion::Fenced,
                Failure::RoleLost | Failure::Unknown => Demotion::WriteUnknown,
            }),
        }
    }

    fn tail_read(&mut self, output: OutputNo, highest: Option<(OutputId, EngineTime)>, input_end: i64) {
        let this = self.output_mut(output);
        let Stage::Reading { known } = this.stage else { return };
        // What was tailed since then may lie beyond the end of the input as it was seen: without transactions an older
        // active writes on for a moment.
        let seen = known.max(highest.map(|(id, _)| id));
        if let Some(resume) = seen.filter(|seen| seen.input >= input_end) {
            self.refuse(output, Refusal::InputRecreated { resume, input_end });
            return;
        }
        if let Some((id, time)) = highest {
            this.gate.commit(id, time);
        }
        if let Some(id) = known {
            let time = this.gate.committed().map_or(EngineTime::UNSET, |(_, time)| time);
            this.gate.commit(id, time);
        }
        this.stage = Stage::AwaitingStep;
    }

    pub(super) fn begin_writing(&mut self, output: OutputNo) {
        let this = self.output_mut(output);
        this.stage = Stage::Writing;
        this.gate.untake();
        let resume = this.gate.committed().map(|(id, _)| id);
        let held = this.gate.len();
        self.tell(Notice::Active { output, resume, held });
    }
}
