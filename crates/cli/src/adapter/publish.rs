//! From a file into the inbound topic of a window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_client::DataTopic;
use tidegate_codec::EncodeOptions;
use tidegate_codec::binary::BinaryEncoder;
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, MessageId, Schema};
use tidegate_kafka::{Delivered, OutRecord, PlainOptions, PlainProducer, SendError};

use super::bus::Bus;
use super::error::AdapterError;
use super::input::{Input, Next};
use super::options::{Options, PublishOptions};
use super::stop::Stop;

/// How long records may wait for others to be sent with.
const LINGER: Duration = Duration::from_millis(2);
/// Event blocks that Kafka has not acknowledged, at most.
const IN_FLIGHT_MAX: usize = 10_000;
/// How long one wait may take.
const SLICE: Duration = Duration::from_millis(5);
/// How often progress is told.
const PROGRESS: Duration = Duration::from_secs(10);
/// How long to wait for acknowledgements after a stop was asked for.
const STOP_TIME: Duration = Duration::from_secs(10);
/// How often a growing file is looked at.
const GROW_PAUSE: Duration = Duration::from_millis(100);

/// Publishes until the input ends or a stop is asked for, and waits for the acknowledgements.
pub(super) fn run(options: &Options, job: &PublishOptions, stop: &Stop) -> Result<(), AdapterError> {
    let bus = Bus::new(&options.bus, &options.url)?;
    // A missing file is told before anything is waited for.
    std::fs::metadata(&options.path).map_err(|cause| AdapterError::File {
        what: "open",
        path: options.path.clone(),
        cause,
    })?;
    let topic = DataTopic::Inbound.name(&options.url).unwrap_or_default();
    let Some(schema) = bus.schema(&options.url, stop)? else { return Ok(()) };
    if bus.ensure_partition(&topic, stop)?.is_none() {
        return Ok(());
    }
    let mut input = Input::open(&options.path, options.format, job, Arc::clone(&schema))?;
    let mut sender = Sender::new(&bus, topic, &schema)?;
    let mut pace = Pace { started: Instant::now(), events: 0, rate: job.rate };
    let read = sender.send_all(&mut input, &mut pace, stop);
    // What was sent counts, however the reading has ended.
    let acknowledged = sender.wait_for_acknowledgements(stop);
    tracing::info!(
        "{} event(s) in {} event block(s) published to topic '{}', {} line(s) left out",
        pace.events,
        sender.blocks,
        sender.topic,
        input.left_out
    );
    read.and(acknowledged)
}

/// What became of the records.
#[derive(Default)]
struct Outcome {
    failed: Option<String>,
}

/// Sends blocks, one record each.
struct Sender {
    producer: PlainProducer,
    outcome: Arc<Mutex<Outcome>>,
    encoder: BinaryEncoder,
    topic: String,
    partition: i32,
    /// Event blocks sent; each has the number as its client id, from 1.
    blocks: i64,
    bytes: Vec<u8>,
    told: Instant,
}

impl Sender {
    fn new(bus: &Bus<'_>, topic: String, schema: &Schema) -> Result<Self, AdapterError> {
        let outcome = Arc::<Mutex<Outcome>>::default();
        let reported = Arc::clone(&outcome);
        let options = PlainOptions { gapless: true, linger: LINGER };
        let producer =
            PlainProducer::new(&bus.options.settings, options, bus.events.clone(), move |delivery| {
                if let Delivered::Failed(text) = delivery.outcome {
                    reported.lock().failed.get_or_insert(text);
                }
            })?;
        Ok(Self {
            producer,
            outcome,
            encoder: BinaryEncoder::new(schema, EncodeOptions::default()),
            topic,
            partition: bus.options.partition,
            blocks: 0,
            bytes: Vec::new(),
            told: Instant::now(),
        })
    }

    fn send_all(&mut self, input: &mut Input<'_>, pace: &mut Pace, stop: &Stop) -> Result<(), AdapterError> {
        while !stop.requested() {
            match input.next()? {
                Next::End => return Ok(()),
                Next::Waiting => self.serve(GROW_PAUSE, pace)?,
                Next::Block(kind, block) => {
                    while let Some(wait) = pace.wait() {
                        if stop.requested() {
                            return Ok(());
                        }
                        self.serve(wait.min(SLICE), pace)?;
                    }
                    if !self.send(kind, &block, pace, stop)? {
                        return Ok(());
                    }
                    pace.events += block.len() as u64;
                    self.serve(Duration::ZERO, pace)?;
                }
            }
        }
        Ok(())
    }

    /// Answers false when a stop was asked for before there was room.
    fn send(
        &mut self,
        kind: BlockKind,
        block: &EventBlock,
        pace: &Pace,
        stop: &Stop,
    ) -> Result<bool, AdapterError> {
        let client = self.blocks + 1;
        let id = MessageId { client, ..MessageId::default() };
        self.bytes.clear();
        self.encoder.encode_block(&BlockHeader { kind, id, time: EngineTime::UNSET }, block, &mut self.bytes);
        while !stop.requested() {
            if self.producer.in_flight() >= IN_FLIGHT_MAX {
                self.serve(SLICE, pace)?;
                continue;
            }
            let record = OutRecord {
                topic: &self.topic,
                partition: Some(self.partition),
                key: None,
                payload: &self.bytes,
                headers: &[],
                timestamp_millis: None,
            };
            match self.producer.send(&record, client.unsigned_abs()) {
                Ok(()) => {
                    self.blocks = client;
                    return Ok(true);
                }
                Err(SendError::QueueFull) => self.serve(SLICE, pace)?,
                Err(error) => return Err(self.not_written(error.to_string())),
            }
        }
        Ok(false)
    }

    /// Takes delivery reports, for at most `time`.
    fn serve(&mut self, time: Duration, pace: &Pace) -> Result<(), AdapterError> {
        self.producer.poll(time);
        if self.told.elapsed() >= PROGRESS {
            self.told = Instant::now();
            tracing::info!(
                "{} event(s) published, {:.0} per second, {} event block(s) not acknowledged yet",
                pace.events,
                pace.events as f64 / pace.started.elapsed().as_secs_f64(),
                self.producer.in_flight()
            );
        }
        self.check()
    }

    fn check(&self) -> Result<(), AdapterError> {
        let failed = self.outcome.lock().failed.clone().or_else(|| self.producer.fatal_error());
        failed.map_or(Ok(()), |text| Err(self.not_written(text)))
    }

    fn wait_for_acknowledgements(&mut self, stop: &Stop) -> Result<(), AdapterError> {
        let mut stopped = None;
        loop {
            self.check()?;
            let left = self.producer.in_flight();
            if left == 0 {
                return Ok(());
            }
            if stop.requested() && stopped.get_or_insert_with(Instant::now).elapsed() >= STOP_TIME {
                return Err(AdapterError::NotAcknowledged(left));
            }
            self.producer.poll(SLICE);
        }
    }

    fn not_written(&self, text: String) -> AdapterError {
        AdapterError::NotWritten { topic: self.topic.clone(), text }
    }
}

/// Keeps to a number of events per second: a block is due when the events before it have had their time, so that a
/// delay is made up for.
struct Pace {
    started: Instant,
    events: u64,
    rate: u64,
}

impl Pace {
    /// How long the next block must wait, if it must.
    fn wait(&self) -> Option<Duration> {
        if self.rate == 0 {
            return None;
        }
        let due = Duration::from_secs_f64(self.events as f64 / self.rate as f64);
        Some(due.saturating_sub(self.started.elapsed())).filter(|wait| !wait.is_zero())
    }
}
