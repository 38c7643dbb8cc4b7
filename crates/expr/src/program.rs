//! A compiled expression and what it needs to run.

use tidegate_event::row::RowWriter;
use tidegate_event::{EngineTime, EventRef, Flags, Opcode, RowBatch, RowView};

use crate::faults::Faults;
use crate::variables::Variables;

/// A compiled expression. Immutable; may be shared between threads.
#[derive(Debug, Clone)]
pub struct Program {
    never: std::convert::Infallible,
}

/// What a program sees of one event.
pub struct EvalContext<'a> {
    /// One row per row source of the scope. A missing one (the other side of an outer join) is null in every field.
    pub rows: &'a [Option<RowView<'a>>],
    /// The event's opcode, for `ESP_OPCODE`.
    pub opcode: Opcode,
    /// The event's flags, for `ESP_FLAGS`.
    pub flags: Flags,
    /// Engine time of the step, for `today()`.
    pub time: EngineTime,
    /// The window's persistent variables.
    pub variables: &'a mut Variables,
    /// Counts what goes wrong.
    pub faults: &'a mut Faults,
    /// Receives the texts of `print()`.
    pub print: &'a mut dyn FnMut(&str),
    /// Working memory, kept between events.
    pub scratch: &'a mut Scratch,
}

/// Working memory of row-by-row evaluation. Reuse it: then an evaluation allocates nothing.
#[derive(Debug, Default)]
pub struct Scratch {}

/// What the evaluation of a whole block needs, and its working memory. Reuse it from block to block.
#[derive(Debug, Default)]
pub struct BlockContext {
    /// Engine time of the step, for `today()`.
    pub time: EngineTime,
    /// Counts what goes wrong.
    pub faults: Faults,
}

/// The values of one field for all events of a block, in the field's stored form.
#[derive(Debug, Default)]
pub struct Column {}

impl Column {
    /// Number of values.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        true
    }

    /// Writes the value at `position` into `field` of a row.
    pub fn write(&self, _position: usize, _row: &mut RowWriter<'_>, _field: usize) {}

    /// Writes all values into `field` of the rows from `first_row` on.
    pub fn store(&self, _rows: &mut RowBatch, _first_row: usize, _field: usize) {}
}

impl Program {
    /// Whether the program touches no persistent variable and has no side effect, so that evaluating it twice, or not
    /// at all, makes no difference. Only pure programs may be evaluated by block.
    pub fn is_pure(&self) -> bool {
        match self.never {}
    }

    /// The row source and position of the field, when the program is a bare reference to a field of the result's type.
    pub fn as_field(&self) -> Option<(usize, usize)> {
        match self.never {}
    }

    /// Evaluates for one event and writes the value into `field` of `out`, which has the type compiled for.
    pub fn eval_row(&self, _ctx: &mut EvalContext<'_>, _out: &mut RowWriter<'_>, _field: usize) {
        match self.never {}
    }

    /// Evaluates a condition for one event; null is false.
    pub fn eval_condition(&self, _ctx: &mut EvalContext<'_>) -> bool {
        match self.never {}
    }

    /// Evaluates an integer for one event.
    pub fn eval_integer(&self, _ctx: &mut EvalContext<'_>) -> Option<i64> {
        match self.never {}
    }

    /// Evaluates a pure program for all `events`; `out` gets one value each.
    pub fn eval_block(
        &self,
        _rows: &RowBatch,
        _events: &[EventRef],
        _ctx: &mut BlockContext,
        _out: &mut Column,
    ) {
        match self.never {}
    }

    /// Evaluates a pure condition for all `events`; `out` gets one answer each.
    pub fn eval_condition_block(
        &self,
        _rows: &RowBatch,
        _events: &[EventRef],
        _ctx: &mut BlockContext,
        _out: &mut Vec<bool>,
    ) {
        match self.never {}
    }

    /// Evaluates a pure integer for all `events`; `out` gets one value each.
    pub fn eval_integer_block(
        &self,
        _rows: &RowBatch,
        _events: &[EventRef],
        _ctx: &mut BlockContext,
        _out: &mut Vec<Option<i64>>,
    ) {
        match self.never {}
    }
}
