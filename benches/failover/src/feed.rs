//! Input records: at a steady rate on a schedule, or as many as there are to be at once.

use std::fmt::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::Outcome;

/// The longest pause between two bursts.
const PAUSE: Duration = Duration::from_micros(500);
/// How long the brokers may take for what is on its way.
const FLUSH: Duration = Duration::from_secs(60);

/// Writes records into a fresh topic on a schedule that nothing delays; the record at offset `n` is due `n` intervals after
/// the start.
pub struct Feed {
    begin: Instant,
    interval: Duration,
    stop: Arc<AtomicBool>,
    thread: JoinHandle<Outcome<u64>>,
}

impl Feed {
    /// Starts to write `rate` records a second.
    pub fn start(bootstrap: &str, topic: &str, rate: u32) -> Outcome<Self> {
        let producer = producer(bootstrap, "0")?;
        // The topic's leader is known before the first record is due.
        producer.client().fetch_metadata(Some(topic), FLUSH)?;
        let (begin, interval) = (Instant::now(), Duration::from_secs(1) / rate);
        let stop = Arc::new(AtomicBool::new(false));
        let (stopped, topic) = (Arc::clone(&stop), topic.to_owned());
        let thread = thread::spawn(move || {
            let mut next = 0;
            let mut text = String::new();
            while !stopped.load(Ordering::SeqCst) {
                while due(begin, interval, next) <= Instant::now() {
                    send(&producer, &topic, next, &mut text)?;
                    next += 1;
                }
                producer.poll(Duration::ZERO);
                thread::sleep(PAUSE);
            }
            producer.flush(FLUSH)?;
            Ok(next)
        });
        Ok(Self { begin, interval, stop, thread })
    }

    /// When the record at an offset was due.
    pub fn due(&self, offset: i64) -> Instant {
        due(self.begin, self.interval, u64::try_from(offset).unwrap_or(0))
    }

    /// Ends it and answers how many records were written.
    pub fn stop(self) -> Outcome<u64> {
        self.stop.store(true, Ordering::SeqCst);
        self.thread.join().map_err(|_| "the feed has panicked")?
    }
}

fn due(begin: Instant, interval: Duration, offset: u64) -> Instant {
    let nanos = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
    begin + Duration::from_nanos(nanos.saturating_mul(offset))
}

/// Writes the records from number `first` to `end` as fast as the brokers take them.
pub fn fill(bootstrap: &str, topic: &str, first: u64, end: u64) -> Outcome {
    let producer = producer(bootstrap, "20")?;
    let mut text = String::new();
    for number in first..end {
        send(&producer, topic, number, &mut text)?;
    }
    Ok(producer.flush(FLUSH)?)
}

fn producer(bootstrap: &str, linger: &str) -> Outcome<BaseProducer> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("enable.idempotence", "true").set("linger.ms", linger);
    Ok(config.create()?)
}

/// The trade with a number, as a line that inserts it.
pub fn line(number: u64, text: &mut String) -> Outcome {
    let mixed = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    text.clear();
    let (symbol, price, quantity) = (mixed % 1000, (mixed >> 4) % 1_000_000, 1 + (mixed >> 8) % 500);
    writeln!(text, "i,n,{number},SYM{symbol:05},{}.{:02},{quantity}", price / 100, price % 100)?;
    Ok(())
}

fn send(producer: &BaseProducer, topic: &str, number: u64, text: &mut String) -> Outcome {
    line(number, text)?;
    loop {
        let record: BaseRecord<'_, (), str> = BaseRecord::to(topic).partition(0).payload(text.as_str());
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), _)) => {
                producer.poll(Duration::from_millis(5));
            }
            Err((error, _)) => return Err(error.into()),
        }
    }
}
