//! Reading a topic into a source window.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_event::{EngineTime, TaggedId};
use tidegate_host::{
    ConnectorError, ConnectorSetup, InputStep, PublishEnd, Publisher, PublisherConnector, StepTime, Stopped,
};
use tidegate_kafka::{
    Events, GroupOptions, GroupReader, PartitionReader, Polled, ReadError, ReaderOptions, Record,
    StartOffset, Topics, Watermarks,
};

use super::INPUTS;
use super::decode::{Decoded, decode};
use super::input::InputTrack;
use super::messages;
use super::options::{PublishOptions, place};
use super::position::Places;

/// A publisher over a topic.
pub(super) struct KafkaPublisher {
    options: PublishOptions,
    /// Whether records that are gone since the snapshot may be left out. Never with a failover: what this engine computed
    /// would differ from what the others write.
    leaves_out: bool,
    events: Events,
    readers: Vec<Reading>,
    places: Places,
}

/// One partition on its way in.
struct Reading {
    reader: PartitionReader,
    track: Arc<InputTrack>,
    partition: i32,
    /// Where the partition ended when it was asked last.
    end: i64,
}

/// How long one call to a broker may take.
const ASK: Duration = Duration::from_secs(2);
/// How long to wait before asking for a missing topic again.
const ASK_AGAIN: Duration = Duration::from_millis(200);
/// How long to wait for a record before looking whether to stop.
const LOOK_UP_EVERY: Duration = Duration::from_millis(50);
/// How often it is told how far the publisher has come.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// How long the question for the end may take then.
const ASK_END: Duration = Duration::from_millis(300);
/// `fetch.wait.max.ms` unless the user sets it: records are seen at once, and an idle broker is asked 20 times a second.
const FETCH_WAIT: Duration = Duration::from_millis(50);
/// What is read ahead while the project's queue is full.
const READ_AHEAD_KBYTES: u32 = 16 << 10;

impl KafkaPublisher {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let options = PublishOptions::new(setup)?;
        Ok(Self {
            leaves_out: setup.flag("useoffsetmsgid")? && !setup.failover,
            places: Places::new(options.common.partition),
            events: Events::new(place(setup)),
            options,
            readers: Vec::new(),
        })
    }

    fn reader(&self, partition: i32, start: StartOffset) -> Result<PartitionReader, ConnectorError> {
        let options = ReaderOptions {
            topic: self.options.common.topic.clone(),
            partition,
            start,
            read_committed: self.options.read_committed,
            fetch_wait: FETCH_WAIT,
            read_ahead_kbytes: READ_AHEAD_KBYTES,
        };
        PartitionReader::new(&self.options.common.settings, options, self.events.clone()).map_err(other)
    }

    /// Waits until the topic is there, making it when it is not; answers with the number of its partitions.
    fn find_topic(&self, publisher: &Publisher) -> Result<Option<i32>, ConnectorError> {
        let topic = &self.options.common.topic;
        let topics = Topics::new(&self.options.common.settings, self.events.clone()).map_err(other)?;
        let wanted = match (&self.options.group, self.options.common.partition) {
            (None, Some(partition)) => partition + 1,
            _ => 1,
        };
        let mut tried = false;
        loop {
            if publisher.stop_requested() {
                return Ok(None);
            }
            match topics.partitions(topic, ASK) {
                Ok(Some(count)) if count >= wanted => return Ok(Some(count)),
                Ok(None) if !tried => {
                    tried = true;
                    match topics.create(topic, wanted, -1, ASK) {
                        Ok(()) => messages::TOPIC_CREATED.log(format_args!(
                            "topic '{topic}' did not exist and was created with {wanted} partition(s)"
                        )),
                        Err(error) if error.temporary => tried = false,
                        Err(error) => {
                            messages::TOPIC_MISSING.log(format_args!("{error}; waiting until it exists"))
                        }
                    }
                    continue;
                }
                Ok(Some(count)) if !tried => {
                    tried = true;
                    messages::TOPIC_MISSING.log(format_args!(
                        "topic '{topic}' has {count} partition(s), partition {} is wanted; waiting until it exists",
                        wanted - 1
                    ));
                }
                Ok(_) => {}
                Err(error) if error.temporary => {}
                Err(error) => return Err(other(error)),
            }
            publisher.pause(ASK_AGAIN);
        }
    }

    /// Says so when producers may write any time they like: with the log as clock, one record from the future lets
    /// everything expire (design.md 6).
    fn warn_of_timestamps(&self) {
        let topic = &self.options.common.topic;
        let topics = Topics::new(&self.options.common.settings, self.events.clone());
        // A broker that does not tell its settings leaves nothing to warn of.
        let Ok(settings) = topics.and_then(|topics| topics.settings(topic, ASK)) else { return };
        if !settings.log_append_time && settings.timestamp_after_max_ms.is_none() {
            messages::TIMESTAMPS_UNLIMITED.log(format_args!(
                "topic '{topic}': the log is the clock, and its producers choose the timestamps: set \
                 message.timestamp.type=LogAppendTime or message.timestamp.after.max.ms"
            ));
        }
    }

    /// Decides where a partition is read from (failover-and-server 2.5); nothing when the connector is to stop.
    fn begin(&mut self, partition: i32, publisher: &Publisher) -> Result<Option<Reading>, ConnectorError> {
        let mut reader = self.reader(partition, StartOffset::End)?;
        let marks = loop {
            if publisher.stop_requested() {
                return Ok(None);
            }
            match reader.watermarks(ASK) {
                Ok(marks) => break marks,
                Err(error) if error.temporary => {
                    // Serves the client's events, which say that no broker answers.
                    let _nothing_or_later = reader.poll(Duration::ZERO);
                    publisher.pause(ASK_AGAIN);
                }
                Err(error) => return Err(other(error)),
            }
        };
        let offset = match self.places.next.get(&partition) {
            Some(&next) => self.resume(partition, next, marks, publisher)?,
            None => self.initial(partition, marks)?,
        };
        reader.start_at(StartOffset::At(offset));
        let common = &self.options.common;
        let (settings, events) = (common.settings.clone(), self.events.clone());
        let track = Arc::new(InputTrack::new(settings, events, &common.topic, partition, offset));
        track.saw_end(marks.high);
        INPUTS.set(&publisher.setup().project, Arc::clone(&track));
        Ok(Some(Reading { reader, track, partition, end: marks.high }))
    }

    fn resume(
        &self,
        partition: i32,
        next: i64,
        Watermarks { low, high }: Watermarks,
        publisher: &Publisher,
    ) -> Result<i64, ConnectorError> {
        let topic = &self.options.common.topic;
        if let Some(saved) = publisher.restored_at() {
            let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
            let age = i64::try_from(now.as_secs()).unwrap_or(i64::MAX).saturating_sub(saved / 1_000_000);
            messages::RESUMES.log(format_args!(
                "{}/{}: restored from a snapshot {age} s old: stored offset {next}, earliest {low}, latest {high} of \
                 topic '{topic}' partition {partition}",
                publisher.setup().window_path(),
                publisher.setup().name
            ));
        }
        if next > high {
            return Err(ConnectorError::Other(format!(
                "topic '{topic}' partition {partition}: stored offset {next} is beyond the latest offset {high}; the \
                 topic was created anew"
            )));
        }
        if next < low {
            let missing = format!(
                "topic '{topic}' partition {partition}: stored offset {next} is before the earliest offset {low}; \
                 records {next} to {} are gone",
                low - 1
            );
            if !self.leaves_out {
                return Err(ConnectorError::Other(missing));
            }
            messages::INPUT_MISSING
                .log(format_args!("{missing}; going on without them (useoffsetmsgid=true)"));
            return Ok(low);
        }
        Ok(next)
    }

    fn initial(&self, partition: i32, Watermarks { low, high }: Watermarks) -> Result<i64, ConnectorError> {
        let topic = &self.options.common.topic;
        if low > 0 && !self.options.offset_ids {
            messages::IDS_MAY_DIFFER.log(format_args!(
                "topic '{topic}' partition {partition} begins at offset {low}: message ids count from there and differ \
                 from those of an engine that has read more (useoffsetmsgid=false)"
            ));
        }
        Ok(match self.options.start {
            StartOffset::Beginning => low,
            StartOffset::End => high,
            StartOffset::At(offset) if offset > high => {
                return Err(ConnectorError::Other(format!(
                    "topic '{topic}' partition {partition}: kafkainitialoffset={offset} is beyond the latest offset \
                     {high}"
                )));
            }
            StartOffset::At(offset) if offset < low => {
                messages::INPUT_MISSING.log(format_args!(
                    "topic '{topic}' partition {partition}: kafkainitialoffset={offset} is before the earliest offset \
                     {low}; beginning there"
                ));
                low
            }
            StartOffset::At(offset) => offset,
        })
    }

    /// Injects a record as one step.
    fn take(
        &mut self,
        partition: i32,
        record: &Record<'_>,
        publisher: &mut Publisher,
    ) -> Result<(), Stopped> {
        let offset = record.offset();
        let millis = record.timestamp_millis();
        let time = millis.map(|millis| EngineTime::from_micros(millis.saturating_mul(1000)));
        let Decoded { blocks, .. } = self.decode(partition, record, publisher);
        let events: usize = blocks.iter().map(|block| block.block.len()).sum();
        self.places.pass(partition, offset);
        self.places.events += events as u64;
        let id = self.options.offset_ids.then_some(offset);
        publisher.inject_step(InputStep { id, time: StepTime::Log(time), blocks }, self.places.position())
    }

    /// The blocks of a record; none when it is to be passed over.
    fn decode(&mut self, partition: i32, record: &Record<'_>, publisher: &Publisher) -> Decoded {
        let (topic, offset) = (&self.options.common.topic, record.offset());
        let tagged = record.header(TaggedId::HEADER).and_then(TaggedId::from_bytes);
        if let Some(tagged) = tagged.filter(|&tagged| self.places.is_copy(partition, tagged)) {
            if self.places.dropped == 1 {
                messages::WRITTEN_TWICE.log(format_args!(
                    "topic '{topic}' partition {partition} offset {offset}: record {tagged} was written before and is \
                     left out; further ones are counted only"
                ));
            }
            return Decoded::default();
        }
        let setup = publisher.setup();
        let decoded = decode(&self.options, &setup.schema, setup.autogen_key, record);
        let where_it_is = |error| format!("topic {topic} partition {partition} offset {offset}: {error}");
        match decoded {
            Ok(mut decoded) => {
                for error in &decoded.left_out {
                    publisher.bad_line(&error.raw, &where_it_is(error));
                }
                if self.options.client_ids {
                    decoded.blocks.retain(|block| !self.places.is_restored(block.client));
                }
                decoded
            }
            Err(error) => {
                publisher.bad_line(&error.raw, &where_it_is(&error));
                Decoded::default()
            }
        }
    }

    fn read(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        let mut readers = std::mem::take(&mut self.readers);
        let mut tell_at = Instant::now();
        loop {
            let mut found = false;
            for number in 0..readers.len() {
                if publisher.stop_requested() {
                    return Ok(PublishEnd::Stopped);
                }
                if self.places.events >= self.options.events_max {
                    return Ok(PublishEnd::Finished);
                }
                let partition = readers[number].partition;
                // Several partitions take turns; only the last waits, and only when none had anything.
                let wait = if !found && number + 1 == readers.len() { LOOK_UP_EVERY } else { Duration::ZERO };
                let polled = readers[number].reader.poll(wait).map_err(|error| self.out_of_range(error))?;
                let Polled::Record(record) = polled else { continue };
                found = true;
                let (offset, millis) = (record.offset(), record.timestamp_millis());
                if self.take(partition, &record, publisher).is_err() {
                    return Ok(PublishEnd::Stopped);
                }
                readers[number].track.advance(offset + 1, millis);
            }
            self.tell(&mut readers, &mut tell_at, publisher);
        }
    }

    /// Reads what the brokers give to this member of a consumer group, from where the group stands.
    fn read_shared(
        &mut self,
        group: String,
        publisher: &mut Publisher,
    ) -> Result<PublishEnd, ConnectorError> {
        if publisher.restored_at().is_some() {
            messages::GROUP_RULES.log(format_args!(
                "topic '{}': group '{group}' goes on where it stands, not where the snapshot was taken",
                self.options.common.topic
            ));
        }
        let options = GroupOptions {
            topic: self.options.common.topic.clone(),
            group,
            from_end: self.options.start == StartOffset::End,
            read_committed: self.options.read_committed,
            fetch_wait: FETCH_WAIT,
            read_ahead_kbytes: READ_AHEAD_KBYTES,
        };
        let reader = GroupReader::new(&self.options.common.settings, &options, self.events.clone());
        let reader = reader.map_err(other)?;
        while !publisher.stop_requested() {
            if self.places.events >= self.options.events_max {
                return Ok(PublishEnd::Finished);
            }
            let Some((partition, record)) = reader.poll(LOOK_UP_EVERY).map_err(other)? else { continue };
            if self.take(partition, &record, publisher).is_err() {
                break;
            }
            reader.pass(partition, record.offset()).map_err(other)?;
        }
        Ok(PublishEnd::Stopped)
    }

    /// Says how far the publisher has come, once a second.
    fn tell(&self, readers: &mut [Reading], tell_at: &mut Instant, publisher: &mut Publisher) {
        if Instant::now() < *tell_at {
            return;
        }
        for reading in &mut *readers {
            if let Ok(marks) = reading.reader.watermarks(ASK_END) {
                reading.end = marks.high;
                reading.track.saw_end(marks.high);
            }
        }
        *tell_at = Instant::now() + TELL_EVERY;
        publisher.reached(self.places.next.values().sum(), readers.iter().map(|reading| reading.end).sum());
    }

    fn out_of_range(&self, error: ReadError) -> ConnectorError {
        ConnectorError::Other(error.to_string())
    }
}

fn other(error: impl std::fmt::Display) -> ConnectorError {
    ConnectorError::Other(error.to_string())
}

impl PublisherConnector for KafkaPublisher {
    fn start(&mut self, publisher: &Publisher) -> Result<(), ConnectorError> {
        if let Some(position) = publisher.resume_from() {
            self.places = Places::restore(&position, self.options.common.partition).ok_or_else(|| {
                ConnectorError::Other(format!(
                    "the stored position is of partition {}, not of {} (kafkapartition)",
                    position.numbers[0], self.places.partition
                ))
            })?;
        }
        Ok(())
    }

    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        let Some(count) = self.find_topic(publisher)? else { return Ok(PublishEnd::Stopped) };
        if publisher.setup().log_clock {
            self.warn_of_timestamps();
        }
        if let Some(group) = self.options.group.clone() {
            return self.read_shared(group, publisher);
        }
        let partitions = match self.options.common.partition {
            Some(partition) => partition..partition + 1,
            None => 0..count,
        };
        for partition in partitions {
            let Some(reading) = self.begin(partition, publisher)? else { return Ok(PublishEnd::Stopped) };
            self.readers.push(reading);
        }
        self.read(publisher)
    }
}
