//! Properties of a failover connector (connectors-adapters 2.2; failover-and-server 1.2 to 1.4; design.md 7).

use tidegate_event::StreamId;
use tidegate_host::{ConnectorError, ConnectorSetup};
use tidegate_kafka::Settings;

use super::super::options::{client_settings, refused};

/// How output is made exactly once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExactlyOnce {
    /// Fenced transactional producer; readers that read committed records see each output once.
    Transactions,
    /// Idempotent producer and the id of each record; readers that drop ids they know see each output once.
    Ids,
    /// As ESP: nothing but the resume point.
    None,
}

/// The group when `failovergroup` is not given.
const DEFAULT_GROUP: &str = "ESP";
/// Bytes in spill files when `spillmax` is not given.
const DEFAULT_SPILL: u64 = 1 << 30;
/// Records in memory when `numbufferedmsgs` is not given.
const DEFAULT_BUFFERED: usize = 10_000;

/// What the properties of a failover connector say.
#[derive(Debug, Clone)]
pub(super) struct FailoverOptions {
    pub(super) zookeeper: String,
    pub(super) group: String,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// Whether the partition was named.
    pub(super) partition_given: bool,
    pub(super) epoch: String,
    pub(super) exactly_once: ExactlyOnce,
    pub(super) buffered: usize,
    pub(super) spill_max: u64,
}

impl FailoverOptions {
    /// Reads and checks the properties.
    ///
    /// # Errors
    /// When one is missing, or cannot be right; the error names it.
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        if let Some(group) = setup.get("kafkaconsumergroupid") {
            return Err(setup.invalid("kafkaconsumergroupid", group, "absent with hotfailover=true"));
        }
        let partition = setup.number::<i32>("kafkapartition", -1)?.unwrap_or(0);
        if partition < 0 {
            return Err(setup.invalid("kafkapartition", "-1", "one partition with hotfailover=true"));
        }
        let exactly_once = match setup.get("exactlyonce") {
            None | Some("transactions") => ExactlyOnce::Transactions,
            Some("ids") => ExactlyOnce::Ids,
            Some("none") => ExactlyOnce::None,
            Some(other) => return Err(setup.invalid("exactlyonce", other, "transactions, ids or none")),
        };
        Ok(Self {
            zookeeper: setup.required("zookeeperhostport")?.to_owned(),
            group: setup.get("failovergroup").unwrap_or(DEFAULT_GROUP).trim_matches('/').to_owned(),
            topic: setup.required("kafkatopic")?.to_owned(),
            partition,
            partition_given: setup.properties.contains_key("kafkapartition"),
            epoch: setup.get("streamepoch").unwrap_or_default().to_owned(),
            exactly_once,
            buffered: setup.number("numbufferedmsgs", 1)?.unwrap_or(DEFAULT_BUFFERED),
            spill_max: setup.number("spillmax", 0)?.unwrap_or(DEFAULT_SPILL),
        })
    }

    /// What the ids of the output belong to.
    pub(super) fn stream(&self) -> StreamId {
        StreamId::new(&self.group, &self.topic, &self.epoch)
    }

    /// Group, topic and partition: equal on all engines, whatever their projects are called.
    pub(super) fn transactional_id(&self) -> String {
        format!("{}.{}.{}", self.group, self.topic, self.partition)
    }
}

/// The client settings, without those that contradict exactly-once output (design.md 7).
///
/// # Errors
/// When one does, or cannot be right; the error names it.
pub(super) fn settings(setup: &ConnectorSetup) -> Result<Settings, ConnectorError> {
    let settings = client_settings(setup)?;
    settings.refuse(REFUSED).map_err(refused)?;
    Ok(settings)
}

const CHOSEN: &str = "no value of its own: the property exactlyonce decides";

/// What the property `exactlyonce` decides.
const REFUSED: &[(&str, &str)] = &[
    ("acks", CHOSEN),
    ("request.required.acks", CHOSEN),
    ("enable.idempotence", CHOSEN),
    ("enable.gapless.guarantee", CHOSEN),
    ("isolation.level", CHOSEN),
    ("transactional.id", CHOSEN),
    ("transaction.timeout.ms", CHOSEN),
    ("message.timeout.ms", CHOSEN),
    ("delivery.timeout.ms", CHOSEN),
    ("max.in.flight", CHOSEN),
    ("max.in.flight.requests.per.connection", CHOSEN),
    ("message.send.max.retries", CHOSEN),
    ("retries", CHOSEN),
    ("queuing.strategy", CHOSEN),
];
