//! `Summary`: univariate statistics of the most recent values (functions.md 6.1).

use std::collections::VecDeque;

use tidegate_engine::state::{StateError, StateReader};
use tidegate_engine::windows::{Algorithm, Calculation};

/// The algorithm.
pub static SUMMARY: Algorithm = Algorithm {
    name: "Summary",
    parameters: &[("windowLength", "5")],
    inputs: &["input"],
    outputs: &[
        "nOut",
        "nmissOut",
        "minOut",
        "maxOut",
        "sumOut",
        "meanOut",
        "stdOut",
        "varOut",
        "cssOut",
        "ussOut",
        "stderrOut",
        "cvOut",
    ],
    start,
};

/// Longest window: its values are kept, and gone through at every event.
const MOST_VALUES: usize = 1_000_000;

fn start(parameters: &[&str]) -> Result<Box<dyn Calculation>, String> {
    match parameters[0].parse::<usize>() {
        Ok(0) => Ok(Box::new(Since::default())),
        Ok(length) if length <= MOST_VALUES => Ok(Box::new(Recent { length, values: VecDeque::new() })),
        _ => Err(format!("'{}' is no 'windowLength': a number from 0 to {MOST_VALUES}", parameters[0])),
    }
}

/// Of values that are not null.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Moments {
    count: u64,
    missing: u64,
    min: f64,
    max: f64,
    sum: f64,
    mean: f64,
    /// Of the squared distances from the mean.
    corrected: f64,
    /// Of the squares.
    uncorrected: f64,
}

impl Moments {
    /// Adds a value by Welford's recurrence.
    fn add(&mut self, value: Option<f64>) {
        let Some(value) = value else {
            self.missing += 1;
            return;
        };
        let first = self.count == 0;
        self.count += 1;
        self.min = if first { value } else { self.min.min(value) };
        self.max = if first { value } else { self.max.max(value) };
        self.sum += value;
        self.uncorrected += value * value;
        let off = value - self.mean;
        self.mean += off / self.count as f64;
        self.corrected += off * (value - self.mean);
    }

    /// In two passes.
    fn of(values: &VecDeque<Option<f64>>) -> Self {
        let mut moments = Self::default();
        values.iter().for_each(|value| moments.add(*value));
        if moments.count > 0 {
            moments.mean = moments.sum / moments.count as f64;
            moments.corrected = values.iter().flatten().map(|value| (value - moments.mean).powi(2)).sum();
        }
        moments
    }

    /// The outputs, in the order of [`SUMMARY`].
    fn write(&self, outputs: &mut Vec<Option<f64>>) {
        let n = self.count as f64;
        let some = |value: f64| Some(value).filter(|_| self.count > 0);
        let mean = self.sum / n;
        let variance = Some(self.corrected / (n - 1.0)).filter(|_| self.count > 1);
        let deviation = variance.map(f64::sqrt);
        outputs.extend([
            Some(n),
            Some(self.missing as f64),
            some(self.min),
            some(self.max),
            some(self.sum),
            some(mean),
            deviation,
            variance,
            some(self.corrected),
            some(self.uncorrected),
            deviation.map(|deviation| deviation / n.sqrt()),
            deviation.filter(|_| mean != 0.0).map(|deviation| 100.0 * deviation / mean),
        ]);
    }
}

/// The last `length` values.
struct Recent {
    length: usize,
    values: VecDeque<Option<f64>>,
}

impl Calculation for Recent {
    fn observe(&mut self, inputs: &[Option<f64>], outputs: &mut Vec<Option<f64>>) {
        for value in inputs {
            if self.values.len() == self.length {
                self.values.pop_front();
            }
            self.values.push_back(*value);
            Moments::of(&self.values).write(outputs);
        }
    }

    fn save(&self, state: &mut Vec<u8>) {
        state.extend_from_slice(&(self.values.len() as u64).to_le_bytes());
        for value in &self.values {
            state.push(u8::from(value.is_some()));
            state.extend_from_slice(&value.unwrap_or_default().to_le_bytes());
        }
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let count = from.get_u64()?;
        if count > self.length as u64 {
            return Err(StateError::corrupt("more values than the window is long"));
        }
        self.values.clear();
        for _ in 0..count {
            let mut is_there = [0];
            from.get(&mut is_there)?;
            let value = f64::from_bits(from.get_u64()?);
            self.values.push_back(Some(value).filter(|_| is_there != [0]));
        }
        Ok(())
    }
}

/// All values since the start.
#[derive(Default)]
struct Since {
    moments: Moments,
}

impl Calculation for Since {
    fn observe(&mut self, inputs: &[Option<f64>], outputs: &mut Vec<Option<f64>>) {
        for value in inputs {
            self.moments.add(*value);
            self.moments.write(outputs);
        }
    }

    fn save(&self, state: &mut Vec<u8>) {
        let Moments { count, missing, min, max, sum, mean, corrected, uncorrected } = self.moments;
        for number in [count, missing] {
            state.extend_from_slice(&number.to_le_bytes());
        }
        for number in [min, max, sum, mean, corrected, uncorrected] {
            state.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let (count, missing) = (from.get_u64()?, from.get_u64()?);
        let mut number = || from.get_u64().map(f64::from_bits);
        let (min, max, sum) = (number()?, number()?, number()?);
        let (mean, corrected, uncorrected) = (number()?, number()?, number()?);
        self.moments = Moments { count, missing, min, max, sum, mean, corrected, uncorrected };
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(length: &str, values: &[Option<f64>], save_at: usize) -> Vec<Vec<Option<f64>>> {
        let mut summary = (SUMMARY.start)(&[length]).unwrap();
        let mut rows = Vec::new();
        for (number, value) in values.iter().enumerate() {
            if number == save_at {
                let mut state = Vec::new();
                summary.save(&mut state);
                summary = (SUMMARY.start)(&[length]).unwrap();
                summary.load(&mut &state[..]).unwrap();
            }
            let mut row = Vec::new();
            summary.observe(&[*value], &mut row);
            rows.push(row);
        }
        rows
    }

    fn assert_near(row: &[Option<f64>], wanted: &[Option<f64>]) {
        assert_eq!(row.len(), wanted.len());
        for (value, wanted) in row.iter().zip(wanted) {
            let near = match (value, wanted) {
                (Some(value), Some(wanted)) => (value - wanted).abs() < 1e-12,
                (value, wanted) => value == wanted,
            };
            assert!(near, "{row:?}");
        }
    }

    /// 2, 4, null, 9: of 2 and 4 the mean is 3, css 2, var 2; of 4 and 9 (and a null) the mean is 6.5, css 12.5.
    #[test]
    fn a_window_of_three() {
        let values = [Some(2.0), Some(4.0), None, Some(9.0)];
        let rows = run("3", &values, 2);
        let some = |row: [f64; 12]| row.map(Some);
        let mut one = [None; 12];
        for (at, value) in [(0, 1.0), (1, 0.0), (2, 2.0), (3, 2.0), (4, 2.0), (5, 2.0), (8, 0.0), (9, 4.0)] {
            one[at] = Some(value);
        }
        assert_near(&rows[0], &one);
        let two = [2.0, 0.0, 2.0, 4.0, 6.0, 3.0, 2f64.sqrt(), 2.0, 2.0, 20.0, 1.0, 100.0 * 2f64.sqrt() / 3.0];
        assert_near(&rows[1], &some(two));
        assert_near(
            &rows[2],
            &some([2.0, 1.0, two[2], two[3], 6.0, 3.0, two[6], 2.0, 2.0, 20.0, 1.0, two[11]]),
        );
        let deviation = 12.5f64.sqrt();
        let last = [2.0, 1.0, 4.0, 9.0, 13.0, 6.5, deviation, 12.5, 12.5, 97.0, 2.5, 100.0 * deviation / 6.5];
        assert_near(&rows[3], &some(last));
    }

    /// Length 0 is as long as there are values.
    #[test]
    fn all_since_the_start() {
        let values: Vec<Option<f64>> =
            (0..50).map(|n| (n % 7 != 3).then(|| f64::from(n * n % 31) - 3.0)).collect();
        let (all, since) = (run("50", &values, 20), run("0", &values, 20));
        for (all, since) in all.iter().zip(&since) {
            for (all, since) in all.iter().zip(since) {
                assert!(
                    all.zip(*since).map_or(all == since, |(a, b)| (a - b).abs() < 1e-9),
                    "{all:?} {since:?}"
                );
            }
        }
    }

    #[test]
    fn lengths_that_are_none() {
        for length in ["-1", "x", "", "1000001"] {
            assert!((SUMMARY.start)(&[length]).is_err(), "{length}");
        }
        let mut summary = (SUMMARY.start)(&["2"]).unwrap();
        assert!(summary.load(&mut &3u64.to_le_bytes()[..]).is_err());
    }
}
