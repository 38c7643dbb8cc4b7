//! `bytime_sliding`: rows older than a limit, by the clock or by a field (engine-semantics 2.1).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use tidegate_event::EngineTime;

use super::TimeSource;
use super::age_list::AgeList;
use crate::state::{StateError, StateReader, StateWriter};
use crate::store::{RowId, RowStore};

/// The policy. By the clock, ages only rise along the age list. By a field, a row may arrive late, that is with
/// a time below that of the youngest row of the list: it stays out of the list, in a heap, so that the list
/// stays sorted by time. Rows go in order of their time; of equal times, in order of modification.
#[derive(Debug)]
pub(super) struct TimeSliding {
    limit_micros: i64,
    source: TimeSource,
    /// The highest field time seen.
    newest: Option<i64>,
    late: BinaryHeap<Reverse<Late>>,
    /// Rows in the heap that are still there and still late.
    late_rows: usize,
    next_order: u64,
}

/// A late row. The entry is stale when the row has gone or was modified since: its sequence or order differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Late {
    time: i64,
    order: u64,
    id: RowId,
    sequence: u64,
}

/// Links of a late row: no list place, but the low bits of its heap order, to tell stale entries.
fn late_links(order: u64) -> (RowId, RowId) {
    (RowId(LATE), RowId(order as u32))
}

/// Stands for "previous row" where a row is late; no store has that many rows.
const LATE: u32 = u32::MAX - 1;

impl TimeSliding {
    pub(super) fn new(limit_micros: i64, source: TimeSource) -> Self {
        Self { limit_micros, source, newest: None, late: BinaryHeap::new(), late_rows: 0, next_order: 0 }
    }

    pub(super) fn arrived(
        &mut self,
        list: &mut AgeList,
        store: &mut RowStore,
        id: RowId,
        update: bool,
        now: EngineTime,
    ) {
        let time = self.source.of(&store.row(id), now).or(self.newest).unwrap_or(i64::MIN);
        if update {
            self.leaving(list, store, id);
        }
        self.newest = self.newest.max(Some(time));
        store.set_age(id, time);
        if !list.youngest().is_none() && time < store.age(list.youngest()) {
            self.add_late(store, id);
        } else {
            list.append(store, id);
        }
    }

    fn add_late(&mut self, store: &mut RowStore, id: RowId) {
        let (previous, next) = late_links(self.next_order);
        store.set_links(id, previous, next);
        self.late.push(Reverse(Late {
            time: store.age(id),
            order: self.next_order,
            id,
            sequence: store.sequence(id),
        }));
        self.next_order += 1;
        self.late_rows += 1;
        if self.late.len() > 2 * self.late_rows + 64 {
            self.late.retain(|Reverse(late)| is_current(store, late));
        }
    }

    pub(super) fn leaving(&mut self, list: &mut AgeList, store: &mut RowStore, id: RowId) {
        if store.links(id).0.0 == LATE {
            self.late_rows -= 1;
            store.set_links(id, RowId::NONE, RowId::NONE);
        } else {
            list.unlink(store, id);
        }
    }

    pub(super) fn after_block(&mut self, list: &AgeList, store: &RowStore, evict: &mut Vec<RowId>) {
        if self.source != TimeSource::Clock
            && let Some(newest) = self.newest
        {
            self.expire(list, store, newest, evict);
        }
    }

    pub(super) fn at_heartbeat(
        &mut self,
        list: &AgeList,
        store: &RowStore,
        now: EngineTime,
        evict: &mut Vec<RowId>,
    ) {
        if self.source == TimeSource::Clock {
            self.expire(list, store, now.micros(), evict);
        }
    }

    /// Rows with `newest - time >= limit`, by time and order of modification. A late row is younger by
    /// modification than a listed one of the same time: had it come first, it would not have been late.
    fn expire(&mut self, list: &AgeList, store: &RowStore, newest: i64, evict: &mut Vec<RowId>) {
        let expired = |time: i64| newest.saturating_sub(time) >= self.limit_micros;
        let mut listed = list.iter(store).take_while(|&id| expired(store.age(id))).peekable();
        while let Some(&Reverse(late)) = self.late.peek().filter(|Reverse(late)| expired(late.time)) {
            self.late.pop();
            if !is_current(store, &late) {
                continue;
            }
            while let Some(id) = listed.next_if(|&id| store.age(id) <= late.time) {
                evict.push(id);
            }
            evict.push(late.id);
        }
        evict.extend(listed);
    }

    pub(super) fn next_due(&self, list: &AgeList, store: &RowStore) -> Option<EngineTime> {
        if self.source != TimeSource::Clock || list.oldest().is_none() {
            return None;
        }
        Some(EngineTime::from_micros(store.age(list.oldest())).plus_micros(self.limit_micros))
    }

    pub(super) fn has_late(&self) -> bool {
        self.late_rows > 0
    }

    pub(super) fn late_rows(&self, store: &RowStore) -> Vec<RowId> {
        let mut late: Vec<Late> =
            self.late.iter().map(|Reverse(late)| *late).filter(|late| is_current(store, late)).collect();
        late.sort_unstable_by_key(|late| late.order);
        late.into_iter().map(|late| late.id).collect()
    }

    pub(super) fn relist_late(&mut self, store: &mut RowStore, id: RowId) {
        self.add_late(store, id);
    }

    pub(super) fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put_u64(u64::from(self.newest.is_some()))?;
        out.put_i64(self.newest.unwrap_or(0))
    }

    pub(super) fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let known = from.get_u64()? != 0;
        let newest = from.get_i64()?;
        self.newest = known.then_some(newest);
        Ok(())
    }
}

fn is_current(store: &RowStore, late: &Late) -> bool {
    store.sequence(late.id) == late.sequence && store.links(late.id) == late_links(late.order)
}
