//! Writing in transactions.

use std::fmt;
use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::producer::{BaseProducer, Producer, PurgeConfig};

use crate::error::{KafkaFailure, SendError, TransactionError, is_fence, words};
use crate::events::Events;
use crate::settings::Settings;
use crate::writer::{Delivery, OutRecord, ProducerEvents, probe, send};

/// How a transactional producer writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionOptions {
    /// `transactional.id`: a newer producer with the same one fences the older.
    pub id: String,
    /// `transaction.timeout.ms`: after so long without an end the broker aborts an open transaction.
    pub timeout: Duration,
    /// `linger.ms`.
    pub linger: Duration,
}

/// A transactional producer. [`init`](Self::init) comes first; until then no broker is told of it. Dropping it takes
/// back what is not written, waits until its threads have ended, and never commits.
pub struct TransactionalProducer {
    producer: BaseProducer<ProducerEvents>,
    events: Events,
}

/// Polling in short slices, because the last report ends the wait only when a poll returns.
const SLICE: Duration = Duration::from_millis(1);

impl TransactionalProducer {
    /// A producer; it connects, and nothing is waited for. `on_delivery` is called from within calls of it.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(
        settings: &Settings,
        options: &TransactionOptions,
        events: Events,
        on_delivery: impl Fn(Delivery) + Send + Sync + 'static,
    ) -> Result<Self, KafkaFailure> {
        let linger = options.linger.as_millis().to_string();
        let timeout = options.timeout.as_millis().to_string();
        let defaults = [("linger.ms", linger.as_str())];
        let fixed = [
            ("transactional.id", options.id.as_str()),
            ("transaction.timeout.ms", &timeout),
            ("message.timeout.ms", &timeout),
            ("enable.idempotence", "true"),
        ];
        let context = ProducerEvents::new(events.clone(), Box::new(on_delivery));
        let producer = settings.client(&defaults, &fixed).create_with_context(context);
        let producer =
            producer.map_err(|error| KafkaFailure::new("cannot make a transactional producer", &error))?;
        Ok(Self { producer, events })
    }

    /// Fences every older producer with the same id, and ends what it left open. Waits at most `time`.
    ///
    /// # Errors
    /// After `Undecided` it may be called again.
    pub fn init(&self, time: Duration) -> Result<(), TransactionError> {
        self.outcome(self.producer.init_transactions(time))
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// When the producer cannot.
    pub fn begin(&self) -> Result<(), TransactionError> {
        self.outcome(self.producer.begin_transaction())
    }

    /// Takes a record for writing in the open transaction.
    ///
    /// # Errors
    /// When it was not taken.
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

    /// Waits until every record has been reported; answers whether it is so within `time`.
    pub fn flush(&self, time: Duration) -> bool {
        let deadline = Instant::now() + time;
        while self.in_flight() > 0 {
            if Instant::now() >= deadline || self.producer.client().fatal_error().is_some() {
                return false;
            }
            self.producer.poll(SLICE);
        }
        true
    }

    /// Commits: flushes first, then asks the coordinator. Waits at most `time`.
    ///
    /// # Errors
    /// After `Undecided` it may be called again; after `Fenced` or `Fatal` only the topic tells the outcome.
    pub fn commit(&self, time: Duration) -> Result<(), TransactionError> {
        let deadline = Instant::now() + time;
        if !self.flush(time) {
            return match self.producer.client().fatal_error() {
                Some((code, text)) if is_fence(code) => Err(TransactionError::Fenced(text)),
                Some((_, text)) => Err(TransactionError::Fatal(text)),
                None => Err(TransactionError::Undecided("records are still on their way".to_owned())),
            };
        }
        let left = deadline.saturating_duration_since(Instant::now()).max(SLICE);
        self.outcome(self.producer.commit_transaction(left))
    }

    /// Aborts the open transaction: nothing of it becomes visible. Waits at most `time`.
    ///
    /// # Errors
    /// After `Undecided` it may be called again.
    pub fn abort(&self, time: Duration) -> Result<(), TransactionError> {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        let deadline = Instant::now() + time;
        self.flush(time);
        let left = deadline.saturating_duration_since(Instant::now()).max(SLICE);
        self.outcome(self.producer.abort_transaction(left))
    }

    /// Why it can write no more, if so.
    pub fn fatal_error(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(_, text)| text)
    }

    fn outcome(&self, result: Result<(), KafkaError>) -> Result<(), TransactionError> {
        let Err(error) = result else {
            self.events.answered();
            return Ok(());
        };
        let text = words(&error);
        if let Some((code, text)) = self.producer.client().fatal_error() {
            return Err(if is_fence(code) {
                TransactionError::Fenced(text)
            } else {
                TransactionError::Fatal(text)
            });
        }
        if error.rdkafka_error_code().is_some_and(is_fence) {
            return Err(TransactionError::Fenced(text));
        }
        Err(match &error {
            KafkaError::Transaction(cause) if is_fence(cause.code()) => TransactionError::Fenced(text),
            KafkaError::Transaction(cause) if cause.txn_requires_abort() => TransactionError::MustAbort(text),
            KafkaError::Transaction(cause) if cause.is_fatal() => TransactionError::Fatal(text),
            KafkaError::Transaction(cause) if cause.is_retriable() => TransactionError::Undecided(text),
            KafkaError::Flush(_) => TransactionError::Undecided(text),
            _ => TransactionError::Fatal(text),
        })
    }
}

impl fmt::Debug for TransactionalProducer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransactionalProducer").field("in_flight", &self.in_flight()).finish_non_exhaustive()
    }
}
