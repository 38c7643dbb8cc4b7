//! The engine's side of metadata questions over Kafka (connectors-adapters 6.2; docs/metadata-topic.md).
//!
//! For every connector of class `kafka` that runs, the topic `<urlhostport>.M` is read from its end; connectors with the
//! same cluster and the same `urlhostport` share one reader. A question is answered from the models of the projects with
//! such a connector, by the engine that is active in them; without failover by every engine.

mod catalog;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};
use tidegate_client::{DfespUrl, metadata_topic};
use tidegate_host::{ConnectorState, Host, Project};
use tidegate_kafka::{
    Events, KafkaFailure, OutRecord, PartitionReader, Place, PlainOptions, PlainProducer, Polled,
    ReaderOptions, Settings, StartOffset,
};
use tidegate_model::ConnectorDef;

/// How often it is looked which connectors run.
const REFRESH: Duration = Duration::from_millis(500);
/// How long to wait for a question before looking elsewhere.
const POLL: Duration = Duration::from_millis(50);
/// Answers on their way to one cluster, at most; questions beyond are not answered, and will be asked again.
const IN_FLIGHT_MAX: usize = 1_000;
/// The longest question that is read.
const QUESTION_MAX: usize = 4 << 10;
/// The longest name of a Kafka topic.
const TOPIC_MAX: usize = 249;

/// Answers questions, on a thread of its own, until it is dropped.
pub struct MetadataService {
    /// Dropping it ends the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetadataService {
    /// Answers for the projects of `host` from now on. It does not keep the host alive.
    ///
    /// # Errors
    /// When there is no thread for it.
    pub fn start(host: &Arc<Host>) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let host = Arc::downgrade(host);
        let thread = std::thread::Builder::new().name("metadata".to_owned());
        let thread = thread.spawn(move || serve(&host, &stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for MetadataService {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // A thread that has panicked has nothing left to end.
            let _ended = thread.join();
        }
    }
}

impl fmt::Debug for MetadataService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MetadataService").finish_non_exhaustive()
    }
}

/// A metadata topic of a cluster, as connectors name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Bus {
    hostport: String,
    global: Option<String>,
    topic_config: Option<String>,
    topic: String,
}

impl Bus {
    /// Of a connector's properties; none of another class.
    fn of(connector: &ConnectorDef) -> Option<Self> {
        if connector.class != "kafka" {
            return None;
        }
        Some(Self {
            hostport: connector.property("kafkahostport")?.to_owned(),
            global: connector.property("kafkaglobalconfig").map(str::to_owned),
            topic_config: connector.property("kafkatopicconfig").map(str::to_owned),
            topic: metadata_topic(connector.property("urlhostport")?),
        })
    }
}

/// The buses of a project's connectors that run.
fn buses(project: &Project) -> Vec<Bus> {
    let statuses = project.connectors();
    let runs = |contquery: &str, window: &str, name: &str| {
        statuses.iter().any(|status| {
            let is_it = status.contquery == contquery && status.window == window && status.name == name;
            is_it && matches!(status.state, ConnectorState::Running | ConnectorState::Finished)
        })
    };
    let mut buses = Vec::new();
    for query in &project.model().contqueries {
        for window in &query.windows {
            for connector in &window.connectors {
                if runs(&query.name, &window.name, &connector.name) {
                    buses.extend(Bus::of(connector));
                }
            }
        }
    }
    buses
}

fn serve(host: &Weak<Host>, stopped: &Receiver<()>) {
    let mut open: BTreeMap<Bus, Option<Desk>> = BTreeMap::new();
    let mut refresh_at = Instant::now();
    loop {
        let Some(host) = host.upgrade() else { return };
        if Instant::now() >= refresh_at {
            refresh_at = Instant::now() + REFRESH;
            let wanted: Vec<Bus> = host.projects().iter().flat_map(|project| buses(project)).collect();
            open.retain(|bus, _| wanted.contains(bus));
            for bus in wanted {
                open.entry(bus).or_insert_with_key(Desk::open);
            }
        }
        let mut pause = if open.is_empty() { REFRESH } else { Duration::ZERO };
        for (bus, desk) in &mut open {
            let Some(desk) = desk else { continue };
            let asked = desk.answer_one(bus, &host);
            if let Err(error) = asked {
                // Reading goes on; a topic that was made anew is read from its end.
                tracing::debug!("topic '{}': {error}", bus.topic);
                desk.reader.start_at(StartOffset::End);
                pause = REFRESH;
            }
        }
        drop(host);
        // The service is told to end by the other side's going away.
        if stopped.recv_timeout(pause).is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}

/// Where questions of one bus come in.
struct Desk {
    reader: PartitionReader,
    settings: Settings,
    events: Events,
    producer: Option<PlainProducer>,
}

impl Desk {
    /// None when the settings cannot be used, which the connector itself has said.
    fn open(bus: &Bus) -> Option<Self> {
        let settings =
            Settings::new(&bus.hostport, bus.global.as_deref(), bus.topic_config.as_deref()).ok()?;
        // The connectors on the same brokers tell of outages.
        let events = Events::quiet(Place { connector: "metadata".to_owned(), window: bus.topic.clone() });
        let options = ReaderOptions {
            topic: bus.topic.clone(),
            partition: 0,
            start: StartOffset::End,
            read_committed: true,
            fetch_wait: Duration::from_millis(500),
            read_ahead_kbytes: 1 << 10,
        };
        let reader = PartitionReader::new(&settings, options, events.clone()).ok()?;
        Some(Self { reader, settings, events, producer: None })
    }

    /// Waits a moment for a question and answers it.
    fn answer_one(&mut self, bus: &Bus, host: &Host) -> Result<(), tidegate_kafka::ReadError> {
        if let Some(producer) = &self.producer {
            producer.poll(Duration::ZERO);
        }
        let asked = match self.reader.poll(POLL)? {
            Polled::Record(record) => question(record.key(), record.payload()),
            Polled::End | Polled::Nothing => return Ok(()),
        };
        let Some((question, url, reply_topic)) = asked else {
            tracing::debug!("topic '{}': a record is no question", bus.topic);
            return Ok(());
        };
        let served: Vec<Arc<Project>> =
            host.projects().into_iter().filter(|project| buses(project).contains(bus)).collect();
        let may_answer = |project: &Project| project.failovers().iter().all(|(_, failover)| failover.primary);
        let Some(answer) = catalog::answer(&served, &url, &may_answer) else { return Ok(()) };
        let answer = answer.to_json();
        let record = OutRecord {
            topic: &reply_topic,
            partition: Some(0),
            key: Some(question.as_bytes()),
            payload: answer.as_bytes(),
            headers: &[],
            timestamp_millis: None,
        };
        match self.producer() {
            Ok(producer) if producer.in_flight() < IN_FLIGHT_MAX => {
                if let Err(error) = producer.send(&record, 0) {
                    tracing::debug!("topic '{reply_topic}': no answer could be given: {error}");
                }
                producer.poll(Duration::ZERO);
            }
            Ok(_) => tracing::debug!("topic '{reply_topic}': too many answers are on their way"),
            Err(error) => tracing::debug!("topic '{reply_topic}': no answer could be given: {error}"),
        }
        Ok(())
    }

    fn producer(&mut self) -> Result<&PlainProducer, KafkaFailure> {
        if self.producer.is_none() {
            let options = PlainOptions { gapless: false, linger: Duration::ZERO };
            self.producer = Some(PlainProducer::new(&self.settings, options, self.events.clone(), |_| {})?);
        }
        Ok(self.producer.as_ref().expect("the producer is there because it was made just now"))
    }
}

/// What a record asks, as text and read, and where the answer is to go.
fn question(key: Option<&[u8]>, payload: Option<&[u8]>) -> Option<(String, DfespUrl, String)> {
    let reply_topic = std::str::from_utf8(key?).ok()?;
    // A URL is no name of a topic, so that an answer is never taken for a question.
    let is_name = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b));
    if reply_topic.is_empty() || reply_topic.len() > TOPIC_MAX || !is_name(reply_topic) {
        return None;
    }
    let payload = payload.filter(|payload| payload.len() <= QUESTION_MAX)?;
    let question = std::str::from_utf8(payload).ok()?;
    let url: DfespUrl = question.trim().parse().ok()?;
    url.option("get")?;
    Some((question.to_owned(), url, reply_topic.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_a_topic_for_its_key_and_a_url_for_its_value() {
        let ask = |key: &str, value: &str| question(Some(key.as_bytes()), Some(value.as_bytes()));
        let url = "dfESP://h:1/p/q/w?get=schema";
        let (text, read, reply) = ask("ESPAdapterMetapub", url).unwrap();
        assert_eq!((text.as_str(), read.window(), reply.as_str()), (url, Some("w"), "ESPAdapterMetapub"));
        assert!(ask(url, "[\"a:int32\"]").is_none(), "an answer is no question");
        assert!(ask("", url).is_none() && ask("a b", url).is_none());
        assert!(ask("t", "dfESP://h:1/p/q/w").is_none(), "it asks for nothing");
        assert!(question(None, Some(url.as_bytes())).is_none());
        assert!(question(Some(b"t"), None).is_none());
    }
}
