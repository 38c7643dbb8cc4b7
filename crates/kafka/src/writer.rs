//! Writing without transactions.

use std::fmt;
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{DeliveryResult, Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext, PurgeConfig};

use crate::error::{KafkaFailure, SendError, is_fence, words};
use crate::events::Events;
use crate::settings::Settings;

/// A record to be written.
#[derive(Debug, Clone, Copy)]
pub struct OutRecord<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition; none lets the partitioner choose.
    pub partition: Option<i32>,
    /// The key.
    pub key: Option<&'a [u8]>,
    /// The content.
    pub payload: &'a [u8],
    /// The headers in order.
    pub headers: &'a [(&'a str, &'a [u8])],
    /// The time in milliseconds since 1970-01-01 UTC; none takes the clock of this machine.
    pub timestamp_millis: Option<i64>,
}

/// What became of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivered {
    /// It is in the topic, at this offset.
    At(i64),
    /// It was taken back by [`PlainProducer::purge`] or an abort; it may be in the topic all the same.
    Purged,
    /// It is not in the topic, or it is not known whether it is.
    Failed(String),
}

/// A delivery report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The number that was given with the record.
    pub opaque: u64,
    /// What became of it.
    pub outcome: Delivered,
}

/// Called for each record from within `poll`, in the order in which records became final.
pub(crate) type OnDelivery = Box<dyn Fn(Delivery) + Send + Sync>;

/// Events of a producer: those of its place, and delivery reports.
pub(crate) struct ProducerEvents {
    events: Events,
    on_delivery: OnDelivery,
}

impl ProducerEvents {
    pub(crate) fn new(events: Events, on_delivery: OnDelivery) -> Self {
        Self { events, on_delivery }
    }
}

impl ClientContext for ProducerEvents {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.events.log(level, facility, message);
    }

    fn stats_raw(&self, _: &[u8]) {}

    fn error(&self, error: KafkaError, reason: &str) {
        self.events.error(error, reason);
    }
}

impl ProducerContext for ProducerEvents {
    type DeliveryOpaque = usize;

    fn delivery(&self, result: &DeliveryResult<'_>, opaque: usize) {
        let outcome = match result {
            Ok(message) => {
                self.events.answered();
                Delivered::At(message.offset())
            }
            Err((error, _)) => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::PurgeQueue | RDKafkaErrorCode::PurgeInflight) => Delivered::Purged,
                _ => Delivered::Failed(words(error)),
            },
        };
        (self.on_delivery)(Delivery { opaque: opaque as u64, outcome });
    }
}

/// How a plain producer writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlainOptions {
    /// Never leave a gap: a record that cannot be written ends the producer (`enable.gapless.guarantee`).
    pub gapless: bool,
    /// The partitioner may put records into other partitions than the caller; only for `kafkapartition=-1`.
    pub linger: Duration,
}

/// An idempotent producer. It retries for ever; records of a partition are written in the order of `send`, once.
/// Dropping it takes back what is not written and may wait half a second.
pub struct PlainProducer {
    producer: BaseProducer<ProducerEvents>,
    events: Events,
}

impl PlainProducer {
    /// A producer; nothing is waited for. `on_delivery` is called from within [`poll`](Self::poll).
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(
        settings: &Settings,
        options: PlainOptions,
        events: Events,
        on_delivery: impl Fn(Delivery) + Send + Sync + 'static,
    ) -> Result<Self, KafkaFailure> {
        let linger = options.linger.as_millis().to_string();
        let gapless = options.gapless.to_string();
        let defaults = [("linger.ms", linger.as_str())];
        let fixed = [
            ("enable.idempotence", "true"),
            ("enable.gapless.guarantee", gapless.as_str()),
            ("message.timeout.ms", "0"),
        ];
        let context = ProducerEvents::new(events.clone(), Box::new(on_delivery));
        let producer = settings.client(&defaults, &fixed).create_with_context(context);
        let producer = producer.map_err(|error| KafkaFailure::new("cannot make a producer", &error))?;
        Ok(Self { producer, events })
    }

    /// Takes a record for writing; its delivery report carries `opaque`.
    ///
    /// # Errors
    /// When it was not taken; then there is no report.
    pub fn send(&self, record: &OutRecord<'_>, opaque: u64) -> Result<(), SendError> {
        send(&self.producer, record, opaque)
    }

    /// Gives out delivery reports, waiting at most `time` for the first.
    pub fn poll(&self, time: Duration) {
        self.producer.poll(time);
        probe(&self.producer, &self.events);
    }

    /// Records taken and not reported yet.
    pub fn in_flight(&self) -> usize {
        usize::try_from(self.producer.in_flight_count()).unwrap_or(0)
    }

    /// Takes back everything that is not written; each record is reported. One that is on its way may still be
    /// written.
    pub fn purge(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
    }

    /// Why it can write no more, if so.
    pub fn fatal_error(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(_, text)| text)
    }
}

impl fmt::Debug for PlainProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PlainProducer").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}

/// Asks for something when nothing that was sent can be answered.
pub(crate) fn probe(producer: &BaseProducer<ProducerEvents>, events: &Events) {
    events.probe(|time| producer.client().fetch_metadata(None, time).map(|_| ()));
}

pub(crate) fn send(
    producer: &BaseProducer<ProducerEvents>,
    record: &OutRecord<'_>,
    opaque: u64,
) -> Result<(), SendError> {
    let opaque = usize::try_from(opaque).expect("numbers of records fit into a pointer on 64-bit machines");
    let mut out = BaseRecord::with_opaque_to(record.topic, opaque).payload(record.payload);
    if let Some(key) = record.key {
        out = out.key(key);
    }
    if let Some(partition) = record.partition {
        out = out.partition(partition);
    }
    if let Some(millis) = record.timestamp_millis {
        out = out.timestamp(millis);
    }
    if !record.headers.is_empty() {
        let headers = OwnedHeaders::new_with_capacity(record.headers.len());
        out = out.headers(
            record
                .headers
                .iter()
                .fold(headers, |headers, &(key, value)| headers.insert(Header { key, value: Some(value) })),
        );
    }
    let Err((error, _)) = producer.send(out) else { return Ok(()) };
    Err(match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => SendError::QueueFull,
        Some(code) if is_fence(code) => SendError::Fenced(words(&error)),
        Some(RDKafkaErrorCode::Fatal) => match producer.client().fatal_error() {
            Some((code, text)) if is_fence(code) => SendError::Fenced(text),
            Some((_, text)) => SendError::Fatal(text),
            None => SendError::Fatal(words(&error)),
        },
        _ => SendError::Refused(words(&error)),
    })
}
