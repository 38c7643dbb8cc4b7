//! A secondary index: a key to the rows that share it, in order of arrival.

use std::cmp::Ordering;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use smallvec::SmallVec;
use tidegate_event::RowView;

use super::NEAR_ROWS;
use crate::key::KeyFields;
use crate::store::{RowId, RowStore};

/// The rows of one key. A few lie in the table itself: a probe does not go through a list elsewhere to find them.
#[derive(Debug)]
struct Sharing {
    hash: u64,
    /// Never empty.
    rows: SmallVec<[RowId; 4]>,
}

/// Finds all rows of a store that share a key. Lists follow the rows' arrival sequences, so their order is the
/// same before and after a restore. Rows with a null in the key are not in it: null matches nothing.
#[derive(Debug)]
pub struct MultiIndex {
    key: KeyFields,
    table: HashTable<Sharing>,
    spare: Vec<SmallVec<[RowId; 4]>>,
}

impl MultiIndex {
    /// An empty index over the fields `key` of the store's rows.
    pub fn new(key: KeyFields) -> Self {
        Self { key, table: HashTable::new(), spare: Vec::new() }
    }

    /// The key that rows are found by.
    pub fn key(&self) -> &KeyFields {
        &self.key
    }

    /// The rows whose key equals the fields `probe` of `row`, oldest arrival first.
    pub fn find(&self, store: &RowStore, probe: &KeyFields, row: &RowView<'_>) -> &[RowId] {
        if probe.has_null(row) {
            return &[];
        }
        let hash = probe.hash(row);
        let same =
            |found: &Sharing| found.hash == hash && self.key.same(&store.row(found.rows[0]), probe, row);
        self.table.find(hash, same).map_or(&[], |found| &found.rows)
    }

    /// Whether looking for many keys gains from [`touch`](Self::touch) first, as in [`super::HashIndex::is_far`].
    pub fn is_far(&self) -> bool {
        self.table.len() > NEAR_ROWS
    }

    /// Reads what a probe for this hash will read first, as [`super::HashIndex::touch`] does. Answers a row that may have
    /// the key.
    #[inline]
    pub fn touch(&self, hash: u64) -> Option<RowId> {
        self.table.find(hash, |found| found.hash == hash).map(|found| found.rows[0])
    }

    /// Adds a stored row.
    pub fn insert(&mut self, store: &RowStore, id: RowId) {
        let key = &self.key;
        let row = store.row(id);
        if key.has_null(&row) {
            return;
        }
        let hash = key.hash(&row);
        let entry = self.table.entry(
            hash,
            |found| found.hash == hash && key.same(&store.row(found.rows[0]), key, &row),
            |found| found.hash,
        );
        match entry {
            Entry::Occupied(mut place) => {
                let rows = &mut place.get_mut().rows;
                match rows.last().map(|&last| store.sequence(last).cmp(&store.sequence(id))) {
                    // Only an update that changes the key brings a row that is not the youngest.
                    Some(Ordering::Greater) => {
                        let at = rows.partition_point(|&other| store.sequence(other) < store.sequence(id));
                        rows.insert(at, id);
                    }
                    _ => rows.push(id),
                }
            }
            Entry::Vacant(place) => {
                let mut rows = self.spare.pop().unwrap_or_default();
                rows.push(id);
                place.insert(Sharing { hash, rows });
            }
        }
    }

    /// Takes out a row that is still stored.
    pub fn remove(&mut self, store: &RowStore, id: RowId) {
        let row = store.row(id);
        if self.key.has_null(&row) {
            return;
        }
        let hash = self.key.hash(&row);
        let same = |found: &Sharing| {
            found.hash == hash
                && (found.rows[0] == id || self.key.same(&store.row(found.rows[0]), &self.key, &row))
        };
        let Ok(mut entry) = self.table.find_entry(hash, same) else { return };
        let rows = &mut entry.get_mut().rows;
        if let Ok(at) = rows.binary_search_by_key(&store.sequence(id), |&other| store.sequence(other)) {
            rows.remove(at);
        }
        if rows.is_empty() {
            let (Sharing { rows, .. }, _) = entry.remove();
            // A list that fits into the table has nothing to keep.
            if rows.spilled() && self.spare.len() < SPARE_MAX {
                self.spare.push(rows);
            }
        }
    }
}

/// Empty lists kept for use again.
const SPARE_MAX: usize = 1024;
