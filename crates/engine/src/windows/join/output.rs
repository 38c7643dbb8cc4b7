//! The rows that a join puts out, and the opcodes that they go out with.

use tidegate_event::{Flags, Opcode, RowView};
use tidegate_expr::Program;

use crate::block::BlockBuilder;
use crate::evaluator::Evaluator;
use crate::step::Step;

/// A left and a right row, of which one may be missing.
pub(super) type Pair<'a> = [Option<RowView<'a>>; 2];

/// How output rows are made of pairs. The key comes first.
#[derive(Debug)]
pub(super) struct Output {
    /// For each key field its place in the left and in the right row; the left one goes first.
    pub(super) keys: Vec<[Option<usize>; 2]>,
    /// Fields copied from a side: (position in the output, side, position there).
    pub(super) copies: Vec<(usize, usize, usize)>,
    /// Computed fields.
    pub(super) programs: Vec<(usize, Program)>,
    /// Runs them.
    pub(super) evaluator: Evaluator,
    /// The join's index brings the stored row of a change, so that only keys are needed of it.
    pub(super) stateful: bool,
}

/// The row and field that a key field of a pair comes from.
#[inline]
fn key_source<'a>(places: [Option<usize>; 2], pair: &Pair<'a>) -> Option<(RowView<'a>, usize)> {
    (0..2).find_map(|side| Some((pair[side]?, places[side]?)))
}

impl Output {
    fn same_key(&self, a: &Pair<'_>, b: &Pair<'_>) -> bool {
        self.keys.iter().all(|&places| match (key_source(places, a), key_source(places, b)) {
            (Some((a, at)), Some((b, there))) => a.same(at, &b, there),
            (a, b) => a.is_none() == b.is_none(),
        })
    }
}

/// Puts out the changes that one event causes.
pub(super) struct Emitter<'e, 's> {
    pub(super) output: &'e mut Output,
    pub(super) out: &'e mut BlockBuilder,
    pub(super) step: &'e mut Step<'s>,
    /// The event's opcode, for expressions.
    pub(super) opcode: Opcode,
    /// The event's flags, which travel on.
    pub(super) flags: Flags,
    /// The rows go out because of a change in the other side than theirs, from a join without index: each is one
    /// upsert (engine-semantics 3.6).
    pub(super) upserts: bool,
}

impl Emitter<'_, '_> {
    /// Adds the whole row of a pair.
    fn row(&mut self, pair: &Pair<'_>) -> u32 {
        let number = self.key(pair);
        let Output { copies, programs, evaluator, .. } = &mut *self.output;
        if !copies.is_empty() {
            let mut row = self.out.rows_mut().row_mut(number as usize);
            for &(to, side, from) in copies.iter() {
                if let Some(source) = &pair[side] {
                    row.copy_field(to, source, from);
                }
            }
        }
        if !programs.is_empty() {
            let rows = self.out.rows_mut();
            evaluator.row(self.step, pair, self.opcode, self.flags, |ctx| {
                for (field, program) in programs.iter() {
                    program.eval_row(ctx, &mut rows.row_mut(number as usize), *field);
                }
            });
        }
        number
    }

    /// Adds a row with the key of a pair alone.
    fn key(&mut self, pair: &Pair<'_>) -> u32 {
        let mut row = self.out.new_row();
        for (field, &places) in self.output.keys.iter().enumerate() {
            if let Some((source, at)) = key_source(places, pair) {
                row.copy_field(field, &source, at);
            }
        }
        row.number()
    }

    /// The row of what was there before: the index knows the rest, where there is one.
    fn old_row(&mut self, pair: &Pair<'_>) -> u32 {
        if self.output.stateful { self.key(pair) } else { self.row(pair) }
    }

    /// Emits a new row with this opcode.
    pub(super) fn emit(&mut self, pair: &Pair<'_>, opcode: Opcode) {
        let row = self.row(pair);
        self.out.emit_own(row, opcode, self.flags);
    }

    /// A pair comes to be.
    pub(super) fn insert(&mut self, new: &Pair<'_>) {
        self.emit(new, if self.upserts { Opcode::Upsert } else { Opcode::Insert });
    }

    /// A pair turns into one of the same key.
    pub(super) fn update(&mut self, old: &Pair<'_>, new: &Pair<'_>) {
        if self.upserts {
            return self.emit(new, Opcode::Upsert);
        }
        let row = self.row(new);
        let old_row = if self.output.stateful { row } else { self.row(old) };
        self.out.emit_own(row, Opcode::UpdateBlock, self.flags);
        self.out.emit_own(old_row, Opcode::Delete, self.flags);
    }

    /// A pair goes.
    pub(super) fn delete(&mut self, old: &Pair<'_>) {
        let row = self.old_row(old);
        self.out.emit_own(row, Opcode::Delete, self.flags);
    }

    /// A row of this key, if there is one, goes.
    pub(super) fn delete_safely(&mut self, old: &Pair<'_>) {
        let row = self.old_row(old);
        self.out.emit_own(row, Opcode::SafeDelete, self.flags);
    }

    /// Some pairs give way to others: those of the same key are updates.
    pub(super) fn settle(&mut self, old: [Option<Pair<'_>>; 2], new: [Option<Pair<'_>>; 2]) {
        let output = &*self.output;
        let heir = |pair: &Pair<'_>| new.iter().flatten().position(|other| output.same_key(pair, other));
        let heirs = old.map(|pair| pair.and_then(|pair| heir(&pair)));
        let new = || new.iter().flatten();
        for (old, heir) in old.iter().zip(heirs) {
            if let (Some(old), None) = (old, heir) {
                self.delete(old);
            }
        }
        for (at, new) in new().enumerate() {
            match (0..2).find(|&i| heirs[i] == Some(at)).and_then(|i| old[i]) {
                Some(old) => self.update(&old, new),
                None => self.insert(new),
            }
        }
    }
}
