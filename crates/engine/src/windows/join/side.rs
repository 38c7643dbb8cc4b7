//! One side of a join: its rows, and how it finds its partners on the other side.

use tidegate_event::{BlockKind, EventBlock, RowView};

use crate::index::{ListingOrder, MultiIndex};
use crate::key::KeyFields;
use crate::retained::{Resolution, Retained};
use crate::step::Step;
use crate::store::RowId;

/// How a row finds its partners on the other side.
#[derive(Debug)]
pub(super) enum Lookup {
    /// By the other side's key: there is one partner at most.
    One {
        /// Fields that hold the other side's key.
        probe: KeyFields,
        /// The conditions are that key and nothing else.
        exact: bool,
    },
    /// By the other side's condition fields.
    Many,
}

/// The rows that a side keeps.
#[derive(Debug)]
pub(super) struct Kept {
    /// By the side's own key.
    pub(super) rows: Retained,
    /// Order of partners.
    pub(super) order: ListingOrder,
    /// By the condition fields, where the other side looks them up so.
    pub(super) by_condition: Option<MultiIndex>,
}

impl Kept {
    /// Adds a row whose key is new.
    pub(super) fn insert(&mut self, row: &RowView<'_>) {
        let id = self.rows.insert(row);
        if let Some(index) = &mut self.by_condition {
            index.insert(self.rows.store(), id);
        }
    }

    /// Overwrites a row with one of the same key.
    pub(super) fn replace(&mut self, id: RowId, row: &RowView<'_>) {
        let Some(index) = &mut self.by_condition else { return self.rows.replace(id, row) };
        let key = index.key();
        if key.same(&self.rows.store().row(id), key, row) {
            return self.rows.replace(id, row);
        }
        index.remove(self.rows.store(), id);
        self.rows.replace(id, row);
        index.insert(self.rows.store(), id);
    }

    /// Takes a row away.
    pub(super) fn remove(&mut self, id: RowId) {
        if let Some(index) = &mut self.by_condition {
            index.remove(self.rows.store(), id);
        }
        self.rows.remove(id);
    }

    /// Makes the index by condition anew, after the rows were loaded.
    pub(super) fn rebuild(&mut self) {
        if let Some(index) = &mut self.by_condition {
            for id in self.rows.store().in_arrival_order() {
                index.insert(self.rows.store(), id);
            }
        }
    }
}

/// A side of a join.
#[derive(Debug)]
pub(super) struct Side {
    /// Its rows; nothing where it only looks up.
    pub(super) kept: Option<Kept>,
    /// Its condition fields, in the order of the conditions.
    pub(super) condition: KeyFields,
    /// How it finds its partners.
    pub(super) lookup: Lookup,
    /// Its rows go out without a partner too.
    pub(super) outer: bool,
    /// How its events are resolved.
    pub(super) resolution: Resolution,
}

impl Side {
    /// Whether a block may be processed: a transactional one is taken whole or rejected.
    pub(super) fn accepts(&self, input: &EventBlock, kind: BlockKind, step: &mut Step<'_>) -> bool {
        match &self.kept {
            Some(kept) if kind == BlockKind::Transactional => kept.rows.accepts(input, self.resolution, step),
            _ => true,
        }
    }

    /// The partners of `row` among the rows that `other` keeps. A null in a condition field matches nothing.
    pub(super) fn partners(&self, row: &RowView<'_>, other: &Self, found: &mut Vec<RowId>) {
        found.clear();
        let Some(kept) = &other.kept else { return };
        if self.condition.has_null(row) {
            return;
        }
        match &self.lookup {
            Lookup::One { probe, exact } => {
                let partner = kept.rows.find_by(probe, row).filter(|&id| {
                    *exact || self.condition.same(row, &other.condition, &kept.rows.store().row(id))
                });
                found.extend(partner);
            }
            Lookup::Many => {
                let Some(index) = &kept.by_condition else { return };
                found.extend_from_slice(index.find(kept.rows.store(), &self.condition, row));
                kept.order.sort(kept.rows.store(), kept.rows.key(), found);
            }
        }
    }

    /// Brings what the events of a block will need of both sides nearer, in passes whose loads do not wait for each other.
    #[inline(never)]
    pub(super) fn touch(&self, other: &Self, input: &EventBlock, near: &mut Vec<RowId>) {
        let rows = || input.iter().map(|event| event.row);
        if let Some(kept) = &self.kept {
            if kept.rows.index().is_far() {
                kept.rows.index().touch_all(rows());
            }
            if let Some(index) = kept.by_condition.as_ref().filter(|index| index.is_far()) {
                let touched = rows().map(|row| index.touch(self.condition.hash(&row)).map_or(0, |id| id.0));
                std::hint::black_box(touched.fold(0, |all, id| all ^ id));
            }
        }
        let Some(kept) = &other.kept else { return };
        near.clear();
        match (&self.lookup, &kept.by_condition) {
            (Lookup::Many, Some(index)) if index.is_far() => {
                near.extend(rows().filter_map(|row| index.touch(self.condition.hash(&row))));
            }
            (Lookup::One { probe, .. }, _) if kept.rows.index().is_far() => {
                near.extend(rows().filter_map(|row| kept.rows.index().touch_found(probe.hash(&row))));
            }
            _ => {}
        }
        let words = near.iter().map(|&id| kept.rows.store().touch(id));
        std::hint::black_box(words.fold(0, |all, word| all ^ word));
    }
}
