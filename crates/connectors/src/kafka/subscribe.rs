//! Writing what a window emits to a topic, without failover.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_event::{BlockKind, OutputId, StreamId, TaggedId};
use tidegate_host::{ConnectorError, ConnectorSetup, Delivery, Received, Subscriber, SubscriberConnector};
use tidegate_kafka::{Delivered, Events, OutRecord, PlainOptions, PlainProducer, SendError};

use super::options::{Common, place, refused};
use super::record::RecordEncoder;

/// A subscriber into a topic.
pub(super) struct KafkaSubscriber {
    common: Common,
    encoder: RecordEncoder,
    in_flight_max: usize,
    /// The stream of the records' ids, when ids are offsets.
    stream: Option<StreamId>,
    events: Events,
    producer: Option<PlainProducer>,
    failed: Failed,
    payloads: u64,
}

/// The first record that could not be written.
type Failed = Arc<Mutex<Option<String>>>;

/// How long to wait for a block before serving the client.
const IDLE: Duration = Duration::from_millis(20);
/// How long to wait for room or for reports.
const SLICE: Duration = Duration::from_millis(5);
/// How long a stop waits for what is on its way.
const FLUSH: Duration = Duration::from_secs(5);
/// `linger.ms` unless the user sets it.
const LINGER: Duration = Duration::from_millis(1);

impl KafkaSubscriber {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        if let Some(way @ ("transactions" | "ids")) = setup.get("exactlyonce") {
            return Err(setup.invalid("exactlyonce", way, "none, without hotfailover"));
        }
        let common = Common::new(setup)?;
        let own =
            ["enable.idempotence", "enable.gapless.guarantee", "message.timeout.ms", "transactional.id"];
        common.settings.refuse(&own.map(|key| (key, "the connector sets it itself"))).map_err(refused)?;
        let stream = StreamId::new(
            setup.get("failovergroup").unwrap_or("ESP"),
            &common.topic,
            setup.get("streamepoch").unwrap_or_default(),
        );
        Ok(Self {
            encoder: RecordEncoder::new(setup)?,
            in_flight_max: setup.number("numbufferedmsgs", 1)?.unwrap_or(10_000),
            stream: setup.offset_ids.then_some(stream),
            events: Events::new(place(setup)),
            producer: None,
            failed: Failed::default(),
            payloads: 0,
            common,
        })
    }

    fn write(
        &mut self,
        producer: &PlainProducer,
        delivery: &Delivery,
        subscriber: &Subscriber,
    ) -> Result<(), ConnectorError> {
        let Delivery { header, block } = delivery;
        let timestamp_millis = header.time.is_set().then(|| header.time.micros().div_euclid(1000));
        let is_live = matches!(header.kind, BlockKind::Normal | BlockKind::Transactional);
        for record in self.encoder.encode(header, block) {
            let tag = self
                .stream
                .filter(|_| is_live)
                .map(|stream| TaggedId { stream, id: OutputId::new(header.id, record.part) }.to_string());
            let headers: Vec<(&str, &[u8])> =
                tag.iter().map(|tag| (TaggedId::HEADER, tag.as_bytes())).collect();
            let out = OutRecord {
                topic: &self.common.topic,
                partition: self.common.partition,
                key: None,
                payload: &record.payload,
                headers: &headers,
                timestamp_millis: timestamp_millis.filter(|&millis| millis >= 0),
            };
            while producer.in_flight() >= self.in_flight_max {
                producer.poll(SLICE);
                self.check()?;
                // No broker may ever make room.
                if subscriber.is_left_behind() {
                    return Err(self.unwritten(producer));
                }
            }
            self.payloads += 1;
            loop {
                match producer.send(&out, self.payloads) {
                    Ok(()) => break,
                    Err(SendError::QueueFull) if subscriber.is_left_behind() => {
                        return Err(self.unwritten(producer));
                    }
                    Err(SendError::QueueFull) => producer.poll(SLICE),
                    Err(error) => return Err(ConnectorError::Other(error.to_string())),
                }
                self.check()?;
            }
        }
        producer.poll(Duration::ZERO);
        self.check()
    }

    fn unwritten(&self, producer: &PlainProducer) -> ConnectorError {
        let (count, topic) = (producer.in_flight(), &self.common.topic);
        let text =
            format!("stopped with {count} records not written to topic '{topic}': no broker took them");
        ConnectorError::Other(text)
    }

    fn check(&self) -> Result<(), ConnectorError> {
        self.failed.lock().take().map_or(Ok(()), |text| Err(ConnectorError::Other(text)))
    }
}

impl SubscriberConnector for KafkaSubscriber {
    fn start(&mut self, _: &Subscriber) -> Result<(), ConnectorError> {
        let options = PlainOptions { gapless: true, linger: LINGER };
        let (failed, topic) = (Arc::clone(&self.failed), self.common.topic.clone());
        let on_delivery = move |delivery: tidegate_kafka::Delivery| {
            if let Delivered::Failed(text) = delivery.outcome {
                let mut failed = failed.lock();
                failed.get_or_insert_with(|| format!("a record was not written to topic '{topic}': {text}"));
            }
        };
        let producer = PlainProducer::new(&self.common.settings, options, self.events.clone(), on_delivery);
        self.producer = Some(producer.map_err(|error| ConnectorError::Other(error.to_string()))?);
        Ok(())
    }

    fn run(&mut self, subscriber: &mut Subscriber) -> Result<(), ConnectorError> {
        let Some(producer) = self.producer.take() else { return Ok(()) };
        loop {
            // With records on their way their reports are waited for a short while, else the next block is.
            let wait = if producer.in_flight() > 0 { Duration::from_millis(1) } else { IDLE };
            match subscriber.receive(wait) {
                Received::Block(delivery) => self.write(&producer, &delivery, subscriber)?,
                Received::Idle => {
                    producer.poll(Duration::ZERO);
                    self.check()?;
                }
                Received::End => break,
            }
        }
        let deadline = Instant::now() + FLUSH;
        while producer.in_flight() > 0 {
            if Instant::now() >= deadline {
                return Err(self.unwritten(&producer));
            }
            producer.poll(SLICE);
            self.check()?;
        }
        Ok(())
    }
}

impl fmt::Debug for KafkaSubscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KafkaSubscriber").field("common", &self.common).finish_non_exhaustive()
    }
}
