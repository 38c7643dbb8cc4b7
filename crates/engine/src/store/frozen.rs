//! Rows as they were at a step boundary, and how they are written and read.
//!
//! ```text
//! next arrival sequence   u64
//! number of rows          u64
//! then per row            u64 arrival sequence, i64 age (0 where the store keeps none),
//!                         u64 length in bytes, the row (tidegate_event::write_row)
//! ```
//! Rows come in age order where the window has a retention policy, else in order of arrival.

use std::sync::Arc;

use tidegate_event::row::{HeapRef, PagedHeap, RowLayout};
use tidegate_event::{RowBatch, RowView, read_row, write_row};

use super::page::PAGE_ROWS;
use super::{AGE, LINKS, RowId, RowStore, SEQUENCE};
use crate::state::{Frozen, StateError, StateReader, StateWriter};

/// The rows of a store as they were when it was frozen.
#[derive(Debug)]
pub struct FrozenRows {
    pub(super) layout: RowLayout,
    pub(super) header: usize,
    pub(super) pages: Vec<Arc<Box<[u64]>>>,
    pub(super) heap: PagedHeap,
    pub(super) len: usize,
    pub(super) next_sequence: u64,
    pub(super) oldest: Option<RowId>,
}

/// Rows larger than this are refused when they are read back.
const ROW_BYTES_MAX: usize = 1 << 30;

impl FrozenRows {
    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    fn place(&self, id: usize) -> &[u64] {
        let stride = self.header + self.layout.stride();
        let start = id % PAGE_ROWS * stride;
        &self.pages[id / PAGE_ROWS][start..start + stride]
    }

    fn write_row(&self, id: usize, bytes: &mut Vec<u8>, out: &mut dyn StateWriter) -> Result<(), StateError> {
        let place = self.place(id);
        let age = if self.header > AGE { place[AGE] } else { 0 };
        bytes.clear();
        write_row(&RowView::new(&self.layout, &place[self.header..], HeapRef::Paged(&self.heap)), bytes);
        out.put_u64(place[SEQUENCE])?;
        out.put_u64(age)?;
        out.put_bytes(bytes)
    }
}

impl Frozen for FrozenRows {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put_u64(self.next_sequence)?;
        out.put_u64(self.len as u64)?;
        let mut bytes = Vec::new();
        if let Some(oldest) = self.oldest {
            let mut id = oldest;
            while !id.is_none() {
                self.write_row(id.0 as usize, &mut bytes, out)?;
                id = RowId((self.place(id.0 as usize)[LINKS] >> 32) as u32);
            }
            return Ok(());
        }
        let mut rows: Vec<(u64, usize)> = (0..self.pages.len() * PAGE_ROWS)
            .map(|id| (self.place(id)[SEQUENCE], id))
            .filter(|&(sequence, _)| sequence != 0)
            .collect();
        rows.sort_unstable();
        rows.into_iter().try_for_each(|(_, id)| self.write_row(id, &mut bytes, out))
    }
}

/// Reads rows into an empty `store` and tells `loaded` of each, in the order in which they were written.
///
/// # Errors
/// When the state is broken, or `loaded` refuses a row.
pub fn read_rows(
    store: &mut RowStore,
    from: &mut dyn StateReader,
    loaded: &mut dyn FnMut(&mut RowStore, RowId) -> Result<(), StateError>,
) -> Result<(), StateError> {
    let next_sequence = from.get_u64()?;
    let rows = from.get_u64()?;
    let mut batch = RowBatch::new(&store.layout);
    let mut bytes = Vec::new();
    for _ in 0..rows {
        let sequence = from.get_u64()?;
        let age = from.get_i64()?;
        if sequence == 0 || sequence >= next_sequence {
            return Err(StateError::corrupt(format!(
                "a row has the arrival sequence {sequence}, but the next is {next_sequence}"
            )));
        }
        from.get_bytes(ROW_BYTES_MAX, &mut bytes)?;
        batch.reset(&store.layout);
        let mut rest = &bytes[..];
        read_row(&mut rest, &mut batch)?;
        if !rest.is_empty() {
            return Err(StateError::corrupt(format!("{} bytes are left over behind a row", rest.len())));
        }
        let id = store.insert_with_sequence(&batch.row(0), sequence);
        if store.header > AGE {
            store.set_age(id, age);
        }
        loaded(store, id)?;
    }
    store.next_sequence = next_sequence;
    Ok(())
}
