//! How far a publisher has come in a long input.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// The span over which a rate is taken.
const RATE_OVER: Duration = Duration::from_secs(5);
/// The least time between two samples.
const SAMPLE_EVERY: Duration = Duration::from_millis(500);

/// Counters that a connector's thread writes and everybody may read.
#[derive(Debug, Default)]
pub struct Progress {
    events: AtomicU64,
    bytes: AtomicU64,
    bytes_total: AtomicU64,
    recent: Mutex<Recent>,
}

/// Where a reader of a log stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogProgress {
    /// Offset of the record that it reads next.
    pub position: i64,
    /// Offset behind the last record of the log, when it was last looked at.
    pub end: i64,
    /// Records per second lately.
    pub rate: u64,
    /// Seconds until it reaches `end` at that rate; none while it does not move.
    pub estimate_s: Option<u64>,
}

/// The last seconds.
#[derive(Debug, Default)]
struct Recent {
    /// When, how many events and which position there were.
    samples: VecDeque<(Instant, u64, i64)>,
    log: Option<(i64, i64)>,
}

impl Recent {
    /// Events and records per second, at `now`.
    fn rates(&self, now: Instant, events: u64) -> (f64, f64) {
        let Some(&(since, events_then, position_then)) = self.samples.front() else { return (0.0, 0.0) };
        let seconds = now.saturating_duration_since(since).as_secs_f64();
        if seconds <= 0.0 {
            return (0.0, 0.0);
        }
        let position = self.log.map_or(position_then, |(position, _)| position);
        let records = position.saturating_sub(position_then).max(0);
        (events.saturating_sub(events_then) as f64 / seconds, records as f64 / seconds)
    }

    fn sample(&mut self, now: Instant, events: u64) {
        if self.samples.back().is_some_and(|&(last, ..)| now.saturating_duration_since(last) < SAMPLE_EVERY) {
            return;
        }
        let too_old = |samples: &VecDeque<(Instant, u64, i64)>| {
            // One sample beyond the span stays, so that the rate is over all of it.
            samples.get(1).is_some_and(|&(second, ..)| now.saturating_duration_since(second) >= RATE_OVER)
        };
        while too_old(&self.samples) {
            self.samples.pop_front();
        }
        self.samples.push_back((now, events, self.log.map_or(0, |(position, _)| position)));
    }
}

impl Progress {
    /// Events so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Bytes of input so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// Bytes that there are, when that is known.
    pub fn bytes_total(&self) -> Option<u64> {
        Some(self.bytes_total.load(Ordering::Relaxed)).filter(|&total| total > 0)
    }

    /// Events per second over the last seconds, where the connector tells how far it is.
    pub fn rate(&self) -> u64 {
        self.rate_at(Instant::now()) as u64
    }

    /// Where a reader of a log stands.
    pub fn log(&self) -> Option<LogProgress> {
        self.log_at(Instant::now())
    }

    pub(super) fn rate_at(&self, now: Instant) -> f64 {
        self.recent.lock().rates(now, self.events()).0
    }

    fn log_at(&self, now: Instant) -> Option<LogProgress> {
        let recent = self.recent.lock();
        let (position, end) = recent.log?;
        let rate = recent.rates(now, self.events()).1;
        let left = end.saturating_sub(position).max(0);
        let estimate_s =
            if left == 0 { Some(0) } else { (rate > 0.0).then(|| (left as f64 / rate).ceil() as u64) };
        Some(LogProgress { position, end, rate: rate as u64, estimate_s })
    }

    /// Notes how far the connector is; `log` = position and end of a log.
    pub(super) fn note(&self, now: Instant, log: Option<(i64, i64)>) {
        let mut recent = self.recent.lock();
        let first = recent.log.is_none();
        recent.log = log.or(recent.log);
        // What was read before a restart of the connector does not count as speed.
        if first && log.is_some() {
            recent.samples.clear();
        }
        recent.sample(now, self.events());
    }

    pub(super) fn add_events(&self, events: u64) {
        self.events.fetch_add(events, Ordering::Relaxed);
    }

    pub(super) fn set_bytes(&self, bytes: u64, total: Option<u64>) {
        self.bytes.store(bytes, Ordering::Relaxed);
        self.bytes_total.store(total.unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rate_and_estimate_are_those_of_the_last_seconds() {
        let progress = Progress::default();
        let begun = Instant::now();
        let at = |seconds: u64| begun + Duration::from_secs(seconds);
        assert_eq!(progress.log(), None);
        progress.note(at(0), Some((1000, 5000)));
        progress.add_events(200);
        progress.note(at(1), Some((1100, 5000)));
        // 100 records and 200 events a second; 3900 records are left.
        let expected = LogProgress { position: 1100, end: 5000, rate: 100, estimate_s: Some(39) };
        assert_eq!(progress.log_at(at(1)), Some(expected));
        assert!((progress.rate_at(at(1)) - 200.0).abs() < 1e-9);
        // Ten seconds without a record.
        (2..=11).for_each(|second| progress.note(at(second), Some((1100, 5000))));
        let expected = LogProgress { position: 1100, end: 5000, rate: 0, estimate_s: None };
        assert_eq!(progress.log_at(at(11)), Some(expected));
        progress.note(at(12), Some((5000, 5000)));
        assert_eq!(progress.log_at(at(12)).unwrap().estimate_s, Some(0));
    }
}
