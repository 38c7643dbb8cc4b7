//! A window in its place in the graph.

use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, EventBlock, Opcode, Schema};
use tidegate_expr::{FaultKind, Program};
use tidegate_model::IndexType;

use super::listing::Listing;
use super::pulse::Pulse;
use crate::block::{BlockBuilder, collapse};
use crate::evaluator::Evaluator;
use crate::key::KeyFields;
use crate::retained::{Resolution, Retained};
use crate::step::{Step, WindowId};
use crate::window::{BuiltWindow, Window};

/// An edge to another window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutEdge {
    /// The window at the other end.
    pub target: WindowId,
    /// Which of its in-edges this is.
    pub port: usize,
    /// The slot whose events it takes; without one, all.
    pub slot: Option<i64>,
}

/// Chooses the slot of each output event (engine-semantics 4).
#[derive(Debug)]
pub struct Splitter {
    /// Computes the slot number from an output event.
    pub program: Program,
    /// Its variables: its own, or none.
    pub evaluator: Evaluator,
}

/// A window with its output stage and its edges.
pub struct Node {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub name: String,
    /// Its element in the model.
    pub element: &'static str,
    /// Its effective index.
    pub index: IndexType,
    /// What its saved state depends on besides type, schema and index.
    pub shape: String,
    /// Schema of its output.
    pub schema: Arc<Schema>,
    /// The window.
    pub window: Box<dyn Window>,
    /// The rows of its output stage.
    pub retained: Option<Retained>,
    /// How they are resolved.
    pub resolution: Resolution,
    /// Only inserts go on to other windows and subscribers.
    pub output_insert_only: bool,
    /// The key by which several changes within a block become one, where that is asked for.
    pub collapse: Option<KeyFields>,
    /// Holds changes for `pulse-interval`.
    pub(crate) pulse: Option<Pulse>,
    /// What subscribers see as its content.
    pub(crate) listing: Listing,
    /// Chooses slots.
    pub splitter: Option<Splitter>,
    /// Edges in order of declaration.
    pub edges: Vec<OutEdge>,
    /// Number of in-edges.
    pub inputs: usize,
    /// Whether it stands for a window that this release cannot run: it emits nothing.
    pub unsupported: bool,
    /// When the clock will next have something to do here, as of the last block.
    pub(super) due: Option<EngineTime>,
    /// Sub-sequence of its next output block in this step.
    pub(super) next_sub: u32,
    /// Number of the step that `next_sub` belongs to.
    pub(super) sub_step: u64,
    /// Kinds of faults that were told of already.
    pub(super) faults_told: Vec<FaultKind>,
    /// Sum of faults when it was last looked at.
    pub(super) faults_seen: u64,
}

impl Node {
    /// A window without edges so far.
    pub fn new(
        contquery: &str,
        name: &str,
        element: &'static str,
        index: IndexType,
        built: BuiltWindow,
    ) -> Self {
        Self {
            contquery: contquery.to_owned(),
            name: name.to_owned(),
            element,
            index,
            shape: built.shape,
            schema: built.schema,
            window: built.window,
            retained: None,
            resolution: Resolution { lenient: false, old_from_input: false },
            output_insert_only: false,
            collapse: None,
            pulse: None,
            listing: Listing::Own,
            splitter: None,
            edges: Vec::new(),
            inputs: 0,
            unsupported: false,
            due: None,
            next_sub: 0,
            sub_step: 0,
            faults_told: Vec::new(),
            faults_seen: 0,
        }
    }

    /// Looks again when the clock will have something to do here; tells whether that has changed.
    #[inline]
    pub(super) fn look_at_clock(&mut self) -> bool {
        let rows = self.retained.as_ref().and_then(Retained::next_due);
        let pulse = self.pulse.as_ref().and_then(Pulse::next_due);
        let due = [self.window.next_due(), rows, pulse].into_iter().flatten().min();
        std::mem::replace(&mut self.due, due) != due
    }

    /// Rows that are listed as the window's content.
    pub fn content(&self) -> Option<&Retained> {
        match &self.listing {
            Listing::Own => self.own_rows(),
            Listing::Nothing => None,
            Listing::Kept(rows) => Some(rows),
        }
    }

    /// Number of rows that the window keeps.
    pub fn row_count(&self) -> usize {
        self.own_rows().or_else(|| self.content()).map_or(0, Retained::len)
    }

    /// The rows that the window keeps for itself.
    pub(crate) fn own_rows(&self) -> Option<&Retained> {
        self.retained.as_ref().or_else(|| self.window.retained())
    }

    /// Runs a block through window and output stage.
    pub(super) fn process(
        &mut self,
        port: usize,
        input: Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        if self.window.passes(&input) {
            return self.output(input, kind, step);
        }
        let changes = self.window.process(port, &input, kind, step);
        step.pool.give(input);
        self.output(changes?, kind, step)
    }

    /// Runs changes through the output stage.
    #[inline]
    pub(super) fn output(
        &mut self,
        changes: Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let out = match &mut self.retained {
            None => changes,
            Some(retained) => {
                let out = retained.apply(&changes, kind, self.resolution, step);
                step.pool.give(changes);
                out?
            }
        };
        self.restrict(out, step)
    }

    /// Applies `collapse-updates`, then `pulse-interval`, then `output-insert-only`.
    #[inline]
    pub(super) fn restrict(&mut self, out: Arc<EventBlock>, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        if self.collapse.is_none() && self.pulse.is_none() {
            return self.leave(out, step);
        }
        self.hold_back(out, step)
    }

    #[inline(never)]
    fn hold_back(&mut self, out: Arc<EventBlock>, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let out = match &self.collapse {
            Some(key) => collapse(key, out, step.pool)?,
            None => out,
        };
        let Some(pulse) = &mut self.pulse else { return self.leave(out, step) };
        let full = pulse.hold(&out, step.time, step.pool);
        step.pool.give(out);
        self.leave(full?, step)
    }

    /// The interval of `pulse-interval` has ended.
    pub(super) fn end_interval(&mut self, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let held = self.pulse.as_mut()?.release(step.pool)?;
        self.leave(held, step)
    }

    #[inline]
    fn leave(&mut self, out: Arc<EventBlock>, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let out = self.inserts_only(out, step)?;
        self.listing.follow(&out, step);
        Some(out)
    }

    #[inline]
    fn inserts_only(&self, out: Arc<EventBlock>, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        if self.output_insert_only { Self::only_inserts(out, step) } else { Some(out) }
    }

    #[inline(never)]
    fn only_inserts(out: Arc<EventBlock>, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        if out.events().iter().all(|e| e.opcode == Opcode::Insert) {
            return Some(out);
        }
        let mut inserts = BlockBuilder::over(step.pool, &out);
        for event in out.events().iter().filter(|e| e.opcode == Opcode::Insert) {
            inserts.emit_input(event.row, event.opcode, event.flags);
        }
        let inserts = inserts.finish(step.pool);
        step.pool.give(out);
        inserts
    }

    /// The slot of each event of an output block; `None` for an event that fits no slotted edge.
    pub(super) fn slots(&mut self, out: &EventBlock, step: &mut Step<'_>, slots: &mut Vec<Option<i64>>) {
        if let Some(splitter) = &mut self.splitter {
            splitter.evaluator.integers(&splitter.program, out, step, slots);
        }
    }
}
