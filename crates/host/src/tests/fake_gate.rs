//! A gate that writes down what it is given, its connector, and a publisher of log records.

use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tidegate_engine::state::{Frozen, StateError, StateReader, StateWriter};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock};

use super::harness::{events, row};
use crate::*;

/// The gates by `project/window`.
static GATES: Mutex<BTreeMap<String, Arc<Gate>>> = Mutex::new(BTreeMap::new());

/// Lines that tell what it was given.
#[derive(Debug, Default, Clone)]
pub(super) struct Gate(Arc<Mutex<Vec<String>>>);

impl Gate {
    pub(super) fn made(setup: &ConnectorSetup) -> Arc<dyn OutputGate> {
        let gate = Arc::new(Self::default());
        GATES.lock().insert(format!("{}/{}", setup.project, setup.window), Arc::clone(&gate));
        gate
    }

    pub(super) fn of(path: &str) -> Arc<Self> {
        Arc::clone(&GATES.lock()[path])
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.0.lock().clone()
    }

    pub(super) fn forget(&self) {
        self.0.lock().clear();
    }
}

impl OutputGate for Gate {
    fn emitted(&self, header: &BlockHeader, block: &Arc<EventBlock>) {
        let (id, time) = (header.id, header.time.micros());
        let lines = events(block).into_iter().map(|event| format!("{}:{} {time} {event}", id.input, id.sub));
        self.0.lock().extend(lines);
    }

    fn step_ended(&self, input: i64, time: EngineTime) {
        self.0.lock().push(format!("end {input} {}", time.micros()));
    }

    fn freeze(&self) -> Box<dyn Frozen> {
        let mut state = Vec::new();
        state.put_bytes(self.lines().join("\n").as_bytes()).unwrap();
        Box::new(state)
    }

    fn load(&self, from: &mut dyn StateReader) -> Result<Box<dyn FnOnce() + Send>, StateError> {
        let mut bytes = Vec::new();
        from.get_bytes(1 << 20, &mut bytes)?;
        let lines = String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect();
        let this = self.clone();
        Ok(Box::new(move || *this.0.lock() = lines))
    }

    fn reset(&self, input: i64) {
        *self.0.lock() = vec![format!("reset {input}")];
    }

    fn status(&self) -> Option<FailoverStatus> {
        Some(FailoverStatus {
            group: "ESP".to_owned(),
            role: FailoverRole::Standby,
            lag: 0,
            in_sync: true,
            gate: self.lines().len() as u64,
            last_committed: None,
            lease_ms: 0,
            primary: false,
        })
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }

    fn close(&self) {}
}

/// Does nothing until it is to stop.
pub(super) struct Idle;

impl GatedConnector for Idle {
    fn start(&mut self, gated: &Gated) -> Result<(), ConnectorError> {
        gated.gate().into_any().downcast::<Gate>().map(drop).map_err(|_| ConnectorError::AlreadyStarted)
    }

    fn run(&mut self, gated: &mut Gated) -> Result<(), ConnectorError> {
        while !gated.pause(Duration::from_secs(60)) {}
        Ok(())
    }
}

/// Publishes records `offset@time:key+key`, from the place where it stood.
pub(super) struct Log(pub(super) String);

impl PublisherConnector for Log {
    fn start(&mut self, _: &Publisher) -> Result<(), ConnectorError> {
        Ok(())
    }

    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        let from = publisher.resume_from().map_or(0, |position| position.numbers[0]);
        for record in self.0.split_whitespace() {
            let (id, rest) = record.split_once('@').unwrap();
            let (time, keys) = rest.split_once(':').unwrap();
            let id: i64 = id.parse().unwrap();
            if id < from {
                continue;
            }
            let block = |key: &str| StepBlock {
                kind: BlockKind::Normal,
                client: 0,
                block: row(publisher.schema(), key.parse().unwrap(), 0),
            };
            let step = InputStep {
                id: Some(id),
                time: StepTime::Log(time.parse().ok().map(EngineTime::from_micros)),
                blocks: keys.split('+').filter(|key| !key.is_empty()).map(block).collect(),
            };
            if publisher.inject_step(step, SourcePosition::new([id + 1, 0, 0, 0])).is_err() {
                return Ok(PublishEnd::Stopped);
            }
        }
        Ok(PublishEnd::Finished)
    }
}
