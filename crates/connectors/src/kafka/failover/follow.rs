//! Follows an output topic: tells the machine what is committed, and reads the topic to its end when this engine
//! becomes active.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_event::{EngineTime, OutputId, TaggedId};
use tidegate_failover::{Input, Outcome};
use tidegate_host::{ConnectorError, StopWaiter};
use tidegate_kafka::{
    Events, PartitionReader, Polled, ReadError, ReaderOptions, Record, Settings, StartOffset, Topics,
};

use super::gate::{KafkaGate, checksum};
use super::group::ReadTail;
use super::messages;
use super::options::{ExactlyOnce, FailoverOptions};

/// How long a poll may take; also how long it may take to see a request.
const POLL: Duration = Duration::from_millis(5);
/// How much of the topic is read ahead.
const READ_AHEAD_KBYTES: u32 = 4096;
/// How long to wait before asking for a missing topic again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long the project's publisher may take to begin.
const INPUT_TIME: Duration = Duration::from_secs(10);
/// How long a question to the brokers may take before the thread looks whether it is to stop.
const QUERY: Duration = Duration::from_millis(500);

/// Runs until the connector stops.
///
/// # Errors
/// When the topic has several partitions and none was named.
pub(super) fn run(
    gate: &Arc<KafkaGate>,
    options: &FailoverOptions,
    settings: &Settings,
    events: &Events,
    stop: &StopWaiter,
) -> Result<(), ConnectorError> {
    let partitions = create_topic(options, settings, events, stop);
    if partitions > 1 && !options.partition_given {
        return Err(ConnectorError::InvalidValue {
            name: "kafkapartition".to_owned(),
            value: String::new(),
            allowed: format!("a partition of topic '{}', which has {partitions}", options.topic),
        });
    }
    let mut follower =
        Follower { gate, options, settings, events, stop, next: None, highest: None, request: None };
    while !stop.is_requested() {
        match follower.open() {
            Ok(Some(mut reader)) => follower.follow(&mut reader),
            Ok(None) => {}
            Err(_) => drop(stop.pause(QUERY)),
        }
    }
    Ok(())
}

/// Waits until the output topic exists, and makes it when it does not; answers how many partitions it has.
fn create_topic(options: &FailoverOptions, settings: &Settings, events: &Events, stop: &StopWaiter) -> i32 {
    let wanted = options.partition + 1;
    let mut refused = false;
    let topics = Topics::new(settings, events.clone());
    while !stop.is_requested() {
        let found = topics.as_ref().map_err(Clone::clone).and_then(|topics| {
            let found = topics.partitions(&options.topic, QUERY)?;
            if found.is_none() && !refused {
                topics.create(&options.topic, wanted, -1, QUERY)?;
            }
            Ok(found)
        });
        match found {
            Ok(Some(count)) if count >= wanted => return count,
            Ok(_) => {}
            Err(error) => {
                if !error.temporary && !refused {
                    messages::PRODUCER_FAILED.log(format_args!("{error}; waiting until the topic exists"));
                }
                refused |= !error.temporary;
            }
        }
        stop.pause(AGAIN);
    }
    wanted
}

struct Follower<'a> {
    gate: &'a KafkaGate,
    options: &'a FailoverOptions,
    settings: &'a Settings,
    events: &'a Events,
    stop: &'a StopWaiter,
    /// The offset behind what was taken; none before the first.
    next: Option<i64>,
    /// The highest id of the stream that was read, in this run.
    highest: Option<(OutputId, EngineTime)>,
    request: Option<ReadTail>,
}

impl Follower<'_> {
    fn reader(&self) -> Result<PartitionReader, ReadError> {
        let options = ReaderOptions {
            topic: self.options.topic.clone(),
            partition: self.options.partition,
            start: StartOffset::Beginning,
            read_committed: true,
            fetch_wait: POLL,
            read_ahead_kbytes: READ_AHEAD_KBYTES,
        };
        Ok(PartitionReader::new(self.settings, options, self.events.clone())?)
    }

    /// A reader that stands where everything before is known to this engine.
    fn open(&mut self) -> Result<Option<PartitionReader>, ReadError> {
        let known = self.gate.group.read(|machine, _| machine.gate(self.gate.output).committed());
        let mut reader = self.reader()?;
        self.next = None;
        let Some((known, _)) = known else { return Ok(Some(reader)) };
        let (low, high) = loop {
            match reader.watermarks(QUERY) {
                Ok(marks) => break (marks.low, marks.high),
                Err(_) if self.stop.is_requested() => return Ok(None),
                Err(_) => {}
            }
        };
        // Back by doubling until a record that is known lies behind.
        let mut back = 1_000;
        while high - back > low {
            reader.start_at(StartOffset::At(high - back));
            if self.first_id(&reader, high)?.is_some_and(|id| id <= known) {
                self.next = Some(high - back);
                reader.start_at(StartOffset::At(high - back));
                return Ok(Some(reader));
            }
            back *= 2;
        }
        reader.start_at(StartOffset::Beginning);
        Ok(Some(reader))
    }

    fn first_id(&self, reader: &PartitionReader, end: i64) -> Result<Option<OutputId>, ReadError> {
        while !self.stop.is_requested() {
            match reader.poll(POLL)? {
                Polled::Record(record) => {
                    if let Some(tag) = self.tag(&record) {
                        return Ok(Some(tag.id));
                    }
                    if record.offset() + 1 >= end {
                        return Ok(None);
                    }
                }
                Polled::End => return Ok(None),
                Polled::Nothing => {}
            }
        }
        Ok(None)
    }

    fn tag(&self, record: &Record<'_>) -> Option<TaggedId> {
        let tag = record.header(TaggedId::HEADER).and_then(TaggedId::from_bytes)?;
        (tag.stream == self.gate.port.stream).then_some(tag)
    }

    fn follow(&mut self, reader: &mut PartitionReader) {
        while !self.stop.is_requested() {
            if self.request.is_none() {
                self.request = self.gate.port.to_read.try_recv().ok();
                if self.request.is_some() && self.read_to_end(reader).is_err() {
                    return;
                }
            }
            let (writing, room) = self.gate.group.read(|machine, _| {
                let output = self.gate.output;
                (machine.is_writing(output), machine.gate(output).tail_room())
            });
            // What this engine writes itself, or cannot compare yet, is left in the topic.
            if writing || room == 0 {
                match self.gate.port.to_read.recv_timeout(POLL) {
                    Ok(request) => {
                        self.request = Some(request);
                        if self.read_to_end(reader).is_err() {
                            return;
                        }
                    }
                    Err(_) => continue,
                }
            }
            match reader.poll(POLL) {
                Ok(Polled::Record(record)) => self.take(&record),
                Ok(Polled::End | Polled::Nothing) => {}
                Err(_) => return,
            }
        }
    }

    fn take(&mut self, record: &Record<'_>) {
        self.next = Some(record.offset() + 1);
        let Some(tag) = self.tag(record) else { return };
        let millis = record.timestamp_millis().unwrap_or(0);
        let time = EngineTime::from_micros(millis.saturating_mul(1000));
        if self.highest.is_none_or(|(highest, _)| highest < tag.id) {
            self.highest = Some((tag.id, time));
        }
        let checksum = checksum(record.payload().unwrap_or_default(), millis);
        self.gate.group.handle(Input::Tailed { output: self.gate.output, id: tag.id, checksum, time });
    }

    /// Reads to the end of the topic as it is now, and answers the request at hand.
    ///
    /// The end is where a fetch that was sent after the request finds it. What was read ahead before, an end among
    /// it, is therefore fetched again; and the position does not tell, because markers of transactions take
    /// offsets and are not given out.
    fn read_to_end(&mut self, reader: &mut PartitionReader) -> Result<(), ReadError> {
        let Some(ReadTail { request }) = self.request else { return Ok(()) };
        reader.start_at(self.next.map_or(StartOffset::Beginning, StartOffset::At));
        loop {
            if self.stop.is_requested() {
                return self.give_up(request);
            }
            match reader.poll(POLL)? {
                Polled::Record(record) => self.take(&record),
                Polled::End => break,
                Polled::Nothing => {}
            }
        }
        self.wait_for_input();
        let input_end = loop {
            match self.gate.input_end(QUERY) {
                Some(end) => break end,
                None if self.stop.is_requested() => return self.give_up(request),
                None => {}
            }
        };
        self.request = None;
        let outcome = Outcome::TailRead { highest: self.highest, input_end };
        self.gate.group.handle(Input::Done { request, outcome });
        Ok(())
    }

    /// The publisher starts beside the outputs, and before it has begun nothing tells whether the input was made anew. One that
    /// cannot begin must not hold up the group for ever: what it would have told is not known then.
    fn wait_for_input(&self) {
        let (gate, begun) = (self.gate, Instant::now());
        let abandoned = gate.port.abandoned();
        while self.options.exactly_once != ExactlyOnce::None
            && !gate.knows_input()
            && begun.elapsed() < INPUT_TIME
            && gate.port.abandoned() == abandoned
            && !self.stop.is_requested()
        {
            self.stop.pause(POLL);
        }
    }

    fn give_up(&mut self, request: tidegate_failover::RequestNo) -> Result<(), ReadError> {
        self.request = None;
        let outcome = Outcome::Failed(tidegate_failover::Failure::Unknown);
        self.gate.group.handle(Input::Done { request, outcome });
        Ok(())
    }
}
