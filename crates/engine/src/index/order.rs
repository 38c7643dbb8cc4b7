//! The order in which a window's rows are listed.

use tidegate_model::IndexType;

use crate::key::KeyFields;
use crate::store::{RowId, RowStore};

/// Order of a subscriber's snapshot and of the facts that a join regenerates (engine-semantics 1.10). All
/// indexes find rows by a hash of the key; they differ in this order only (docs/decisions).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListingOrder {
    /// Oldest arrival first: the hash indexes, which leave it open.
    Arrival,
    /// Ascending key: `pi_RBTREE`.
    Key,
}

impl ListingOrder {
    /// The order of an index type.
    pub fn of(index: IndexType) -> Self {
        if index == IndexType::RbTree { Self::Key } else { Self::Arrival }
    }

    /// Sorts rows that stand in order of arrival.
    pub fn sort(self, store: &RowStore, key: &KeyFields, rows: &mut [RowId]) {
        if self == Self::Key {
            rows.sort_by(|&a, &b| key.order(&store.row(a), &store.row(b)));
        }
    }
}
