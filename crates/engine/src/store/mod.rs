//! The row store: retained rows in pages, reached by row id.
//!
//! ```text
//! a row's place in its page, in 64-bit words
//!   0      arrival sequence, from 1; 0 marks a free place
//!   1      age list: previous row id (low half), next row id (high half)
//!   2      age, when the store keeps ages: an engine time or the value of a time field
//!   then   the row itself (tidegate_event::row)
//! ```
//! Ids are given again after a row has gone, so nothing that is emitted may depend on them: order comes from
//! arrival sequences and the age list.

mod frozen;
mod page;

use tidegate_event::row::{HeapRef, INLINE_BYTES, PagedHeap, RowLayout, copy_words};
use tidegate_event::{RowBatch, RowView, Schema};

pub use frozen::{FrozenRows, read_rows};
use page::{PAGE_ROWS, Page};

/// Where a retained row lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowId(pub u32);

impl RowId {
    /// No row.
    pub const NONE: Self = Self(u32::MAX);

    /// Whether this is no row.
    pub const fn is_none(self) -> bool {
        self.0 == u32::MAX
    }
}

const SEQUENCE: usize = 0;
const LINKS: usize = 1;
const AGE: usize = 2;

/// The retained rows of a window.
#[derive(Debug)]
pub struct RowStore {
    layout: RowLayout,
    /// Places of the text, blob and array fields in a row's words.
    variable: Box<[usize]>,
    header: usize,
    stride: usize,
    pages: Vec<Page>,
    free: Vec<u32>,
    len: usize,
    next_sequence: u64,
    heap: PagedHeap,
}

impl RowStore {
    /// An empty store for rows of `schema`, with an age per row if `ages`.
    pub fn new(schema: &Schema, ages: bool) -> Self {
        let layout = schema.layout().clone();
        let header = if ages { AGE + 1 } else { AGE };
        let variable =
            (0..schema.len()).filter(|&f| schema.ty(f).is_variable()).map(|f| layout.offset(f)).collect();
        Self {
            stride: header + layout.stride(),
            layout,
            variable,
            header,
            pages: Vec::new(),
            free: Vec::new(),
            len: 0,
            next_sequence: 1,
            heap: PagedHeap::new(),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How the rows lie.
    pub fn layout(&self) -> &RowLayout {
        &self.layout
    }

    /// Adds a copy of `row` with the next arrival sequence.
    #[inline]
    pub fn insert(&mut self, row: &RowView<'_>) -> RowId {
        let sequence = self.next_sequence;
        self.next_sequence += 1;
        self.insert_with_sequence(row, sequence)
    }

    #[inline]
    fn insert_with_sequence(&mut self, row: &RowView<'_>, sequence: u64) -> RowId {
        debug_assert_eq!(row.layout(), &self.layout);
        let id = self.free.pop().unwrap_or_else(|| self.add_page());
        let header = self.header;
        let place = self.place_mut(id);
        place[SEQUENCE] = sequence;
        place[LINKS] = u64::MAX;
        copy_words(&mut place[header..], row.words());
        if self.variable.iter().any(|&at| row.words()[at] as u32 as usize > INLINE_BYTES) {
            self.store_long_values(id, row);
        }
        self.len += 1;
        RowId(id)
    }

    /// Overwrites a row; its arrival sequence, links and age stay.
    #[inline]
    pub fn replace(&mut self, id: RowId, row: &RowView<'_>) {
        let words = row.words();
        let Self { pages, variable, header, stride, .. } = self;
        let start = id.0 as usize % PAGE_ROWS * *stride;
        let page = pages[id.0 as usize / PAGE_ROWS].words_mut();
        let place = &mut page[start + *header..start + *stride];
        let len = |row: &[u64], at: usize| row[at] as u32 as usize;
        if variable.iter().all(|&at| len(place, at).max(len(words, at)) <= INLINE_BYTES) {
            copy_words(place, words);
        } else {
            self.replace_long(id, row);
        }
    }

    #[inline(never)]
    fn replace_long(&mut self, id: RowId, row: &RowView<'_>) {
        let header = self.header;
        self.free_long_values(id.0);
        self.place_mut(id.0)[header..].copy_from_slice(row.words());
        self.store_long_values(id.0, row);
    }

    /// Overwrites a row with row `new` of `rows`, and row `old` of these, which comes later, with what it was.
    #[inline]
    pub fn exchange(&mut self, id: RowId, rows: &mut RowBatch, new: u32, old: u32) {
        let header = self.header;
        if !rows.exchange(new, old, &mut self.place_mut(id.0)[header..]) {
            rows.overwrite(old, &self.row(id));
            self.replace_long(id, &rows.row(new as usize));
        }
    }

    /// Takes a row away.
    #[inline]
    pub fn remove(&mut self, id: RowId) {
        let Self { pages, variable, header, stride, .. } = self;
        let start = id.0 as usize % PAGE_ROWS * *stride;
        let page = pages[id.0 as usize / PAGE_ROWS].words_mut();
        let place = &mut page[start..start + *stride];
        place[SEQUENCE] = 0;
        if variable.iter().any(|&at| place[*header + at] as u32 as usize > INLINE_BYTES) {
            self.free_long_values(id.0);
        }
        self.free.push(id.0);
        self.len -= 1;
    }

    /// The row with this id.
    #[inline]
    pub fn row(&self, id: RowId) -> RowView<'_> {
        RowView::new(&self.layout, &self.place(id.0)[self.header..], HeapRef::Paged(&self.heap))
    }

    /// The row's arrival sequence.
    #[inline]
    pub fn sequence(&self, id: RowId) -> u64 {
        self.place(id.0)[SEQUENCE]
    }

    /// The row and its arrival sequence.
    #[inline]
    pub fn row_with_sequence(&self, id: RowId) -> (u64, RowView<'_>) {
        let place = self.place(id.0);
        let row = RowView::new(&self.layout, &place[self.header..], HeapRef::Paged(&self.heap));
        (place[SEQUENCE], row)
    }

    /// Reads both ends of a row, to bring it nearer; what it answers means nothing.
    #[inline]
    pub fn touch(&self, id: RowId) -> u64 {
        let place = self.place(id.0);
        place[self.header] ^ place[self.stride - 1]
    }

    /// The arrival sequence that the next row will get.
    pub fn next_sequence(&self) -> u64 {
        self.next_sequence
    }

    /// The row's age.
    #[inline]
    pub fn age(&self, id: RowId) -> i64 {
        debug_assert!(self.header > AGE);
        self.place(id.0)[AGE].cast_signed()
    }

    /// Sets the row's age.
    #[inline]
    pub fn set_age(&mut self, id: RowId, age: i64) {
        debug_assert!(self.header > AGE);
        self.place_mut(id.0)[AGE] = age.cast_unsigned();
    }

    /// The rows before and after this one in the age list.
    #[inline]
    pub fn links(&self, id: RowId) -> (RowId, RowId) {
        let links = self.place(id.0)[LINKS];
        (RowId(links as u32), RowId((links >> 32) as u32))
    }

    /// Sets the row before this one in the age list.
    #[inline]
    pub fn set_previous(&mut self, id: RowId, previous: RowId) {
        let links = &mut self.place_mut(id.0)[LINKS];
        *links = *links >> 32 << 32 | u64::from(previous.0);
    }

    /// Sets the row after this one in the age list.
    #[inline]
    pub fn set_next(&mut self, id: RowId, next: RowId) {
        let links = &mut self.place_mut(id.0)[LINKS];
        *links = u64::from(*links as u32) | u64::from(next.0) << 32;
    }

    /// Sets the rows before and after this one in the age list.
    #[inline]
    pub fn set_links(&mut self, id: RowId, previous: RowId, next: RowId) {
        self.place_mut(id.0)[LINKS] = u64::from(previous.0) | u64::from(next.0) << 32;
    }

    /// The ids of all rows in order of arrival. Takes a sort: for snapshots, not for the hot path.
    pub fn in_arrival_order(&self) -> Vec<RowId> {
        let mut rows: Vec<(u64, RowId)> = (0..(self.pages.len() * PAGE_ROWS) as u32)
            .map(|id| (self.place(id)[SEQUENCE], RowId(id)))
            .filter(|&(sequence, _)| sequence != 0)
            .collect();
        rows.sort_unstable();
        rows.into_iter().map(|(_, id)| id).collect()
    }

    /// The rows as they are now, for writing elsewhere: in the age list's order from `oldest`, or by arrival
    /// where there is none. Costs one pointer a page.
    pub fn freeze(&mut self, oldest: Option<RowId>) -> FrozenRows {
        FrozenRows {
            layout: self.layout.clone(),
            header: self.header,
            pages: self.pages.iter_mut().map(Page::share).collect(),
            heap: self.heap.freeze(),
            len: self.len,
            next_sequence: self.next_sequence,
            oldest,
        }
    }

    #[inline]
    fn place(&self, id: u32) -> &[u64] {
        let start = id as usize % PAGE_ROWS * self.stride;
        &self.pages[id as usize / PAGE_ROWS].words()[start..start + self.stride]
    }

    #[inline]
    fn place_mut(&mut self, id: u32) -> &mut [u64] {
        let start = id as usize % PAGE_ROWS * self.stride;
        &mut self.pages[id as usize / PAGE_ROWS].words_mut()[start..start + self.stride]
    }

    #[cold]
    fn add_page(&mut self) -> u32 {
        let first = (self.pages.len() * PAGE_ROWS) as u32;
        assert!(first < u32::MAX - PAGE_ROWS as u32, "a window holds at most four thousand million rows");
        self.pages.push(Page::new(PAGE_ROWS * self.stride));
        self.free.extend((first + 1..first + PAGE_ROWS as u32).rev());
        first
    }

    #[inline(never)]
    fn store_long_values(&mut self, id: u32, row: &RowView<'_>) {
        for i in 0..self.variable.len() {
            let at = self.variable[i];
            let words = row.words();
            let len = words[at] as u32 as usize;
            if len > INLINE_BYTES {
                let unit = self.heap.insert(row.heap().bytes((words[at + 1] >> 32) as u32, len));
                let at = self.header + at + 1;
                let word = &mut self.place_mut(id)[at];
                *word = u64::from(*word as u32) | u64::from(unit) << 32;
            }
        }
    }

    #[inline(never)]
    fn free_long_values(&mut self, id: u32) {
        for i in 0..self.variable.len() {
            let at = self.header + self.variable[i];
            let place = self.place(id);
            let (len, unit) = (place[at] as u32 as usize, (place[at + 1] >> 32) as u32);
            if len > INLINE_BYTES {
                self.heap.remove(unit, len);
            }
        }
    }
}
