//! Bytes of values that do not fit into a slot.

use std::sync::Arc;

/// Heap places are counted in units of this many bytes.
pub const UNIT: usize = 8;

/// Units per page of a [`PagedHeap`]: pages are 64 KiB, so that growth never copies what is there and a window
/// with little text stays small.
pub const PAGE_UNITS: usize = 1 << 13;

/// The heap that a row's long values lie in.
#[derive(Debug, Clone, Copy)]
pub enum HeapRef<'a> {
    /// One run of bytes, as in a [`super::RowBatch`].
    Flat(&'a [u8]),
    /// Pages with free lists, as in a row store.
    Paged(&'a PagedHeap),
}

impl<'a> HeapRef<'a> {
    /// The `len` bytes at `unit`.
    pub fn bytes(self, unit: u32, len: usize) -> &'a [u8] {
        match self {
            Self::Flat(bytes) => &bytes[unit as usize * UNIT..][..len],
            Self::Paged(heap) => heap.bytes(unit, len),
        }
    }
}

/// A heap with room taken and given back, whose memory stays flat under any sequence of both.
///
/// Room comes in size classes (an eighth apart at most), each with a free list. Values larger than a page get
/// pages of their own, which are dropped when the value is.
///
/// [`freeze`](Self::freeze) gives a second heap over the same pages without copying them; a page is copied when
/// one of the two writes to it.
#[derive(Debug, Default)]
pub struct PagedHeap {
    /// Page number = unit / `PAGE_UNITS`. A value over several pages owns the first; the others are empty.
    pages: Vec<Page>,
    /// Free places by size class.
    free: Vec<Vec<u32>>,
    /// First free page numbers of runs dropped by large values, with their length in pages.
    free_runs: Vec<(u32, u32)>,
    next: u32,
    end: u32,
}

#[derive(Debug)]
enum Page {
    Own(Vec<u8>),
    Shared(Arc<Vec<u8>>),
}

impl Page {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(bytes) => bytes,
        }
    }

    fn bytes_mut(&mut self) -> &mut Vec<u8> {
        if let Self::Shared(shared) = self {
            *self = Self::Own(Arc::unwrap_or_clone(std::mem::take(shared)));
        }
        match self {
            Self::Own(bytes) => bytes,
            Self::Shared(_) => unreachable!("a shared page was made our own just above"),
        }
    }

    fn share(&mut self) -> Arc<Vec<u8>> {
        if let Self::Own(bytes) = self {
            *self = Self::Shared(Arc::new(std::mem::take(bytes)));
        }
        match self {
            Self::Shared(shared) => Arc::clone(shared),
            Self::Own(_) => unreachable!("the page was shared just above"),
        }
    }
}

impl PagedHeap {
    /// An empty heap.
    pub fn new() -> Self {
        Self::default()
    }

    /// A heap that reads as this one does now, whatever happens to this one later. Costs one pointer a page.
    #[must_use]
    pub fn freeze(&mut self) -> Self {
        let pages = self.pages.iter_mut().map(|page| Page::Shared(page.share())).collect();
        Self {
            pages,
            free: self.free.clone(),
            free_runs: self.free_runs.clone(),
            next: self.next,
            end: self.end,
        }
    }

    /// The `len` bytes at `unit`.
    pub fn bytes(&self, unit: u32, len: usize) -> &[u8] {
        let (page, at) = (unit as usize / PAGE_UNITS, unit as usize % PAGE_UNITS * UNIT);
        &self.pages[page].bytes()[at..at + len]
    }

    /// Stores `bytes` and says where.
    ///
    /// # Panics
    /// When the heap's 32 GiB are used up.
    pub fn insert(&mut self, bytes: &[u8]) -> u32 {
        let units = bytes.len().div_ceil(UNIT);
        if units > PAGE_UNITS {
            return self.insert_large(bytes, units);
        }
        let class = size_class(units);
        if self.free.len() <= class {
            self.free.resize_with(class + 1, Vec::new);
        }
        let unit = match self.free[class].pop() {
            Some(unit) => unit,
            None => self.take_new(class_units(class) as u32),
        };
        let (page, at) = (unit as usize / PAGE_UNITS, unit as usize % PAGE_UNITS * UNIT);
        self.pages[page].bytes_mut()[at..at + bytes.len()].copy_from_slice(bytes);
        unit
    }

    /// Gives back the room of the `len` bytes at `unit`.
    pub fn remove(&mut self, unit: u32, len: usize) {
        let units = len.div_ceil(UNIT);
        if units > PAGE_UNITS {
            let page = unit as usize / PAGE_UNITS;
            self.pages[page] = Page::Own(Vec::new());
            self.free_runs.push((page as u32, units.div_ceil(PAGE_UNITS) as u32));
        } else {
            self.free[size_class(units)].push(unit);
        }
    }

    fn take_new(&mut self, units: u32) -> u32 {
        if self.end - self.next < units {
            let page = self.new_pages(1);
            self.pages[page as usize] = Page::Own(vec![0; PAGE_UNITS * UNIT]);
            self.next = page * PAGE_UNITS as u32;
            self.end = self.next + PAGE_UNITS as u32;
        }
        let unit = self.next;
        self.next += units;
        unit
    }

    fn insert_large(&mut self, bytes: &[u8], units: usize) -> u32 {
        let run = units.div_ceil(PAGE_UNITS) as u32;
        let page = match self.free_runs.iter().position(|&(_, len)| len == run) {
            Some(i) => self.free_runs.swap_remove(i).0,
            None => self.new_pages(run),
        };
        self.pages[page as usize] = Page::Own(bytes.to_vec());
        page * PAGE_UNITS as u32
    }

    fn new_pages(&mut self, run: u32) -> u32 {
        let page = self.pages.len();
        assert!(page + run as usize <= 1 << 19, "a window's heap holds at most 32 GiB");
        self.pages.resize_with(page + run as usize, || Page::Own(Vec::new()));
        page as u32
    }
}

/// The class of a value of `units`: exact up to 8, then eight classes per doubling.
fn size_class(units: usize) -> usize {
    if units <= 8 {
        return units;
    }
    let shift = usize::BITS - (units - 1).leading_zeros() - 4;
    let eighth = (units - 1) >> shift;
    8 * shift as usize + eighth + 1
}

/// The size of the largest value of a class.
fn class_units(class: usize) -> usize {
    if class <= 8 {
        return class;
    }
    let shift = (class - 9) / 8;
    let eighth = (class - 9) % 8 + 8;
    (eighth + 1) << shift
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_hold_their_values_and_waste_little() {
        for units in 1..5000 {
            let class = size_class(units);
            let size = class_units(class);
            assert!(size >= units, "{units} units do not fit class {class} of {size}");
            assert!(size * 8 <= units * 9 + 8, "{units} units waste too much in {size}");
            assert!(class == 0 || class_units(class - 1) < units);
        }
    }

    #[test]
    fn room_is_used_again() {
        let mut heap = PagedHeap::new();
        let long = vec![7; 100];
        let first = heap.insert(&long);
        for _ in 0..100_000 {
            let unit = heap.insert(&long);
            assert_eq!(heap.bytes(unit, 100), long);
            heap.remove(unit, 100);
        }
        assert_eq!(heap.pages.len(), 1);
        assert_eq!(heap.bytes(first, 100), long);
    }

    #[test]
    fn a_frozen_heap_keeps_what_it_saw() {
        let mut heap = PagedHeap::new();
        let unit = heap.insert(b"as it was before");
        let frozen = heap.freeze();
        heap.remove(unit, 16);
        assert_eq!(heap.insert(b"and as it is now"), unit);
        assert_eq!(frozen.bytes(unit, 16), b"as it was before");
        assert_eq!(heap.bytes(unit, 16), b"and as it is now");
    }

    #[test]
    fn values_larger_than_a_page() {
        let mut heap = PagedHeap::new();
        let small = heap.insert(b"a small value");
        let large: Vec<u8> = (0..3 * PAGE_UNITS * UNIT + 5).map(|i| i as u8).collect();
        for _ in 0..4 {
            let unit = heap.insert(&large);
            assert_eq!(heap.bytes(unit, large.len()), large);
            heap.remove(unit, large.len());
        }
        assert_eq!(heap.pages.len(), 5);
        assert_eq!(heap.bytes(small, 13), b"a small value");
    }
}
