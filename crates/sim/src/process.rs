//! An engine's process: the real machine, the real engine, and a driver that carries out what the machine wants.

use std::collections::VecDeque;

use tidegate_failover::{
    Answer, Command, Demotion, GateState, Input, Instant, Machine, Notice, OutputNo, OutputOptions,
    RequestNo, Role,
};
use tidegate_snapshot::storage::Memory;

use crate::canary::Canary;
use crate::client::Client;
use crate::event::{Delivery, Event, LogReply, LogRequest, ServiceRequest};
use crate::log::Log;
use crate::net::{Micros, Net};
use crate::plan::Plan;
use crate::project::{Engine, Model, OUTPUTS, Payload};
use crate::writer::Writer;

/// How often the client looks after its session.
const BEAT: Micros = 50_000;

/// Beyond the end of any run.
const FAR_FUTURE: Micros = 3_600_000_000;

/// A saved state.
#[derive(Clone)]
pub(crate) struct Saved {
    engine: Memory,
    gates: Vec<GateState<Payload>>,
}

/// The process's own clock.
#[derive(Debug, Clone, Copy)]
struct Clock {
    begun: Micros,
    /// Own microseconds per million of the world's.
    rate: u64,
}

impl Clock {
    fn local(&self, world: Micros) -> Instant {
        Instant::from_micros(7_000_000 + (world - self.begun) * self.rate / 1_000_000)
    }

    fn world(&self, local: Instant) -> Micros {
        self.begun + (local.micros().saturating_sub(7_000_000) * 1_000_000).div_ceil(self.rate)
    }
}

/// Something that the checkers want to know.
#[derive(Debug, Clone)]
pub(crate) enum Told {
    Active,
    Refused(String),
    Demoted(Demotion),
}

/// A reader of an output's committed records.
struct Reader {
    /// Where it reads on; beyond the end for the end itself.
    offset: usize,
    token: Option<u64>,
    asked: Micros,
}

/// A living process.
pub(crate) struct Process {
    no: usize,
    life: u32,
    clock: Clock,
    pub(crate) paused: bool,
    pub(crate) stash: VecDeque<Delivery>,
    pub(crate) machine: Machine<Payload>,
    outputs: Vec<OutputNo>,
    client: Client,
    writers: Vec<Writer>,
    readers: Vec<Reader>,
    /// Whether each connector runs, or is being stopped.
    pub(crate) connectors: [bool; OUTPUTS],
    inputs: VecDeque<Input>,
    answers: Vec<Input>,
    engine: Engine,
    next: i64,
    stepping: bool,
    pub(crate) step_micros: Micros,
    tick: u64,
    tick_at: Option<Micros>,
    plan: Plan,
    pub(crate) told: Vec<Told>,
}

impl Process {
    /// A process that starts empty, or from a saved state.
    pub(crate) fn start(
        (no, life): (usize, u32),
        saved: Option<&Saved>,
        model: &Model,
        plan: &Plan,
        net: &mut Net,
    ) -> Self {
        let mut engine = Engine::new(model, plan.canary == Some(Canary::LastingSubSequence));
        let mut machine = Machine::new();
        let mut outputs = Vec::new();
        for output in 0..OUTPUTS {
            outputs.push(machine.add_output(OutputOptions {
                project: if plan.one_project { 0 } else { output as u64 },
                whole_steps: plan.transactions,
                writes_max: if plan.transactions { 1 } else { 3 },
                records_max: plan.records_max,
            }));
        }
        let mut next = 0;
        if let Some(saved) = saved {
            next = engine.load(&saved.engine);
            for (&output, gate) in outputs.iter().zip(&saved.gates) {
                if plan.canary != Some(Canary::GateNotSaved) {
                    machine.restore(output, gate.clone());
                }
            }
        }
        let late_warm = plan.canary == Some(Canary::LateWarmProducer);
        let writer = |output| Writer::new(no, life, output, plan.transactions, late_warm);
        let offset = if plan.tails_from_end { usize::MAX } else { 0 };
        let reader = || Reader { offset, token: None, asked: 0 };
        let rate = if plan.drift { net.random.within(930_000, 1_070_000) } else { 1_000_000 };
        let mut process = Self {
            no,
            life,
            clock: Clock { begun: net.now, rate },
            paused: false,
            stash: VecDeque::new(),
            machine,
            outputs,
            client: Client::new(no, life),
            writers: (0..OUTPUTS).map(writer).collect(),
            readers: (0..OUTPUTS).map(|_| reader()).collect(),
            connectors: [false; OUTPUTS],
            inputs: VecDeque::new(),
            answers: Vec::new(),
            engine,
            next,
            stepping: false,
            step_micros: net.random.within(300, 3_000),
            tick: 0,
            tick_at: None,
            plan: plan.clone(),
            told: Vec::new(),
        };
        for output in 0..OUTPUTS {
            process.later(net.random.within(0, 20_000), Delivery::StartConnector(output), net);
            process.later(net.random.within(0, 30_000), Delivery::Poll(output), net);
        }
        process.later(BEAT, Delivery::Beat, net);
        process.wake(net);
        process
    }

    pub(crate) fn life(&self) -> u32 {
        self.life
    }

    fn later(&self, delay: Micros, delivery: Delivery, net: &mut Net) {
        net.schedule(net.now + delay, Event::Process { to: self.no, life: self.life, delivery });
    }

    fn now(&self, net: &Net) -> Instant {
        self.clock.local(net.now)
    }

    /// The role that the process claims.
    pub(crate) fn role(&self, net: &Net) -> Role {
        self.machine.role(self.now(net))
    }

    /// Whether it is active and writes all outputs.
    pub(crate) fn writes_all(&self, net: &Net) -> bool {
        self.role(net) == Role::Active && self.outputs.iter().all(|&output| self.machine.is_writing(output))
    }

    /// There may be input.
    pub(crate) fn wake(&mut self, net: &mut Net) {
        if !self.stepping {
            self.stepping = true;
            let delay = self.step_micros / 2 + net.random.within(0, self.step_micros);
            self.later(delay, Delivery::Step, net);
        }
    }

    /// The state, as a snapshot holds it.
    pub(crate) fn save(&mut self) -> Saved {
        let gates = self.outputs.iter().map(|&output| self.machine.state(output)).collect();
        Saved { engine: self.engine.save(self.next), gates }
    }

    /// The connection to the service is cut through.
    pub(crate) fn break_connection(&mut self, net: &mut Net) {
        if let Some(connection) = self.client.connection() {
            net.break_off(connection);
            self.later(1_000, Delivery::Broken(connection), net);
        }
    }

    /// Something reaches the process.
    pub(crate) fn receive(&mut self, delivery: Delivery, net: &mut Net, log: &Log) {
        let now = self.now(net);
        match delivery {
            Delivery::Service(connection, reply) => {
                if !net.loses(connection, self.no) {
                    self.client.receive(connection, reply, now, &mut self.inputs);
                }
            }
            Delivery::Broken(connection) => self.client.broken(connection, now, &mut self.inputs, net),
            Delivery::Beat => {
                self.client.beat(now, &mut self.inputs, net);
                self.later(BEAT, Delivery::Beat, net);
            }
            Delivery::Unsent(request) => {
                self.inputs.push_back(Input::Answered { request, sent: now, answer: Answer::Lost });
            }
            Delivery::Log(token, reply) => self.receive_from_log(token, reply, net),
            Delivery::LogTimeout(output, token) => {
                self.writers[output].timeout(token, &mut self.answers, net);
            }
            Delivery::Poll(output) => self.poll(output, net),
            Delivery::Tick(tick) => {
                if tick == self.tick {
                    self.tick_at = None;
                    self.machine.tick(now);
                }
            }
            Delivery::Step => self.step(net, log),
            Delivery::StartConnector(output) => {
                if !self.connectors[output] {
                    self.connectors[output] = true;
                    self.inputs.push_back(Input::Start(self.outputs[output]));
                }
            }
            Delivery::StopConnector(output) => {
                if self.connectors[output] {
                    self.inputs.push_back(Input::Stop(self.outputs[output]));
                }
            }
        }
        self.pump(net);
    }

    fn receive_from_log(&mut self, token: u64, reply: LogReply, net: &mut Net) {
        if net.is_log_away(self.no) {
            return;
        }
        if let LogReply::Records { next, records } = reply {
            let Some(output) = self.readers.iter().position(|reader| reader.token == Some(token)) else {
                return;
            };
            self.readers[output].token = None;
            self.readers[output].offset = next;
            for tailed in records {
                self.inputs.push_back(Input::Tailed {
                    output: self.outputs[output],
                    id: tailed.id,
                    checksum: tailed.checksum,
                    time: tailed.time,
                });
            }
            return;
        }
        // Tokens are given once, so at most one writer takes it.
        if let Some(writer) = self.writers.iter_mut().find(|writer| writer.awaits(token)) {
            writer.receive(token, reply, &mut self.answers, net);
        }
    }

    /// Reads an output's committed records on: always, or only while another writes it.
    fn poll(&mut self, output: usize, net: &mut Net) {
        let wanted = self.plan.tails_own || !self.machine.is_writing(self.outputs[output]);
        let reader = &mut self.readers[output];
        let patient = reader.token.is_some() && net.now < reader.asked + 300_000;
        if wanted && !patient && !net.is_log_away(self.no) {
            let token = net.number();
            reader.token = Some(token);
            reader.asked = net.now;
            let request = LogRequest::Fetch { output, from: reader.offset };
            net.send_to_log(self.no, self.life, token, request);
        }
        let pause = net.random.within(20_000, 60_000);
        self.later(pause, Delivery::Poll(output), net);
    }

    fn step(&mut self, net: &mut Net, log: &Log) {
        self.stepping = false;
        let Some(record) = log.input.get(self.next as usize) else { return };
        if net.is_log_away(self.no) {
            self.stepping = true;
            self.later(20_000, Delivery::Step, net);
            return;
        }
        for (output, record) in self.engine.step(self.next, record) {
            self.machine.emit(self.outputs[output], record);
        }
        let now = self.now(net);
        for at in 0..OUTPUTS {
            self.machine.step_ended(self.outputs[at], self.next, self.engine.time(), now);
        }
        self.next += 1;
        if (self.next as usize) < log.input.len() {
            self.wake(net);
        }
    }

    /// Hands the machine what has happened, and carries out what it wants, until nothing is left.
    fn pump(&mut self, net: &mut Net) {
        let now = self.now(net);
        loop {
            self.inputs.extend(self.answers.drain(..));
            if let Some(input) = self.inputs.pop_front() {
                net.tell(|| format!("engine {} <- {input:?}", self.no));
                self.machine.handle(input, now);
            }
            while let Some(command) = self.machine.poll_command() {
                self.execute(command, net);
            }
            self.commit_held(net);
            if self.inputs.is_empty() && self.answers.is_empty() {
                break;
            }
        }
        self.schedule_tick(net);
    }

    /// A commit needs the lease at this very moment.
    fn commit_held(&mut self, net: &mut Net) {
        let now = self.now(net);
        for (output, writer) in self.outputs.iter().zip(&mut self.writers) {
            if writer.is_holding() {
                writer.commit(self.machine.may_commit(*output, now), &mut self.answers, net);
            }
        }
    }

    fn schedule_tick(&mut self, net: &mut Net) {
        let now = self.now(net);
        let Some(due) = self.machine.poll_timeout(now) else { return };
        let at = self.clock.world(due).max(net.now);
        if self.tick_at.is_none_or(|scheduled| at < scheduled) {
            self.tick += 1;
            self.tick_at = Some(at);
            self.later(at - net.now, Delivery::Tick(self.tick), net);
        }
    }

    fn at(&self, output: OutputNo) -> usize {
        self.outputs
            .iter()
            .position(|&known| known == output)
            .expect("the machine names outputs it was given")
    }

    fn execute(&mut self, command: Command<Payload>, net: &mut Net) {
        if !matches!(command, Command::Check { .. }) {
            net.tell(|| format!("engine {} -> {}", self.no, describe(&command)));
        }
        let now = self.now(net);
        match command {
            Command::Connect => self.client.connect(now, &mut self.inputs, net),
            Command::Disconnect => self.client.disconnect(&mut self.inputs, net),
            Command::Create { request } => self.ask(request, ServiceRequest::Create, net),
            Command::List { request } => self.ask(request, ServiceRequest::List, net),
            Command::Watch { request, sequence } => {
                self.ask(request, ServiceRequest::Exists { sequence: sequence.0, watch: true }, net);
            }
            Command::Check { request, sequence } => {
                self.ask(request, ServiceRequest::Exists { sequence: sequence.0, watch: false }, net);
            }
            Command::Delete { request, sequence } => {
                self.ask(request, ServiceRequest::Delete(sequence.0), net);
            }
            Command::Keep { request, output, id } => {
                self.ask(request, ServiceRequest::Keep(self.at(output), id), net);
            }
            Command::Recall { request, output } => {
                self.ask(request, ServiceRequest::Recall(self.at(output)), net);
            }
            Command::Fence { request, output } => {
                let at = self.at(output);
                self.writers[at].fence(request, net);
            }
            Command::ReadTail { request, output, low } => {
                let at = self.at(output);
                self.writers[at].read_tail(request, low, net);
            }
            Command::Write { request, output, records } => {
                let at = self.at(output);
                self.writers[at].write(request, records, &mut self.answers, net);
            }
            Command::Abandon { output } => {
                let at = self.at(output);
                self.writers[at].abandon(&mut self.answers, net);
            }
            Command::Released { output } => {
                let at = self.at(output);
                self.connectors[at] = false;
                if self.plan.canary == Some(Canary::GateDroppedAtStop) {
                    let state = GateState { held: Vec::new(), ..self.machine.state(output) };
                    self.machine.restore(output, state);
                }
            }
            Command::Tell(notice) => match notice {
                Notice::Refused(..) | Notice::Mismatch(..) => {
                    self.told.push(Told::Refused(format!("{notice:?}")))
                }
                Notice::Active { .. } => self.told.push(Told::Active),
                Notice::Demoted(why) => self.told.push(Told::Demoted(why)),
                _ => {}
            },
        }
    }

    fn ask(&mut self, request: RequestNo, what: ServiceRequest, net: &mut Net) {
        let mut sent = self.now(net);
        if self.plan.canary == Some(Canary::NoLease) {
            sent = sent.plus(FAR_FUTURE);
        }
        if !self.client.request(request, what, sent, net) {
            let delay = net.random.within(100, 2_000);
            self.later(delay, Delivery::Unsent(request), net);
        }
    }
}

/// A command without the bytes of its records.
fn describe(command: &Command<Payload>) -> String {
    match command {
        Command::Write { request, output, records } => {
            let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
            format!("Write {request:?} {output:?} {}", ids.join(" "))
        }
        other => format!("{other:?}"),
    }
}
