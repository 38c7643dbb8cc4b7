//! Steps: inside one the order is free, but the two halves of an update stay together.

use crate::case::Window;
use crate::events::{Event, Opcode};

/// Compares step by step; the actual events are cut by the lengths of the expected steps.
pub(crate) fn compare(window: &Window, expected: &[Vec<Event>], actual: &[Event]) -> Result<(), String> {
    let mut rest = actual;
    for (number, step) in expected.iter().enumerate() {
        let (got, after) = rest.split_at_checked(step.len()).ok_or_else(|| {
            format!(
                "step {}: expected {} events, but the file ends after {}",
                number + 1,
                step.len(),
                rest.len()
            )
        })?;
        rest = after;
        compare_step(window, step, got).map_err(|cause| format!("step {}: {cause}", number + 1))?;
    }
    rest.first().map_or(Ok(()), |event| Err(format!("{event} is one too many")))
}

fn compare_step(window: &Window, expected: &[Event], actual: &[Event]) -> Result<(), String> {
    let mut left = units(window, actual)?;
    for unit in units(window, expected)? {
        let same = |other: &[Event]| {
            unit.len() == other.len() && unit.iter().zip(other).all(|(a, b)| a.same(b, window))
        };
        let Some(at) = left.iter().position(|other| same(other)) else {
            return Err(format!("nothing matches {}; the step is {}", joined(unit), joined(actual)));
        };
        left.remove(at);
    }
    Ok(())
}

/// Single events and update pairs.
fn units<'a>(window: &Window, events: &'a [Event]) -> Result<Vec<&'a [Event]>, String> {
    let mut units = Vec::new();
    let mut rest = events;
    while let Some(first) = rest.first() {
        let length = if first.opcode == Opcode::UpdateBlock { 2 } else { 1 };
        if length == 2
            && !rest.get(1).is_some_and(|half| half.opcode == Opcode::Delete && half.same_key(first, window))
        {
            return Err(format!("{first} is not followed by its D half"));
        }
        let (unit, after) = rest.split_at(length);
        units.push(unit);
        rest = after;
    }
    Ok(units)
}

fn joined(events: &[Event]) -> String {
    events.iter().map(ToString::to_string).collect::<Vec<_>>().join(" / ")
}
