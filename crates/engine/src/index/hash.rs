//! A unique index: key to row id.

use hashbrown::HashTable;
use hashbrown::hash_table::{Entry, VacantEntry};
use tidegate_event::RowView;

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

    /// Takes out a row that is still stored.
    #[inline]
    pub fn remove(&mut self, store: &RowStore, id: RowId) {
        let hash = self.key.hash(&store.row(id));
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
