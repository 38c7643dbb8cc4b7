//! Virtual time, the queue of what is to happen, and the network between processes and servers.

use std::collections::{BTreeMap, BTreeSet};

use crate::event::{Event, LogRequest};
use crate::random::Random;

/// A connection to the coordination service; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Connection(pub(crate) u64);

/// Microseconds of the world.
pub(crate) type Micros = u64;

/// The world's clock, queue and wires.
pub(crate) struct Net {
    pub(crate) now: Micros,
    pub(crate) random: Random,
    /// Of a hundred messages, how many take long.
    pub(crate) late_percent: u64,
    queue: BTreeMap<(Micros, u64), Event>,
    numbers: u64,
    /// Last arrival by connection and direction: a connection keeps order.
    arrivals: BTreeMap<(Connection, bool), Micros>,
    /// The same for requests to the log, by process.
    log_arrivals: BTreeMap<usize, Micros>,
    /// Connections on which something was lost: nothing arrives any more.
    broken: BTreeSet<Connection>,
    pub(crate) service_down: bool,
    pub(crate) log_down: bool,
    /// Processes cut off from the service.
    pub(crate) cut_from_service: BTreeSet<usize>,
    /// Processes cut off from the log.
    pub(crate) cut_from_log: BTreeSet<usize>,
    /// Lines of the run, if wanted.
    pub(crate) trace: Option<Vec<String>>,
}

impl Net {
    pub(crate) fn new(random: Random, trace: bool) -> Self {
        Self {
            now: 0,
            random,
            late_percent: 1,
            queue: BTreeMap::new(),
            numbers: 0,
            arrivals: BTreeMap::new(),
            log_arrivals: BTreeMap::new(),
            broken: BTreeSet::new(),
            service_down: false,
            log_down: false,
            cut_from_service: BTreeSet::new(),
            cut_from_log: BTreeSet::new(),
            trace: trace.then(Vec::new),
        }
    }

    /// A number that was never given before.
    pub(crate) fn number(&mut self) -> u64 {
        self.numbers += 1;
        self.numbers
    }

    pub(crate) fn schedule(&mut self, at: Micros, event: Event) {
        let number = self.number();
        self.queue.insert((at.max(self.now), number), event);
    }

    /// The next event; time goes on to it.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let ((at, _), event) = self.queue.pop_first()?;
        self.now = at;
        Some(event)
    }

    /// How long a message takes: mostly little, sometimes long.
    pub(crate) fn latency(&mut self) -> Micros {
        let (kind, late) = (self.random.within(0, 100), self.late_percent);
        if kind < late {
            self.random.within(30_000, 250_000)
        } else if kind < late + 10 {
            self.random.within(3_000, 30_000)
        } else {
            self.random.within(200, 3_000)
        }
    }

    /// Sends something over a connection of `process` with the service, in order with what went before.
    pub(crate) fn send(&mut self, connection: Connection, process: usize, up: bool, event: Event) {
        if self.is_cut(connection, process) {
            self.broken.insert(connection);
            return;
        }
        let at = self.now + self.latency();
        let last = self.arrivals.entry((connection, up)).or_default();
        let at = at.max(*last + 1);
        *last = at;
        self.schedule(at, event);
    }

    /// Sends a request to the log, in order with those that the process sent before.
    pub(crate) fn send_to_log(&mut self, from: usize, life: u32, token: u64, request: LogRequest) {
        if self.is_log_away(from) {
            return;
        }
        let at = self.now + self.latency();
        let last = self.log_arrivals.entry(from).or_default();
        let at = at.max(*last + 1);
        *last = at;
        self.schedule(at, Event::Log { from, life, token, request });
    }

    /// Whether what arrives over the connection at this moment is lost. Then it is broken.
    pub(crate) fn loses(&mut self, connection: Connection, process: usize) -> bool {
        let lost = self.is_cut(connection, process);
        if lost {
            self.broken.insert(connection);
        }
        lost
    }

    fn is_cut(&self, connection: Connection, process: usize) -> bool {
        self.service_down || self.cut_from_service.contains(&process) || self.broken.contains(&connection)
    }

    /// Breaks a connection.
    pub(crate) fn break_off(&mut self, connection: Connection) {
        self.broken.insert(connection);
    }

    /// Whether a process cannot reach the log.
    pub(crate) fn is_log_away(&self, process: usize) -> bool {
        self.log_down || self.cut_from_log.contains(&process)
    }

    pub(crate) fn tell(&mut self, line: impl FnOnce() -> String) {
        if let Some(lines) = &mut self.trace {
            let (seconds, micros) = (self.now / 1_000_000, self.now % 1_000_000);
            lines.push(format!("{seconds:3}.{micros:06} {}", line()));
        }
    }
}
