//! Numbers over the repetitions of a measurement.

use std::time::Duration;

/// The middle one.
pub fn median<T: Copy + PartialOrd>(values: &[T]) -> T {
    let mut sorted = values.to_vec();
    sorted.sort_by(|a, b| a.partial_cmp(b).expect("measured values are numbers"));
    sorted[sorted.len() / 2]
}

/// `median / worst` of times, in milliseconds.
pub fn median_and_worst(times: &[Duration]) -> String {
    let worst = times.iter().max().copied().unwrap_or_default();
    format!("{:.0} / {:.0} ms", millis(median(times)), millis(worst))
}

/// Milliseconds.
pub fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
