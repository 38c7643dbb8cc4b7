//! What a window keeps of its own output: rows under a primary index, with retention.
//!
//! [`Retained::apply`] resolves a block against the index by the table of engine-semantics 1.6: what comes out
//! are inserts, update pairs (new row, then old row) and deletes that carry the stored row.

mod evict;
mod resolve;
mod transaction;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_event::{EngineTime, EventBlock, RowBatch, RowView, Schema};
use tidegate_model::IndexType;

use crate::index::{HashIndex, ListingOrder};
use crate::key::KeyFields;
use crate::retention::Retention;
use crate::state::{Frozen, StateError, StateReader, StateWriter};
use crate::step::Step;
use crate::store::{FrozenRows, RowId, RowStore, read_rows};

pub use resolve::Resolution;

/// Rows that a window keeps, found by its key.
#[derive(Debug)]
pub struct Retained {
    schema: Arc<Schema>,
    store: RowStore,
    index: HashIndex,
    order: ListingOrder,
    retention: Option<Retention>,
    /// Two events per key may stand in one block: the ordinary change and the retention change.
    retention_tracking: bool,
    /// Scratch: rows that have to go.
    evict: Vec<RowId>,
    /// Scratch: the arrival sequence behind each event of the block being built.
    sequences: Vec<u64>,
}

impl Retained {
    /// Nothing kept yet, by the key of `schema`.
    pub fn new(
        schema: &Arc<Schema>,
        index: IndexType,
        retention: Option<(Retention, bool)>,
        tracking: bool,
    ) -> Self {
        let (retention, ages) = match retention {
            Some((retention, ages)) => (Some(retention), ages),
            None => (None, false),
        };
        Self {
            schema: Arc::clone(schema),
            store: RowStore::new(schema, ages),
            index: HashIndex::new(KeyFields::of(schema)),
            order: ListingOrder::of(index),
            retention,
            retention_tracking: tracking,
            evict: Vec::new(),
            sequences: Vec::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.store.len()
    }

    /// Whether no row is kept.
    pub fn is_empty(&self) -> bool {
        self.store.is_empty()
    }

    /// Schema of the rows.
    #[inline]
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// The rows themselves.
    #[inline]
    pub fn store(&self) -> &RowStore {
        &self.store
    }

    /// The key that rows are found by.
    pub fn key(&self) -> &KeyFields {
        self.index.key()
    }

    /// The row with the key of `row`.
    #[inline]
    pub fn find(&self, row: &RowView<'_>) -> Option<RowId> {
        self.index.find(&self.store, row)
    }

    /// The row whose key equals the fields `probe` of `row`, a row of any schema.
    #[inline]
    pub fn find_by(&self, probe: &KeyFields, row: &RowView<'_>) -> Option<RowId> {
        self.index.find_hashed(&self.store, probe.hash(row), probe, row)
    }

    /// The index of the rows.
    #[inline]
    pub fn index(&self) -> &HashIndex {
        &self.index
    }

    /// Adds a row whose key is new. For windows that make their rows themselves and have no retention.
    #[inline]
    pub fn insert(&mut self, row: &RowView<'_>) -> RowId {
        let id = self.store.insert(row);
        self.index.insert(&self.store, id);
        id
    }

    /// Overwrites a row with one of the same key. For windows as in [`insert`](Self::insert).
    #[inline]
    pub fn replace(&mut self, id: RowId, row: &RowView<'_>) {
        self.store.replace(id, row);
    }

    /// Overwrites a row with row `new` of `rows`, and row `old` of these, which comes later, with what it was. For windows
    /// as in [`insert`](Self::insert).
    #[inline]
    pub(crate) fn exchange(&mut self, id: RowId, rows: &mut RowBatch, new: u32, old: u32) {
        self.store.exchange(id, rows, new, old);
    }

    /// Takes a row away. For windows as in [`insert`](Self::insert).
    #[inline]
    pub fn remove(&mut self, id: RowId) {
        self.index.remove(&self.store, id);
        self.store.remove(id);
    }

    /// Whether a transactional block would be taken whole. If not, its events are rejected, and it is to be dropped.
    pub fn accepts(&self, input: &EventBlock, resolution: Resolution, step: &mut Step<'_>) -> bool {
        transaction::accepts(self, input, resolution, step)
    }

    /// The rows in the order in which subscribers get them.
    pub fn listing(&self) -> Vec<RowId> {
        let mut rows = self.store.in_arrival_order();
        self.order.sort(&self.store, self.index.key(), &mut rows);
        rows
    }

    /// When the clock will next have something to do here.
    pub fn next_due(&self) -> Option<EngineTime> {
        self.retention.as_ref().and_then(|retention| retention.next_due(&self.store))
    }

    /// The project's clock starts; jumping periods count from now or, `aligned`, from the epoch.
    pub fn start_clock(&mut self, now: EngineTime, aligned: bool) {
        if let Some(retention) = &mut self.retention {
            retention.start_clock(now, aligned);
        }
    }

    /// The rows as they are now.
    pub fn freeze(&mut self) -> FrozenRetained {
        let mut policy = u64::from(self.retention.is_some()).to_le_bytes().to_vec();
        let mut late = Vec::new();
        let mut oldest = None;
        if let Some(retention) = &self.retention {
            retention
                .write(&mut policy)
                .unwrap_or_else(|_| unreachable!("writing into memory does not fail"));
            late = retention.unlisted(&self.store).iter().map(|&id| self.store.sequence(id)).collect();
            oldest = late.is_empty().then(|| retention.oldest());
        }
        // Late rows stand in no list: then rows are written by arrival and the list's order beside them.
        let listed = match (&self.retention, oldest) {
            (Some(retention), None) => {
                retention.listing(&self.store).iter().map(|&id| self.store.sequence(id)).collect()
            }
            _ => Vec::new(),
        };
        FrozenRetained { policy, listed, late, rows: self.store.freeze(oldest) }
    }

    /// Reads what a [`FrozenRetained`] wrote into these rows, which must be empty.
    ///
    /// # Errors
    /// When the state is broken.
    pub fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let has_policy = from.get_u64()? != 0;
        if has_policy != self.retention.is_some() {
            return Err(StateError::corrupt(
                "the state has a retention policy where the window has none, or the reverse",
            ));
        }
        if let Some(retention) = &mut self.retention {
            retention.load(from)?;
        }
        let listed = read_sequences(from)?;
        let late = read_sequences(from)?;
        let by_list = late.is_empty();
        let Self { store, index, retention, .. } = self;
        let mut ids = Vec::new();
        read_rows(store, from, &mut |store, id| {
            if !index.try_insert(store, id) {
                return Err(StateError::corrupt("two rows have the same key"));
            }
            match retention {
                Some(retention) if by_list => retention.relist(store, id, false),
                Some(_) => ids.push((store.sequence(id), id)),
                None => {}
            }
            Ok(())
        })?;
        let Some(retention) = retention.as_mut().filter(|_| !by_list) else { return Ok(()) };
        if ids.len() != listed.len() + late.len() {
            return Err(StateError::corrupt("the age list does not name every row once"));
        }
        ids.sort_unstable();
        for (sequences, is_late) in [(&listed, false), (&late, true)] {
            for sequence in sequences {
                let at = ids
                    .binary_search_by_key(sequence, |&(sequence, _)| sequence)
                    .map_err(|_| StateError::corrupt("the age list names a row that is not there"))?;
                retention.relist(store, ids[at].1, is_late);
            }
        }
        Ok(())
    }
}

/// Lists longer than this are refused when they are read back.
const LIST_MAX: u64 = 1 << 32;

fn read_sequences(from: &mut dyn StateReader) -> Result<Vec<u64>, StateError> {
    let len = from.get_u64()?;
    if len > LIST_MAX {
        return Err(StateError::corrupt(format!("a list of {len} rows")));
    }
    (0..len).map(|_| from.get_u64()).collect()
}

/// A window's rows and its retention policy as they were at a step boundary.
///
/// ```text
/// u64 1 and the policy's own state, or u64 0 where the window has no policy
/// u64 n, n arrival sequences   the age list, only where rows came late
/// u64 m, m arrival sequences   the late rows, in order of modification
/// the rows (FrozenRows)        in order of the age list, or of arrival where there is no policy or a late row
/// ```
#[derive(Debug)]
pub struct FrozenRetained {
    policy: Vec<u8>,
    listed: Vec<u64>,
    late: Vec<u64>,
    rows: FrozenRows,
}

impl FrozenRetained {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}

impl Frozen for FrozenRetained {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put(&self.policy)?;
        for list in [&self.listed, &self.late] {
            out.put_u64(list.len() as u64)?;
            list.iter().try_for_each(|&sequence| out.put_u64(sequence))?;
        }
        self.rows.write(out)
    }
}
