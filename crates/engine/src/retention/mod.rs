//! Retention: which rows a window gives up, and when (engine-semantics 2). One file per policy.
//!
//! Rows stand in an age list in order of their last modification. Sliding policies look at its head only.

mod age_list;
mod by_count;
mod by_time_jumping;
mod by_time_sliding;

use tidegate_event::{EngineTime, RowView};
use tidegate_model::{Retention as RetentionDef, RetentionPolicy};

use crate::state::{StateError, StateReader, StateWriter};
use crate::store::{RowId, RowStore};
use age_list::AgeList;
use by_time_jumping::TimeJumping;
use by_time_sliding::TimeSliding;

/// Where a row's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeSource {
    /// The engine time of the row's last modification.
    Clock,
    /// A `date` or `stamp` field.
    Field {
        /// The field's position.
        field: usize,
        /// Microseconds per unit of its values.
        unit_micros: i64,
    },
}

#[derive(Debug)]
enum Policy {
    CountSliding(u64),
    CountJumping(u64),
    TimeSliding(TimeSliding),
    TimeJumping(TimeJumping),
}

/// A window's retention policy with the state it needs.
#[derive(Debug)]
pub struct Retention {
    policy: Policy,
    list: AgeList,
}

impl Retention {
    /// The policy of a model. `source` says where times come from, `anchor` where periods of the clock begin.
    pub fn new(definition: &RetentionDef, source: TimeSource, anchor: EngineTime) -> Self {
        let policy = match definition.policy {
            RetentionPolicy::ByCountSliding(count) => Policy::CountSliding(count),
            RetentionPolicy::ByCountJumping(count) => Policy::CountJumping(count),
            RetentionPolicy::ByTimeSliding(limit) => {
                Policy::TimeSliding(TimeSliding::new(limit.micros(), source))
            }
            RetentionPolicy::ByTimeJumping(limit) => {
                Policy::TimeJumping(TimeJumping::new(limit.micros(), 0, source, anchor))
            }
            RetentionPolicy::ByTimeJumpingLookback { limit, lookback } => {
                Policy::TimeJumping(TimeJumping::new(limit.micros(), lookback.micros(), source, anchor))
            }
        };
        Self { policy, list: AgeList::default() }
    }

    /// Whether the store has to keep an age per row.
    pub fn needs_ages(definition: &RetentionDef) -> bool {
        !matches!(definition.policy, RetentionPolicy::ByCountSliding(_) | RetentionPolicy::ByCountJumping(_))
    }

    /// The oldest row of the age list.
    pub fn oldest(&self) -> RowId {
        self.list.oldest()
    }

    /// The rows of the age list, oldest first.
    pub fn listing(&self, store: &RowStore) -> Vec<RowId> {
        self.list.iter(store).collect()
    }

    /// Number of rows that are in the age list.
    pub fn listed(&self) -> usize {
        self.list.len()
    }

    /// A row was added, or replaced when `update`. What has to go at once is added to `evict`; it is still
    /// listed then.
    #[inline]
    pub fn arrived(
        &mut self,
        store: &mut RowStore,
        id: RowId,
        update: bool,
        now: EngineTime,
        evict: &mut Vec<RowId>,
    ) {
        match &mut self.policy {
            Policy::CountSliding(_) => self.list.move_to_end(store, id, update),
            Policy::CountJumping(count) => {
                self.list.move_to_end(store, id, update);
                if self.list.len() as u64 > *count {
                    by_count::all_but(&self.list, store, id, evict);
                }
            }
            Policy::TimeSliding(policy) => policy.arrived(&mut self.list, store, id, update, now),
            Policy::TimeJumping(policy) => policy.arrived(&mut self.list, store, id, update, now, evict),
        }
    }

    /// A row is about to leave the store.
    #[inline]
    pub fn leaving(&mut self, store: &mut RowStore, id: RowId) {
        match &mut self.policy {
            Policy::TimeSliding(policy) => policy.leaving(&mut self.list, store, id),
            _ => self.list.unlink(store, id),
        }
    }

    /// What has to go when all of a block has arrived, oldest first.
    #[inline]
    pub fn after_block(&mut self, store: &RowStore, evict: &mut Vec<RowId>) {
        match &mut self.policy {
            Policy::CountSliding(count) => by_count::oldest_beyond(&self.list, store, *count, evict),
            Policy::TimeSliding(policy) => policy.after_block(&self.list, store, evict),
            Policy::CountJumping(_) | Policy::TimeJumping(_) => {}
        }
    }

    /// What has to go at the heartbeat `now`, oldest first.
    pub fn at_heartbeat(&mut self, store: &RowStore, now: EngineTime, evict: &mut Vec<RowId>) {
        match &mut self.policy {
            Policy::TimeSliding(policy) => policy.at_heartbeat(&self.list, store, now, evict),
            Policy::TimeJumping(policy) => policy.at_heartbeat(&self.list, store, now, evict),
            Policy::CountSliding(_) | Policy::CountJumping(_) => {}
        }
    }

    /// When the clock will next have something to do.
    pub fn next_due(&self, store: &RowStore) -> Option<EngineTime> {
        match &self.policy {
            Policy::TimeSliding(policy) => policy.next_due(&self.list, store),
            Policy::TimeJumping(policy) => policy.next_due(&self.list),
            Policy::CountSliding(_) | Policy::CountJumping(_) => None,
        }
    }

    /// The project's clock starts: periods are counted from here or, `aligned`, from the epoch, unless a state is
    /// loaded.
    pub fn start_clock(&mut self, anchor: EngineTime, aligned: bool) {
        if let Policy::TimeJumping(policy) = &mut self.policy {
            policy.start_clock(anchor, aligned);
        }
    }

    /// Whether every row stands in the age list.
    pub fn unlisted_is_empty(&self) -> bool {
        !matches!(&self.policy, Policy::TimeSliding(policy) if policy.has_late())
    }

    /// Rows outside the age list, in the order in which they must be listed again: late ones.
    pub fn unlisted(&self, store: &RowStore) -> Vec<RowId> {
        match &self.policy {
            Policy::TimeSliding(policy) => policy.late_rows(store),
            _ => Vec::new(),
        }
    }

    /// Writes what is not in the rows.
    ///
    /// # Errors
    /// When the medium fails.
    pub fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        match &self.policy {
            Policy::TimeSliding(policy) => policy.write(out),
            Policy::TimeJumping(policy) => policy.write(out),
            Policy::CountSliding(_) | Policy::CountJumping(_) => Ok(()),
        }
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// When the state is broken.
    pub fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        match &mut self.policy {
            Policy::TimeSliding(policy) => policy.load(from),
            Policy::TimeJumping(policy) => policy.load(from),
            Policy::CountSliding(_) | Policy::CountJumping(_) => Ok(()),
        }
    }

    /// Lists a row that was read back, in the order in which it was written.
    pub fn relist(&mut self, store: &mut RowStore, id: RowId, late: bool) {
        match &mut self.policy {
            Policy::TimeSliding(policy) if late => policy.relist_late(store, id),
            _ => self.list.append(store, id),
        }
    }
}

impl TimeSource {
    /// The row's time in microseconds; nothing when the field is null.
    #[inline]
    fn of(self, row: &RowView<'_>, now: EngineTime) -> Option<i64> {
        match self {
            Self::Clock => Some(now.micros()),
            Self::Field { field, .. } if row.is_null(field) => None,
            Self::Field { field, unit_micros } => Some(row.int(field).saturating_mul(unit_micros)),
        }
    }
}
