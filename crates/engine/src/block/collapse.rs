//! `collapse-updates`: at most one of {insert, update pair, delete} per key and block (engine-semantics 1.8, 1.9).

use std::sync::Arc;

use tidegate_event::{EventBlock, EventRef, Flags, Opcode};

use super::builder::BlockBuilder;
use super::pool::BlockPool;
use crate::key::KeyFields;

/// What became of a key in a block.
struct Change {
    hash: u64,
    /// The row before the first change; none when the key was not there.
    old: Option<u32>,
    /// The row after the last change; none when the key is gone.
    new: Option<u32>,
    /// Normal, once one of the changes is.
    flags: Flags,
}

/// Folds the changes of each key of `block` into one, at the place of the first. A block with an event that is no insert, update
/// pair or delete stays as it is: without the row before there is nothing to fold.
pub(crate) fn collapse(
    key: &KeyFields,
    block: Arc<EventBlock>,
    pool: &mut BlockPool,
) -> Option<Arc<EventBlock>> {
    if block.len() < 2 {
        return Some(block);
    }
    let Some((changes, folded)) = changes(key, &block) else { return Some(block) };
    if !folded {
        return Some(block);
    }
    let mut out = BlockBuilder::over(pool, &block);
    for Change { old, new, flags, .. } in changes {
        match (old, new) {
            (None, Some(new)) => out.emit_input(new, Opcode::Insert, flags),
            (Some(old), None) => out.emit_input(old, Opcode::Delete, flags),
            (Some(old), Some(new)) => {
                out.emit_input(new, Opcode::UpdateBlock, flags);
                out.emit_input(old, Opcode::Delete, flags);
            }
            (None, None) => {}
        }
    }
    let out = out.finish(pool);
    pool.give(block);
    out
}

/// The changes by key in order of the first, and whether any key has several.
fn changes(key: &KeyFields, block: &EventBlock) -> Option<(Vec<Change>, bool)> {
    let rows = block.rows();
    let mut changes: Vec<Change> = Vec::with_capacity(block.len());
    let mut places = hashbrown::HashTable::<usize>::with_capacity(block.len());
    let mut folded = false;
    let mut events = block.events().iter();
    while let Some(&EventRef { row, opcode, flags }) = events.next() {
        let (old, new) = match opcode {
            Opcode::Insert => (None, Some(row)),
            Opcode::Delete => (Some(row), None),
            Opcode::UpdateBlock => (Some(events.next()?.row), Some(row)),
            Opcode::Update | Opcode::Upsert | Opcode::SafeDelete => return None,
        };
        let view = rows.row(row as usize);
        let hash = key.hash(&view);
        let same = |change: &Change| {
            let other = change.new.or(change.old).map(|row| rows.row(row as usize));
            change.hash == hash && other.is_some_and(|other| key.same(&view, key, &other))
        };
        let found = places.find(hash, |&place| same(&changes[place])).copied();
        match found {
            Some(place) => {
                let change = &mut changes[place];
                change.new = new;
                if flags == Flags::NORMAL {
                    change.flags = flags;
                }
                folded = true;
            }
            None => {
                places.insert_unique(hash, changes.len(), |&place| changes[place].hash);
                changes.push(Change { hash, old, new, flags });
            }
        }
    }
    Some((changes, folded))
}

#[cfg(test)]
mod tests {
    use tidegate_event::{Schema, pretty};

    use super::*;

    fn check(input: &str, expected: &str) {
        let schema = Schema::parse("id*:int32,v:int32").unwrap();
        let mut pool = BlockPool::new();
        let block = Arc::new(pretty::block(&schema, input));
        let out = collapse(&KeyFields::of(&schema), block, &mut pool);
        let expected = pretty::block(&schema, expected);
        let out = out.map_or_else(String::new, |out| pretty::print(&schema, &out));
        let expected = if expected.is_empty() { String::new() } else { pretty::print(&schema, &expected) };
        assert_eq!(out, expected);
    }

    #[test]
    fn changes_of_one_key_become_one() {
        check("I N 1 5\n UB N 1 6\n D N 1 5\n I N 2 1", "I N 1 6\n I N 2 1");
        check("UB N 1 6\n D N 1 5\n I N 2 1\n UB N 1 7\n D N 1 6", "UB N 1 7\n D N 1 5\n I N 2 1");
        check("UB N 1 6\n D N 1 5\n D N 1 6", "D N 1 5");
        check("D N 1 5\n I N 1 6", "UB N 1 6\n D N 1 5");
    }

    #[test]
    fn what_comes_and_goes_is_nothing() {
        check("I N 1 5\n D R 1 5", "");
        check("I N 1 5\n D N 1 5\n I N 1 7", "I N 1 7");
    }

    #[test]
    fn retention_shows_only_when_it_did_all() {
        check("UB R 1 6\n D R 1 5\n D R 1 6", "D R 1 5");
        check("UB N 1 6\n D N 1 5\n D R 1 6", "D N 1 5");
    }

    #[test]
    fn bare_updates_stay() {
        let block = "P N 1 5\n P N 1 6";
        check(block, block);
    }
}
