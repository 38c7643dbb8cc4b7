//! The table that events leave.

use crate::case::{Fold, Window};
use crate::events::{Event, Opcode};

/// Compares the tables that expected and actual events leave.
pub(crate) fn compare(window: &Window, expected: &[Event], actual: &[Event]) -> Result<(), String> {
    let (wanted, got) = (fold(window, expected)?, fold(window, actual)?);
    for event in &wanted {
        match got.iter().find(|other| other.same_key(event, window)) {
            None => return Err(format!("final state lacks {event}")),
            Some(other) if !other.same_values(event, window) => {
                return Err(format!("final state has {other} instead of {event}"));
            }
            Some(_) => {}
        }
    }
    match got.iter().find(|event| !wanted.iter().any(|other| other.same_key(event, window))) {
        Some(event) => Err(format!("final state has {event} too many")),
        None => Ok(()),
    }
}

/// One event per key that is left. A list, because cases are small and keys may hold doubles.
fn fold<'a>(window: &Window, events: &'a [Event]) -> Result<Vec<&'a Event>, String> {
    let strict = window.fold == Fold::Strict;
    let mut table: Vec<&Event> = Vec::new();
    let mut numbered = events.iter().enumerate();
    while let Some((at, event)) = numbered.next() {
        let number = at + 1;
        let place = table.iter().position(|row| row.same_key(event, window));
        let stored = place.map(|place| table[place]);
        if strict {
            fits(event, stored).map_err(|cause| format!("event {number}: {event}{cause}"))?;
        }
        if event.opcode == Opcode::UpdateBlock {
            let half = numbered.next().map(|(_, half)| half);
            let half = half.filter(|half| half.opcode == Opcode::Delete && half.same_key(event, window));
            let Some(half) = half else {
                return Err(format!("event {number}: {event} is not followed by its D half"));
            };
            if strict && !stored.is_some_and(|stored| stored.same_row(half)) {
                return Err(format!("event {}: {half} does not carry the old row", number + 1));
            }
        }
        match (event.opcode, place) {
            (Opcode::Delete | Opcode::SafeDelete, Some(place)) => drop(table.remove(place)),
            (Opcode::Delete | Opcode::SafeDelete, None) => {}
            (_, Some(place)) => table[place] = event,
            (_, None) => table.push(event),
        }
    }
    Ok(table)
}

/// Whether `event` fits what is stored under its key; else the end of a sentence that begins with the event.
fn fits(event: &Event, stored: Option<&Event>) -> Result<(), String> {
    match (event.opcode, stored) {
        (Opcode::Insert, Some(_)) => Err(" inserts an existing key".to_owned()),
        (Opcode::Update | Opcode::UpdateBlock | Opcode::Delete, None) => {
            Err(": the key does not exist".to_owned())
        }
        (Opcode::Delete | Opcode::SafeDelete, Some(stored)) if !event.same_row(stored) => {
            Err(format!(" does not carry the stored row {stored}"))
        }
        _ => Ok(()),
    }
}
