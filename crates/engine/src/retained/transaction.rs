//! Transactional blocks: all events resolve, or the whole block is rejected (engine-semantics 1.8).

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use tidegate_event::{EventBlock, Opcode};

use super::{Resolution, Retained};
use crate::step::{Reject, Step};

/// Whether every event of the block would resolve, each seeing the effect of those before it. If not, the
/// events are rejected: the first bad one with its reason, the others because of it.
pub(super) fn accepts(
    retained: &Retained,
    input: &EventBlock,
    resolution: Resolution,
    step: &mut Step<'_>,
) -> bool {
    let key = retained.index.key();
    // Keys that the block has touched so far: a row that has the key, and whether the key is there now.
    let mut touched: HashTable<(u32, bool)> = HashTable::new();
    let mut bad = None;
    let mut old_half_follows = false;
    for (position, event) in input.iter().enumerate() {
        // The old half of an update pair changes nothing by itself.
        let old_half = std::mem::replace(&mut old_half_follows, event.opcode == Opcode::UpdateBlock);
        if old_half && event.opcode == Opcode::Delete {
            continue;
        }
        if key.has_null(&event.row) {
            bad = Some((position, Reject::NullKey));
            break;
        }
        let row_of = |number: u32| input.rows().row(number as usize);
        let entry = touched.entry(
            key.hash(&event.row),
            |&(number, _)| key.same(&row_of(number), key, &event.row),
            |&(number, _)| key.hash(&row_of(number)),
        );
        let present = match &entry {
            Entry::Occupied(place) => place.get().1,
            Entry::Vacant(_) => retained.find(&event.row).is_some(),
        };
        match (event.opcode, present) {
            (Opcode::Insert, true) => bad = Some((position, Reject::DuplicateKey)),
            (Opcode::Update, false) => bad = Some((position, Reject::MissingKey)),
            (Opcode::Delete | Opcode::UpdateBlock, false) if !resolution.lenient => {
                bad = Some((position, Reject::MissingKey))
            }
            _ => {}
        }
        if bad.is_some() {
            break;
        }
        entry.insert((event.row_number, !event.opcode.is_delete()));
    }
    let Some((first, reason)) = bad else { return true };
    for position in 0..input.len() {
        step.reject(input, position, if position == first { reason } else { Reject::Transaction });
    }
    false
}
