//! The machine, driven by hand: what it asks for, and what it does with the answers.

use tidegate_event::OutputId;

use super::*;
use crate::input::{Answer, Candidate, Failure, Outcome, SessionId};

const TIMEOUT: u64 = 1_000_000;
/// What is left of the lease at the moment of an answer.
const LEASE: u64 = TIMEOUT / 3 * 2;

/// A machine with outputs of one project, and all commands that it has given.
struct Bench {
    machine: Machine<u32>,
    now: Instant,
    outputs: Vec<OutputNo>,
    notices: Vec<Notice>,
    commands: Vec<Command<u32>>,
}

fn id(input: i64) -> OutputId {
    OutputId { input, sub: 0, part: 0 }
}

const fn time(input: i64) -> EngineTime {
    EngineTime::from_micros(input * 1_000_000)
}

impl Bench {
    fn new(outputs: usize) -> Self {
        let mut machine = Machine::new();
        let options = OutputOptions { project: 1, whole_steps: true, writes_max: 1, records_max: 1 };
        let outputs = (0..outputs).map(|_| machine.add_output(options)).collect();
        let now = Instant::from_micros(10_000_000);
        Self { machine, now, outputs, notices: Vec::new(), commands: Vec::new() }
    }

    fn take_up(&mut self) {
        while let Some(command) = self.machine.poll_command() {
            match command {
                Command::Tell(notice) => self.notices.push(notice),
                command => self.commands.push(command),
            }
        }
        let due = self.machine.poll_timeout(self.now);
        assert!(
            due.is_none_or(|due| self.now < due),
            "a timer that is due already: {due:?} at {:?}",
            self.now
        );
    }

    fn handle(&mut self, input: Input) {
        self.machine.handle(input, self.now);
        self.machine.tick(self.now);
        self.take_up();
    }

    fn step(&mut self, input: i64) {
        for &output in &self.outputs.clone() {
            let record = input as u32;
            self.machine.emit(output, Held { id: id(input), checksum: record, time: time(input), record });
            self.machine.step_ended(output, input, time(input), self.now);
        }
        self.take_up();
    }

    fn wait(&mut self, micros: u64) {
        self.now = self.now.plus(micros);
        self.machine.tick(self.now);
        self.take_up();
    }

    /// Takes the first command that is so.
    fn expect<T>(&mut self, wanted: impl Fn(&Command<u32>) -> Option<T>) -> T {
        let at = self.commands.iter().position(|command| wanted(command).is_some());
        let at = at.unwrap_or_else(|| panic!("not among {:?}", self.commands));
        wanted(&self.commands.remove(at)).unwrap()
    }

    fn answer(&mut self, request: RequestNo, answer: Answer) {
        self.handle(Input::Answered { request, sent: self.now, answer });
    }

    fn done(&mut self, request: RequestNo, outcome: Outcome) {
        self.handle(Input::Done { request, outcome });
    }

    fn start(&mut self) {
        for &output in &self.outputs.clone() {
            self.handle(Input::Start(output));
        }
        self.expect(|c| matches!(c, Command::Connect).then_some(()));
        self.handle(Input::Connected { session: SessionId(1), timeout: TIMEOUT });
    }

    fn create(&mut self) -> RequestNo {
        self.expect(|c| if let Command::Create { request } = c { Some(*request) } else { None })
    }

    fn list(&mut self) -> RequestNo {
        self.expect(|c| if let Command::List { request } = c { Some(*request) } else { None })
    }

    fn watch(&mut self) -> (RequestNo, Sequence) {
        self.expect(|c| {
            if let Command::Watch { request, sequence } = c { Some((*request, *sequence)) } else { None }
        })
    }

    fn fence(&mut self) -> RequestNo {
        self.expect(|c| if let Command::Fence { request, .. } = c { Some(*request) } else { None })
    }

    fn recall(&mut self) -> RequestNo {
        self.expect(|c| if let Command::Recall { request, .. } = c { Some(*request) } else { None })
    }

    fn tail(&mut self) -> RequestNo {
        self.expect(|c| if let Command::ReadTail { request, .. } = c { Some(*request) } else { None })
    }

    fn write(&mut self) -> (RequestNo, Vec<u32>) {
        self.expect(|c| match c {
            Command::Write { request, records, .. } => {
                Some((*request, records.iter().map(|held| held.record).collect()))
            }
            _ => None,
        })
    }

    /// Elected: the list has the own node, 5 of session 1, and those given.
    fn elect(&mut self, others: &[i64]) {
        let request = self.create();
        self.answer(request, Answer::Created(Sequence(5)));
        let request = self.list();
        let other = |&node: &i64| Candidate { sequence: Sequence(node), owner: SessionId(9) };
        let own = Candidate { sequence: Sequence(5), owner: SessionId(1) };
        self.answer(request, Answer::Listed(others.iter().map(other).chain([own]).collect()));
    }

    fn until_reading(&mut self) {
        self.start();
        self.elect(&[]);
        for _ in 0..self.outputs.len() {
            let (fence, recall) = (self.fence(), self.recall());
            self.done(fence, Outcome::Fenced);
            self.answer(recall, Answer::Recalled(None));
        }
    }

    fn until_writing(&mut self) {
        self.until_reading();
        for _ in 0..self.outputs.len() {
            let tail = self.tail();
            self.done(tail, Outcome::TailRead { highest: None, input_end: 100 });
        }
    }

    fn abandoned(&self) -> usize {
        self.commands.iter().filter(|command| matches!(command, Command::Abandon { .. })).count()
    }

    fn released(&self) -> usize {
        self.commands.iter().filter(|command| matches!(command, Command::Released { .. })).count()
    }

    fn role(&self) -> Role {
        self.machine.role(self.now)
    }
}

#[test]
fn a_lone_engine_fences_reads_the_tail_and_writes() {
    let mut bench = Bench::new(1);
    bench.until_writing();
    assert_eq!(bench.role(), Role::Active);
    bench.step(0);
    let (request, records) = bench.write();
    assert_eq!(records, [0]);
    bench.step(1);
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Write { .. })), "one write at a time");
    bench.done(request, Outcome::Committed);
    assert_eq!(bench.write().1, [1]);
    assert_eq!(bench.machine.gate(bench.outputs[0]).committed(), Some((id(0), time(0))));
}

#[test]
fn what_is_in_the_topic_is_not_written_again() {
    let mut bench = Bench::new(1);
    for input in 0..5 {
        bench.step(input);
    }
    bench.until_reading();
    let tail = bench.tail();
    bench.done(tail, Outcome::TailRead { highest: Some((id(2), time(2))), input_end: 100 });
    assert_eq!(bench.write().1, [3]);
    assert_eq!(
        bench.notices.last(),
        Some(&Notice::Active { output: bench.outputs[0], resume: Some(id(2)), held: 2 })
    );
}

#[test]
fn what_the_last_active_kept_counts_as_committed() {
    let mut bench = Bench::new(1);
    bench.step(0);
    bench.step(1);
    bench.start();
    bench.elect(&[]);
    let (fence, recall) = (bench.fence(), bench.recall());
    bench.answer(recall, Answer::Recalled(Some(id(0))));
    bench.done(fence, Outcome::Fenced);
    let tail = bench.tail();
    bench.done(tail, Outcome::TailRead { highest: None, input_end: 100 });
    assert_eq!(bench.write().1, [1]);
}

#[test]
fn a_recall_that_was_lost_is_repeated() {
    let mut bench = Bench::new(1);
    bench.start();
    bench.elect(&[]);
    let (fence, recall) = (bench.fence(), bench.recall());
    bench.done(fence, Outcome::Fenced);
    bench.answer(recall, Answer::Lost);
    bench.wait(TIMEOUT / 8);
    let recall = bench.recall();
    bench.answer(recall, Answer::Recalled(None));
    bench.tail();
}

#[test]
fn a_standby_watches_the_candidate_before_it_and_lists_again_when_that_goes() {
    let mut bench = Bench::new(1);
    bench.start();
    bench.elect(&[3, 4, 7]);
    assert_eq!(bench.role(), Role::Standby);
    let (request, node) = bench.watch();
    assert_eq!(node, Sequence(4));
    // It went between the list and the watch.
    bench.answer(request, Answer::Present(false));
    let list = bench.list();
    let three = Candidate { sequence: Sequence(3), owner: SessionId(9) };
    let own = Candidate { sequence: Sequence(5), owner: SessionId(1) };
    bench.answer(list, Answer::Listed(vec![own, three]));
    let (request, node) = bench.watch();
    assert_eq!(node, Sequence(3));
    bench.answer(request, Answer::Present(true));
    let (request, node) = bench.watch();
    assert_eq!(node, Sequence(5), "then its own");
    bench.answer(request, Answer::Present(true));
    bench.handle(Input::NodeChanged(Sequence(3)));
    let list = bench.list();
    bench.answer(list, Answer::Listed(vec![own]));
    assert_eq!(bench.role(), Role::Active);
}

#[test]
fn a_creation_that_was_lost_is_looked_for_before_it_is_repeated() {
    let mut bench = Bench::new(1);
    bench.start();
    let request = bench.create();
    bench.answer(request, Answer::Lost);
    bench.wait(TIMEOUT / 8);
    let list = bench.list();
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Create { .. })));
    let own = |node| Candidate { sequence: Sequence(node), owner: SessionId(1) };
    bench.answer(list, Answer::Listed(vec![own(4), own(6)]));
    assert_eq!(bench.role(), Role::Active);
    bench.expect(|c| matches!(c, Command::Delete { sequence: Sequence(6), .. }).then_some(()));
}

#[test]
fn the_lease_ends_two_thirds_of_a_session_after_the_sending_of_what_was_answered() {
    let mut bench = Bench::new(1);
    bench.until_writing();
    bench.step(0);
    bench.write();
    bench.wait(LEASE - 1);
    assert!(bench.machine.may_commit(bench.outputs[0], bench.now));
    bench.wait(1);
    assert_eq!(bench.role(), Role::Held);
    assert!(!bench.machine.may_commit(bench.outputs[0], bench.now));
    assert_eq!(bench.notices.last(), Some(&Notice::Held));
    // An answer to what was sent long ago changes nothing, one to a young request does.
    let check = bench.expect(|c| if let Command::Check { request, .. } = c { Some(*request) } else { None });
    let sent = Instant::from_micros(10_000_000);
    bench.handle(Input::Answered { request: check, sent, answer: Answer::Present(true) });
    assert_eq!(bench.role(), Role::Held);
    bench.wait(TIMEOUT / 8);
    let check = bench.expect(|c| if let Command::Check { request, .. } = c { Some(*request) } else { None });
    bench.answer(check, Answer::Present(true));
    assert_eq!(bench.role(), Role::Active);
    assert_eq!(bench.notices.last(), Some(&Notice::Unheld));
}

/// A timer that is due already would come due for ever: [`Bench::take_up`] looks for one.
#[test]
fn no_timer_waits_for_what_must_not_be_done() {
    for stopped in [0, 1] {
        let mut bench = Bench::new(2);
        bench.until_writing();
        bench.step(0);
        let (first, _) = bench.write();
        bench.write();
        bench.done(first, Outcome::Committed);
        bench.handle(Input::Stop(bench.outputs[stopped]));
        bench.wait(TIMEOUT / 2);
        bench.wait(LEASE);
        bench.wait(10 * TIMEOUT);
    }
}

#[test]
fn answers_of_an_old_session_count_for_nothing() {
    let mut bench = Bench::new(1);
    bench.start();
    let old = bench.create();
    bench.handle(Input::Expired);
    bench.expect(|c| matches!(c, Command::Connect).then_some(()));
    bench.handle(Input::Connected { session: SessionId(2), timeout: TIMEOUT });
    let new = bench.create();
    bench.answer(old, Answer::Created(Sequence(5)));
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::List { .. })), "that node is gone");
    bench.answer(new, Answer::Created(Sequence(6)));
    bench.list();
}

#[test]
fn a_session_that_expires_ends_every_stage() {
    for stage in 0..4 {
        let mut bench = Bench::new(1);
        match stage {
            0 => {
                bench.start();
                bench.elect(&[]);
            }
            1 => bench.until_reading(),
            2 => {
                bench.until_reading();
                let tail = bench.tail();
                bench.done(tail, Outcome::TailRead { highest: Some((id(2), time(2))), input_end: 100 });
            }
            _ => {
                bench.until_writing();
                bench.step(0);
            }
        }
        bench.handle(Input::Expired);
        assert_eq!(bench.role(), Role::Standby, "stage {stage}");
        assert_eq!(bench.abandoned(), 1, "stage {stage}");
        assert!(bench.notices.contains(&Notice::Demoted(Demotion::SessionExpired)));
        bench.expect(|c| matches!(c, Command::Connect).then_some(()));
    }
}

#[test]
fn a_commit_that_is_heard_of_after_the_demotion_is_not_believed() {
    let mut bench = Bench::new(1);
    bench.until_writing();
    bench.step(0);
    let (request, _) = bench.write();
    bench.handle(Input::Expired);
    bench.done(request, Outcome::Committed);
    assert_eq!(bench.machine.gate(bench.outputs[0]).len(), 1, "only the topic can tell");
    assert_eq!(bench.machine.gate(bench.outputs[0]).committed(), None);
}

#[test]
fn an_output_that_was_given_up_is_not_fenced_before_all_is_answered() {
    let mut bench = Bench::new(1);
    bench.until_writing();
    bench.step(0);
    let (write, _) = bench.write();
    bench.handle(Input::Expired);
    bench.handle(Input::Connected { session: SessionId(1), timeout: TIMEOUT });
    bench.elect(&[]);
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Fence { .. })));
    bench.done(write, Outcome::Failed(Failure::Unknown));
    bench.fence();
}

#[test]
fn an_unknown_outcome_costs_the_role_and_a_new_node() {
    for (failure, demotion) in [
        (Failure::Unknown, Demotion::WriteUnknown),
        (Failure::RoleLost, Demotion::WriteUnknown),
        (Failure::Fenced, Demotion::Fenced),
    ] {
        let mut bench = Bench::new(1);
        bench.until_writing();
        bench.step(0);
        let (request, _) = bench.write();
        bench.done(request, Outcome::Failed(failure));
        assert!(bench.notices.contains(&Notice::Demoted(demotion)));
        assert_eq!(bench.role(), Role::Standby);
        // The watch on the own node is answered first: the election asks one thing at a time.
        let (watch, _) = bench.watch();
        bench.answer(watch, Answer::Present(true));
        let delete =
            bench.expect(|c| if let Command::Delete { request, .. } = c { Some(*request) } else { None });
        bench.answer(delete, Answer::Deleted);
        bench.create();
    }
}

#[test]
fn a_list_without_the_own_node_ends_the_role() {
    let mut bench = Bench::new(1);
    bench.until_writing();
    let (watch, _) = bench.watch();
    bench.answer(watch, Answer::Present(true));
    // The connection comes back: the list may be out of date.
    bench.handle(Input::Disconnected);
    bench.handle(Input::Connected { session: SessionId(1), timeout: TIMEOUT });
    let list = bench.list();
    bench.answer(list, Answer::Listed(vec![Candidate { sequence: Sequence(7), owner: SessionId(9) }]));
    assert_eq!(bench.role(), Role::Standby);
    assert!(bench.notices.contains(&Notice::Demoted(Demotion::NodeGone)));
    assert_eq!(bench.abandoned(), 1);
    bench.create();
}

#[test]
fn a_stop_lets_the_open_write_land_and_begins_no_other() {
    let mut bench = Bench::new(2);
    bench.until_writing();
    bench.step(0);
    let ((first, _), (second, _)) = (bench.write(), bench.write());
    bench.handle(Input::Stop(bench.outputs[0]));
    bench.step(1);
    bench.done(second, Outcome::Committed);
    bench.step(2);
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Write { .. })), "neither output goes on");
    assert_eq!((bench.released(), bench.role()), (0, Role::Active));
    bench.done(first, Outcome::Committed);
    assert_eq!((bench.released(), bench.abandoned(), bench.role()), (1, 2, Role::Standby));
    let kept = bench.commands.iter().filter(|c| matches!(c, Command::Keep { .. })).count();
    assert!(kept >= 2, "what is committed is kept for the next active");
    assert!(
        !bench.commands.iter().any(|c| matches!(c, Command::Create { .. })),
        "half a project is no candidate"
    );
}

#[test]
fn a_stop_before_anything_is_written_is_released_at_once() {
    let mut bench = Bench::new(1);
    bench.start();
    bench.handle(Input::Stop(bench.outputs[0]));
    assert_eq!(bench.released(), 1);
    let request = bench.create();
    bench.answer(request, Answer::Created(Sequence(5)));
    let delete =
        bench.expect(|c| if let Command::Delete { request, .. } = c { Some(*request) } else { None });
    bench.commands.retain(|c| !matches!(c, Command::Check { .. }));
    bench.answer(delete, Answer::Deleted);
}

#[test]
fn output_that_nobody_has_is_refused() {
    let mut bench = Bench::new(1);
    bench.step(7);
    bench.until_reading();
    let tail = bench.tail();
    bench.done(tail, Outcome::TailRead { highest: Some((id(5), time(5))), input_end: 100 });
    let refusal = Refusal::Gap { resume: id(5), low: 7 };
    assert_eq!(bench.machine.refused(bench.outputs[0]), Some(refusal));
    assert_eq!(bench.role(), Role::Standby);
    // Restarted, it may try again.
    bench.handle(Input::Stop(bench.outputs[0]));
    bench.handle(Input::Start(bench.outputs[0]));
    assert_eq!(bench.machine.refused(bench.outputs[0]), None);
}

#[test]
fn the_step_after_the_last_committed_one_is_no_gap() {
    let mut bench = Bench::new(1);
    bench.step(6);
    bench.until_reading();
    let tail = bench.tail();
    bench.done(tail, Outcome::TailRead { highest: Some((id(5), time(5))), input_end: 100 });
    assert_eq!(bench.write().1, [6]);
}

#[test]
fn an_input_that_ends_before_the_output_is_refused() {
    let mut bench = Bench::new(1);
    bench.until_reading();
    let tail = bench.tail();
    bench.done(tail, Outcome::TailRead { highest: Some((id(5), time(5))), input_end: 5 });
    let refusal = Refusal::InputRecreated { resume: id(5), input_end: 5 };
    assert_eq!(bench.machine.refused(bench.outputs[0]), Some(refusal));
}

/// An output that is empty tells nothing of the input; the other one does.
#[test]
fn no_output_is_written_before_all_topics_of_the_project_are_read() {
    let mut bench = Bench::new(2);
    bench.until_reading();
    bench.step(0);
    let (empty, other) = (bench.tail(), bench.tail());
    bench.done(empty, Outcome::TailRead { highest: None, input_end: 5 });
    bench.step(1);
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Write { .. })));
    bench.done(other, Outcome::TailRead { highest: Some((id(5), time(5))), input_end: 5 });
    let refusal = Refusal::InputRecreated { resume: id(5), input_end: 5 };
    assert_eq!(bench.machine.refused(bench.outputs[1]), Some(refusal));
    assert_eq!(bench.role(), Role::Standby);
    assert!(!bench.notices.iter().any(|notice| matches!(notice, Notice::Active { .. })));
}

#[test]
fn another_result_for_a_committed_id_is_refused() {
    let mut bench = Bench::new(1);
    bench.step(0);
    bench.start();
    let output = bench.outputs[0];
    bench.handle(Input::Tailed { output, id: id(0), checksum: 99, time: time(0) });
    assert_eq!(bench.machine.refused(output), Some(Refusal::Mismatch(id(0))));
    assert!(
        bench
            .notices
            .iter()
            .any(|notice| matches!(notice, Notice::Mismatch(of, what) if *of == output && what.id == id(0)))
    );
}

#[test]
fn an_engine_that_is_behind_passes_the_role_on_and_comes_back_in_sync() {
    let mut bench = Bench::new(1);
    bench.step(0);
    let output = bench.outputs[0];
    for input in 0..5 {
        bench.handle(Input::Tailed { output, id: id(input), checksum: input as u32, time: time(input) });
    }
    assert!(!bench.machine.is_in_sync(output));
    bench.start();
    bench.elect(&[8]);
    assert!(bench.notices.contains(&Notice::Yielded(output)));
    let (watch, _) = bench.watch();
    bench.answer(watch, Answer::Present(true));
    let delete =
        bench.expect(|c| if let Command::Delete { request, .. } = c { Some(*request) } else { None });
    bench.answer(delete, Answer::Deleted);
    assert!(!bench.commands.iter().any(|c| matches!(c, Command::Create { .. } | Command::Disconnect)));
    for input in 1..4 {
        bench.step(input);
    }
    bench.create();
}

#[test]
fn an_engine_that_is_behind_and_alone_stays() {
    let mut bench = Bench::new(1);
    bench.step(0);
    let output = bench.outputs[0];
    for input in 0..5 {
        bench.handle(Input::Tailed { output, id: id(input), checksum: input as u32, time: time(input) });
    }
    bench.start();
    bench.elect(&[]);
    assert_eq!(bench.role(), Role::Active);
    bench.fence();
}

#[test]
fn a_gate_outlives_a_snapshot() {
    let mut bench = Bench::new(1);
    bench.step(0);
    bench.step(1);
    let state = bench.machine.state(bench.outputs[0]);
    let mut other = Bench::new(1);
    other.machine.restore(other.outputs[0], state);
    other.until_reading();
    let tail = other.tail();
    other.done(tail, Outcome::TailRead { highest: Some((id(0), time(0))), input_end: 100 });
    assert_eq!(other.write().1, [1]);
}
