//! Ids rise in the committed output, and no older producer commits after a newer one.

use super::Violation;
use crate::project::Record;

/// Committed transactions come from one producer at a time.
pub(crate) fn epochs(epochs: &[u64]) -> Result<(), Violation> {
    match epochs.windows(2).find(|pair| pair[1] < pair[0]) {
        Some(pair) => Err(Violation::OldWriter { old: pair[1], new: pair[0] }),
        None => Ok(()),
    }
}

/// Each record's id lies above the one before.
pub(crate) fn ids(output: usize, records: &[&Record]) -> Result<(), Violation> {
    match records.windows(2).find(|pair| pair[1].id <= pair[0].id) {
        Some(pair) => Err(Violation::NotRising { output, before: pair[0].id, id: pair[1].id }),
        None => Ok(()),
    }
}

/// What a reader keeps that drops every record whose id is not above the last.
pub(crate) fn dropping<'a>(records: &[&'a Record]) -> Vec<&'a Record> {
    let mut kept: Vec<&Record> = Vec::new();
    for &record in records {
        if kept.last().is_none_or(|last| last.id < record.id) {
            kept.push(record);
        }
    }
    kept
}
