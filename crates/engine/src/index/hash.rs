//! A unique index: key to row id.

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, VacantEntry};
use tidegate_event::RowView;

use super::NEAR_ROWS;
use crate::key::KeyFields;
use crate::store::{RowId, RowStore};

/// Finds a row of a store by its key. Holds row ids only: keys are compared in the store, and the index is
/// rebuilt, not saved. It cannot be listed: its order is that of a hash.
#[derive(Debug)]
pub struct HashIndex {
    key: KeyFields,
    table: HashTable<u32>,
}

impl HashIndex {
    /// An empty index over the fields `key` of the store's rows.
    pub fn new(key: KeyFields) -> Self {
        Self { key, table: HashTable::new() }
    }

    /// The key that rows are found by.
    #[inline]
    pub fn key(&self) -> &KeyFields {
        &self.key
    }

    /// The row whose key is that of `row`, a row of the same schema.
    #[inline]
    pub fn find(&self, store: &RowStore, row: &RowView<'_>) -> Option<RowId> {
        self.find_hashed(store, self.key.hash(row), &self.key, row)
    }

    /// The row whose key equals the fields `probe` of `row`, which hash to `hash`.
    #[inline]
    pub fn find_hashed(
        &self,
        store: &RowStore,
        hash: u64,
        probe: &KeyFields,
        row: &RowView<'_>,
    ) -> Option<RowId> {
        self.table.find(hash, |&id| self.key.same(&store.row(RowId(id)), probe, row)).map(|&id| RowId(id))
    }

    /// The row of this hash for which `same` holds.
    #[inline]
    pub fn find_where(&self, hash: u64, same: impl Fn(RowId) -> bool) -> Option<RowId> {
        self.table.find(hash, |&id| same(RowId(id))).map(|&id| RowId(id))
    }

    /// The place of a row of the same schema whose key is not there yet; nothing when it is. One probe serves
    /// for the look and for the insertion.
    #[inline]
    pub fn vacancy(&mut self, store: &RowStore, row: &RowView<'_>) -> Option<Vacancy<'_>> {
        let key = &self.key;
        let entry = self.table.entry(
            key.hash(row),
            |&other| key.same(&store.row(RowId(other)), key, row),
            |&other| key.hash(&store.row(RowId(other))),
        );
        match entry {
            Entry::Occupied(_) => None,
            Entry::Vacant(place) => Some(Vacancy(place)),
        }
    }

    /// Adds a stored row, whose key must be new.
    #[inline]
    pub fn insert(&mut self, store: &RowStore, id: RowId) {
        let key = &self.key;
        let hash = key.hash(&store.row(id));
        self.table.insert_unique(hash, id.0, |&other| key.hash(&store.row(RowId(other))));
    }

    /// Adds a stored row unless its key is there already; tells whether it was added.
    pub fn try_insert(&mut self, store: &RowStore, id: RowId) -> bool {
        let key = &self.key;
        let row = store.row(id);
        let entry = self.table.entry(
            key.hash(&row),
            |&other| key.same(&store.row(RowId(other)), key, &row),
            |&other| key.hash(&store.row(RowId(other))),
        );
        match entry {
            Entry::Occupied(_) => false,
            Entry::Vacant(place) => {
                place.insert(id.0);
                true
            }
        }
    }

    /// Whether looking for many keys gains from [`touch`](Self::touch) first: the index lies outside the nearer
    /// caches.
    #[inline]
    pub fn is_far(&self) -> bool {
        self.table.len() > NEAR_ROWS
    }

    /// Reads what a probe for this hash will read first. Touches do not wait for each other, as probes that look
    /// at rows do, so that a pass of them brings the memory of many keys nearer at once. Answers a row that may
    /// have the key, or 0.
    #[inline]
    pub fn touch(&self, hash: u64) -> u32 {
        self.touch_found(hash).map_or(0, |id| id.0)
    }

    /// Touches as [`touch`](Self::touch) does; nothing when no row has a key of this hash.
    #[inline]
    pub fn touch_found(&self, hash: u64) -> Option<RowId> {
        let mut row = None;
        self.table.find(hash, |&id| {
            row = Some(RowId(id));
            false
        });
        row
    }

    /// Touches for the keys of rows of the same schema.
    #[inline(never)]
    pub fn touch_all<'a>(&self, rows: impl Iterator<Item = RowView<'a>>) {
        let touched = rows.map(|row| self.touch(self.key.hash(&row)));
        std::hint::black_box(touched.fold(0, |all, id| all ^ id));
    }

    /// Takes out a row that is still stored.
    #[inline]
    pub fn remove(&mut self, store: &RowStore, id: RowId) {
        self.remove_hashed(self.key.hash(&store.row(id)), id);
    }

    /// Takes out a row whose key hashes to `hash`.
    #[inline]
    pub fn remove_hashed(&mut self, hash: u64, id: RowId) {
        if let Ok(entry) = self.table.find_entry(hash, |&other| other == id.0) {
            entry.remove();
        }
    }
}

/// A free place in an index, for one key.
#[derive(Debug)]
pub struct Vacancy<'a>(VacantEntry<'a, u32>);

impl Vacancy<'_> {
    /// Puts the row there, which must have the key that was looked for.
    #[inline]
    pub fn fill(self, id: RowId) {
        self.0.insert(id.0);
    }
}
