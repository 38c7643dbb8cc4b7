//! The test's producer: readings with timestamps of its own, at a rate of its own, on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tidegate_harness::PATIENCE;
use tidegate_kafka::{
    Delivered, Delivery, Events, OutRecord, Place, PlainOptions, PlainProducer, SendError, Settings,
};

use crate::block::{Reading, encode};
use crate::{Error, Outcome};

/// The first timestamp lies this far back.
const BEGINS_AGO: Duration = Duration::from_secs(3 * 3600);
/// Events of one burst's sensor are at most so far apart; a burst grows over the filter's limit and expires below it.
const BURST: i64 = 500;
/// Sensors that report throughout.
const SENSORS: i64 = 40;

/// What is produced. Equal inputs give equal records, whatever the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Input {
    /// How many events.
    pub events: i64,
    /// From one event's timestamp to the next.
    pub spacing: Duration,
    /// The first event's timestamp, in milliseconds since 1970-01-01 UTC.
    pub begins: i64,
}

impl Input {
    /// `events` events that begin 3 hours ago and last two and a half: with 300,000 of them 30 ms each.
    #[must_use]
    pub fn new(events: i64) -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let begins = i64::try_from((now - BEGINS_AGO).as_millis()).unwrap_or(0);
        let spacing = Duration::from_millis(9_000_000 / u64::try_from(events).unwrap_or(1).max(1));
        Self { events, spacing, begins }
    }

    /// The readings of one record: one, and three in every tenth record.
    fn record(&self, first: i64) -> Vec<Reading> {
        let count = if first % 12 == 9 { 3 } else { 1 };
        (first..self.events.min(first + count)).map(reading).collect()
    }

    /// The records, and their timestamps.
    fn records(self) -> impl Iterator<Item = (i64, Vec<Reading>)> {
        let mut first = 0;
        std::iter::from_fn(move || {
            let readings = self.record(first);
            let spacing = i64::try_from(self.spacing.as_millis()).unwrap_or(0);
            let timestamp = self.begins + first * spacing;
            first += i64::try_from(readings.len()).unwrap_or(0);
            (!readings.is_empty()).then_some((timestamp, readings))
        })
    }
}

/// The reading number `at`, counted from 0. The last of any input is of a sensor that reports throughout.
fn reading(at: i64) -> Reading {
    let mixed = (at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407)) >> 33;
    let sensor = match at % 10 {
        3 => format!("burst-{:04}", at / BURST),
        _ => format!("sensor-{:02}", mixed.rem_euclid(SENSORS)),
    };
    Reading { id: at + 1, sensor, quarters: (mixed / SENSORS).rem_euclid(4000) - 1000 }
}

#[derive(Debug)]
struct State {
    /// Records a second.
    rate: AtomicU64,
    /// From this event on only a trickle flows.
    ceiling: AtomicI64,
    /// Everything left at once.
    hurry: AtomicBool,
    stop: AtomicBool,
    /// Events written to the topic.
    written: AtomicI64,
    /// Offset behind the last record that is written.
    end: AtomicI64,
    failure: std::sync::Mutex<Option<String>>,
}

/// Writes records with these timestamps and contents into partition 0 of `topic`, and waits until they are there.
///
/// # Errors
/// One is not.
pub fn write(bootstrap: &str, topic: &str, records: &[(i64, Vec<u8>)]) -> Outcome {
    let events = Events::new(Place { connector: "producer".to_owned(), window: topic.to_owned() });
    let written = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&written);
    let on_delivery = move |delivery: Delivery| {
        if matches!(delivery.outcome, Delivered::At(_)) {
            count.fetch_add(1, Ordering::SeqCst);
        }
    };
    let options = PlainOptions { gapless: true, linger: Duration::ZERO };
    let client = PlainProducer::new(&Settings::new(bootstrap, None, None)?, options, events, on_delivery)?;
    for (timestamp, payload) in records {
        let timestamp_millis = Some(*timestamp);
        let record =
            OutRecord { topic, partition: Some(0), key: None, payload, headers: &[], timestamp_millis };
        client
            .send(&record, 0)
            .map_err(|error| Error::Wrong(format!("a test record was not taken: {error}")))?;
    }
    let until = Instant::now() + PATIENCE;
    while client.in_flight() > 0 && Instant::now() < until {
        client.poll(Duration::from_millis(5));
    }
    if usize::try_from(written.load(Ordering::SeqCst)) == Ok(records.len()) {
        return Ok(());
    }
    Err(Error::Wrong(format!("not all of {} test records were written", records.len())))
}

/// The records of `count` events from event number `first` (counted from 0) on, one each, a second apart, the first of all an
/// hour ago.
#[must_use]
pub fn readings(first: i64, count: i64) -> Vec<(i64, Vec<u8>)> {
    let hour_ago = Input::new(1).begins + 2 * 3_600_000;
    (first..first + count).map(|at| (hour_ago + at * 1000, encode(&[reading(at)]))).collect()
}

/// A running producer.
pub struct Producer {
    input: Input,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

/// Records a second above the ceiling: events always flow.
const TRICKLE: u64 = 100;

impl Producer {
    /// Starts to write `input` into partition 0 of `topic`, at `rate` records a second.
    ///
    /// # Errors
    /// No thread, or no client.
    pub fn start(bootstrap: &str, topic: &str, input: Input, rate: u64) -> Outcome<Self> {
        let state = Arc::new(State {
            rate: AtomicU64::new(rate),
            ceiling: AtomicI64::new(i64::MAX),
            hurry: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            written: AtomicI64::new(0),
            end: AtomicI64::new(0),
            failure: std::sync::Mutex::default(),
        });
        let events = Events::new(Place { connector: "producer".to_owned(), window: topic.to_owned() });
        let reports = Arc::clone(&state);
        let on_delivery = move |delivery: Delivery| match delivery.outcome {
            Delivered::At(offset) => {
                reports.end.store(offset + 1, Ordering::SeqCst);
                reports.written.store(i64::try_from(delivery.opaque).unwrap_or(i64::MAX), Ordering::SeqCst);
            }
            other => reports.fail(format!("a test record was not written: {other:?}")),
        };
        let options = PlainOptions { gapless: true, linger: Duration::from_millis(2) };
        let client =
            PlainProducer::new(&Settings::new(bootstrap, None, None)?, options, events, on_delivery)?;
        let (work, topic) = (Arc::clone(&state), topic.to_owned());
        let thread = std::thread::Builder::new().name("producer".to_owned());
        let thread = thread.spawn(move || work.run(&client, &topic, input));
        let thread = thread.map_err(Error::io("starting the producer"))?;
        Ok(Self { input, state, thread: Some(thread) })
    }

    /// What it writes.
    #[must_use]
    pub fn input(&self) -> Input {
        self.input
    }

    /// From event `events` on, only a trickle flows.
    pub fn limit(&self, events: i64) {
        self.state.ceiling.store(events, Ordering::SeqCst);
    }

    /// Events written so far.
    ///
    /// # Errors
    /// One could not be written.
    pub fn written(&self) -> Outcome<i64> {
        match &*self.state.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner) {
            Some(failure) => Err(Error::Wrong(failure.clone())),
            None => Ok(self.state.written.load(Ordering::SeqCst)),
        }
    }

    /// The offset behind the last record that is written.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.state.end.load(Ordering::SeqCst)
    }

    /// Writes what is left without a pause and answers the offset behind the last record.
    ///
    /// # Errors
    /// A record could not be written.
    pub fn finish(mut self) -> Outcome<i64> {
        self.state.hurry.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            thread.join().map_err(|_| Error::Wrong("the producer panicked".to_owned()))?;
        }
        let written = self.written()?;
        if written != self.input.events {
            return Err(Error::Wrong(format!("{written} of {} events were written", self.input.events)));
        }
        Ok(self.end())
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl State {
    fn fail(&self, what: String) {
        self.failure.lock().unwrap_or_else(std::sync::PoisonError::into_inner).get_or_insert(what);
    }

    fn run(&self, client: &PlainProducer, topic: &str, input: Input) {
        let (mut due, mut sent) = (Instant::now(), 0);
        for (timestamp, readings) in input.records() {
            self.wait_for_turn(client, &mut due, sent);
            sent += i64::try_from(readings.len()).unwrap_or(0);
            let payload = encode(&readings);
            let record = OutRecord {
                topic,
                partition: Some(0),
                key: None,
                payload: &payload,
                headers: &[],
                timestamp_millis: Some(timestamp),
            };
            loop {
                match client.send(&record, u64::try_from(sent).unwrap_or(0)) {
                    Ok(()) => break,
                    Err(SendError::QueueFull) => client.poll(Duration::from_millis(10)),
                    Err(error) => return self.fail(format!("a test record was not taken: {error}")),
                }
            }
            if self.stop.load(Ordering::SeqCst) {
                return;
            }
        }
        while client.in_flight() > 0 && !self.stop.load(Ordering::SeqCst) {
            client.poll(Duration::from_millis(10));
        }
    }

    /// Waits until the next record is due, giving out delivery reports meanwhile.
    fn wait_for_turn(&self, client: &PlainProducer, due: &mut Instant, sent: i64) {
        loop {
            client.poll(Duration::ZERO);
            let over = sent >= self.ceiling.load(Ordering::SeqCst);
            let rate = if over { TRICKLE } else { self.rate.load(Ordering::SeqCst) };
            let now = Instant::now();
            if self.hurry.load(Ordering::SeqCst) || self.stop.load(Ordering::SeqCst) || *due <= now {
                // What could not be sent in time is not caught up in a burst.
                let late = now.checked_sub(Duration::from_millis(50)).unwrap_or(now);
                *due = (*due).max(late) + Duration::from_nanos(1_000_000_000 / rate.max(1));
                return;
            }
            client.poll((*due - now).min(Duration::from_millis(5)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_is_in_one_record_at_its_time() {
        let input = Input { events: 600, spacing: Duration::from_millis(30), begins: 1000 };
        let records: Vec<_> = input.records().collect();
        assert_eq!(records.iter().map(|(_, readings)| readings.len()).sum::<usize>(), 600);
        let ids: Vec<i64> = records.iter().flat_map(|(_, readings)| readings).map(|r| r.id).collect();
        assert_eq!(ids, (1..=600).collect::<Vec<_>>());
        let times = records.iter().map(|(timestamp, readings)| (timestamp - 1000) / 30 + 1 - readings[0].id);
        assert_eq!(times.filter(|difference| *difference != 0).count(), 0);
        assert!(records.iter().any(|(_, readings)| readings.len() == 3));
    }

    #[test]
    fn the_last_reading_is_of_a_sensor_that_reports_throughout() {
        for events in [20_000, 60_000, 300_000] {
            assert!(reading(events - 1).sensor.starts_with("sensor-"));
        }
    }
}
