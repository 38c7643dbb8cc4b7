//! The topics of a Kafka cluster, and asking engines for a schema through them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_client::{Answer, DfespUrl, MetadataQuery, base, metadata_topic};
use tidegate_event::Schema;
use tidegate_kafka::{
    Events, OutRecord, PartitionReader, Place, PlainOptions, PlainProducer, Polled, ReaderOptions,
    StartOffset, Topics,
};

use super::error::AdapterError;
use super::options::BusOptions;
use super::stop::Stop;

/// How long one question to a broker may take.
const BROKER_TIME: Duration = Duration::from_secs(2);
/// How long to wait before something is tried again.
const RETRY: Duration = Duration::from_millis(200);
/// How long an engine may take for an answer before it is asked again.
const ANSWER_TIME: Duration = Duration::from_secs(1);

/// The cluster.
pub(super) struct Bus<'a> {
    pub(super) options: &'a BusOptions,
    pub(super) events: Events,
    topics: Topics,
}

impl<'a> Bus<'a> {
    /// For the adapter of this window. Nothing is waited for.
    pub(super) fn new(options: &'a BusOptions, url: &DfespUrl) -> Result<Self, AdapterError> {
        let window = url.window().unwrap_or_default().to_owned();
        let events = Events::new(Place { connector: "dfesp_fs_adapter".to_owned(), window });
        let topics = Topics::new(&options.settings, events.clone())?;
        Ok(Self { options, events, topics })
    }

    /// Waits until the topic is there and makes it when it is not; nothing when a stop is asked for.
    pub(super) fn ensure(&self, topic: &str, stop: &Stop) -> Result<Option<i32>, AdapterError> {
        let mut said = false;
        while !stop.requested() {
            let outcome = match self.topics.partitions(topic, BROKER_TIME) {
                Ok(Some(partitions)) => return Ok(Some(partitions)),
                Ok(None) => self.topics.create(topic, 1, -1, BROKER_TIME),
                Err(error) => Err(error),
            };
            match outcome {
                Err(error) if !error.temporary => return Err(error.into()),
                Err(error) => {
                    if !std::mem::replace(&mut said, true) {
                        tracing::warn!("no Kafka broker answers: {error}; asking again until one does");
                    }
                    stop.wait(RETRY);
                }
                Ok(()) => stop.wait(RETRY),
            }
        }
        Ok(None)
    }

    /// As [`ensure`](Self::ensure); the topic must have the partition that is written or read.
    pub(super) fn ensure_partition(&self, topic: &str, stop: &Stop) -> Result<Option<()>, AdapterError> {
        let Some(partitions) = self.ensure(topic, stop)? else { return Ok(None) };
        let partition = self.options.partition;
        if partition >= partitions {
            return Err(AdapterError::NoPartition { topic: topic.to_owned(), partitions, partition });
        }
        Ok(Some(()))
    }

    /// A reader of a topic's partition.
    pub(super) fn reader(
        &self,
        topic: &str,
        partition: i32,
        start: StartOffset,
    ) -> Result<PartitionReader, AdapterError> {
        let options = ReaderOptions {
            topic: topic.to_owned(),
            partition,
            start,
            read_committed: true,
            fetch_wait: Duration::from_millis(100),
            read_ahead_kbytes: 16 << 10,
        };
        Ok(PartitionReader::new(&self.options.settings, options, self.events.clone())?)
    }

    /// Asks the engines for the window's schema until one answers; nothing when a stop is asked for.
    pub(super) fn schema(&self, url: &DfespUrl, stop: &Stop) -> Result<Option<Arc<Schema>>, AdapterError> {
        let question_topic = metadata_topic(&base(url));
        let reply_topic = &self.options.reply_topic;
        for topic in [&question_topic, reply_topic] {
            if self.ensure(topic, stop)?.is_none() {
                return Ok(None);
            }
        }
        let Some(replies) = self.replies(stop)? else { return Ok(None) };
        let asking = PlainOptions { gapless: false, linger: Duration::ZERO };
        let producer = PlainProducer::new(&self.options.settings, asking, self.events.clone(), |_| {})?;
        let question = url.with_option("get", MetadataQuery::Schema.name()).to_string();
        let record = OutRecord {
            topic: &question_topic,
            partition: Some(0),
            key: Some(reply_topic.as_bytes()),
            payload: question.as_bytes(),
            headers: &[],
            timestamp_millis: None,
        };
        let mut ask_at = Instant::now();
        let mut trouble = Trouble::default();
        while !stop.requested() {
            if Instant::now() >= ask_at {
                if trouble.asked >= 2 {
                    trouble.say("no engine answers", &question_topic, url);
                }
                // A question that is still on its way needs no second one.
                if producer.in_flight() == 0 {
                    producer.send(&record, 0).map_err(|error| AdapterError::NotWritten {
                        topic: question_topic.clone(),
                        text: error.to_string(),
                    })?;
                }
                ask_at = Instant::now() + ANSWER_TIME;
                trouble.asked += 1;
            }
            producer.poll(Duration::ZERO);
            let Polled::Record(record) = replies.poll(Duration::from_millis(50))? else { continue };
            if record.key() != Some(question.as_bytes()) {
                continue;
            }
            match Answer::from_json(record.payload().unwrap_or_default()) {
                Ok(Answer(Some(strings))) => {
                    let [schema] = strings.as_slice() else { continue };
                    tracing::info!("the schema of {url} is {schema}");
                    return Ok(Some(Arc::new(Schema::parse(schema)?)));
                }
                Ok(Answer(None)) => trouble.say("no engine knows the window", &question_topic, url),
                Err(error) => tracing::warn!("an answer on topic '{reply_topic}' is none: {error}"),
            }
        }
        Ok(None)
    }

    /// A reader of the answers to what is asked from now on; nothing when a stop is asked for.
    fn replies(&self, stop: &Stop) -> Result<Option<PartitionReader>, AdapterError> {
        let mut reader = self.reader(&self.options.reply_topic, 0, StartOffset::End)?;
        while !stop.requested() {
            match reader.watermarks(BROKER_TIME) {
                Ok(marks) => {
                    reader.start_at(StartOffset::At(marks.high));
                    return Ok(Some(reader));
                }
                Err(error) if error.temporary => stop.wait(RETRY),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(None)
    }
}

/// What is said once while there is no answer.
#[derive(Default)]
struct Trouble {
    asked: u32,
    said: bool,
}

impl Trouble {
    fn say(&mut self, what: &str, topic: &str, url: &DfespUrl) {
        if !std::mem::replace(&mut self.said, true) {
            tracing::warn!(
                "{what} on topic '{topic}' ({url}); asking again every {} s until one does",
                ANSWER_TIME.as_secs()
            );
        }
    }
}
