//! What stands between the machine and the log for one output, in the place of the Kafka driver: each request is
//! carried out and answered exactly once, a commit only while the machine allows it, and all of it is called off when
//! the machine abandons the output.

use std::collections::BTreeMap;

use tidegate_failover::{Failure, Input, Outcome, RequestNo};

use crate::event::{Delivery, Event, LogReply, LogRequest};
use crate::net::{Micros, Net};
use crate::project::Record;

/// How long a reply is waited for.
const REPLY_TIMEOUT: Micros = 300_000;

/// How often a request of a transaction is sent before its outcome counts as unknown.
const ATTEMPTS: u32 = 5;

/// A request of the machine that is with the log.
enum Job {
    Init {
        request: RequestNo,
        attempts: u32,
    },
    Tail {
        request: RequestNo,
        what: LogRequest,
    },
    Produce {
        request: RequestNo,
        transaction: u64,
        what: LogRequest,
        attempts: u32,
    },
    End {
        request: RequestNo,
        what: LogRequest,
        attempts: u32,
    },
    /// The end of a transaction that nobody waits for.
    Abort {
        what: LogRequest,
        attempts: u32,
    },
    Append {
        request: RequestNo,
        what: LogRequest,
    },
}

/// A transaction whose records are there, and whose commit waits for the lease.
struct Holding {
    request: RequestNo,
    transaction: u64,
    since: Micros,
}

/// The writer of one output.
pub(crate) struct Writer {
    process: usize,
    life: u32,
    output: usize,
    transactional: bool,
    /// The producer's epoch, or number; none without a producer.
    producer: Option<u64>,
    next_transaction: u64,
    next_sequence: u64,
    jobs: BTreeMap<u64, Job>,
    holding: Option<Holding>,
    /// Parts of writes that are not acknowledged yet.
    parts: BTreeMap<RequestNo, usize>,
    /// How long a commit waits for the lease before it is given up.
    patience: Micros,
    /// For a canary: a second producer begins after the first.
    late_warm: bool,
}

impl Writer {
    pub(crate) fn new(
        process: usize,
        life: u32,
        output: usize,
        transactional: bool,
        late_warm: bool,
    ) -> Self {
        Self {
            process,
            life,
            output,
            transactional,
            producer: None,
            next_transaction: 0,
            next_sequence: 0,
            jobs: BTreeMap::new(),
            holding: None,
            parts: BTreeMap::new(),
            patience: 400_000,
            late_warm,
        }
    }

    fn send(&mut self, job: Job, what: LogRequest, net: &mut Net) {
        let token = net.number();
        self.jobs.insert(token, job);
        let (from, life, output) = (self.process, self.life, self.output);
        net.send_to_log(from, life, token, what);
        self.await_reply(output, token, REPLY_TIMEOUT, net);
    }

    fn await_reply(&self, output: usize, token: u64, patience: Micros, net: &mut Net) {
        let delivery = Delivery::LogTimeout(output, token);
        net.schedule(net.now + patience, Event::Process { to: self.process, life: self.life, delivery });
    }

    /// Makes sure that no older producer can write.
    pub(crate) fn fence(&mut self, request: RequestNo, net: &mut Net) {
        self.producer = None;
        self.init(request, 1, net);
    }

    fn init(&mut self, request: RequestNo, attempts: u32, net: &mut Net) {
        let what = LogRequest::Init { output: self.output };
        self.send(Job::Init { request, attempts }, what, net);
    }

    /// Reads the topic's end.
    pub(crate) fn read_tail(&mut self, request: RequestNo, low: Option<i64>, net: &mut Net) {
        let what = LogRequest::Tail { output: self.output, low };
        self.send(Job::Tail { request, what: what.clone() }, what, net);
    }

    /// Writes records.
    pub(crate) fn write(
        &mut self,
        request: RequestNo,
        records: Vec<Record>,
        answers: &mut Vec<Input>,
        net: &mut Net,
    ) {
        let output = self.output;
        let Some(producer) = self.producer else {
            answers.push(failed(request, Failure::Unknown));
            return;
        };
        if self.transactional {
            self.next_transaction += 1;
            let transaction = self.next_transaction;
            let what = LogRequest::Produce { output, epoch: producer, transaction, records };
            self.send(Job::Produce { request, transaction, what: what.clone(), attempts: 1 }, what, net);
            return;
        }
        // A producer makes batches of its own: a write may land in parts.
        let part = 1 + net.random.index(records.len());
        let parts: Vec<Vec<Record>> = records.chunks(part).map(<[Record]>::to_vec).collect();
        self.parts.insert(request, parts.len());
        for records in parts {
            let first = self.next_sequence;
            self.next_sequence += records.len() as u64;
            let what = LogRequest::Append { output, producer, first, records };
            self.send(Job::Append { request, what: what.clone() }, what, net);
        }
    }

    /// Whether a reply to the request with this token is waited for.
    pub(crate) fn awaits(&self, token: u64) -> bool {
        self.jobs.contains_key(&token)
    }

    /// The log has replied.
    pub(crate) fn receive(&mut self, token: u64, reply: LogReply, answers: &mut Vec<Input>, net: &mut Net) {
        let Some(job) = self.jobs.remove(&token) else { return };
        match (job, reply) {
            (Job::Init { request, .. }, LogReply::Epoch(epoch)) => {
                self.producer = Some(epoch);
                self.next_sequence = 0;
                if self.late_warm {
                    let (from, life) = (self.process, self.life);
                    let request = LogRequest::Init { output: self.output };
                    let at = net.now + net.random.within(200_000, 1_500_000);
                    net.schedule(at, Event::Log { from, life, token: 0, request });
                }
                answers.push(Input::Done { request, outcome: Outcome::Fenced });
            }
            (Job::Tail { request, .. }, LogReply::Tail { highest, input_end }) => {
                answers.push(Input::Done { request, outcome: Outcome::TailRead { highest, input_end } });
            }
            (Job::Produce { request, transaction, .. }, LogReply::Done) => {
                self.holding = Some(Holding { request, transaction, since: net.now });
            }
            (Job::End { request, .. }, LogReply::Done) => {
                answers.push(Input::Done { request, outcome: Outcome::Committed });
            }
            (Job::Produce { request, .. } | Job::End { request, .. }, LogReply::Fenced) => {
                self.producer = None;
                answers.push(failed(request, Failure::Fenced));
            }
            (Job::Append { request, .. }, LogReply::Done) => self.part_landed(request, answers),
            // What came before was lost on the way and is sent again; so is this, soon after.
            (job @ Job::Append { .. }, LogReply::OutOfOrder) => {
                self.jobs.insert(token, job);
                self.await_reply(self.output, token, 10_000, net);
            }
            _ => {}
        }
    }

    fn part_landed(&mut self, request: RequestNo, answers: &mut Vec<Input>) {
        let Some(parts) = self.parts.get_mut(&request) else { return };
        *parts -= 1;
        if *parts == 0 {
            self.parts.remove(&request);
            answers.push(Input::Done { request, outcome: Outcome::Committed });
        }
    }

    /// No reply came in time.
    pub(crate) fn timeout(&mut self, token: u64, answers: &mut Vec<Input>, net: &mut Net) {
        let Some(job) = self.jobs.remove(&token) else { return };
        match job {
            Job::Init { request, attempts } if attempts < ATTEMPTS => self.init(request, attempts + 1, net),
            Job::Produce { request, transaction, what, attempts } if attempts < ATTEMPTS => {
                let attempts = attempts + 1;
                self.send(Job::Produce { request, transaction, what: what.clone(), attempts }, what, net);
            }
            Job::End { request, what, attempts } if attempts < ATTEMPTS => {
                self.send(Job::End { request, what: what.clone(), attempts: attempts + 1 }, what, net);
            }
            Job::Abort { what, attempts } if attempts < ATTEMPTS => {
                self.send(Job::Abort { what: what.clone(), attempts: attempts + 1 }, what, net);
            }
            Job::Abort { .. } => {}
            Job::Tail { request, what } => self.send(Job::Tail { request, what: what.clone() }, what, net),
            Job::Append { request, what } => {
                self.send(Job::Append { request, what: what.clone() }, what, net)
            }
            Job::Init { request, .. } | Job::Produce { request, .. } | Job::End { request, .. } => {
                self.producer = None;
                answers.push(failed(request, Failure::Unknown));
            }
        }
    }

    /// Whether a commit waits for the lease.
    pub(crate) fn is_holding(&self) -> bool {
        self.holding.is_some()
    }

    /// Commits what is held, if the machine allows it at this moment. Gives it up after a while.
    pub(crate) fn commit(&mut self, may_commit: bool, answers: &mut Vec<Input>, net: &mut Net) {
        let Some(Holding { request, transaction, since }) = self.holding else { return };
        if may_commit {
            self.holding = None;
            let Some(epoch) = self.producer else { return };
            let what = LogRequest::End { output: self.output, epoch, transaction, commit: true };
            self.send(Job::End { request, what: what.clone(), attempts: 1 }, what, net);
        } else if since + self.patience <= net.now {
            self.holding = None;
            self.abort(transaction, net);
            answers.push(failed(request, Failure::RoleLost));
        }
    }

    fn abort(&mut self, transaction: u64, net: &mut Net) {
        if let Some(epoch) = self.producer {
            let what = LogRequest::End { output: self.output, epoch, transaction, commit: false };
            self.send(Job::Abort { what: what.clone(), attempts: 1 }, what, net);
        }
    }

    /// Stops what is at hand, answers what is open, and gives the producer up. What has left already may land.
    pub(crate) fn abandon(&mut self, answers: &mut Vec<Input>, net: &mut Net) {
        if let Some(Holding { request, transaction, .. }) = self.holding.take() {
            self.abort(transaction, net);
            answers.push(failed(request, Failure::RoleLost));
        }
        let mut open: Vec<RequestNo> = std::mem::take(&mut self.parts).into_keys().collect();
        for (token, job) in std::mem::take(&mut self.jobs) {
            match job {
                // Some clients wait for a commit that has left; its outcome is not used.
                Job::End { .. } if net.random.chance(50) => drop(self.jobs.insert(token, job)),
                Job::Abort { .. } => drop(self.jobs.insert(token, job)),
                Job::Append { .. } => {}
                Job::Init { request, .. }
                | Job::Tail { request, .. }
                | Job::Produce { request, .. }
                | Job::End { request, .. } => open.push(request),
            }
        }
        answers.extend(open.into_iter().map(|request| failed(request, Failure::Unknown)));
        self.producer = None;
    }
}

const fn failed(request: RequestNo, why: Failure) -> Input {
    Input::Done { request, outcome: Outcome::Failed(why) }
}
