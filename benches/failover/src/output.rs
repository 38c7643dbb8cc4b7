//! Output as a reader of committed records sees it, with the time at which it came.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::Outcome;

const POLL: Duration = Duration::from_millis(20);

/// An output record that became visible.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    pub at: Instant,
    /// The offset of the input record that it comes from.
    pub input: i64,
}

/// Follows a topic from its beginning, on a thread of its own.
pub struct Output {
    arrivals: Receiver<Arrival>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Output {
    /// Starts to read. Ids not above the last one are dropped, as all of Tidegate's readers do.
    pub fn follow(bootstrap: &str, topic: &str) -> Outcome<Self> {
        let consumer = consumer(bootstrap, topic)?;
        let (sender, arrivals) = channel();
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let mut last = -1;
            while !stopped.load(Ordering::SeqCst) {
                let Some(Ok(record)) = consumer.poll(POLL) else { continue };
                let at = Instant::now();
                // Without ids every record has one output, and nothing is doubled.
                let input = input_of(&record).unwrap_or(last + 1);
                if input <= last {
                    continue;
                }
                last = input;
                if sender.send(Arrival { at, input }).is_err() {
                    return;
                }
            }
        });
        Ok(Self { arrivals, stop, thread: Some(thread) })
    }

    /// The next record, within `patience`.
    pub fn next(&self, patience: Duration) -> Outcome<Arrival> {
        self.arrivals.recv_timeout(patience).map_err(|_| format!("no output within {patience:?}").into())
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // What panicked there has been printed.
            let _ = thread.join();
        }
    }
}

/// A consumer of partition 0 from its beginning, which sees what is committed at once.
pub fn consumer(bootstrap: &str, topic: &str) -> Outcome<BaseConsumer> {
    let mut config = ClientConfig::new();
    config.set("bootstrap.servers", bootstrap).set("group.id", "bench");
    config.set("isolation.level", "read_committed").set("fetch.wait.max.ms", "5");
    config.set("enable.auto.commit", "false");
    let consumer: BaseConsumer = config.create()?;
    let mut partitions = TopicPartitionList::new();
    partitions.add_partition_offset(topic, 0, Offset::Beginning)?;
    consumer.assign(&partitions)?;
    Ok(consumer)
}

/// `STREAM:INPUT:SUB:PART` (design 7).
fn input_of(record: &BorrowedMessage<'_>) -> Option<i64> {
    let header = record.headers()?.iter().find(|header| header.key == "tidegate-id")?;
    std::str::from_utf8(header.value?).ok()?.split(':').nth(1)?.parse().ok()
}
