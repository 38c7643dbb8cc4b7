//! Reading one partition.

use std::cell::Cell;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};

use crate::error::{KafkaFailure, ReadError, is_temporary};
use crate::events::Events;
use crate::settings::Settings;

/// Where reading begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartOffset {
    /// The first record that there is.
    Beginning,
    /// Behind the last record that there is.
    End,
    /// At this offset.
    At(i64),
}

/// What is read, and how.
#[derive(Debug, Clone)]
pub struct ReaderOptions {
    /// The topic. It may come into being later.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Where to begin.
    pub start: StartOffset,
    /// Leave out aborted transactions and wait for open ones (`isolation.level=read_committed`).
    pub read_committed: bool,
    /// `fetch.wait.max.ms`: how long a broker may wait for more records before it answers.
    pub fetch_wait: Duration,
    /// `queued.max.messages.kbytes`: how much is read ahead.
    pub read_ahead_kbytes: u32,
}

/// First offset of a partition, and the one behind the last: with `read_committed` behind the last that is neither
/// open nor behind an open transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watermarks {
    /// First offset that can be read.
    pub low: i64,
    /// Offset that the next record gets, at least.
    pub high: i64,
}

/// A record, for as long as the reader is not moved.
pub struct Record<'a>(BorrowedMessage<'a>);

impl<'a> Record<'a> {
    pub(crate) fn new(message: BorrowedMessage<'a>) -> Self {
        Self(message)
    }

    /// Its offset.
    pub fn offset(&self) -> i64 {
        self.0.offset()
    }

    /// Its time in milliseconds since 1970-01-01 UTC; none when it has none.
    pub fn timestamp_millis(&self) -> Option<i64> {
        self.0.timestamp().to_millis().filter(|&millis| millis >= 0)
    }

    /// Its key.
    pub fn key(&self) -> Option<&[u8]> {
        self.0.key()
    }

    /// Its content; none is a tombstone.
    pub fn payload(&self) -> Option<&[u8]> {
        self.0.payload()
    }

    /// The value of the last header called `name`.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let headers = self.0.headers()?;
        (0..headers.count()).rev().map(|i| headers.get(i)).find(|header| header.key == name)?.value
    }

    /// A copy that stays.
    pub fn to_owned(&self) -> OwnedRecord {
        let headers = self.0.headers().map_or_else(Vec::new, |headers| {
            headers.iter().map(|header| (header.key.to_owned(), header.value.map(Vec::from))).collect()
        });
        OwnedRecord {
            offset: self.offset(),
            timestamp_millis: self.timestamp_millis(),
            key: self.key().map(Vec::from),
            payload: self.payload().map(Vec::from),
            headers,
        }
    }
}

impl std::fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Record").field("offset", &self.offset()).finish_non_exhaustive()
    }
}

/// A record's copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedRecord {
    /// Its offset.
    pub offset: i64,
    /// Its time in milliseconds since 1970-01-01 UTC; none when it has none.
    pub timestamp_millis: Option<i64>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its content.
    pub payload: Option<Vec<u8>>,
    /// Its headers in order.
    pub headers: Vec<(String, Option<Vec<u8>>)>,
}

impl OwnedRecord {
    /// The value of the last header called `name`.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().rev().find(|(key, _)| key == name)?.1.as_deref()
    }
}

/// What a call of [`PartitionReader::poll`] found.
#[derive(Debug)]
pub enum Polled<'a> {
    /// The next record.
    Record(Record<'a>),
    /// Everything that there is has been read. Said again each time that it becomes true.
    End,
    /// Nothing for as long as the call would wait.
    Nothing,
}

/// Reads one partition in order. It takes part in no consumer group and commits nothing. Missing topics and brokers
/// are waited for, for ever. Nothing is fetched before the first [`poll`](Self::poll).
///
/// Two mistakes of librdkafka 2.12 decide how. It ends the process (`Assertion 'rktp->rktp_started' failed`) when a partition is
/// assigned anew while the stop of the assignment before is still under way: so it is assigned once, and moved by seeking. And when
/// a seek finds the question for a logical offset on its way, it asks again and goes there after all: so it is given numbers only.
pub struct PartitionReader {
    consumer: BaseConsumer<Events>,
    events: Events,
    options: ReaderOptions,
    assigned: Cell<bool>,
    /// Where the next poll begins, unless it goes on.
    start: Cell<Option<StartOffset>>,
}

/// How long librdkafka's own threads may take to move a partition; no broker is asked.
const SEEK_TIME: Duration = Duration::from_millis(200);
/// How long the question for the first and last offsets may take.
const ASK_TIME: Duration = Duration::from_millis(500);
/// How long to wait before a partition is moved that could not be.
const SEEK_AGAIN: Duration = Duration::from_millis(1);

/// How long finding the group's name may not matter: the reader joins none, but librdkafka wants a name.
const GROUP: &str = "tidegate-reader";

/// The value of `isolation.level`.
pub(crate) fn isolation(read_committed: bool) -> &'static str {
    if read_committed { "read_committed" } else { "read_uncommitted" }
}

impl PartitionReader {
    /// A reader; nothing is waited for.
    ///
    /// # Errors
    /// When librdkafka refuses the settings.
    pub fn new(settings: &Settings, options: ReaderOptions, events: Events) -> Result<Self, KafkaFailure> {
        let fetch_wait = options.fetch_wait.as_millis().to_string();
        let kbytes = options.read_ahead_kbytes.to_string();
        let defaults = [
            ("fetch.wait.max.ms", fetch_wait.as_str()),
            ("queued.max.messages.kbytes", &kbytes),
            // While a topic is missing it is asked for twice a second.
            ("topic.metadata.refresh.fast.interval.ms", "100"),
            ("topic.metadata.propagation.max.ms", "1000"),
            ("fetch.error.backoff.ms", "100"),
            ("fetch.queue.backoff.ms", "20"),
        ];
        let fixed = [
            ("group.id", GROUP),
            ("enable.auto.commit", "false"),
            ("enable.auto.offset.store", "false"),
            ("enable.partition.eof", "true"),
            ("auto.offset.reset", "error"),
            ("isolation.level", isolation(options.read_committed)),
        ];
        let what = || format!("cannot make a consumer of topic '{}'", options.topic);
        let consumer: BaseConsumer<Events> = settings
            .client(&defaults, &fixed)
            .create_with_context(events.clone())
            .map_err(|error| KafkaFailure::new(what(), &error))?;
        let start = Cell::new(Some(options.start));
        Ok(Self { consumer, events, options, assigned: Cell::new(false), start })
    }

    /// The options it was made with.
    pub fn options(&self) -> &ReaderOptions {
        &self.options
    }

    /// Goes on at another offset; what was read ahead is forgotten.
    pub fn start_at(&mut self, start: StartOffset) {
        self.start.set(Some(start));
    }

    /// Moves to where the next record is wanted; answers whether that is done.
    fn place(&self) -> Result<bool, KafkaFailure> {
        let Some(start) = self.start.get() else { return Ok(true) };
        let offset = match start {
            StartOffset::At(offset) => offset,
            StartOffset::Beginning | StartOffset::End => match self.watermarks(ASK_TIME) {
                Ok(marks) if start == StartOffset::Beginning => marks.low,
                Ok(marks) => marks.high,
                Err(error) if error.temporary => return Ok(false),
                Err(error) => return Err(error),
            },
        };
        let offset = Offset::Offset(offset);
        let (topic, partition) = (self.options.topic.as_str(), self.options.partition);
        if self.assigned.get() {
            // Refused until librdkafka has begun to fetch the partition, however long that takes.
            if self.consumer.seek(topic, partition, offset, SEEK_TIME).is_err() {
                return Ok(false);
            }
        } else {
            let failed = |error| KafkaFailure::new(self.naming("cannot be assigned"), &error);
            let mut list = TopicPartitionList::new();
            list.add_partition_offset(topic, partition, offset).map_err(failed)?;
            self.consumer.assign(&list).map_err(failed)?;
            self.assigned.set(true);
        }
        self.start.set(None);
        Ok(true)
    }

    fn naming(&self, what: &str) -> String {
        format!("topic '{}' partition {} {what}", self.options.topic, self.options.partition)
    }

    /// The next record, waiting at most `time` for it.
    ///
    /// # Errors
    /// When the offset to be read is out of range, or the partition cannot be read for a reason that does not pass.
    pub fn poll(&self, time: Duration) -> Result<Polled<'_>, ReadError> {
        if !self.place()? {
            // What librdkafka has to say is taken; records of the place before are not wanted any more.
            let _left_out = self.consumer.poll(time.min(SEEK_AGAIN));
            self.probe();
            return Ok(Polled::Nothing);
        }
        match self.consumer.poll(time) {
            Some(Ok(message)) => Ok(Polled::Record(Record(message))),
            None => {
                self.probe();
                Ok(Polled::Nothing)
            }
            Some(Err(KafkaError::PartitionEOF(_))) => Ok(Polled::End),
            Some(Err(error)) => match error.rdkafka_error_code() {
                Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                    let offset = self.position().or(match self.options.start {
                        StartOffset::At(offset) => Some(offset),
                        _ => None,
                    });
                    Err(ReadError::OffsetOutOfRange {
                        topic: self.options.topic.clone(),
                        partition: self.options.partition,
                        offset: offset.unwrap_or(-1),
                    })
                }
                Some(code) if is_temporary(code) => Ok(Polled::Nothing),
                _ => Err(KafkaFailure::new(self.naming("cannot be read"), &error).into()),
            },
        }
    }

    /// Finds out whether brokers answer, when that is in doubt.
    fn probe(&self) {
        // A missing topic is an answer too, and no error of the call.
        let topic = Some(self.options.topic.as_str());
        self.events.probe(|time| self.consumer.fetch_metadata(topic, time).map(|_| ()));
    }

    /// First and last offsets, asked from the broker.
    ///
    /// # Errors
    /// When no answer came in `time`, or the partition does not exist: both may pass.
    pub fn watermarks(&self, time: Duration) -> Result<Watermarks, KafkaFailure> {
        let marks = self.consumer.fetch_watermarks(&self.options.topic, self.options.partition, time);
        let (low, high) =
            marks.map_err(|error| KafkaFailure::new(self.naming("does not tell its offsets"), &error))?;
        Ok(Watermarks { low, high })
    }

    /// The offset behind the last record that `poll` gave; none before the first.
    pub fn position(&self) -> Option<i64> {
        let list = self.consumer.position().ok()?;
        match list.find_partition(&self.options.topic, self.options.partition)?.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        }
    }

    /// The last `count` records before offset `end`, in order; fewer when there are no more at or behind `low`.
    /// Control records and aborted transactions leave runs of offsets without a record, so the scan goes back in
    /// doubled steps until it has enough. Where `poll` goes on afterwards is undefined: call
    /// [`start_at`](Self::start_at).
    ///
    /// # Errors
    /// When reading fails, or takes longer than `time`.
    pub fn last_records_before(
        &mut self,
        low: i64,
        end: i64,
        count: usize,
        time: Duration,
    ) -> Result<Vec<OwnedRecord>, ReadError> {
        let deadline = Instant::now() + time;
        let mut step = i64::try_from(count).unwrap_or(i64::MAX).max(16);
        loop {
            let from = end.saturating_sub(step).max(low);
            let found = self.records_between(from, end, count, deadline)?;
            if found.len() >= count || from <= low {
                return Ok(found.into());
            }
            step = step.saturating_mul(2);
        }
    }

    /// The last `count` records of those in `from..end`.
    fn records_between(
        &mut self,
        from: i64,
        end: i64,
        count: usize,
        deadline: Instant,
    ) -> Result<VecDeque<OwnedRecord>, ReadError> {
        let mut found = VecDeque::with_capacity(count);
        if from >= end || count == 0 {
            return Ok(found);
        }
        self.start_at(StartOffset::At(from));
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (topic, partition) = (self.options.topic.clone(), self.options.partition);
                return Err(ReadError::TooSlow { topic, partition, offset: end });
            }
            match self.poll(left)? {
                Polled::Record(record) if record.offset() < end => {
                    if found.len() == count {
                        found.pop_front();
                    }
                    found.push_back(record.to_owned());
                    if record.offset() + 1 == end {
                        return Ok(found);
                    }
                }
                Polled::Record(_) | Polled::End => return Ok(found),
                Polled::Nothing => {}
            }
        }
    }
}

impl std::fmt::Debug for PartitionReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PartitionReader").field("options", &self.options).finish_non_exhaustive()
    }
}
