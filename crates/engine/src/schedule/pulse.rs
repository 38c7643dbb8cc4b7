//! `pulse-interval`: a window's changes are held and leave together, once per interval of engine time, as one
//! canonical block: at most one of {insert, update pair, delete} per key (engine-semantics 1.8, 1.9).

use std::sync::Arc;

use hashbrown::HashTable;
use tidegate_event::{EngineTime, EventBlock, Flags, Opcode, RowView, Schema};

use crate::block::{BlockBuilder, BlockPool};
use crate::key::KeyFields;
use crate::state::{Frozen, StateError, StateReader, StateWriter};
use crate::store::{FrozenRows, RowId, RowStore, read_rows};

/// When so many rows are held, they leave before the interval has ended, so that memory stays bounded.
const ROWS_MAX: usize = 1 << 20;

/// A change that waits for the end of the interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    hash: u64,
    /// The row before the interval; none when the key was not there.
    old: RowId,
    /// The row as it is now; none when the key is gone.
    new: RowId,
    /// Normal, once one of the changes is.
    flags: Flags,
    /// What an event that cannot be folded is: a bare update, upsert, delete or safe delete.
    bare: Option<Opcode>,
}

/// The changes of a window since the last pulse.
#[derive(Debug)]
pub(crate) struct Pulse {
    interval_micros: i64,
    /// Pulses come at multiples of the interval from here.
    start: EngineTime,
    next: Option<EngineTime>,
    key: KeyFields,
    /// Whether changes are inserts, update pairs and deletes with full rows, so that those of a key fold into one.
    folds: bool,
    rows: RowStore,
    changes: Vec<Change>,
    /// Number of changes of keys that came and went: nothing is left of them but their places.
    gone: usize,
    /// Places in `changes` by key, when they fold.
    places: HashTable<usize>,
}

impl Pulse {
    /// Nothing held yet. `folds` when the window's changes are inserts, update pairs and deletes with full rows.
    pub(crate) fn new(schema: &Schema, interval_micros: i64, folds: bool) -> Self {
        Self {
            interval_micros,
            start: EngineTime::UNSET,
            next: None,
            key: KeyFields::of(schema),
            folds,
            rows: RowStore::new(schema, false),
            changes: Vec::new(),
            gone: 0,
            places: HashTable::new(),
        }
    }

    /// The project's clock starts; pulses count from now or, `aligned`, from the epoch.
    pub(crate) fn start_clock(&mut self, now: EngineTime, aligned: bool) {
        if self.start.is_set() {
            return;
        }
        let into = if aligned { now.micros().rem_euclid(self.interval_micros) } else { 0 };
        self.start = now.plus_micros(-into);
        if !self.changes.is_empty() {
            self.plan(now);
        }
    }

    /// When the held changes leave.
    #[inline]
    pub(crate) fn next_due(&self) -> Option<EngineTime> {
        self.next
    }

    /// Holds the changes of `block`. A block comes back when so much is held that it has to leave early.
    pub(crate) fn hold(
        &mut self,
        block: &EventBlock,
        now: EngineTime,
        pool: &mut BlockPool,
    ) -> Option<Arc<EventBlock>> {
        if self.next.is_none() && self.start.is_set() {
            self.plan(now);
        }
        let mut position = 0;
        while position < block.len() {
            let event = block.event(position);
            position += 1;
            if !self.folds {
                self.hold_bare(&event.row, event.opcode, event.flags);
                continue;
            }
            match event.opcode {
                Opcode::UpdateBlock if position < block.len() => {
                    let old = block.event(position).row;
                    position += 1;
                    self.fold(Some(&old), Some(&event.row), event.flags);
                }
                Opcode::Insert => self.fold(None, Some(&event.row), event.flags),
                Opcode::Delete => self.fold(Some(&event.row), None, event.flags),
                opcode => self.hold_bare(&event.row, opcode, event.flags),
            }
        }
        if self.rows.len() < ROWS_MAX { None } else { self.release(pool) }
    }

    /// What was held, as one block; the next interval begins with the next change.
    pub(crate) fn release(&mut self, pool: &mut BlockPool) -> Option<Arc<EventBlock>> {
        self.next = None;
        self.gone = 0;
        self.places.clear();
        let mut out = BlockBuilder::new(pool, self.rows.layout());
        for Change { old, new, flags, bare, .. } in self.changes.drain(..) {
            let opcode = match (bare, old.is_none(), new.is_none()) {
                (Some(opcode), _, _) => opcode,
                (None, true, _) => Opcode::Insert,
                (None, false, false) => Opcode::UpdateBlock,
                (None, false, true) => Opcode::Delete,
            };
            if !new.is_none() {
                out.emit_copy(&self.rows.row(new), opcode, flags);
                self.rows.remove(new);
            }
            if !old.is_none() {
                out.emit_copy(&self.rows.row(old), Opcode::Delete, flags);
                self.rows.remove(old);
            }
        }
        out.finish(pool)
    }

    /// The next pulse comes at the first multiple of the interval after `now`.
    fn plan(&mut self, now: EngineTime) {
        let passed = now.micros_since(self.start).div_euclid(self.interval_micros).max(0);
        let micros = passed.saturating_add(1).saturating_mul(self.interval_micros);
        self.next = Some(self.start.plus_micros(micros));
    }

    fn hold_bare(&mut self, row: &RowView<'_>, opcode: Opcode, flags: Flags) {
        let new = self.rows.insert(row);
        self.changes.push(Change { hash: 0, old: RowId::NONE, new, flags, bare: Some(opcode) });
    }

    /// Folds a change into that of its key, or begins one. A key that came and went leaves a change of nothing,
    /// so that the places of the others stay.
    fn fold(&mut self, old: Option<&RowView<'_>>, new: Option<&RowView<'_>>, flags: Flags) {
        let Some(any) = new.or(old) else { return };
        let hash = self.key.hash(any);
        let Self { key, rows, changes, places, .. } = self;
        let same = |&place: &usize| {
            let change: &Change = &changes[place];
            change.hash == hash && !change.is_nothing() && key.same(&rows.row(change.row()), key, any)
        };
        let found = places.find(hash, same).copied();
        let Some(place) = found else {
            let old = old.map_or(RowId::NONE, |row| rows.insert(row));
            let new = new.map_or(RowId::NONE, |row| rows.insert(row));
            places.insert_unique(hash, changes.len(), |&place| changes[place].hash);
            changes.push(Change { hash, old, new, flags, bare: None });
            return;
        };
        let change = &mut changes[place];
        match (change.new.is_none(), new) {
            (true, Some(row)) => change.new = rows.insert(row),
            (false, Some(row)) => rows.replace(change.new, row),
            (false, None) => {
                rows.remove(change.new);
                change.new = RowId::NONE;
            }
            (true, None) => {}
        }
        if flags == Flags::NORMAL {
            change.flags = flags;
        }
        if change.is_nothing() {
            self.gone += 1;
            if 2 * self.gone > self.changes.len() + 64 {
                self.compact();
            }
        }
    }

    /// Forgets the places of keys that came and went.
    fn compact(&mut self) {
        let Self { key, rows, changes, places, .. } = self;
        changes.retain(|change| !change.is_nothing());
        places.clear();
        for (place, change) in changes.iter().enumerate().filter(|(_, change)| change.bare.is_none()) {
            debug_assert_eq!(change.hash, key.hash(&rows.row(change.row())));
            places.insert_unique(change.hash, place, |&place| changes[place].hash);
        }
        self.gone = 0;
    }

    /// What is held, as it is now.
    pub(crate) fn freeze(&mut self) -> FrozenPulse {
        let sequence = |id: RowId| if id.is_none() { 0 } else { self.rows.sequence(id) };
        let changes = self.changes.iter().filter(|change| !change.is_nothing()).map(|change| {
            (
                sequence(change.old),
                sequence(change.new),
                change.flags,
                change.bare.unwrap_or(Opcode::UpdateBlock),
            )
        });
        let changes = changes.collect();
        FrozenPulse {
            start: self.start,
            next: self.next.unwrap_or(EngineTime::UNSET),
            changes,
            rows: self.rows.freeze(None),
        }
    }

    /// Reads what a [`FrozenPulse`] wrote into a pulse that holds nothing.
    ///
    /// # Errors
    /// When the state is broken.
    pub(crate) fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.start = EngineTime::from_micros(from.get_i64()?);
        let next = EngineTime::from_micros(from.get_i64()?);
        self.next = next.is_set().then_some(next);
        let count = from.get_u64()?;
        if count > 2 * ROWS_MAX as u64 {
            return Err(StateError::corrupt(format!("{count} held changes")));
        }
        let mut saved = Vec::new();
        for _ in 0..count {
            let (old, new, word) = (from.get_u64()?, from.get_u64()?, from.get_u64()?);
            let (opcode, flags) = (Opcode::from_code(word as u8), Flags::from_bits((word >> 8) as u8));
            let Some((opcode, flags)) = opcode.zip(flags) else {
                return Err(StateError::corrupt("a held change has no opcode or unknown flags"));
            };
            saved.push((old, new, flags, opcode));
        }
        let mut ids = Vec::new();
        read_rows(&mut self.rows, from, &mut |rows, id| {
            ids.push((rows.sequence(id), id));
            Ok(())
        })?;
        ids.sort_unstable();
        let find = |sequence: u64| match sequence {
            0 => Ok(RowId::NONE),
            _ => ids
                .binary_search_by_key(&sequence, |&(sequence, _)| sequence)
                .map(|at| ids[at].1)
                .map_err(|_| StateError::corrupt("a held change names a row that is not there")),
        };
        let mut used = 0;
        for (old, new, flags, opcode) in saved {
            let (old, new) = (find(old)?, find(new)?);
            used += usize::from(!old.is_none()) + usize::from(!new.is_none());
            let row = if new.is_none() { old } else { new };
            if row.is_none() {
                return Err(StateError::corrupt("a held change has no row"));
            }
            let bare = (opcode != Opcode::UpdateBlock || !self.folds).then_some(opcode);
            let hash = if bare.is_some() { 0 } else { self.key.hash(&self.rows.row(row)) };
            if bare.is_none() {
                let changes = &self.changes;
                self.places.insert_unique(hash, changes.len(), |&place| changes[place].hash);
            }
            self.changes.push(Change { hash, old, new, flags, bare });
        }
        if used != ids.len() {
            return Err(StateError::corrupt("the held changes do not name every row once"));
        }
        Ok(())
    }
}

impl Change {
    fn is_nothing(&self) -> bool {
        self.old.is_none() && self.new.is_none()
    }

    /// A row with the change's key.
    fn row(&self) -> RowId {
        if self.new.is_none() { self.old } else { self.new }
    }
}

/// The changes that a window held at a step boundary.
///
/// ```text
/// i64 time from which intervals count, i64 time of the next pulse (unset: none)
/// u64 n, then per change: u64 arrival sequence of the old row or 0, u64 that of the new row or 0,
///                         u64 opcode (low byte) and flags (next byte); UB where changes fold
/// the rows (FrozenRows)   in order of arrival
/// ```
#[derive(Debug)]
pub(crate) struct FrozenPulse {
    start: EngineTime,
    next: EngineTime,
    changes: Vec<(u64, u64, Flags, Opcode)>,
    rows: FrozenRows,
}

impl Frozen for FrozenPulse {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put_i64(self.start.micros())?;
        out.put_i64(self.next.micros())?;
        out.put_u64(self.changes.len() as u64)?;
        for &(old, new, flags, opcode) in &self.changes {
            out.put_u64(old)?;
            out.put_u64(new)?;
            out.put_u64(u64::from(opcode.code()) | u64::from(flags.bits()) << 8)?;
        }
        self.rows.write(out)
    }
}
