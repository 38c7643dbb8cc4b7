//! One run: servers, processes, faults, and the checkers that look on.

use crate::canary::Canary;
use crate::check::{Violation, active, finished, rising, same};
use crate::event::{Delivery, Event};
use crate::fault::Fault;
use crate::log::Log;
use crate::net::{Micros, Net};
use crate::plan::{HEAL, Plan};
use crate::process::{Process, Saved, Told};
use crate::project::{Engine, Model, OUTPUTS, Record};
use crate::random::Random;
use crate::service::{Service, TICK};

/// How long after everything is mended everything must be well again.
const SETTLED: Micros = HEAL + 9_000_000;

/// How long it must then stay well.
const STEADY: Micros = 2_500_000;

/// More events than any run needs that gets on.
const EVENTS_MAX: u64 = 200_000;

/// What came of a run.
#[derive(Debug)]
pub struct Outcome {
    /// What went wrong, if anything.
    pub violation: Option<Violation>,
    /// Lines of the run, if they were asked for.
    pub trace: Vec<String>,
    /// How often an output began to be written.
    pub activations: u64,
    /// Digest of all that was written: the same for every run of a seed.
    pub digest: u32,
}

/// Runs simulations; the model is read once.
#[derive(Debug)]
pub struct Simulation {
    model: Model,
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

impl Simulation {
    /// Reads the model.
    pub fn new() -> Self {
        Self { model: Model::read() }
    }

    /// One run.
    pub fn run(&self, seed: u64, canary: Option<Canary>, trace: bool) -> Outcome {
        let mut random = Random::new(seed);
        let plan = Plan::new(&mut random, canary);
        let mut world = World::new(&self.model, plan, Net::new(random, trace));
        let violation = world.run().err();
        if let Some(violation) = &violation {
            world.net.tell(|| format!("VIOLATION: {violation}"));
        }
        let (digest, activations) = (world.digest(), world.activations);
        Outcome { violation, digest, activations, trace: world.net.trace.take().unwrap_or_default() }
    }
}

/// Everything there is.
struct World<'a> {
    model: &'a Model,
    plan: Plan,
    net: Net,
    service: Service,
    log: Log,
    processes: Vec<Option<Process>>,
    lives: u32,
    activations: u64,
    saved: Vec<Saved>,
    expected: [Vec<Record>; OUTPUTS],
}

impl<'a> World<'a> {
    fn new(model: &'a Model, plan: Plan, net: Net) -> Self {
        let mut world = Self {
            model,
            net,
            service: Service::default(),
            log: Log::new(plan.canary),
            processes: (0..plan.engines).map(|_| None).collect(),
            lives: 0,
            activations: 0,
            saved: Vec::new(),
            expected: undisturbed(model, &plan),
            plan,
        };
        world.net.late_percent = world.plan.late_percent;
        for process in 0..world.plan.engines {
            world.start(process, false);
        }
        for (at, _) in &world.plan.input {
            world.net.schedule(*at, Event::Append);
        }
        for &(at, fault) in &world.plan.faults {
            world.net.schedule(at, Event::Fault(fault));
        }
        world.net.schedule(TICK, Event::ServiceTick);
        world.net.schedule(SETTLED + STEADY, Event::End);
        world
    }

    fn start(&mut self, process: usize, from_snapshot: bool) {
        if self.processes[process].is_some() {
            return;
        }
        self.lives += 1;
        let saved = match self.saved.len() {
            0 => None,
            len => Some(self.net.random.index(len)).filter(|_| from_snapshot),
        };
        let saved = saved.map(|at| &self.saved[at]);
        self.net.tell(|| format!("engine {process} starts, from a snapshot: {}", saved.is_some()));
        let started = Process::start((process, self.lives), saved, self.model, &self.plan, &mut self.net);
        self.processes[process] = Some(started);
    }

    fn run(&mut self) -> Result<(), Violation> {
        let mut events = 0;
        while let Some(event) = self.net.next() {
            events += 1;
            if events > EVENTS_MAX {
                return Err(Violation::Livelock);
            }
            match event {
                Event::End => break,
                Event::Append => {
                    let (_, record) = &self.plan.input[self.log.input.len()];
                    self.log.input.push(record.clone());
                    for process in self.processes.iter_mut().flatten() {
                        process.wake(&mut self.net);
                    }
                }
                Event::Fault(fault) => self.inflict(fault),
                Event::ServiceTick => {
                    self.service.tick(&mut self.net);
                    self.log.abort_old(self.net.now);
                }
                Event::Service { connection, from, life, number, request } => {
                    self.service.receive((connection, from, life), number, request, &mut self.net);
                }
                Event::Log { from, life, token, request } => {
                    self.log.receive((from, life, token), request, &mut self.net);
                }
                Event::Process { to, life, delivery } => {
                    self.deliver(to, life, delivery);
                    self.look(to)?;
                }
            }
        }
        self.check_end()
    }

    fn deliver(&mut self, to: usize, life: u32, delivery: Delivery) {
        let Some(process) = self.processes[to].as_mut().filter(|process| process.life() == life) else {
            return;
        };
        if process.paused {
            process.stash.push_back(delivery);
        } else {
            process.receive(delivery, &mut self.net, &self.log);
        }
    }

    /// The checks of every moment.
    fn look(&mut self, changed: usize) -> Result<(), Violation> {
        let roles = self.processes.iter().flatten().map(|process| process.role(&self.net));
        if !self.plan.nodes_deleted {
            active::at_most_one(roles)?;
        }
        let Some(process) = &mut self.processes[changed] else { return Ok(()) };
        let settled = self.net.now > SETTLED;
        for told in std::mem::take(&mut process.told) {
            match told {
                Told::Active => self.activations += 1,
                Told::Refused(what) => return Err(Violation::Refused(what)),
                Told::Demoted(why) if settled => return Err(Violation::Unsettled(why)),
                Told::Demoted(_) => {}
            }
        }
        Ok(())
    }

    fn check_end(&self) -> Result<(), Violation> {
        let writing = self.processes.iter().flatten().filter(|process| process.writes_all(&self.net)).count();
        for (output, expected) in self.expected.iter().enumerate() {
            let partition = &self.log.outputs[output];
            rising::epochs(&partition.committed_epochs)?;
            let committed: Vec<&Record> = partition.committed_records().collect();
            let read = if self.plan.transactions {
                rising::ids(output, &committed)?;
                committed
            } else {
                rising::dropping(&committed)
            };
            same::as_undisturbed(output, &read, expected)?;
        }
        finished::one_writes(writing)
    }

    fn inflict(&mut self, fault: Fault) {
        self.net.tell(|| format!("fault: {fault:?}"));
        match fault {
            Fault::Kill(process) => self.processes[process] = None,
            Fault::Start { process, from_snapshot } => self.start(process, from_snapshot),
            Fault::Pause(process) => {
                if let Some(process) = &mut self.processes[process] {
                    process.paused = true;
                }
            }
            Fault::Resume(process) => self.resume(process),
            Fault::Slow(process, micros) => {
                if let Some(process) = &mut self.processes[process] {
                    process.step_micros = micros;
                }
            }
            Fault::Persist(process) => {
                if let Some(process) = self.processes[process].as_mut().filter(|process| !process.paused) {
                    self.saved.push(process.save());
                }
            }
            Fault::StopConnector(process, output) => self.order(process, Delivery::StopConnector(output)),
            Fault::StartConnector(process, output) => self.order(process, Delivery::StartConnector(output)),
            Fault::CutService(process) => drop(self.net.cut_from_service.insert(process)),
            Fault::JoinService(process) => drop(self.net.cut_from_service.remove(&process)),
            Fault::CutLog(process) => drop(self.net.cut_from_log.insert(process)),
            Fault::JoinLog(process) => drop(self.net.cut_from_log.remove(&process)),
            Fault::BreakConnection(process) => {
                if let Some(process) = &mut self.processes[process] {
                    process.break_connection(&mut self.net);
                }
            }
            Fault::ServiceDown => self.net.service_down = true,
            Fault::ServiceUp => self.net.service_down = false,
            Fault::LogDown => self.net.log_down = true,
            Fault::LogUp => self.net.log_down = false,
            Fault::DeleteNode => self.service.delete_lowest(&mut self.net),
            Fault::Foreign(output) => self.log.append_foreign(output),
            Fault::Heal => self.heal(),
        }
    }

    fn order(&mut self, process: usize, delivery: Delivery) {
        if let Some(life) = self.processes[process].as_ref().map(Process::life) {
            self.net.schedule(self.net.now, Event::Process { to: process, life, delivery });
        }
    }

    fn resume(&mut self, at: usize) {
        let Some(process) = &mut self.processes[at] else { return };
        process.paused = false;
        let life = process.life();
        for delivery in std::mem::take(&mut process.stash) {
            self.net.schedule(self.net.now, Event::Process { to: at, life, delivery });
        }
    }

    fn heal(&mut self) {
        self.net.late_percent = 1;
        self.net.service_down = false;
        self.net.log_down = false;
        self.net.cut_from_service.clear();
        self.net.cut_from_log.clear();
        for process in 0..self.processes.len() {
            self.resume(process);
            self.start(process, process % 2 == 0);
            if let Some(process) = &mut self.processes[process] {
                process.step_micros = process.step_micros.min(3_000);
            }
            // A connector that is being stopped at this moment is started when it has stopped.
            for (delay, output) in [0, 2_500_000].into_iter().flat_map(|d| (0..OUTPUTS).map(move |o| (d, o)))
            {
                let at = self.net.now + delay;
                self.net.schedule(at, Event::Fault(Fault::StartConnector(process, output)));
            }
        }
    }

    fn digest(&self) -> u32 {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&self.net.now.to_le_bytes());
        for partition in &self.log.outputs {
            for record in partition.committed_records() {
                hasher.update(record.id.to_string().as_bytes());
                hasher.update(&record.record);
            }
        }
        hasher.finalize()
    }
}

/// What one engine alone writes when nothing goes wrong.
fn undisturbed(model: &Model, plan: &Plan) -> [Vec<Record>; OUTPUTS] {
    let mut engine = Engine::new(model, false);
    let mut expected: [Vec<Record>; OUTPUTS] = Default::default();
    for (offset, (_, record)) in plan.input.iter().enumerate() {
        for (output, record) in engine.step(offset as i64, record) {
            expected[output].push(record);
        }
    }
    expected
}
