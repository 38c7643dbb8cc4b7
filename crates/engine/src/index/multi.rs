//! A secondary index: a key to the rows that share it, in order of arrival.

use std::cmp::Ordering;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use tidegate_event::RowView;

use crate::key::KeyFields;
use crate::store::{RowId, RowStore};

/// Finds all rows of a store that share a key. Lists follow the rows' arrival sequences, so their order is the
/// same before and after a restore. Rows with a null in the key are not in it: null matches nothing.
#[derive(Debug)]
pub struct MultiIndex {
    key: KeyFields,
    table: HashTable<Vec<RowId>>,
    spare: Vec<Vec<RowId>>,
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
        self.table
            .find(probe.hash(row), |rows| self.key.same(&store.row(rows[0]), probe, row))
            .map_or(&[], Vec::as_slice)
    }

    /// Adds a stored row.
    pub fn insert(&mut self, store: &RowStore, id: RowId) {
        let key = &self.key;
        let row = store.row(id);
        if key.has_null(&row) {
            return;
        }
        let entry = self.table.entry(
            key.hash(&row),
            |rows| key.same(&store.row(rows[0]), key, &row),
            |rows| key.hash(&store.row(rows[0])),
        );
        match entry {
            Entry::Occupied(mut place) => {
                let rows = place.get_mut();
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
                place.insert(rows);
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
        let Ok(mut entry) =
            self.table.find_entry(hash, |rows| self.key.same(&store.row(rows[0]), &self.key, &row))
        else {
            return;
        };
        let rows = entry.get_mut();
        if let Ok(at) = rows.binary_search_by_key(&store.sequence(id), |&other| store.sequence(other)) {
            rows.remove(at);
        }
        if rows.is_empty() {
            let (rows, _) = entry.remove();
            if self.spare.len() < SPARE_MAX {
                self.spare.push(rows);
            }
        }
    }
}

/// Empty lists kept for use again.
const SPARE_MAX: usize = 1024;
