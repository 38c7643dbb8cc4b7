//! Expected events against actual ones, as strictly as the case says.

use crate::case::{Strictness, Window};
use crate::events::{Event, read_steps, without_header};
use crate::{fold, steps};

/// The first difference between two files of `window`, in words.
pub(crate) fn compare(window: &Window, expected: &str, actual: &str) -> Result<(), String> {
    let actual = match window.header {
        Some(header) => without_header(actual, header, window)?,
        None => actual,
    };
    let actual: Vec<Event> = read_steps(actual, window)?.concat();
    let wanted = read_steps(expected, window)?;
    match window.strictness {
        Strictness::Events => in_order(window, &wanted.concat(), &actual),
        Strictness::SetPerStep => steps::compare(window, &wanted, &actual),
        Strictness::State => fold::compare(window, &wanted.concat(), &actual),
    }
}

fn in_order(window: &Window, expected: &[Event], actual: &[Event]) -> Result<(), String> {
    for (number, (wanted, got)) in expected.iter().zip(actual).enumerate() {
        if !wanted.same(got, window) {
            return Err(format!("event {}: expected {wanted} but got {got}", number + 1));
        }
    }
    let both = expected.len().min(actual.len());
    match (expected.get(both), actual.get(both)) {
        (Some(wanted), _) => Err(format!("event {}: expected {wanted} but the file ends", both + 1)),
        (_, Some(got)) => Err(format!("event {}: {got} is one too many", both + 1)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
