//! Brokers away for a while: nothing is lost, and the log has two lines.
#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot do")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tidegate_harness::{Cluster, Options};
use tidegate_kafka::{
    Delivered, Events, OutRecord, PartitionReader, Place, PlainOptions, PlainProducer, Polled, ReaderOptions,
    Settings, StartOffset,
};
use tracing::Level;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

const PATIENCE: Duration = Duration::from_secs(60);

/// The levels of the lines at info and above.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<Level>>>);

impl<S: tracing::Subscriber> Layer<S> for Lines {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if level <= Level::INFO && event.metadata().target().starts_with("tidegate_kafka") {
            self.0.lock().unwrap().push(level);
        }
    }
}

#[test]
fn an_outage_of_everything_loses_nothing_and_says_two_lines() {
    let lines = Lines::default();
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(lines.clone())).unwrap();
    let cluster = Cluster::start(&Options::default()).unwrap();
    cluster.create_topic("outage", 1, &[]).unwrap();
    let settings = Settings::new(cluster.bootstrap(), Some("enable.sparse.connections=false"), None).unwrap();
    let events = Events::new(Place { connector: "out".to_owned(), window: "w".to_owned() });
    let offsets: Arc<Mutex<Vec<i64>>> = Arc::default();
    let written = Arc::clone(&offsets);
    let options = PlainOptions { gapless: true, linger: Duration::from_millis(1) };
    let producer = PlainProducer::new(&settings, options, events.clone(), move |delivery| {
        let Delivered::At(offset) = delivery.outcome else { panic!("{delivery:?}") };
        written.lock().unwrap().push(offset);
    })
    .unwrap();
    let options = ReaderOptions {
        topic: "outage".to_owned(),
        partition: 0,
        start: StartOffset::At(0),
        read_committed: true,
        fetch_wait: Duration::from_millis(50),
        read_ahead_kbytes: 1024,
    };
    let reader = PartitionReader::new(&settings, options, events).unwrap();
    let mut read: Vec<String> = Vec::new();
    let mut turn = |is_so: &dyn Fn(&[String]) -> bool, what: &str| {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(&read) {
            assert!(
                Instant::now() < deadline,
                "{what}: not in time; read {read:?}, lines {:?}",
                lines.0.lock()
            );
            producer.poll(Duration::from_millis(5));
            if let Polled::Record(record) = reader.poll(Duration::from_millis(5)).unwrap() {
                read.push(String::from_utf8(record.payload().unwrap().to_vec()).unwrap());
            }
        }
    };
    let send = |payload: &str| {
        let (payload, headers) = (payload.as_bytes(), &[][..]);
        let record = OutRecord {
            topic: "outage",
            partition: Some(0),
            key: None,
            payload,
            headers,
            timestamp_millis: None,
        };
        producer.send(&record, 0).unwrap();
    };
    send("before");
    turn(&|read| read.len() == 1, "the first record");
    let broker = &cluster.brokers()[0];
    broker.kill().unwrap();
    turn(&|_| !lines.0.lock().unwrap().is_empty(), "the line of the outage");
    send("during");
    let until = Instant::now() + Duration::from_secs(8);
    turn(&|_| Instant::now() >= until, "the outage");
    broker.restart().unwrap();
    send("after");
    turn(&|read| read.len() == 3, "the records of the outage");
    turn(&|_| lines.0.lock().unwrap().len() >= 2, "the line of its end");
    assert_eq!(read, ["before", "during", "after"]);
    assert_eq!(*offsets.lock().unwrap(), [0, 1, 2]);
    assert_eq!(*lines.0.lock().unwrap(), [Level::WARN, Level::INFO]);
}
