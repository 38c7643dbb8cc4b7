//! The rows of each group in order of arrival, for functions that look through them: key and needed fields only.
//!
//! An update that stays in its group keeps the row's place; one that changes the group goes to the end of the other.

use std::sync::Arc;

use tidegate_event::{RowBatch, RowView, Schema};

use super::accumulator::Change;
use crate::index::HashIndex;
use crate::key::KeyFields;
use crate::state::{StateError, StateReader};
use crate::store::{FrozenRows, RowId, RowStore, read_rows};

/// Rows by group.
#[derive(Debug)]
pub(crate) struct GroupRows {
    schema: Arc<Schema>,
    store: RowStore,
    /// Finds a row by the input's key; nothing where rows only come.
    index: Option<HashIndex>,
    /// The input's key in the input.
    probe: KeyFields,
    /// Group key in these rows.
    group_key: KeyFields,
    /// Input field of each field here.
    sources: Vec<usize>,
    /// How many of a group's last rows suffice, where rows only come.
    reach: Option<usize>,
    /// Oldest, newest and number of rows by group.
    ends: Vec<(RowId, RowId, u32)>,
    scratch: RowBatch,
}

impl GroupRows {
    /// No rows yet. Keeps the input's key, the group key `group` and `fields`. `reach` says that rows only come, and
    /// how many of the last are needed.
    pub(crate) fn new(
        input: &Schema,
        group: &[usize],
        fields: &[usize],
        insert_only: bool,
        reach: Option<usize>,
    ) -> Option<Self> {
        let mut sources: Vec<usize> = input.keys().iter().chain(group).chain(fields).copied().collect();
        sources.sort_unstable();
        sources.dedup();
        let schema =
            Arc::new(Schema::new(sources.iter().map(|&f| input.fields()[f].clone()).collect()).ok()?);
        let here = |field: &usize| sources.iter().position(|s| s == field);
        let group: Option<Vec<usize>> = group.iter().map(here).collect();
        Some(Self {
            store: RowStore::new(&schema, false),
            index: (!insert_only).then(|| HashIndex::new(KeyFields::of(&schema))),
            probe: KeyFields::of(input),
            group_key: KeyFields::new(&schema, &group?),
            reach: reach.filter(|_| insert_only),
            ends: Vec::new(),
            scratch: RowBatch::new(schema.layout()),
            schema,
            sources,
        })
    }

    /// Where an input field lies in these rows.
    pub(super) fn field(&self, input: usize) -> usize {
        self.sources.iter().position(|&source| source == input).unwrap_or(0)
    }

    /// Makes room for groups.
    pub(crate) fn grow(&mut self, groups: usize) {
        self.ends.resize(groups, (RowId::NONE, RowId::NONE, 0));
    }

    /// Takes in a block.
    pub(crate) fn apply(&mut self, input: &RowBatch, changes: &[Change]) {
        let mut replaced = None;
        for change in changes {
            let row = input.row(change.row as usize);
            if change.add {
                self.project(&row);
                match replaced.take() {
                    Some(id) => self.store.replace(id, &self.scratch.row(0)),
                    None => self.append(change.group),
                }
            } else {
                let Some(id) = self.find(&row) else { continue };
                if change.event == 0 {
                    replaced = Some(id);
                } else {
                    self.unlink(change.group, id);
                    if let Some(index) = &mut self.index {
                        index.remove(&self.store, id);
                    }
                    self.store.remove(id);
                }
            }
        }
    }

    /// The rows of an ended group go.
    pub(crate) fn clear(&mut self, group: usize) {
        self.ends[group] = (RowId::NONE, RowId::NONE, 0);
    }

    /// A group's rows, oldest first.
    pub(super) fn rows(&self, group: u32) -> impl Iterator<Item = RowView<'_>> + '_ {
        let first = Some(self.ends[group as usize].0).filter(|id| !id.is_none());
        std::iter::successors(first, |&id| Some(self.store.links(id).1).filter(|next| !next.is_none()))
            .map(|id| self.store.row(id))
    }

    /// The row `back` rows before a group's newest.
    pub(super) fn before_last(&self, group: u32, back: usize) -> Option<RowView<'_>> {
        let last = Some(self.ends[group as usize].1).filter(|id| !id.is_none());
        std::iter::successors(last, |&id| Some(self.store.links(id).0).filter(|p| !p.is_none()))
            .nth(back)
            .map(|id| self.store.row(id))
    }

    fn find(&self, row: &RowView<'_>) -> Option<RowId> {
        self.index.as_ref()?.find_hashed(&self.store, self.probe.hash(row), &self.probe, row)
    }

    fn project(&mut self, row: &RowView<'_>) {
        self.scratch.reset(self.schema.layout());
        let mut to = self.scratch.push();
        for (field, &source) in self.sources.iter().enumerate() {
            to.copy_field(field, row, source);
        }
    }

    fn append(&mut self, group: u32) {
        let id = self.store.insert(&self.scratch.row(0));
        if let Some(index) = &mut self.index {
            index.insert(&self.store, id);
        }
        self.link(group, id);
        let (first, _, len) = self.ends[group as usize];
        if self.reach.is_some_and(|reach| len as usize > reach) {
            self.unlink(group, first);
            self.store.remove(first);
        }
    }

    fn link(&mut self, group: u32, id: RowId) {
        let (first, last, len) = self.ends[group as usize];
        self.store.set_links(id, last, RowId::NONE);
        if last.is_none() {
            self.ends[group as usize] = (id, id, 1);
        } else {
            let before = self.store.links(last).0;
            self.store.set_links(last, before, id);
            self.ends[group as usize] = (first, id, len.saturating_add(1));
        }
    }

    fn unlink(&mut self, group: u32, id: RowId) {
        let (previous, next) = self.store.links(id);
        let ends = &mut self.ends[group as usize];
        ends.2 = ends.2.saturating_sub(1);
        if previous.is_none() {
            ends.0 = next;
        } else {
            let before = self.store.links(previous).0;
            self.store.set_links(previous, before, next);
        }
        if next.is_none() {
            self.ends[group as usize].1 = previous;
        } else {
            let after = self.store.links(next).1;
            self.store.set_links(next, previous, after);
        }
    }

    /// The rows as they are now.
    pub(crate) fn freeze(&mut self) -> FrozenRows {
        self.store.freeze(None)
    }

    /// Reads rows back; `group_of` finds a row's group by its group key.
    pub(crate) fn load(
        &mut self,
        from: &mut dyn StateReader,
        group_of: &dyn Fn(&KeyFields, &RowView<'_>) -> Option<RowId>,
    ) -> Result<(), StateError> {
        let mut loaded = Vec::new();
        let index = &mut self.index;
        read_rows(&mut self.store, from, &mut |store, id| {
            if index.as_mut().is_some_and(|index| !index.try_insert(store, id)) {
                return Err(StateError::corrupt("two rows of a group have the same key"));
            }
            loaded.push(id);
            Ok(())
        })?;
        for id in loaded {
            let Some(group) = group_of(&self.group_key, &self.store.row(id)) else {
                return Err(StateError::corrupt("a row belongs to a group that is not there"));
            };
            self.link(group.0, id);
        }
        Ok(())
    }
}
