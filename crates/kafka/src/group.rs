//! Reading a topic as a member of a consumer group.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::Message;

use crate::error::{KafkaFailure, is_temporary};
use crate::events::Events;
use crate::reader::{Record, isolation};
use crate::settings::Settings;

/// What is read, and how.
#[derive(Debug, Clone)]
pub struct GroupOptions {
    /// The topic, which exists.
    pub topic: String,
    /// The group's name.
    pub group: String,
    /// Where a partition begins whose offset the group has not committed yet: behind the last record, else before the first.
    pub from_end: bool,
    /// Leave out aborted transactions and wait for open ones (`isolation.level=read_committed`).
    pub read_committed: bool,
    /// `fetch.wait.max.ms`: how long a broker may wait for more records before it answers.
    pub fetch_wait: Duration,
    /// `queued.max.messages.kbytes`: how much is read ahead.
    pub read_ahead_kbytes: u32,
}

/// Reads those partitions of a topic that the brokers give to this member of a group. What is behind the reader
/// ([`pass`](Self::pass)) is committed every second and when the reader goes, so that another member goes on there.
pub struct GroupReader {
    consumer: BaseConsumer<Events>,
    events: Events,
    topic: String,
}

impl GroupReader {
    /// Joins the group; nothing is waited for.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(settings: &Settings, options: &GroupOptions, events: Events) -> Result<Self, KafkaFailure> {
        let fetch_wait = options.fetch_wait.as_millis().to_string();
        let kbytes = options.read_ahead_kbytes.to_string();
        let defaults = [
            ("fetch.wait.max.ms", fetch_wait.as_str()),
            ("queued.max.messages.kbytes", &kbytes),
            ("auto.commit.interval.ms", "1000"),
        ];
        let fixed = [
            ("group.id", options.group.as_str()),
            ("enable.auto.commit", "true"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "false"),
            ("auto.offset.reset", if options.from_end { "latest" } else { "earliest" }),
            ("isolation.level", isolation(options.read_committed)),
        ];
        let what = || format!("cannot join group '{}' for topic '{}'", options.group, options.topic);
        let consumer: BaseConsumer<Events> = settings
            .client(&defaults, &fixed)
            .create_with_context(events.clone())
            .map_err(|error| KafkaFailure::new(what(), &error))?;
        consumer.subscribe(&[&options.topic]).map_err(|error| KafkaFailure::new(what(), &error))?;
        Ok(Self { consumer, events, topic: options.topic.clone() })
    }

    /// The next record and its partition, waiting at most `time` for it.
    ///
    /// # Errors
    /// When the topic cannot be read for a reason that does not pass.
    pub fn poll(&self, time: Duration) -> Result<Option<(i32, Record<'_>)>, KafkaFailure> {
        match self.consumer.poll(time) {
            Some(Ok(message)) => Ok(Some((message.partition(), Record::new(message)))),
            None => {
                self.events.probe(|time| self.consumer.fetch_metadata(Some(&self.topic), time).map(|_| ()));
                Ok(None)
            }
            Some(Err(error)) if error.rdkafka_error_code().is_some_and(is_temporary) => Ok(None),
            Some(Err(error)) => {
                Err(KafkaFailure::new(format!("topic '{}' cannot be read", self.topic), &error))
            }
        }
    }

    /// The record at `offset` is behind the reader.
    ///
    /// # Errors
    /// Never when the partition has gone to another member meanwhile: that one reads the record again.
    pub fn pass(&self, partition: i32, offset: i64) -> Result<(), KafkaFailure> {
        match self.consumer.store_offset(&self.topic, partition, offset) {
            Err(KafkaError::StoreOffset(RDKafkaErrorCode::State)) | Ok(()) => Ok(()),
            Err(error) => {
                let what = format!("topic '{}' partition {partition}: offset {offset} not kept", self.topic);
                Err(KafkaFailure::new(what, &error))
            }
        }
    }
}

impl Drop for GroupReader {
    fn drop(&mut self) {
        // Nothing to commit is an error of the call; brokers that are away leave it to the next member to read again.
        let _uncommitted = self.consumer.commit_consumer_state(CommitMode::Sync);
    }
}

impl std::fmt::Debug for GroupReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupReader").field("topic", &self.topic).finish_non_exhaustive()
    }
}
