//! The committed output is that of the undisturbed run, byte for byte, with ids and times.

use super::Violation;
use crate::project::Record;

pub(crate) fn as_undisturbed(output: usize, read: &[&Record], expected: &[Record]) -> Result<(), Violation> {
    let differs = |&at: &usize| read.get(at).copied() != expected.get(at);
    match (0..read.len().max(expected.len())).find(differs) {
        None => Ok(()),
        Some(at) => {
            let found = read.get(at).map(|record| record.id);
            Err(Violation::Differs { output, at, found, expected: expected.get(at).map(|record| record.id) })
        }
    }
}
