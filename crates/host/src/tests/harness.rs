//! A host with a connector class that needs no outside world.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_event::{BlockKind, EventBlock, Flags, Opcode, RowBatch, Schema};
use tidegate_model::{ClassSpec, Direction, ParamSpec};

use super::fake_gate;
use crate::*;

/// What subscribers of the class `memory` were given, by their property `to`: one entry for each event, `key=value`.
static WRITTEN: Mutex<BTreeMap<String, Vec<String>>> = Mutex::new(BTreeMap::new());

/// What was written to `to` so far.
pub(super) fn written(to: &str) -> Vec<String> {
    WRITTEN.lock().get(to).cloned().unwrap_or_default()
}

const fn param(name: &'static str, direction: Direction, default: Option<&'static str>) -> ParamSpec {
    ParamSpec { name, direction, required: false, default, allowed: &[], internal: false, doc: "For tests." }
}

static SPEC: ClassSpec = ClassSpec {
    name: "fs",
    params: &[
        param("count", Direction::Pub, Some("0")),
        param("endless", Direction::Pub, None),
        param("fail", Direction::Both, None),
        param("bad", Direction::Pub, None),
        param("log", Direction::Pub, None),
        param("hotfailover", Direction::Sub, None),
        param("to", Direction::Sub, None),
        param("hold", Direction::Sub, None),
        param("snapshot", Direction::Sub, Some("false")),
    ],
};

/// Publishes rows `(0, 0)`, `(1, 10)`, … or keeps what it is given; fails where it is told to.
#[derive(Debug)]
struct Memory;

pub(super) static CLASSES: &[&dyn ConnectorClass] = &[&Memory];

impl ConnectorClass for Memory {
    fn spec(&self) -> &'static ClassSpec {
        &SPEC
    }

    fn build(&self, setup: &ConnectorSetup) -> Result<Connector, ConnectorError> {
        let fail = setup.get("fail").unwrap_or_default().to_owned();
        Ok(match setup.direction {
            Direction::Sub if setup.flag("hotfailover")? => Connector::Gated(Box::new(fake_gate::Idle)),
            Direction::Pub if setup.get("log").is_some() => {
                Connector::Publisher(Box::new(fake_gate::Log(setup.required("log")?.to_owned())))
            }
            Direction::Sub => Connector::Subscriber(Box::new(Keep {
                to: setup.required("to")?.to_owned(),
                hold: setup.flag("hold")?,
                fail,
            })),
            _ => Connector::Publisher(Box::new(Count {
                next: 0,
                count: setup.number("count", 0)?.unwrap_or(0),
                endless: setup.flag("endless")?,
                bad: setup.flag("bad")?,
                fail,
            })),
        })
    }

    fn gate(&self, setup: &ConnectorSetup) -> Result<Option<Arc<dyn OutputGate>>, ConnectorError> {
        Ok(setup.flag("hotfailover")?.then(|| fake_gate::Gate::made(setup)))
    }

    fn input_kind(&self, setup: &ConnectorSetup) -> InputKind {
        let log = setup.get("log").is_some();
        if log { InputKind::OrderedLog { topic: "t".to_owned(), partition: 0 } } else { InputKind::Other }
    }
}

struct Count {
    next: i64,
    count: i64,
    endless: bool,
    bad: bool,
    fail: String,
}

impl PublisherConnector for Count {
    fn start(&mut self, publisher: &Publisher) -> Result<(), ConnectorError> {
        if self.fail == "start" {
            return Err(ConnectorError::Other("told to fail".to_owned()));
        }
        self.next = publisher.resume_from().map_or(0, |position| position.numbers[0]);
        Ok(())
    }

    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        if self.bad {
            publisher.bad_line(b"i,n,x,1", &"not a number");
        }
        while self.next < self.count || self.endless {
            match self.fail.as_str() {
                "run" => return Err(ConnectorError::Other("told to fail".to_owned())),
                "panic" => panic!("told to panic"),
                _ => {}
            }
            let block = row(publisher.schema(), self.next, self.next * 10);
            let position = SourcePosition::new([self.next + 1, 0, 0, 0]);
            if publisher.inject(BlockKind::Normal, 0, block, Some(position)).is_err() {
                return Ok(PublishEnd::Stopped);
            }
            self.next += 1;
        }
        Ok(PublishEnd::Finished)
    }
}

struct Keep {
    to: String,
    hold: bool,
    fail: String,
}

impl SubscriberConnector for Keep {
    fn start(&mut self, _: &Subscriber) -> Result<(), ConnectorError> {
        if self.fail == "start" { Err(ConnectorError::Other("told to fail".to_owned())) } else { Ok(()) }
    }

    fn run(&mut self, subscriber: &mut Subscriber) -> Result<(), ConnectorError> {
        while self.hold && written("release").is_empty() {
            std::thread::yield_now();
        }
        loop {
            match subscriber.receive(Duration::from_secs(1)) {
                Received::Block(delivery) => {
                    WRITTEN.lock().entry(self.to.clone()).or_default().extend(events(&delivery.block));
                }
                Received::Idle => {}
                Received::End => return Ok(()),
            }
        }
    }
}

/// A block with one insert of `(key, value)`.
pub(super) fn row(schema: &Schema, key: i64, value: i64) -> EventBlock {
    let mut rows = RowBatch::new(schema.layout());
    let mut row = rows.push();
    row.set_int(0, key);
    row.set_int(1, value);
    let mut block = EventBlock::new(Arc::new(rows), Vec::new());
    block.push(Opcode::Insert, Flags::NORMAL, 0);
    block
}

/// `OPCODE key=value` for each event.
pub(super) fn events(block: &EventBlock) -> Vec<String> {
    let value = |event: &tidegate_event::Event<'_>, field: usize| match event.row.values().nth(field) {
        Some(tidegate_event::Value::Int64(number)) => number.to_string(),
        other => format!("{other:?}"),
    };
    block.iter().map(|event| format!("{} {}={}", event.opcode, value(&event, 0), value(&event, 1))).collect()
}

/// A host whose clock stands at 2000 s.
pub(super) fn host() -> (Host, Arc<ManualClock>) {
    host_with(BadEvents::nowhere(), 64)
}

pub(super) fn host_with(bad_events: BadEvents, queue_blocks: usize) -> (Host, Arc<ManualClock>) {
    let (config, clock) = config(bad_events, queue_blocks);
    (Host::new(config), clock)
}

pub(super) fn config(bad_events: BadEvents, queue_blocks: usize) -> (HostConfig, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new(2_000_000_000));
    let config = HostConfig {
        registry: Registry { engine: tidegate_engine::Registry::ENGINE, connectors: CLASSES },
        tokens: tidegate_model::Tokens::default(),
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        bad_events,
        queue_blocks,
        allow_unsupported: false,
        date_format: None,
    };
    (config, clock)
}

/// A model with a source `in`, a copy `last` that keeps 3 rows, and these connectors on them.
pub(super) fn model(source: &str, copy: &str, orchestration: &str) -> String {
    format!(
        r#"<project name="p" threads="1" pubsub="auto" heartbeat-interval="1">
          <contqueries><contquery name="cq"><windows>
            <window-source name="in" index="pi_HASH"><schema><fields>
              <field name="id" type="int64" key="true"/><field name="v" type="int64"/></fields></schema>
              <connectors>{source}</connectors></window-source>
            <window-copy name="last" index="pi_HASH"><retention type="bycount_sliding">3</retention>
              <connectors>{copy}</connectors></window-copy>
          </windows><edges><edge source="in" target="last"/></edges></contquery></contqueries>{orchestration}
        </project>"#
    )
}

/// A connector element.
pub(super) fn connector(name: &str, ty: &str, properties: &[(&str, &str)]) -> String {
    let properties: String = properties
        .iter()
        .map(|(name, value)| format!(r#"<property name="{name}">{value}</property>"#))
        .collect();
    format!(
        r#"<connector class="fs" name="{name}"><properties><property name="type">{ty}</property>{properties}</properties></connector>"#
    )
}

/// Waits until `done`, a minute at most.
#[track_caller]
pub(super) fn wait_until(mut done: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < until, "waited in vain");
        std::thread::yield_now();
    }
}

/// The state of a connector.
pub(super) fn state_of(project: &Project, connector: &str) -> ConnectorState {
    project.connectors().into_iter().find(|c| c.name == connector).unwrap().state
}

/// Lets go the subscribers that hold.
pub(super) fn release() {
    WRITTEN.lock().entry("release".to_owned()).or_default().push(String::new());
}
