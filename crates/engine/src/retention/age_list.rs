//! Rows in order of their last modification: a doubly linked list through the row store.

use crate::store::{RowId, RowStore};

/// The ends of the list; the links lie with the rows.
#[derive(Debug)]
pub(super) struct AgeList {
    oldest: RowId,
    youngest: RowId,
    len: usize,
}

impl Default for AgeList {
    fn default() -> Self {
        Self { oldest: RowId::NONE, youngest: RowId::NONE, len: 0 }
    }
}

impl AgeList {
    pub(super) fn oldest(&self) -> RowId {
        self.oldest
    }

    pub(super) fn youngest(&self) -> RowId {
        self.youngest
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Puts a row at the young end; `update` says that it is in the list already.
    #[inline]
    pub(super) fn move_to_end(&mut self, store: &mut RowStore, id: RowId, update: bool) {
        if update {
            if self.youngest == id {
                return;
            }
            self.unlink(store, id);
        }
        self.append(store, id);
    }

    #[inline]
    pub(super) fn append(&mut self, store: &mut RowStore, id: RowId) {
        store.set_links(id, self.youngest, RowId::NONE);
        if self.youngest.is_none() {
            self.oldest = id;
        } else {
            store.set_next(self.youngest, id);
        }
        self.youngest = id;
        self.len += 1;
    }

    #[inline]
    pub(super) fn unlink(&mut self, store: &mut RowStore, id: RowId) {
        let (previous, next) = store.links(id);
        if previous.is_none() {
            self.oldest = next;
        } else {
            store.set_next(previous, next);
        }
        if next.is_none() {
            self.youngest = previous;
        } else {
            store.set_previous(next, previous);
        }
        self.len -= 1;
    }

    /// The rows from the oldest on.
    pub(super) fn iter<'a>(&self, store: &'a RowStore) -> impl Iterator<Item = RowId> + use<'a> {
        let mut next = self.oldest;
        std::iter::from_fn(move || {
            let id = next;
            (!id.is_none()).then(|| {
                next = store.links(id).1;
                id
            })
        })
    }
}
