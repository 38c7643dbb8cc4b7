//! A running project: blocks in, blocks out.

use std::sync::Arc;

use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, Flags, MessageId, Opcode, Schema};
use tidegate_model::IndexType;

use super::node::Node;
use super::queue::{Queue, Task};
use crate::block::{BlockBuilder, BlockPool};
use crate::step::{Notice, Sink, Step, WindowId, WindowStats};

/// A project at work. It does no I/O, reads no clock and starts no thread: blocks and time are handed to it, and
/// the same blocks with the same times give the same output, byte for byte.
///
/// Call [`begin_step`](Self::begin_step) for each input record, then [`inject`](Self::inject) for each of its
/// blocks. Freezing and listing are for between steps.
pub struct Project {
    pub(super) name: String,
    pub(super) nodes: Vec<Node>,
    /// Counters of each window.
    pub(super) stats: Vec<WindowStats>,
    tasks: Queue,
    /// The header of what caused the tasks. All that wait at a time have the same.
    pub(super) origin: BlockHeader,
    /// Tasks of windows with several inputs, which wait for all parts of one origin (tagged tokens).
    waiting: Vec<Task>,
    /// With tagged tokens, windows by topological rank.
    ranks: Option<Vec<usize>>,
    pub(super) pool: BlockPool,
    slots: Vec<Option<i64>>,
    pub(super) heartbeat_micros: i64,
    pub(super) time: EngineTime,
    pub(super) input: i64,
    /// Steps begun since the project was built; an input id may come again after a restore.
    pub(super) steps: u64,
    pub(super) clock_started: bool,
    /// Whether time comes with the records of a log (design.md 6).
    pub(super) log_clock: bool,
    /// The earliest time at which any window has something to do.
    pub(super) due: Option<EngineTime>,
    /// Whether a window's own such time has changed since.
    pub(super) due_changed: bool,
}

/// What is known of a window from outside.
#[derive(Debug, Clone, Copy)]
pub struct WindowInfo<'a> {
    /// The window.
    pub id: WindowId,
    /// Name of its contquery.
    pub contquery: &'a str,
    /// Its name.
    pub name: &'a str,
    /// Its element in the model, such as `window-copy`.
    pub element: &'static str,
    /// Its effective index.
    pub index: IndexType,
    /// Schema of its output.
    pub schema: &'a Arc<Schema>,
    /// Whether it stands for a window that this release cannot run.
    pub unsupported: bool,
    /// Number of rows that it lists as its content.
    pub rows: usize,
    /// Its counters.
    pub stats: &'a WindowStats,
}

impl Project {
    /// A project of these windows. `ranks` turns tagged tokens on: each window's place in a topological order.
    pub fn new(name: &str, nodes: Vec<Node>, ranks: Option<Vec<usize>>, heartbeat_micros: i64) -> Self {
        let mut project = Self {
            name: name.to_owned(),
            stats: vec![WindowStats::default(); nodes.len()],
            nodes,
            tasks: Queue::default(),
            origin: BlockHeader::default(),
            waiting: Vec::new(),
            ranks,
            pool: BlockPool::new(),
            slots: Vec::new(),
            heartbeat_micros,
            time: EngineTime::UNSET,
            input: 0,
            steps: 0,
            clock_started: false,
            log_clock: false,
            due: None,
            due_changed: false,
        };
        project.look_at_clocks();
        project
    }

    /// The same project with its time from the records of a log: jumping periods align to the epoch, so that they
    /// do not depend on the record that an engine began with, and all that a record causes carries its time.
    #[must_use]
    pub fn with_log_clock(mut self, log_clock: bool) -> Self {
        self.log_clock = log_clock;
        self
    }

    /// The project's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The highest time handed in so far.
    pub fn time(&self) -> EngineTime {
        self.time
    }

    /// Input id of the last step.
    pub fn input(&self) -> i64 {
        self.input
    }

    /// The windows in order of declaration.
    pub fn windows(&self) -> impl Iterator<Item = WindowInfo<'_>> + '_ {
        (0..self.nodes.len()).map(|i| self.window(WindowId(i as u32)))
    }

    /// One window.
    ///
    /// # Panics
    /// When the id is of another project.
    pub fn window(&self, id: WindowId) -> WindowInfo<'_> {
        let node = &self.nodes[id.0 as usize];
        WindowInfo {
            id,
            contquery: &node.contquery,
            name: &node.name,
            element: node.element,
            index: node.index,
            schema: &node.schema,
            unsupported: node.unsupported,
            rows: node.row_count(),
            stats: &self.stats[id.0 as usize],
        }
    }

    /// The window of this name.
    pub fn find(&self, contquery: &str, window: &str) -> Option<WindowId> {
        let at = self.nodes.iter().position(|n| n.contquery == contquery && n.name == window)?;
        Some(WindowId(at as u32))
    }

    /// The window's content as inserts, in blocks of at most `rows_max` (engine-semantics 6).
    pub fn content(&self, window: WindowId, rows_max: usize, give: &mut dyn FnMut(Arc<EventBlock>)) {
        let Some(retained) = self.nodes[window.0 as usize].content() else { return };
        let mut pool = BlockPool::new();
        for rows in retained.listing().chunks(rows_max.max(1)) {
            let mut block = BlockBuilder::new(&mut pool, retained.schema().layout());
            for &id in rows {
                block.emit_copy(&retained.store().row(id), Opcode::Insert, Flags::NORMAL);
            }
            if let Some(block) = block.finish(&mut pool) {
                give(block);
            }
        }
    }

    /// Starts the step of input record `input` at `time`: first what the clock has made due runs, in order.
    /// Time never goes back: a lower `time`, or one that is not set, counts as the highest so far.
    pub fn begin_step(&mut self, input: i64, time: EngineTime, sink: &mut dyn Sink) {
        self.input = input;
        self.steps += 1;
        if !self.clock_started && time.is_set() {
            self.clock_started = true;
            for node in &mut self.nodes {
                node.window.start_clock(time);
                if let Some(retained) = &mut node.retained {
                    retained.start_clock(time, self.log_clock);
                }
                if let Some(pulse) = &mut node.pulse {
                    pulse.start_clock(time, self.log_clock);
                }
            }
            self.look_at_clocks();
        }
        self.run_heartbeats(time, sink);
        self.time = self.time.max(time);
    }

    /// Runs a block through the project, to the end. `client` is the id that the publisher gave it, or 0.
    pub fn inject(
        &mut self,
        window: WindowId,
        kind: BlockKind,
        client: i64,
        block: Arc<EventBlock>,
        sink: &mut dyn Sink,
    ) {
        let id = MessageId { client, ..MessageId::of_input(self.input) };
        self.origin = BlockHeader { kind, id, time: self.time };
        self.tasks.push(window, 0, 0, block);
        self.run(sink);
    }

    /// Runs tasks until none is left.
    pub(super) fn run(&mut self, sink: &mut dyn Sink) {
        loop {
            while let Some(task) = self.tasks.pop() {
                if self.ranks.is_some() && self.nodes[task.target.0 as usize].inputs > 1 {
                    self.waiting.push(task);
                } else {
                    self.run_task(task, sink);
                }
            }
            if !self.release_waiting(sink) {
                break;
            }
        }
        if self.due_changed {
            self.find_due();
        }
    }

    /// Runs the parts of the first waiting window in topological order: nothing before it has work left, so
    /// that all parts of this origin are there.
    fn release_waiting(&mut self, sink: &mut dyn Sink) -> bool {
        let Some(ranks) = &self.ranks else { return false };
        let Some(next) = self.waiting.iter().map(|t| t.target).min_by_key(|t| ranks[t.0 as usize]) else {
            return false;
        };
        let mut parts: Vec<Task> = self.waiting.extract_if(.., |task| task.target == next).collect();
        let window = &self.nodes[next.0 as usize].window;
        parts.sort_by_key(|task| window.part_order(task.port as usize));
        for task in parts {
            self.run_task(task, sink);
        }
        true
    }

    #[inline(always)]
    fn run_task(&mut self, task: Task, sink: &mut dyn Sink) {
        let Task { target, port, sub, block } = task;
        let node = &mut self.nodes[target.0 as usize];
        let mut step = Step {
            time: self.time,
            header: with_sub(&self.origin, sub),
            pool: &mut self.pool,
            window: target,
            stats: &mut self.stats[target.0 as usize],
            sink,
        };
        let out = node.process(port as usize, block, self.origin.kind, &mut step);
        self.due_changed |= node.look_at_clock();
        if let Some(out) = out {
            self.deliver(target, out, sink);
        }
        self.tell_faults(target, sink);
    }

    /// Sends an output block to subscribers and along the edges.
    #[inline]
    pub(super) fn deliver(&mut self, window: WindowId, out: Arc<EventBlock>, sink: &mut dyn Sink) {
        let node = &mut self.nodes[window.0 as usize];
        if node.sub_step != self.steps {
            node.sub_step = self.steps;
            node.next_sub = 0;
        }
        let sub = node.next_sub;
        node.next_sub += 1;
        let header = with_sub(&self.origin, sub);
        self.stats[window.0 as usize].emitted += out.len() as u64;
        sink.emitted(window, &header, &out);
        if node.splitter.is_some() && node.edges.iter().any(|edge| edge.slot.is_some_and(|slot| slot >= 0)) {
            self.deliver_by_slot(window, header, &out, sink);
            self.pool.give(out);
            return;
        }
        let Some((last, others)) = node.edges.split_last() else { return self.pool.give(out) };
        for edge in others {
            let block = Arc::clone(&out);
            self.tasks.push(edge.target, edge.port, sub, block);
        }
        self.tasks.push(last.target, last.port, sub, out);
    }

    fn deliver_by_slot(
        &mut self,
        window: WindowId,
        header: BlockHeader,
        out: &Arc<EventBlock>,
        sink: &mut dyn Sink,
    ) {
        let node = &mut self.nodes[window.0 as usize];
        let mut step = Step {
            time: self.time,
            header,
            pool: &mut self.pool,
            window,
            stats: &mut self.stats[window.0 as usize],
            sink,
        };
        node.slots(out, &mut step, &mut self.slots);
        for edge in &node.edges {
            let block = match edge.slot {
                Some(slot) if slot >= 0 => events_of_slot(&mut self.pool, out, &self.slots, slot),
                _ => Some(Arc::clone(out)),
            };
            if let Some(block) = block {
                self.tasks.push(edge.target, edge.port, header.id.sub, block);
            }
        }
    }

    /// Tells of the first fault of each kind in a window.
    #[inline]
    fn tell_faults(&mut self, window: WindowId, sink: &mut dyn Sink) {
        let node = &mut self.nodes[window.0 as usize];
        let faults = &self.stats[window.0 as usize].faults;
        let total = faults.total();
        if total == node.faults_seen {
            return;
        }
        node.faults_seen = total;
        for (kind, count) in faults.iter() {
            if count > 0 && !node.faults_told.contains(&kind) {
                node.faults_told.push(kind);
                sink.noticed(window, Notice::Fault(kind));
            }
        }
    }
}

/// The header of another block of the same cause.
#[inline(always)]
fn with_sub(origin: &BlockHeader, sub: u32) -> BlockHeader {
    BlockHeader { id: MessageId { sub, ..origin.id }, ..*origin }
}

/// The events of a block that go to `slot`. An update pair whose halves have different slots comes apart: the
/// new half is an insert in its slot, the old one a delete in the other (engine-semantics 4).
fn events_of_slot(
    pool: &mut BlockPool,
    out: &Arc<EventBlock>,
    slots: &[Option<i64>],
    slot: i64,
) -> Option<Arc<EventBlock>> {
    let mut block = BlockBuilder::over(pool, out);
    for (position, event) in out.events().iter().enumerate() {
        if slots[position] != Some(slot) {
            continue;
        }
        let whole = event.opcode != Opcode::UpdateBlock || slots.get(position + 1) == Some(&Some(slot));
        let opcode = if whole { event.opcode } else { Opcode::Insert };
        block.emit_input(event.row, opcode, event.flags);
    }
    block.finish(pool)
}

impl std::fmt::Debug for Project {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Project").field("name", &self.name).field("time", &self.time).finish_non_exhaustive()
    }
}
