//! Where the Kafka publishers of this process stand: what their project's failover connectors ask.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_kafka::{Events, PartitionReader, ReaderOptions, Settings, StartOffset};

/// For how long an answer about the end of the input is good enough to be shown.
const REFRESH_EVERY: Duration = Duration::from_millis(500);
/// How long such a question may take.
const REFRESH_TIME: Duration = Duration::from_millis(300);

/// The publishers by project. A project with a failover connector has one.
#[derive(Debug)]
pub(crate) struct Inputs(Mutex<BTreeMap<String, Arc<InputTrack>>>);

impl Inputs {
    /// No publishers.
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// The publisher of a project that has started last.
    pub(crate) fn get(&self, project: &str) -> Option<Arc<InputTrack>> {
        self.0.lock().get(project).cloned()
    }

    /// A publisher of the project has started.
    pub(crate) fn set(&self, project: &str, track: Arc<InputTrack>) {
        self.0.lock().insert(project.to_owned(), track);
    }
}

/// Where one publisher stands in its partition.
#[derive(Debug)]
pub(crate) struct InputTrack {
    settings: Settings,
    events: Events,
    topic: String,
    partition: i32,
    /// Offset of the next record to be read.
    next: AtomicI64,
    /// The end of the partition, when it was last seen.
    end: AtomicI64,
    /// Records in a second of the log's own time.
    per_second: AtomicI64,
    /// Offset and time where the second at hand began.
    second: Mutex<Option<(i64, i64)>>,
    /// When the end was asked for last.
    asked: Mutex<Option<Instant>>,
    /// For questions about the end; opened when the first is asked.
    reader: Mutex<Option<PartitionReader>>,
}

impl InputTrack {
    /// A publisher that begins at offset `next`.
    pub(crate) fn new(settings: Settings, events: Events, topic: &str, partition: i32, next: i64) -> Self {
        Self {
            settings,
            events,
            topic: topic.to_owned(),
            partition,
            next: AtomicI64::new(next),
            end: AtomicI64::new(next),
            per_second: AtomicI64::new(0),
            second: Mutex::new(None),
            asked: Mutex::new(None),
            reader: Mutex::new(None),
        }
    }

    /// The record before offset `next`, with this timestamp, was read.
    pub(crate) fn advance(&self, next: i64, millis: Option<i64>) {
        self.next.store(next, Ordering::SeqCst);
        self.end.fetch_max(next, Ordering::SeqCst);
        let Some(millis) = millis else { return };
        let mut second = self.second.lock();
        match *second {
            Some((offset, began)) if millis - began >= 1000 => {
                let records = (next - offset).saturating_mul(1000) / (millis - began);
                self.per_second.store(records, Ordering::SeqCst);
                *second = Some((next, millis));
            }
            Some((_, began)) if millis >= began => {}
            _ => *second = Some((next, millis)),
        }
    }

    /// The partition ends at `end`.
    pub(crate) fn saw_end(&self, end: i64) {
        self.end.fetch_max(end, Ordering::SeqCst);
    }

    /// Asks for the end, unless that was done a moment ago.
    pub(crate) fn refresh(&self) {
        let mut asked = self.asked.lock();
        if asked.is_none_or(|at| at.elapsed() > REFRESH_EVERY) {
            // Without an answer the end stays what it was.
            let _unanswered = self.query_end(REFRESH_TIME);
            *asked = Some(Instant::now());
        }
    }

    /// Records that are not read yet.
    pub(crate) fn lag(&self) -> u64 {
        let lag = self.end.load(Ordering::SeqCst) - self.next.load(Ordering::SeqCst);
        u64::try_from(lag).unwrap_or(0)
    }

    /// Whether at most a second of input is not read yet.
    pub(crate) fn is_near_end(&self) -> bool {
        let second = u64::try_from(self.per_second.load(Ordering::SeqCst)).unwrap_or(0);
        self.lag() <= second
    }

    /// Asks the brokers for the first offset that does not exist yet; none when they do not answer in `time`.
    pub(crate) fn query_end(&self, time: Duration) -> Option<i64> {
        let mut reader = self.reader.lock();
        if reader.is_none() {
            let options = ReaderOptions {
                topic: self.topic.clone(),
                partition: self.partition,
                start: StartOffset::End,
                read_committed: false,
                fetch_wait: Duration::from_millis(500),
                read_ahead_kbytes: 1,
            };
            *reader = PartitionReader::new(&self.settings, options, self.events.clone()).ok();
        }
        let end = reader.as_mut()?.watermarks(time).ok()?.high;
        self.saw_end(end);
        Some(end)
    }
}

#[cfg(test)]
mod tests {
    use tidegate_kafka::Place;

    use super::*;

    #[test]
    fn near_the_end_is_a_second_of_the_logs_own_time() {
        let settings = Settings::new("localhost:1", None, None).unwrap();
        let events = Events::new(Place { connector: "in".to_owned(), window: "p/q/w".to_owned() });
        let track = InputTrack::new(settings, events, "in", 0, 0);
        // One record every 100 ms of log time.
        for offset in 0..100 {
            track.advance(offset + 1, Some(1_000_000 + offset * 100));
        }
        assert_eq!(track.lag(), 0);
        track.saw_end(110);
        assert!(track.is_near_end(), "ten records are a second");
        track.saw_end(112);
        assert!(!track.is_near_end());
        assert_eq!(track.lag(), 12);
    }
}
