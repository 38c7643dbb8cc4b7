//! Hot failover of a Kafka subscriber connector (design.md 7): this folder carries out what the machine of the
//! `failover` crate decides.
//!
//! - `group`: one machine per ZooKeeper address and group, shared by all failover connectors of the process;
//! - `coordinator`: its ZooKeeper session;
//! - `gate`: the output gate that the project feeds, with `payload` and `saved`;
//! - `write`: the producer, on the connector's thread;
//! - `follow`: the reader of the output topic, on a thread of its own.

mod coordinator;
mod follow;
mod gate;
mod group;
mod messages;
mod options;
mod payload;
mod saved;
mod write;

pub(crate) use group::Groups;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_event::TaggedId;
use tidegate_failover::{Failure, Input, Outcome};
use tidegate_host::{ConnectorError, ConnectorSetup, Gated, GatedConnector, OutputGate};
use tidegate_kafka::{Events, Settings};

use self::gate::{GateLimits, KafkaGate};
use self::group::Port;
use self::options::{ExactlyOnce, FailoverOptions, settings};
use self::write::Writer;
use super::input::Inputs;
use super::options::place;
use super::record::RecordEncoder;

/// How long the connector's thread waits for a command before it looks whether it is to stop.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How long the machine may take to release a connector that is to stop.
const RELEASE_TIME: Duration = Duration::from_secs(6);

/// Whether a subscriber connector takes part in a failover.
///
/// # Errors
/// When `hotfailover` is neither true nor false.
pub(super) fn is_wanted(setup: &ConnectorSetup) -> Result<bool, ConnectorError> {
    setup.flag("hotfailover")
}

/// The gate of a failover connector; made when its project is loaded.
///
/// # Errors
/// When a property cannot be right.
pub(super) fn gate(
    setup: &ConnectorSetup,
    groups: &Groups,
    inputs: &'static Inputs,
) -> Result<Arc<dyn OutputGate>, ConnectorError> {
    let options = FailoverOptions::new(setup)?;
    settings(setup)?;
    let encoder = RecordEncoder::new(setup)?;
    let group = groups.get(&options.zookeeper, &options.group).map_err(ConnectorError::NoThread)?;
    let port = Arc::new(Port::new(&setup.name, &setup.window_path(), &options));
    let whole_steps = options.exactly_once == ExactlyOnce::Transactions;
    let output = group.add(&setup.project, whole_steps, Arc::clone(&port));
    let limits = GateLimits { memory_records: options.buffered, spill_bytes: options.spill_max };
    Ok(Arc::new(KafkaGate::new(group, output, port, &setup.project, inputs, limits, encoder)))
}

/// A failover connector.
pub(super) struct FailoverConnector {
    options: FailoverOptions,
    settings: Settings,
    events: Events,
}

impl FailoverConnector {
    /// A connector with these properties.
    ///
    /// # Errors
    /// When one cannot be right.
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        Ok(Self {
            options: FailoverOptions::new(setup)?,
            settings: settings(setup)?,
            events: Events::new(place(setup)),
        })
    }
}

impl fmt::Debug for FailoverConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FailoverConnector").field("options", &self.options).finish_non_exhaustive()
    }
}

/// The gate that [`gate`] made.
fn gate_of(gated: &Gated) -> Result<Arc<KafkaGate>, ConnectorError> {
    let gate = gated.gate().into_any().downcast::<KafkaGate>();
    gate.map_err(|_| ConnectorError::Other("the connector has a gate of another class".to_owned()))
}

impl GatedConnector for FailoverConnector {
    fn start(&mut self, gated: &Gated) -> Result<(), ConnectorError> {
        let gate = gate_of(gated)?;
        if gated.setup().flag("snapshot")? {
            messages::SNAPSHOT_IGNORED.log(format_args!(
                "connector {} of {}: snapshot=true has no effect with hotfailover=true",
                gate.port.connector, gate.port.window
            ));
        }
        let ty = gated.setup().required("kafkatype")?;
        if !ty.eq_ignore_ascii_case("binary") {
            messages::IDS_IN_HEADER.log(format_args!(
                "connector {} of {}: kafkatype={ty} carries no message ids; they go into the record header {}",
                gate.port.connector,
                gate.port.window,
                TaggedId::HEADER
            ));
        }
        gate.group.start_output(gate.output).map_err(|other| {
            let allowed = format!("a topic and partition of its own; {other} writes it");
            gated.setup().invalid("kafkatopic", &self.options.topic, &allowed)
        })?;
        gate.open();
        Ok(())
    }

    fn run(&mut self, gated: &mut Gated) -> Result<(), ConnectorError> {
        let gate = gate_of(gated)?;
        let stop = gated.stop();
        std::thread::scope(|scope| {
            let mut writer = Writer::new(&gate, &self.options, &self.settings, &self.events, &stop);
            let follower = std::thread::Builder::new().name(format!("tail {}", self.options.topic));
            let follower = follower.spawn_scoped(scope, || {
                follow::run(&gate, &self.options, &self.settings, &self.events, &stop)
            });
            let ended = match follower {
                Ok(follower) => {
                    while !stop.is_requested() && !follower.is_finished() {
                        writer.work(LOOK_EVERY);
                    }
                    // It looks at the same signal.
                    let panicked = |_| ConnectorError::Other("internal error in the tail reader".to_owned());
                    follower.join().map_err(panicked).and_then(|ended| ended)
                }
                Err(error) => Err(ConnectorError::NoThread(error)),
            };
            // However it has ended: an engine that cannot write this output is no candidate.
            release(&gate, &mut writer);
            ended
        })
    }
}

/// Gives the output up, and with it the engine's candidate.
fn release(gate: &KafkaGate, writer: &mut Writer<'_>) {
    gate.group.handle(Input::Stop(gate.output));
    let until = Instant::now() + RELEASE_TIME;
    while Instant::now() < until && !writer.work(LOOK_EVERY) {
        while let Ok(unread) = gate.port.to_read.try_recv() {
            let outcome = Outcome::Failed(Failure::RoleLost);
            gate.group.handle(Input::Done { request: unread.request, outcome });
        }
    }
    writer.abandon();
    gate.port.set_running(false);
}
