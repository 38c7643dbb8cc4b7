//! The output gate of a failover connector: what its window emits, encoded, until it is known to be committed.

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_engine::state::{Frozen, StateError, StateReader};
use tidegate_event::{BlockHeader, EngineTime, EventBlock, OutputId, TaggedId};
use tidegate_failover::{GateState, Held, OutputNo, Role};
use tidegate_host::{FailoverRole, FailoverStatus, OutputGate};

use super::super::input::Inputs;
use super::super::record::RecordEncoder;
use super::group::{Group, Port};
use super::messages;
use super::payload::{Payload, SpillFile};
use super::saved::{self, FrozenGate};

/// How long the project waits for room before it looks whether the gate was closed.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Bytes of one spill file.
const SPILL_FILE: u64 = 64 << 20;

/// Bounds of what a gate holds.
#[derive(Debug, Clone, Copy)]
pub(super) struct GateLimits {
    /// Records that are held in memory; the rest goes to files.
    pub(super) memory_records: usize,
    /// Bytes in files; beyond them the input waits.
    pub(super) spill_bytes: u64,
}

/// The gate of one failover connector.
pub(super) struct KafkaGate {
    pub(super) group: Arc<Group>,
    pub(super) output: OutputNo,
    pub(super) port: Arc<Port>,
    project: String,
    inputs: &'static Inputs,
    limits: GateLimits,
    encoder: Mutex<RecordEncoder>,
    spill: Mutex<Spill>,
    closed: AtomicBool,
    told_full: AtomicBool,
}

/// The files that records beyond the memory limit go to.
#[derive(Debug, Default)]
struct Spill {
    file: Option<Arc<SpillFile>>,
    /// Bytes in all files that hold a record still.
    bytes: Arc<AtomicU64>,
}

impl Spill {
    fn append(&mut self, bytes: &[u8]) -> std::io::Result<Payload> {
        let file = match &self.file {
            Some(file) if file.len() < SPILL_FILE => file,
            _ => self.file.insert(SpillFile::new(Arc::clone(&self.bytes))?),
        };
        file.append(bytes)
    }
}

impl KafkaGate {
    pub(super) fn new(
        group: Arc<Group>,
        output: OutputNo,
        port: Arc<Port>,
        project: &str,
        inputs: &'static Inputs,
        limits: GateLimits,
        encoder: RecordEncoder,
    ) -> Self {
        Self {
            group,
            output,
            port,
            project: project.to_owned(),
            inputs,
            limits,
            encoder: Mutex::new(encoder),
            spill: Mutex::default(),
            closed: AtomicBool::new(false),
            told_full: AtomicBool::new(false),
        }
    }

    /// Lets [`emitted`](OutputGate::emitted) wait again.
    pub(super) fn open(&self) {
        self.closed.store(false, Ordering::SeqCst);
    }

    /// Whether the project's publisher has begun to read its topic.
    pub(super) fn knows_input(&self) -> bool {
        self.inputs.get(&self.project).is_some()
    }

    /// The first input offset that does not exist yet; none when the brokers do not answer in `time`. Without a
    /// publisher nothing is known of the input, and nothing can be checked.
    pub(super) fn input_end(&self, time: Duration) -> Option<i64> {
        match self.inputs.get(&self.project) {
            Some(input) => input.query_end(time),
            None => Some(i64::MAX),
        }
    }

    /// The bytes in memory or, when the gate holds `held` records already, in a file.
    fn payload(&self, held: usize, bytes: &[u8]) -> Payload {
        if held < self.limits.memory_records {
            return Payload::Memory(bytes.into());
        }
        self.spill.lock().append(bytes).unwrap_or_else(|error| {
            messages::SPILL_FAILED.log(format_args!(
                "connector {} of {}: output beyond numbufferedmsgs cannot be written to a file: {error}",
                self.port.connector, self.port.window
            ));
            Payload::Memory(bytes.into())
        })
    }

    fn is_full(&self) -> bool {
        self.spill.lock().bytes.load(Ordering::SeqCst) >= self.limits.spill_bytes
    }

    /// Makes the project wait while the gate is full.
    fn wait_while_full(&self) {
        if !self.is_full() {
            return;
        }
        if !self.told_full.swap(true, Ordering::SeqCst) {
            messages::GATE_FULL.log(format_args!(
                "connector {} of {}: output cannot be written and spillmax is reached: input waits",
                self.port.connector, self.port.window
            ));
        }
        let enough = |held| held < self.limits.memory_records;
        while !self.closed.load(Ordering::SeqCst) && self.is_full() {
            if self.group.wait_for_room(self.output, LOOK_EVERY, enough) {
                break;
            }
        }
        if !self.is_full() && self.told_full.swap(false, Ordering::SeqCst) {
            messages::GATE_FULL.log(format_args!(
                "connector {} of {}: output is written again: input goes on",
                self.port.connector, self.port.window
            ));
        }
    }
}

/// Checksum of a record: of its bytes and the timestamp that it is written with.
pub(super) fn checksum(bytes: &[u8], millis: i64) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&millis.to_le_bytes());
    hasher.update(bytes);
    hasher.finalize()
}

/// The timestamp of a record of a step at this time, in milliseconds.
pub(super) fn timestamp(time: EngineTime) -> i64 {
    if time.is_set() { time.micros().div_euclid(1000) } else { 0 }
}

impl OutputGate for KafkaGate {
    fn emitted(&self, header: &BlockHeader, block: &Arc<EventBlock>) {
        let records = self.encoder.lock().encode(header, block);
        self.group.emit(self.output, |held, emit| {
            for (held, record) in (held..).zip(records) {
                emit(Held {
                    id: OutputId::new(header.id, record.part),
                    checksum: checksum(&record.payload, timestamp(header.time)),
                    time: header.time,
                    record: self.payload(held, &record.payload),
                });
            }
        });
    }

    fn step_ended(&self, input: i64, time: EngineTime) {
        self.group.step_ended(self.output, input, time);
        self.wait_while_full();
    }

    fn freeze(&self) -> Box<dyn Frozen> {
        Box::new(FrozenGate(self.group.read(|machine, _| machine.state(self.output))))
    }

    fn load(&self, from: &mut dyn StateReader) -> Result<Box<dyn FnOnce() + Send>, StateError> {
        let mut held = 0;
        let state = saved::read(from, |bytes| {
            held += 1;
            Ok(self.payload(held - 1, bytes))
        })?;
        let (group, output) = (Arc::clone(&self.group), self.output);
        Ok(Box::new(move || group.restore(output, state)))
    }

    fn reset(&self, input: i64) {
        // What the project's steps up to `input` have caused is lost to this gate.
        let state = GateState {
            low: Some(input.saturating_add(1)),
            committed: None,
            complete: Some((input, EngineTime::UNSET)),
            held: Vec::new(),
        };
        self.group.restore(self.output, state);
    }

    fn status(&self) -> Option<FailoverStatus> {
        let input = self.inputs.get(&self.project).inspect(|input| input.refresh());
        let lag = input.as_ref().map_or(0, |input| input.lag());
        let near = input.as_ref().is_none_or(|input| input.is_near_end());
        let (role, lease) = self.group.role();
        let (gate, last, in_sync) = self.group.read(|machine, _| {
            let gate = machine.gate(self.output);
            (gate.len(), gate.committed().map(|(id, _)| id), machine.is_in_sync(self.output))
        });
        Some(FailoverStatus {
            group: self.group.name().to_owned(),
            role: match role {
                Role::Active => FailoverRole::Active,
                Role::Standby => FailoverRole::Standby,
                Role::Held => FailoverRole::Held,
            },
            lag,
            in_sync: in_sync && near,
            gate: gate as u64,
            last_committed: last.map(|id| TaggedId { stream: self.port.stream, id }.to_string()),
            lease_ms: u64::try_from(lease.as_millis()).unwrap_or(u64::MAX),
            primary: role == Role::Active,
        })
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
    }
}

impl Drop for KafkaGate {
    fn drop(&mut self) {
        self.group.remove(self.output);
    }
}

impl fmt::Debug for KafkaGate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaGate")
            .field("group", &self.group)
            .field("port", &self.port)
            .finish_non_exhaustive()
    }
}
