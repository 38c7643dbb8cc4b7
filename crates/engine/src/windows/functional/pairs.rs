//! Update pairs: what an event gave before and what it gives now, made into one change for each key.

use std::cmp::Ordering;

use tidegate_event::{Flags, Opcode};

use crate::block::BlockBuilder;
use crate::key::KeyFields;

/// An output event: its row in the block, and the opcode that the window's `opcode` gave.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    pub(super) row: u32,
    pub(super) opcode: Option<Opcode>,
}

/// Emits the change from `old` to `new`: what is no longer there is deleted, what was there is an update pair, what is new an insert.
/// Events whose opcode is given leave as they are; of the old ones those are left out.
pub(super) fn emit(
    key: &KeyFields,
    new: &[Output],
    old: &[Output],
    flags: Flags,
    old_flags: Flags,
    out: &mut BlockBuilder,
) {
    let old: Vec<u32> =
        old.iter().filter(|output| output.opcode.is_none()).map(|output| output.row).collect();
    let order = |a: u32, b: u32| key.order(&out.rows().row(a as usize), &out.rows().row(b as usize));
    let mut by_key: Vec<usize> = (0..old.len()).collect();
    by_key.sort_by(|&a, &b| order(old[a], old[b]));
    let mut taken = vec![false; old.len()];
    // At the place in `by_key` of a key's first row: how many rows of that key have a partner.
    let mut used = vec![0; old.len()];
    let mut partner = |output: &Output| -> Option<u32> {
        if output.opcode.is_some() {
            return None;
        }
        let first = by_key.partition_point(|&at| order(old[at], output.row) == Ordering::Less);
        // Of several rows of one key each has one partner, in order.
        let next = first + used.get(first)?;
        let found = *by_key.get(next).filter(|&&at| order(old[at], output.row) == Ordering::Equal)?;
        used[first] += 1;
        taken[found] = true;
        Some(old[found])
    };
    let partners: Vec<Option<u32>> = new.iter().map(&mut partner).collect();
    for (row, _) in old.iter().zip(&taken).filter(|&(_, &taken)| !taken) {
        out.emit_own(*row, Opcode::Delete, old_flags);
    }
    for (output, partner) in new.iter().zip(partners) {
        match (output.opcode, partner) {
            (Some(opcode), _) => out.emit_own(output.row, opcode, flags),
            (None, None) => out.emit_own(output.row, Opcode::Insert, flags),
            (None, Some(row)) => {
                out.emit_own(output.row, Opcode::UpdateBlock, flags);
                out.emit_own(row, Opcode::Delete, old_flags);
            }
        }
    }
}
