//! The open instances of a pattern: their rows and states, found by what they wait for and by when they run out.
//!
//! An instance stands in one list per event that it waits for. A list is found by a hash over the instance's index
//! values, the event, and, where the event's condition compares a field with a variable that the instance has bound,
//! that value. So an event is offered to those instances alone that it may move. Whoever uses a list checks what it
//! was found by: two lists of one hash are one.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use hashbrown::HashTable;
use tidegate_event::{RowView, Schema};

use super::progress::NodeState;
use crate::store::{RowId, RowStore};

const NONE: u32 = u32::MAX;

/// A place in a list.
#[derive(Debug, Clone, Copy)]
struct Link {
    list: u64,
    previous: u32,
    next: u32,
    linked: bool,
}

impl Link {
    const FREE: Self = Self { list: 0, previous: NONE, next: NONE, linked: false };
}

#[derive(Debug, Clone, Copy)]
struct List {
    hash: u64,
    head: u32,
}

/// The open instances of one pattern.
#[derive(Debug)]
pub(super) struct Instances {
    /// One row per instance: variables, index values and output fields; its arrival sequence is the instance's.
    pub(super) rows: RowStore,
    /// Nodes of the logic.
    nodes: usize,
    /// Lists that an instance may stand in: one per event and one for every event.
    places: usize,
    /// The states of instance `id` from `id * nodes` on.
    pub(super) states: Vec<NodeState>,
    /// The arrival sequence of instance `id`; 0 where there is none.
    pub(super) sequences: Vec<u64>,
    deadlines: Vec<i64>,
    links: Vec<Link>,
    lists: HashTable<List>,
    /// (deadline, sequence, instance); an entry that no longer holds is passed over.
    due: BinaryHeap<Reverse<(i64, u64, u32)>>,
}

impl Instances {
    pub(super) fn new(schema: &Schema, nodes: usize, events: usize) -> Self {
        Self {
            rows: RowStore::new(schema, false),
            nodes,
            places: events + 1,
            states: Vec::new(),
            sequences: Vec::new(),
            deadlines: Vec::new(),
            links: Vec::new(),
            lists: HashTable::new(),
            due: BinaryHeap::new(),
        }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Takes in an instance with the next sequence.
    pub(super) fn insert(&mut self, row: &RowView<'_>, states: &[NodeState]) -> RowId {
        let id = self.rows.insert(row);
        self.adopt(id, states);
        id
    }

    /// Takes in the states of an instance whose row is there.
    pub(super) fn adopt(&mut self, id: RowId, states: &[NodeState]) {
        let at = id.0 as usize;
        if at >= self.sequences.len() {
            let len = (at + 1).next_power_of_two();
            self.sequences.resize(len, 0);
            self.deadlines.resize(len, i64::MAX);
            self.states.resize(len * self.nodes, NodeState::IDLE);
            self.links.resize(len * self.places, Link::FREE);
        }
        self.sequences[at] = self.rows.sequence(id);
        self.deadlines[at] = i64::MAX;
        self.states_of_mut(id).copy_from_slice(states);
    }

    pub(super) fn remove(&mut self, id: RowId) {
        self.unlink(id);
        self.sequences[id.0 as usize] = 0;
        self.rows.remove(id);
    }

    pub(super) fn states_of(&self, id: RowId) -> &[NodeState] {
        &self.states[id.0 as usize * self.nodes..][..self.nodes]
    }

    pub(super) fn states_of_mut(&mut self, id: RowId) -> &mut [NodeState] {
        &mut self.states[id.0 as usize * self.nodes..][..self.nodes]
    }

    /// Sets the last instant at which the instance has not run out.
    pub(super) fn set_deadline(&mut self, id: RowId, deadline: i64) {
        let at = id.0 as usize;
        if self.deadlines[at] == deadline {
            return;
        }
        self.deadlines[at] = deadline;
        if deadline == i64::MAX {
            return;
        }
        if self.due.len() >= 64 + 4 * self.rows.len() {
            let (sequences, deadlines) = (&self.sequences, &self.deadlines);
            self.due.retain(|entry| holds(sequences, deadlines, entry));
        }
        self.due.push(Reverse((deadline, self.sequences[at], id.0)));
    }

    /// The earliest deadline.
    pub(super) fn next_deadline(&self) -> Option<i64> {
        // An entry that no longer holds only wakes the window in vain.
        self.due.peek().map(|Reverse((deadline, ..))| *deadline)
    }

    /// Takes the instances out of the queue whose deadline lies before `time`, oldest instance first.
    pub(super) fn take_due(&mut self, time: i64, into: &mut Vec<(u64, RowId)>) {
        into.clear();
        while let Some(entry) = self.due.peek()
            && entry.0.0 < time
        {
            if holds(&self.sequences, &self.deadlines, entry) {
                let Reverse((_, sequence, id)) = *entry;
                into.push((sequence, RowId(id)));
                self.deadlines[id as usize] = i64::MAX;
            }
            self.due.pop();
        }
        into.sort_unstable();
    }

    /// Puts an instance into the list of `hash`, at its place number `place`.
    pub(super) fn link(&mut self, id: RowId, place: usize, hash: u64) {
        let at = id.0 * self.places as u32 + place as u32;
        let found = self.lists.entry(hash, |list| list.hash == hash, |list| list.hash);
        let mut list = found.or_insert(List { hash, head: NONE });
        let next = std::mem::replace(&mut list.get_mut().head, at);
        self.links[at as usize] = Link { list: hash, previous: NONE, next, linked: true };
        if next != NONE {
            self.links[next as usize].previous = at;
        }
    }

    /// Takes an instance out of all its lists.
    pub(super) fn unlink(&mut self, id: RowId) {
        let first = id.0 as usize * self.places;
        for at in first..first + self.places {
            let link = std::mem::replace(&mut self.links[at], Link::FREE);
            if !link.linked {
                continue;
            }
            if link.next != NONE {
                self.links[link.next as usize].previous = link.previous;
            }
            if link.previous != NONE {
                self.links[link.previous as usize].next = link.next;
            } else if let Ok(mut list) = self.lists.find_entry(link.list, |list| list.hash == link.list) {
                if link.next == NONE {
                    list.remove();
                } else {
                    list.get_mut().head = link.next;
                }
            }
        }
    }

    /// Adds the instances in the list of `hash`, each with its sequence.
    pub(super) fn collect(&self, hash: u64, into: &mut Vec<(u64, RowId)>) {
        let Some(list) = self.lists.find(hash, |list| list.hash == hash) else { return };
        let mut at = list.head;
        while at != NONE {
            let id = at / self.places as u32;
            into.push((self.sequences[id as usize], RowId(id)));
            at = self.links[at as usize].next;
        }
    }
}

fn holds(
    sequences: &[u64],
    deadlines: &[i64],
    &Reverse((deadline, sequence, id)): &Reverse<(i64, u64, u32)>,
) -> bool {
    sequences[id as usize] == sequence && deadlines[id as usize] == deadline
}
