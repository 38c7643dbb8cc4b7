//! The failover groups of this process: one machine, and one candidate, per ZooKeeper address and group
//! (failover-and-server 1.6).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant as Monotonic};

use crossbeam_channel::{Receiver, Sender, unbounded};
use parking_lot::{Condvar, Mutex, MutexGuard};
use tidegate_event::{EngineTime, StreamId};
use tidegate_failover::{
    Command, Demotion, GateState, Held, Input, Instant, Machine, Mismatch, Notice, OutputNo, OutputOptions,
    Refusal, RequestNo, Role, SessionId,
};

use super::coordinator::{self, CoordinatorSender, Nodes, ToCoordinator};
use super::messages;
use super::options::FailoverOptions;
use super::payload::Payload;

/// Records of one write.
const RECORDS_MAX: usize = 5_000;
/// Writes that may be on their way at a time. Enough to cover the way to the broker and back; when all are, records gather for the
/// next, so that it is large when there is much to write.
const WRITES_MAX: usize = 8;
/// Writes that may go into one transaction, or wait for the next one.
const WRITES_OF_TRANSACTION_MAX: usize = 128;

/// All groups of the process.
#[derive(Debug)]
pub(crate) struct Groups(Mutex<Vec<Weak<Group>>>);

impl Groups {
    /// No groups.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// The group of this name at this ZooKeeper address.
    ///
    /// # Errors
    /// When its thread cannot be started.
    pub(super) fn get(&self, zookeeper: &str, name: &str) -> std::io::Result<Arc<Group>> {
        let mut groups = self.0.lock();
        groups.retain(|group| group.strong_count() > 0);
        let mut known = groups.iter().filter_map(Weak::upgrade);
        if let Some(group) = known.find(|group| group.zookeeper == zookeeper && group.name == name) {
            return Ok(group);
        }
        let group = Group::start(zookeeper, name)?;
        groups.push(Arc::downgrade(&group));
        Ok(group)
    }
}

/// What the writer of an output is to do.
#[derive(Debug)]
pub(super) enum WriterCommand {
    /// Fence older producers.
    Fence(RequestNo),
    /// Write these records.
    Write(RequestNo, Vec<Held<Payload>>),
    /// Give the producer up.
    Abandon,
    /// The connector may end.
    Released,
}

/// What the reader of an output topic is to do besides following it: read it to its end.
#[derive(Debug)]
pub(super) struct ReadTail {
    pub(super) request: RequestNo,
}

/// The way to the threads of an output.
#[derive(Debug)]
pub(super) struct Port {
    /// Name of the connector.
    pub(super) connector: String,
    /// `project/contquery/window`.
    pub(super) window: String,
    /// What its ids belong to.
    pub(super) stream: StreamId,
    topic: String,
    partition: i32,
    /// Whether the connector runs.
    running: AtomicBool,
    writer: Sender<WriterCommand>,
    pub(super) to_write: Receiver<WriterCommand>,
    tail: Sender<ReadTail>,
    pub(super) to_read: Receiver<ReadTail>,
    /// How often the output was given up; who works for it looks whether that has changed.
    abandoned: AtomicU64,
}

impl Port {
    pub(super) fn new(connector: &str, window: &str, options: &FailoverOptions) -> Self {
        let (writer, to_write) = unbounded();
        let (tail, to_read) = unbounded();
        Self {
            connector: connector.to_owned(),
            window: window.to_owned(),
            stream: options.stream(),
            topic: options.topic.clone(),
            partition: options.partition,
            running: AtomicBool::new(false),
            writer,
            to_write,
            tail,
            to_read,
            abandoned: AtomicU64::new(0),
        }
    }

    /// Says whether the connector runs.
    pub(super) fn set_running(&self, running: bool) {
        self.running.store(running, Ordering::SeqCst);
    }

    /// How often the output was given up so far.
    pub(super) fn abandoned(&self) -> u64 {
        self.abandoned.load(Ordering::SeqCst)
    }
}

/// A failover group of this process.
pub(super) struct Group {
    zookeeper: String,
    name: String,
    nodes: Nodes,
    origin: Monotonic,
    state: Mutex<State>,
    /// Records have left a gate.
    room: Condvar,
    coordinator: CoordinatorSender,
}

struct State {
    machine: Machine<Payload>,
    ports: BTreeMap<OutputNo, Arc<Port>>,
    /// The machine's number of each project.
    projects: Vec<String>,
}

impl Group {
    fn start(zookeeper: &str, name: &str) -> std::io::Result<Arc<Self>> {
        let (coordinator, inbox) = coordinator::channel();
        let nodes = Nodes::new(zookeeper, name);
        let group = Arc::new(Self {
            zookeeper: zookeeper.to_owned(),
            name: name.to_owned(),
            nodes: nodes.clone(),
            origin: Monotonic::now(),
            state: Mutex::new(State {
                machine: Machine::new(),
                ports: BTreeMap::new(),
                projects: Vec::new(),
            }),
            room: Condvar::new(),
            coordinator: coordinator.clone(),
        });
        let weak = Arc::downgrade(&group);
        let thread = std::thread::Builder::new().name(format!("failover {name}"));
        thread.spawn(move || {
            if let Err(error) = coordinator::run(&weak, nodes, coordinator, inbox) {
                messages::ZOOKEEPER_UNREACHABLE
                    .log(format_args!("the thread of a failover group cannot run: {error}"));
            }
        })?;
        Ok(group)
    }

    /// The group's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The time on the machine's clock.
    pub(super) fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.origin.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// Adds an output of a project; with transactions, `whole_steps` land or do not.
    pub(super) fn add(&self, project: &str, whole_steps: bool, port: Arc<Port>) -> OutputNo {
        let mut state = self.state.lock();
        let known = state.projects.iter().position(|known| known == project);
        let number = known.unwrap_or_else(|| {
            state.projects.push(project.to_owned());
            state.projects.len() - 1
        });
        let options = OutputOptions {
            project: number as u64,
            whole_steps,
            writes_max: if whole_steps { WRITES_OF_TRANSACTION_MAX } else { WRITES_MAX },
            records_max: RECORDS_MAX,
        };
        let output = state.machine.add_output(options);
        state.ports.insert(output, port);
        output
    }

    /// The connector of an output has started.
    ///
    /// # Errors
    /// When another connector that runs writes the same partition: its name.
    pub(super) fn start_output(&self, output: OutputNo) -> Result<(), String> {
        {
            let state = self.state.lock();
            let Some(port) = state.ports.get(&output) else { return Ok(()) };
            let mut others = state.ports.iter().filter(|(other, _)| **other != output);
            let same = |other: &Port| {
                other.running.load(Ordering::SeqCst)
                    && (&other.topic, other.partition) == (&port.topic, port.partition)
            };
            if let Some((_, other)) = others.find(|(_, other)| same(other)) {
                return Err(format!("{}/{}", other.window, other.connector));
            }
            port.set_running(true);
        }
        self.handle(Input::Start(output));
        Ok(())
    }

    /// Removes an output whose gate is going away.
    pub(super) fn remove(&self, output: OutputNo) {
        let mut state = self.state.lock();
        state.machine.remove_output(output);
        state.ports.remove(&output);
    }

    /// The stream of an output.
    pub(super) fn stream(&self, output: OutputNo) -> Option<StreamId> {
        self.state.lock().ports.get(&output).map(|port| port.stream)
    }

    /// Hands the machine what has happened.
    pub(super) fn handle(&self, input: Input) {
        self.change(|machine, now| machine.handle(input, now));
    }

    /// The same, if `session` is still the session at hand.
    pub(super) fn handle_if_session(&self, session: SessionId, input: Input) {
        self.change(|machine, now| {
            if machine.session() == Some(session) {
                machine.handle(input, now);
            }
        });
    }

    /// Lets the machine look at its timers.
    pub(super) fn tick(&self) {
        self.change(|machine, now| machine.tick(now));
    }

    /// How long until the machine's next timer.
    pub(super) fn next_timer(&self) -> Duration {
        let (state, now) = (self.state.lock(), self.now());
        let timer = state.machine.poll_timeout(now);
        timer.map_or(Duration::MAX, |at| Duration::from_micros(now.until(at)))
    }

    /// Takes records of one block into a gate; `records` is told how many the gate holds.
    pub(super) fn emit(&self, output: OutputNo, records: impl FnOnce(usize, &mut dyn FnMut(Held<Payload>))) {
        self.change(|machine, _| {
            let held = machine.gate(output).len();
            records(held, &mut |record| machine.emit(output, record));
        });
    }

    /// A step of the engine has ended.
    pub(super) fn step_ended(&self, output: OutputNo, input: i64, time: EngineTime) {
        self.change(|machine, now| machine.step_ended(output, input, time, now));
    }

    /// Waits until `enough` of the number of records that the gate holds, but at most `time`; answers whether it is.
    pub(super) fn wait_for_room(
        &self,
        output: OutputNo,
        time: Duration,
        enough: impl Fn(usize) -> bool,
    ) -> bool {
        let mut state = self.state.lock();
        if enough(state.machine.gate(output).len()) {
            return true;
        }
        self.room.wait_for(&mut state, time);
        enough(state.machine.gate(output).len())
    }

    /// Reads something of the machine.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Machine<Payload>, Instant) -> T) -> T {
        let state = self.state.lock();
        let now = self.now();
        read(&state.machine, now)
    }

    /// Puts a saved gate in place.
    pub(super) fn restore(&self, output: OutputNo, saved: GateState<Payload>) {
        self.change(|machine, _| machine.restore(output, saved));
    }

    /// The role, and what is left of the lease.
    pub(super) fn role(&self) -> (Role, Duration) {
        self.read(|machine, now| (machine.role(now), Duration::from_micros(machine.lease(now))))
    }

    fn change(&self, change: impl FnOnce(&mut Machine<Payload>, Instant)) {
        let mut state = self.state.lock();
        let now = self.now();
        change(&mut state.machine, now);
        let notices = self.route(&mut state);
        let lines: Vec<_> =
            notices.into_iter().map(|notice| (self.ports_of(&state, &notice), notice)).collect();
        drop(state);
        self.room.notify_all();
        for (ports, notice) in lines {
            self.tell(&ports, &notice);
        }
    }

    /// Sends the machine's commands where they belong, in their order.
    fn route(&self, state: &mut MutexGuard<'_, State>) -> Vec<Notice> {
        let mut notices = Vec::new();
        while let Some(command) = state.machine.poll_command() {
            match command {
                Command::Tell(notice) => notices.push(notice),
                Command::Fence { request, output } => state.to_writer(output, WriterCommand::Fence(request)),
                Command::Write { request, output, records } => {
                    state.to_writer(output, WriterCommand::Write(request, records));
                }
                Command::Abandon { output } => state.to_writer(output, WriterCommand::Abandon),
                Command::Released { output } => state.to_writer(output, WriterCommand::Released),
                Command::ReadTail { request, output, .. } => {
                    if let Some(port) = state.ports.get(&output) {
                        // The port holds a receiver, so the channel is open.
                        let _open = port.tail.send(ReadTail { request });
                    }
                }
                other => {
                    // The thread ends only after the group.
                    let _open = self.coordinator.send(ToCoordinator::Do(other));
                }
            }
        }
        notices
    }

    fn ports_of(&self, state: &State, notice: &Notice) -> Vec<Arc<Port>> {
        match notice {
            Notice::Standby(output)
            | Notice::Active { output, .. }
            | Notice::Yielded(output)
            | Notice::Refused(output, _)
            | Notice::Mismatch(output, _) => state.ports.get(output).into_iter().cloned().collect(),
            _ => Vec::new(),
        }
    }

    fn tell(&self, ports: &[Arc<Port>], notice: &Notice) {
        let port = ports.first();
        let connector = port.map_or("", |port| port.connector.as_str());
        let window = port.map_or("", |port| port.window.as_str());
        match notice {
            Notice::SessionConnected => messages::ZOOKEEPER_EVENT.log(format_args!(
                "dfESPkafkaConnector::z_watcher(): Zookeeper watcher event: watcher = SESSION_EVENT, state = \
                 CONNECTED_STATE, path = "
            )),
            Notice::NodeCreated(node) => messages::NODE_CREATED.log(format_args!(
                "dfESPkafkaConnector::z_watcher(): Created zookeeper node {}",
                self.nodes.candidate(*node)
            )),
            Notice::Watching(node) => messages::NODE_WATCHED.log(format_args!(
                "dfESPkafkaConnector::watchActiveZnode(): Watching zookeeper node {}",
                self.nodes.candidate(*node)
            )),
            Notice::Standby(_) => messages::ROLE.log(format_args!(
                "dfESPkafkaConnector::start(): Hot failover state switched to standby"
            )),
            Notice::Active { resume, held, .. } => {
                let after = resume.map_or_else(|| "the beginning".to_owned(), |id| format!("id {id}"));
                messages::SYNCHRONISED.log(format_args!(
                    "connector {connector} of {window}: output goes on after {after}, {held} records are waiting"
                ));
                messages::ROLE.log(format_args!(
                    "dfESPkafkaConnector::goActive(): Hot failover state switched to active"
                ));
            }
            Notice::Demoted(Demotion::Stopped) => messages::STEPPED_DOWN.log(format_args!(
                "failover group {}: the active role is given up: a connector was stopped",
                self.name
            )),
            Notice::Demoted(why) => messages::DEMOTED.log(format_args!(
                "failover group {}: the active role is given up: {}",
                self.name,
                match why {
                    Demotion::SessionExpired => "the ZooKeeper session is over",
                    Demotion::NodeGone => "its ZooKeeper node was deleted",
                    Demotion::Fenced => "a newer active has fenced this one",
                    Demotion::WriteUnknown => "a write may or may not have landed",
                    Demotion::Stopped => "a connector was stopped",
                }
            )),
            Notice::Held => messages::LEASE.log(format_args!(
                "failover group {}: ZooKeeper has not answered in time: output is held",
                self.name
            )),
            Notice::Unheld => messages::LEASE
                .log(format_args!("failover group {}: ZooKeeper answers again: output goes on", self.name)),
            Notice::Yielded(_) => messages::YIELDED.log(format_args!(
                "connector {connector} of {window}: behind the output topic; another candidate goes first"
            )),
            Notice::Refused(_, refusal) => {
                let why = match refusal {
                    Refusal::InputRecreated { resume, input_end } => format!(
                        "the last output has the input offset {}, but the input topic ends at {input_end}: it was made \
                         anew",
                        resume.input
                    ),
                    Refusal::Gap { resume, low } => format!(
                        "the last output has the input offset {}, but this engine has read the input from {low} on \
                         only: output between them is missing",
                        resume.input
                    ),
                    Refusal::Mismatch(id) => {
                        format!("this engine computes something else for the output {id} than was written")
                    }
                };
                messages::REFUSED.log(format_args!(
                    "connector {connector} of {window} cannot become active until it is started again: {why}"
                ));
            }
            Notice::Mismatch(_, Mismatch { id, difference }) => messages::MISMATCH.log(format_args!(
                "connector {connector} of {window}: the output record {id} in the topic differs from this engine's: \
                 {difference}"
            )),
        }
    }
}

impl State {
    fn to_writer(&self, output: OutputNo, command: WriterCommand) {
        if let Some(port) = self.ports.get(&output) {
            if matches!(command, WriterCommand::Abandon) {
                port.abandoned.fetch_add(1, Ordering::SeqCst);
            }
            // The port holds a receiver, so the channel is open.
            let _open = port.writer.send(command);
        }
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("name", &self.name)
            .field("zookeeper", &self.zookeeper)
            .finish_non_exhaustive()
    }
}
