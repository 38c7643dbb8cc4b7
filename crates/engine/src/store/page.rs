//! Pages of a row store, shared with snapshots until one side writes.

use std::sync::Arc;

/// Rows per page.
pub(super) const PAGE_ROWS: usize = 256;

/// The words of [`PAGE_ROWS`] rows. Freezing shares a page; the next write to it copies it.
#[derive(Debug)]
pub(super) enum Page {
    Own(Box<[u64]>),
    Shared(Arc<Box<[u64]>>),
}

impl Page {
    pub(super) fn new(words: usize) -> Self {
        Self::Own(vec![0; words].into_boxed_slice())
    }

    #[inline]
    pub(super) fn words(&self) -> &[u64] {
        match self {
            Self::Own(words) => words,
            Self::Shared(words) => words,
        }
    }

    #[inline]
    pub(super) fn words_mut(&mut self) -> &mut [u64] {
        if let Self::Shared(_) = self {
            self.make_own();
        }
        match self {
            Self::Own(words) => words,
            Self::Shared(_) => unreachable!("a shared page was made our own just above"),
        }
    }

    #[cold]
    fn make_own(&mut self) {
        if let Self::Shared(shared) = self {
            *self = Self::Own(Arc::unwrap_or_clone(std::mem::take(shared)));
        }
    }

    pub(super) fn share(&mut self) -> Arc<Box<[u64]>> {
        if let Self::Own(words) = self {
            *self = Self::Shared(Arc::new(std::mem::take(words)));
        }
        match self {
            Self::Shared(shared) => Arc::clone(shared),
            Self::Own(_) => unreachable!("the page was shared just above"),
        }
    }
}
