//! `bycount_sliding` and `bycount_jumping` (engine-semantics 2.1).

use super::age_list::AgeList;
use crate::store::{RowId, RowStore};

/// Sliding: the oldest rows beyond `count`.
pub(super) fn oldest_beyond(list: &AgeList, store: &RowStore, count: u64, evict: &mut Vec<RowId>) {
    let surplus = (list.len() as u64).saturating_sub(count);
    evict.extend(list.iter(store).take(surplus as usize));
}

/// Jumping: a row arrives and there are too many, so all older ones go and it stays.
pub(super) fn all_but(list: &AgeList, store: &RowStore, id: RowId, evict: &mut Vec<RowId>) {
    evict.extend(list.iter(store).filter(|&other| other != id));
}
