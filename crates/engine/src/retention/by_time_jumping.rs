//! `bytime_jumping` and `bytime_jumping_lookback` (engine-semantics 2.1).

use tidegate_event::EngineTime;

use super::TimeSource;
use super::age_list::AgeList;
use crate::state::{StateError, StateReader, StateWriter};
use crate::store::{RowId, RowStore};

/// The policy. By the clock, all rows go whenever a period ends. By a field, they go when a row arrives whose
/// time is a period after that of the row that opened the period; the new row opens the next one. With a
/// look-back, rows not older than it at that moment stay.
#[derive(Debug)]
pub(super) struct TimeJumping {
    period_micros: i64,
    lookback_micros: i64,
    source: TimeSource,
    /// By the clock: when the current period began. By a field: the time of the row that opened it.
    start: EngineTime,
    newest: EngineTime,
}

impl TimeJumping {
    pub(super) fn new(
        period_micros: i64,
        lookback_micros: i64,
        source: TimeSource,
        anchor: EngineTime,
    ) -> Self {
        let start = if source == TimeSource::Clock { anchor } else { EngineTime::UNSET };
        Self { period_micros, lookback_micros, source, start, newest: EngineTime::UNSET }
    }

    pub(super) fn start_clock(&mut self, anchor: EngineTime, aligned: bool) {
        if self.source == TimeSource::Clock && !self.start.is_set() {
            let into = if aligned { anchor.micros().rem_euclid(self.period_micros) } else { 0 };
            self.start = anchor.plus_micros(-into);
        }
    }

    pub(super) fn arrived(
        &mut self,
        list: &mut AgeList,
        store: &mut RowStore,
        id: RowId,
        update: bool,
        now: EngineTime,
        evict: &mut Vec<RowId>,
    ) {
        let time = self.source.of(&store.row(id), now).map_or(self.newest, EngineTime::from_micros);
        self.newest = self.newest.max(time);
        store.set_age(id, time.micros());
        list.move_to_end(store, id, update);
        if self.source == TimeSource::Clock || !time.is_set() {
            return;
        }
        if !self.start.is_set() {
            self.start = time;
        } else if time.micros_since(self.start) >= self.period_micros {
            self.start = time;
            self.sweep(list, store, time, Some(id), evict);
        }
    }

    pub(super) fn at_heartbeat(
        &mut self,
        list: &AgeList,
        store: &RowStore,
        now: EngineTime,
        evict: &mut Vec<RowId>,
    ) {
        if self.source != TimeSource::Clock || !self.start.is_set() {
            return;
        }
        let passed = now.micros_since(self.start).div_euclid(self.period_micros);
        if passed >= 1 {
            self.start = self.start.plus_micros(passed.saturating_mul(self.period_micros));
            self.sweep(list, store, self.start, None, evict);
        }
    }

    /// All rows but `keep` and those younger than the look-back at `now`. A row that came after the end of the
    /// period but before the heartbeat that noticed it belongs to the next period.
    fn sweep(
        &self,
        list: &AgeList,
        store: &RowStore,
        now: EngineTime,
        keep: Option<RowId>,
        evict: &mut Vec<RowId>,
    ) {
        evict.extend(list.iter(store).filter(|&id| {
            Some(id) != keep && now.micros().saturating_sub(store.age(id)) >= self.lookback_micros
        }));
    }

    pub(super) fn next_due(&self, list: &AgeList) -> Option<EngineTime> {
        let due = self.source == TimeSource::Clock && self.start.is_set() && !list.oldest().is_none();
        due.then(|| self.start.plus_micros(self.period_micros))
    }

    pub(super) fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put_i64(self.start.micros())?;
        out.put_i64(self.newest.micros())
    }

    pub(super) fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.start = EngineTime::from_micros(from.get_i64()?);
        self.newest = EngineTime::from_micros(from.get_i64()?);
        Ok(())
    }
}
