//! Reading and writing against a real broker.

#![expect(clippy::unwrap_used, reason = "a test stops at what it cannot do")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tidegate_harness::{KafkaClient, shared};
use tidegate_kafka::{
    Delivered, Delivery, Events, OutRecord, OwnedRecord, PartitionReader, Place, PlainOptions, PlainProducer,
    Polled, ReadError, ReaderOptions, Settings, StartOffset, Topics, TransactionError, TransactionOptions,
    TransactionalProducer, Watermarks,
};

const PATIENCE: Duration = Duration::from_secs(30);

fn settings() -> Settings {
    Settings::new(&shared().unwrap().bootstrap, Some("enable.sparse.connections=false"), None).unwrap()
}

fn events() -> Events {
    Events::new(Place { connector: "test".to_owned(), window: "w".to_owned() })
}

fn make_topic(name: &str) {
    Topics::new(&settings(), events()).unwrap().create(name, 1, 1, PATIENCE).unwrap();
}

fn reader(topic: &str, start: StartOffset) -> PartitionReader {
    let options = ReaderOptions {
        topic: topic.to_owned(),
        partition: 0,
        start,
        read_committed: true,
        fetch_wait: Duration::from_millis(5),
        read_ahead_kbytes: 1024,
    };
    PartitionReader::new(&settings(), options, events()).unwrap()
}

fn record<'a>(topic: &'a str, payload: &'a str, headers: &'a [(&'a str, &'a [u8])]) -> OutRecord<'a> {
    OutRecord {
        topic,
        partition: Some(0),
        key: None,
        payload: payload.as_bytes(),
        headers,
        timestamp_millis: Some(1_000),
    }
}

fn until_end(reader: &PartitionReader) -> Vec<OwnedRecord> {
    let deadline = Instant::now() + PATIENCE;
    let mut found = Vec::new();
    while Instant::now() < deadline {
        match reader.poll(Duration::from_millis(100)).unwrap() {
            Polled::Record(record) => found.push(record.to_owned()),
            Polled::End => return found,
            Polled::Nothing => {}
        }
    }
    panic!("the end was not reached; found {found:?}");
}

fn payloads(records: &[OwnedRecord]) -> Vec<String> {
    records.iter().map(|record| String::from_utf8(record.payload.clone().unwrap()).unwrap()).collect()
}

fn transactional(id: &str) -> TransactionalProducer {
    let options = TransactionOptions {
        id: id.to_owned(),
        timeout: Duration::from_secs(60),
        linger: Duration::from_millis(1),
    };
    TransactionalProducer::new(&settings(), &options, events(), |_| ()).unwrap()
}

/// Repeats a call until its outcome is known.
fn decided(mut call: impl FnMut() -> Result<(), TransactionError>) -> Result<(), TransactionError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match call() {
            Err(TransactionError::Undecided(_)) if Instant::now() < deadline => {}
            outcome => return outcome,
        }
    }
}

#[test]
fn a_record_comes_back_with_all_its_parts() {
    make_topic("kafka-parts");
    let reports: Arc<Mutex<Vec<Delivery>>> = Arc::default();
    let reported = Arc::clone(&reports);
    let options = PlainOptions { gapless: true, linger: Duration::ZERO };
    let producer = PlainProducer::new(&settings(), options, events(), move |report| {
        reported.lock().unwrap().push(report)
    })
    .unwrap();
    let headers: [(&str, &[u8]); 2] = [("a", b"1"), ("tidegate-id", b"x")];
    producer.send(&OutRecord { key: Some(b"k"), ..record("kafka-parts", "one", &headers) }, 7).unwrap();
    producer.send(&record("kafka-parts", "two", &[]), 8).unwrap();
    let deadline = Instant::now() + PATIENCE;
    while producer.in_flight() > 0 && Instant::now() < deadline {
        producer.poll(Duration::from_millis(10));
    }
    let report = |opaque, offset| Delivery { opaque, outcome: Delivered::At(offset) };
    assert_eq!(*reports.lock().unwrap(), [report(7, 0), report(8, 1)]);

    let found = until_end(&reader("kafka-parts", StartOffset::Beginning));
    assert_eq!(payloads(&found), ["one", "two"]);
    assert_eq!(found[0].offset, 0);
    assert_eq!(found[0].timestamp_millis, Some(1_000));
    assert_eq!(found[0].key.as_deref(), Some(&b"k"[..]));
    assert_eq!(found[0].header("tidegate-id"), Some(&b"x"[..]));
    assert_eq!(found[1].header("tidegate-id"), None);
}

#[test]
fn the_last_records_are_found_behind_aborted_ones_and_control_records() {
    let topic = "kafka-tail";
    make_topic(topic);
    let producer = transactional("kafka-tail");
    decided(|| producer.init(PATIENCE)).unwrap();
    producer.begin().unwrap();
    for payload in ["1", "2", "3"] {
        producer.send(&record(topic, payload, &[]), 0).unwrap();
    }
    decided(|| producer.commit(PATIENCE)).unwrap();
    for _ in 0..12 {
        producer.begin().unwrap();
        for _ in 0..4 {
            producer.send(&record(topic, "aborted", &[]), 0).unwrap();
        }
        assert!(producer.flush(PATIENCE));
        decided(|| producer.abort(PATIENCE)).unwrap();
    }
    let mut reader = reader(topic, StartOffset::End);
    // 3 records and their commit, 12 times 4 records and their abort.
    let end = 4 + 12 * 5;
    let deadline = Instant::now() + PATIENCE;
    while reader.watermarks(PATIENCE).unwrap().high < end {
        assert!(Instant::now() < deadline, "{:?}", reader.watermarks(PATIENCE));
    }
    assert_eq!(reader.watermarks(PATIENCE).unwrap(), Watermarks { low: 0, high: end });
    let found = reader.last_records_before(0, end, 2, PATIENCE).unwrap();
    assert_eq!(payloads(&found), ["2", "3"]);
    let found = reader.last_records_before(0, 2, 9, PATIENCE).unwrap();
    assert_eq!(payloads(&found), ["1", "2"]);
    let found = reader.last_records_before(4, end, 1, PATIENCE).unwrap();
    assert_eq!(payloads(&found), [""; 0]);
    // Tailing goes on where it is told to.
    reader.start_at(StartOffset::At(2));
    assert_eq!(payloads(&until_end(&reader)), ["3"]);
}

#[test]
fn a_newer_producer_fences_the_older_and_what_it_left_open_is_aborted() {
    let topic = "kafka-fence";
    make_topic(topic);
    let (old, new) = (transactional("kafka-fence"), transactional("kafka-fence"));
    decided(|| old.init(PATIENCE)).unwrap();
    old.begin().unwrap();
    old.send(&record(topic, "lost", &[]), 0).unwrap();
    assert!(old.flush(PATIENCE));
    decided(|| new.init(PATIENCE)).unwrap();
    new.begin().unwrap();
    new.send(&record(topic, "kept", &[]), 0).unwrap();
    decided(|| new.commit(PATIENCE)).unwrap();
    assert!(matches!(decided(|| old.commit(PATIENCE)), Err(TransactionError::Fenced(_))));
    assert_eq!(payloads(&until_end(&reader(topic, StartOffset::Beginning))), ["kept"]);
}

#[test]
fn a_reader_waits_for_its_topic() {
    let topic = "kafka-late";
    let topics = Topics::new(&settings(), events()).unwrap();
    assert_eq!(topics.partitions(topic, PATIENCE).unwrap(), None);
    let reader = reader(topic, StartOffset::At(0));
    assert!(matches!(reader.poll(Duration::from_millis(300)).unwrap(), Polled::Nothing));
    assert!(reader.watermarks(Duration::from_secs(1)).unwrap_err().temporary);
    topics.create(topic, 1, 1, PATIENCE).unwrap();
    topics.create(topic, 1, 1, PATIENCE).unwrap();
    // A broker may answer for a moment from what it knew before the topic was made.
    let deadline = Instant::now() + PATIENCE;
    while topics.partitions(topic, PATIENCE).unwrap() != Some(1) {
        assert!(Instant::now() < deadline, "the topic was not seen");
    }
    let producer = transactional("kafka-late");
    decided(|| producer.init(PATIENCE)).unwrap();
    producer.begin().unwrap();
    producer.send(&record(topic, "late", &[]), 0).unwrap();
    decided(|| producer.commit(PATIENCE)).unwrap();
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Polled::Record(record) = reader.poll(Duration::from_millis(100)).unwrap() {
            assert_eq!(record.payload(), Some(&b"late"[..]));
            break;
        }
        assert!(Instant::now() < deadline, "the record did not come");
    }
}

#[test]
fn an_offset_out_of_range_is_an_error() {
    make_topic("kafka-range");
    let reader = reader("kafka-range", StartOffset::At(5));
    let deadline = Instant::now() + PATIENCE;
    let error = loop {
        assert!(Instant::now() < deadline, "no error came");
        if let Err(error) = reader.poll(Duration::from_millis(100)) {
            break error;
        }
    };
    assert!(matches!(error, ReadError::OffsetOutOfRange { offset: 5, .. }), "{error:?}");
}

#[test]
fn a_topic_tells_its_settings() {
    let brokers = KafkaClient::new(&shared().unwrap().bootstrap);
    let chosen = [
        ("retention.ms", "60000"),
        ("message.timestamp.type", "LogAppendTime"),
        ("cleanup.policy", "compact"),
    ];
    brokers.create_topic("kafka-settings", 1, 1, &chosen).unwrap();
    let found = Topics::new(&settings(), events()).unwrap().settings("kafka-settings", PATIENCE).unwrap();
    assert_eq!((found.log_append_time, found.compacted), (true, true));
    assert_eq!((found.retention_ms, found.retention_bytes), (Some(60_000), None));
}

/// Moved at once after its start, before anything was fetched, and again and again: librdkafka 2.12 ended the process when a partition
/// was assigned while the stop of the assignment before was under way.
#[test]
fn a_reader_is_moved_as_often_as_one_likes() {
    let topic = "kafka-moved";
    make_topic(topic);
    let options = PlainOptions { gapless: true, linger: Duration::ZERO };
    let producer = PlainProducer::new(&settings(), options, events(), |_| {}).unwrap();
    for number in 0..20 {
        producer.send(&record(topic, &number.to_string(), &[]), 0).unwrap();
    }
    while producer.in_flight() > 0 {
        producer.poll(Duration::from_millis(5));
    }
    let mut reader = reader(topic, StartOffset::Beginning);
    for round in 0..200 {
        reader.start_at(StartOffset::At(round % 20));
        let _any = reader.poll(Duration::from_millis(u64::from(round % 3 == 0))).unwrap();
        reader.start_at(StartOffset::Beginning);
        let _any = reader.poll(Duration::ZERO).unwrap();
    }
    reader.start_at(StartOffset::At(18));
    assert_eq!(payloads(&until_end(&reader)), ["18", "19"]);
    reader.start_at(StartOffset::At(19));
    assert_eq!(payloads(&until_end(&reader)), ["19"]);
    reader.start_at(StartOffset::At(20));
    assert_eq!(payloads(&until_end(&reader)), [""; 0], "the end is said again");
}
