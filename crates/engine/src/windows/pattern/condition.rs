//! The condition of a pattern's event: what can be asked of the event alone, and what needs an instance's variables
//! (functions.md 4.3).

use tidegate_event::{Event, RowBatch, RowView};
use tidegate_expr::Program;

use crate::evaluator::Evaluator;
use crate::step::Step;

/// Where an output field gets its value when its event is taken.
#[derive(Debug)]
pub(super) enum Source {
    /// A field of the event.
    Field(usize),
    /// An expression over the event and the variables.
    Program(Program),
}

/// An equality that gives a variable its value while that has none.
#[derive(Debug)]
pub(super) struct Bind {
    /// The variable's place in an instance's row.
    pub(super) variable: usize,
    /// Its value.
    pub(super) value: Program,
}

/// A part of a condition that is evaluated per instance, in the order written.
#[derive(Debug)]
pub(super) struct Part {
    /// The sides of an equality that are variables.
    pub(super) binds: Vec<Bind>,
    /// The part as it is asked where nothing is to be bound.
    pub(super) test: Program,
}

/// A field of the event that must equal a variable: instances in which the variable is bound are found by its value.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) variable: usize,
    pub(super) field: usize,
}

/// One event of a pattern.
#[derive(Debug)]
pub(super) struct EventCondition {
    /// The input it comes from, as a number among the window's distinct inputs.
    pub(super) source: usize,
    /// Pure parts over the event alone: evaluated once per block.
    pub(super) filters: Vec<Program>,
    /// The rest.
    pub(super) parts: Vec<Part>,
    pub(super) probe: Option<Probe>,
    /// Fields of an instance's row that are filled when the event is taken.
    pub(super) outputs: Vec<(usize, Source)>,
}

/// The row of the instance in hand, as it changes while an event is offered to it. The last row of `rows` holds.
#[derive(Debug)]
pub(super) struct WorkRow {
    rows: RowBatch,
    cell: RowBatch,
    pub(super) changed: bool,
}

impl WorkRow {
    pub(super) fn new(layout: &tidegate_event::row::RowLayout) -> Self {
        let mut work = Self { rows: RowBatch::new(layout), cell: RowBatch::new(layout), changed: false };
        work.start_empty();
        work
    }

    /// Takes an instance's row in hand.
    pub(super) fn start(&mut self, row: &RowView<'_>) {
        let layout = self.rows.layout().clone();
        self.rows.reset(&layout);
        self.rows.push_copy(row);
        self.changed = false;
    }

    /// Takes the row of a new instance in hand.
    pub(super) fn start_empty(&mut self) {
        let layout = self.rows.layout().clone();
        self.rows.reset(&layout);
        self.rows.push();
        self.changed = false;
    }

    pub(super) fn row(&self) -> RowView<'_> {
        self.rows.row(self.rows.len() - 1)
    }

    /// Sets index field `field` from the event.
    pub(super) fn copy(&mut self, field: usize, event: &RowView<'_>, from: usize) {
        let last = self.rows.len() - 1;
        self.rows.row_mut(last).copy_field(field, event, from);
    }

    /// Evaluates a program into `field` of the row.
    fn fill(
        &mut self,
        field: usize,
        program: &Program,
        event: &Event<'_>,
        evaluator: &mut Evaluator,
        step: &mut Step<'_>,
    ) {
        let last = self.rows.len() - 1;
        let Self { rows, cell, .. } = self;
        let layout = rows.layout().clone();
        cell.reset(&layout);
        cell.push();
        evaluator.row(step, &[Some(event.row), Some(rows.row(last))], event.opcode, event.flags, |ctx| {
            program.eval_row(ctx, &mut cell.row_mut(0), field);
        });
        rows.row_mut(last).copy_field(field, &cell.row(0), field);
    }

    /// Whether `event` satisfies the condition, whose filters it has passed, with the variables of the row in hand.
    /// If so, new variables are in the row and, where the event `counts`, its output fields.
    pub(super) fn take(
        &mut self,
        condition: &EventCondition,
        counts: bool,
        event: &Event<'_>,
        evaluator: &mut Evaluator,
        step: &mut Step<'_>,
    ) -> bool {
        let kept = self.rows.len();
        for part in &condition.parts {
            if !self.satisfies(part, event, evaluator, step, kept) {
                self.rows.truncate(kept);
                return false;
            }
        }
        let outputs = if counts { &condition.outputs[..] } else { &[] };
        self.changed |= self.rows.len() > kept || !outputs.is_empty();
        for (field, source) in outputs {
            match source {
                Source::Field(from) => self.copy(*field, &event.row, *from),
                Source::Program(program) => self.fill(*field, program, event, evaluator, step),
            }
        }
        true
    }

    fn satisfies(
        &mut self,
        part: &Part,
        event: &Event<'_>,
        evaluator: &mut Evaluator,
        step: &mut Step<'_>,
        kept: usize,
    ) -> bool {
        if let Some(bind) = part.binds.iter().find(|bind| self.row().is_null(bind.variable)) {
            if self.rows.len() == kept {
                let copy = self.rows.len() - 1;
                self.push_copy_of(copy);
            }
            self.fill(bind.variable, &bind.value, event, evaluator, step);
            // Null is equal to nothing: it cannot be bound.
            return !self.row().is_null(bind.variable);
        }
        let rows = [Some(event.row), Some(self.row())];
        evaluator.row(step, &rows, event.opcode, event.flags, |ctx| part.test.eval_condition(ctx))
    }

    fn push_copy_of(&mut self, number: usize) {
        let layout = self.rows.layout().clone();
        self.cell.reset(&layout);
        self.cell.push_copy(&self.rows.row(number));
        self.rows.push_copy(&self.cell.row(0));
    }
}
