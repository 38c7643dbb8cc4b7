//! Topics and projects for the tests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tidegate_harness::{KafkaClient, shared};
use tidegate_host::{BadEvents, ConnectorState, Host, HostConfig, Project, Registry, SystemClock};
use tidegate_kafka::{
    Events, OutRecord, PartitionReader, Place, PlainOptions, PlainProducer, Polled, ReaderOptions, Settings,
    StartOffset, Topics,
};
use tidegate_model::Tokens;

const PATIENCE: Duration = Duration::from_secs(30);

fn settings() -> Settings {
    Settings::new(&shared().unwrap().bootstrap, None, None).unwrap()
}

fn events() -> Events {
    Events::new(Place { connector: "test".to_owned(), window: "test".to_owned() })
}

/// A topic.
pub(crate) struct Topic(String);

impl Topic {
    pub(crate) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(crate) fn create(&self) {
        self.create_with(1);
    }

    pub(crate) fn create_with(&self, partitions: i32) {
        let topics = Topics::new(&settings(), events()).unwrap();
        wait(&format!("topic {} is made", self.0), || {
            topics.create(&self.0, partitions, 1, PATIENCE).is_ok() && self.exists()
        });
    }

    pub(crate) fn delete(&self) {
        KafkaClient::new(&shared().unwrap().bootstrap).delete_topic(&self.0).unwrap();
        wait(&format!("topic {} is gone", self.0), || !self.exists());
    }

    pub(crate) fn exists(&self) -> bool {
        Topics::new(&settings(), events()).unwrap().partitions(&self.0, PATIENCE).unwrap().is_some()
    }

    /// The properties of a connector to this topic; `more` has at least `kafkatype`.
    pub(crate) fn properties(&self, more: &str) -> String {
        let bootstrap = shared().unwrap().bootstrap;
        format!(
            "<property name='kafkahostport'>{bootstrap}</property><property name='kafkatopic'>{}</property>\
             <property name='urlhostport'>notusedwhennotHA</property>{more}",
            self.0
        )
    }

    pub(crate) fn write(&self, payloads: &[&[u8]]) {
        payloads.iter().for_each(|payload| self.send(0, None, payload, &[]));
    }

    pub(crate) fn write_to(&self, partition: i32, payload: &[u8]) {
        self.send(partition, None, payload, &[]);
    }

    pub(crate) fn write_keyed(&self, key: &[u8], payload: &[u8]) {
        self.send(0, Some(key), payload, &[]);
    }

    pub(crate) fn write_tagged(&self, payload: &[u8], id: &str) {
        self.send(0, None, payload, &[("tidegate-id", id.as_bytes())]);
    }

    fn send(&self, partition: i32, key: Option<&[u8]>, payload: &[u8], headers: &[(&str, &[u8])]) {
        let options = PlainOptions { gapless: true, linger: Duration::ZERO };
        let producer = PlainProducer::new(&settings(), options, events(), |_| ()).unwrap();
        let (topic, partition) = (self.0.as_str(), Some(partition));
        let record = OutRecord { topic, partition, key, payload, headers, timestamp_millis: None };
        producer.send(&record, 0).unwrap();
        wait("a record is written", || {
            producer.poll(Duration::from_millis(5));
            producer.in_flight() == 0
        });
    }

    /// The records that are there now.
    pub(crate) fn read_all(&self) -> Vec<Vec<u8>> {
        let reader = self.reader();
        let end = reader.watermarks(PATIENCE).unwrap().high;
        self.read(usize::try_from(end).unwrap())
    }

    fn reader(&self) -> PartitionReader {
        let options = ReaderOptions {
            topic: self.0.clone(),
            partition: 0,
            start: StartOffset::At(0),
            read_committed: true,
            fetch_wait: Duration::from_millis(5),
            read_ahead_kbytes: 1024,
        };
        PartitionReader::new(&settings(), options, events()).unwrap()
    }

    /// The first `count` records, and no more than a moment later.
    pub(crate) fn read(&self, count: usize) -> Vec<Vec<u8>> {
        let reader = self.reader();
        let mut found: Vec<Vec<u8>> = Vec::new();
        let deadline = Instant::now() + PATIENCE;
        while found.len() < count && Instant::now() < deadline {
            if let Polled::Record(record) = reader.poll(Duration::from_millis(50)).unwrap() {
                found.push(record.payload().unwrap().to_vec());
            }
        }
        let shown: Vec<_> = found.iter().map(|payload| String::from_utf8_lossy(payload)).collect();
        assert_eq!(found.len(), count, "topic {}: {shown:?}", self.0);
        found
    }
}

/// A host, and the folder that its bad events are in.
pub(crate) fn host() -> (Host, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let config = HostConfig {
        registry: Registry {
            engine: tidegate_engine::Registry::ENGINE,
            connectors: tidegate_connectors::CLASSES,
        },
        tokens: Tokens::new(Vec::<(String, String)>::new(), Vec::<(String, String)>::new()),
        clock: Arc::new(SystemClock),
        bad_events: BadEvents::open(&folder.path().join("bad")).unwrap(),
        queue_blocks: 16,
        allow_unsupported: false,
        date_format: None,
    };
    (Host::new(config), folder)
}

/// A project of one source window with a publisher and a subscriber.
pub(crate) fn model(name: &str, schema: &str, properties_in: &str, properties_out: &str) -> String {
    format!(
        "<project name='{name}' pubsub='auto' threads='1'><contqueries><contquery name='cq'><windows>\
         <window-source name='s' pubsub='true'><schema-string>{schema}</schema-string><connectors>\
         <connector class='kafka' name='in'><properties><property name='type'>pub</property>{properties_in}\
         </properties></connector>\
         <connector class='kafka' name='out'><properties><property name='type'>sub</property>\
         <property name='snapshot'>false</property>{properties_out}</properties></connector>\
         </connectors></window-source></windows></contquery></contqueries></project>"
    )
}

/// Checks that no connector has failed.
pub(crate) fn running(project: &Project) {
    for connector in project.connectors() {
        assert_eq!(connector.state, ConnectorState::Running, "{connector:?}");
    }
}

/// Waits until something is so.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "{what}: not in time");
        std::thread::sleep(Duration::from_millis(20));
    }
}
