//! What a window needs to evaluate its expressions: persistent variables and working memory.

use tidegate_event::{EngineTime, EventBlock, EventRef, Flags, Opcode, RowBatch, RowView};
use tidegate_expr::{BlockContext, Column, EvalContext, Faults, Program, Scope, Scratch, Variables};

use crate::state::{StateError, StateReader};
use crate::step::{Notice, Step};

/// Runs a window's programs: row by row, or a block at a time where they are pure.
#[derive(Debug)]
pub struct Evaluator {
    scope: Scope,
    variables: Variables,
    scratch: Scratch,
    block: BlockContext,
}

/// Variables larger than this are refused when they are read back: 32 arrays at their largest (16 MiB of texts, and what
/// is written beside them) are smaller.
const VARIABLES_BYTES_MAX: usize = 1 << 30;

impl Evaluator {
    /// An evaluator for programs compiled in `scope`.
    pub fn new(scope: Scope) -> Self {
        let variables = scope.start(EngineTime::from_micros(0), &mut Faults::default(), &mut |_| {});
        Self { scope, variables, scratch: Scratch::default(), block: BlockContext::default() }
    }

    /// Runs the window's initializer, now that there is a time for it to see.
    pub fn start(&mut self, now: EngineTime) {
        self.variables = self.scope.start(now, &mut self.block.faults, &mut |_| {});
    }

    /// Evaluates for one event: `f` is given the context that programs run in.
    pub fn row<R>(
        &mut self,
        step: &mut Step<'_>,
        rows: &[Option<RowView<'_>>],
        opcode: Opcode,
        flags: Flags,
        f: impl FnOnce(&mut EvalContext<'_>) -> R,
    ) -> R {
        let Step { sink, window, time, stats, .. } = step;
        f(&mut EvalContext {
            rows,
            opcode,
            flags,
            time: *time,
            variables: &mut self.variables,
            faults: &mut stats.faults,
            print: &mut |line| sink.noticed(*window, Notice::Print(line.to_owned())),
            scratch: &mut self.scratch,
        })
    }

    /// Evaluates a condition for every event of a block.
    pub fn conditions(
        &mut self,
        program: &Program,
        block: &EventBlock,
        step: &mut Step<'_>,
        out: &mut Vec<bool>,
    ) {
        out.clear();
        if program.is_pure() {
            self.whole(step, |ctx| program.eval_condition_block(block.rows(), block.events(), ctx, out));
        } else {
            for event in block.iter() {
                let pass = self.row(step, &[Some(event.row)], event.opcode, event.flags, |ctx| {
                    program.eval_condition(ctx)
                });
                out.push(pass);
            }
        }
    }

    /// Evaluates a pure condition for some events of a block.
    pub fn conditions_of(
        &mut self,
        program: &Program,
        rows: &RowBatch,
        events: &[EventRef],
        step: &mut Step<'_>,
        out: &mut Vec<bool>,
    ) {
        self.whole(step, |ctx| program.eval_condition_block(rows, events, ctx, out));
    }

    /// Evaluates an integer for every event of a block.
    pub fn integers(
        &mut self,
        program: &Program,
        block: &EventBlock,
        step: &mut Step<'_>,
        out: &mut Vec<Option<i64>>,
    ) {
        out.clear();
        if program.is_pure() {
            self.whole(step, |ctx| program.eval_integer_block(block.rows(), block.events(), ctx, out));
        } else {
            for event in block.iter() {
                let value = self.row(step, &[Some(event.row)], event.opcode, event.flags, |ctx| {
                    program.eval_integer(ctx)
                });
                out.push(value);
            }
        }
    }

    /// Evaluates a pure program for each of `events`.
    pub fn column(
        &mut self,
        program: &Program,
        rows: &RowBatch,
        events: &[EventRef],
        step: &mut Step<'_>,
        out: &mut Column,
    ) {
        self.whole(step, |ctx| program.eval_block(rows, events, ctx, out));
    }

    fn whole(&mut self, step: &mut Step<'_>, f: impl FnOnce(&mut BlockContext)) {
        self.block.time = step.time;
        // The counters travel into the block context and back, so that both back ends count in one place.
        std::mem::swap(&mut self.block.faults, &mut step.stats.faults);
        f(&mut self.block);
        std::mem::swap(&mut self.block.faults, &mut step.stats.faults);
    }

    /// The variables' values, as bytes with their length.
    pub fn save(&self, out: &mut Vec<u8>) {
        let mut bytes = Vec::new();
        self.variables.save(&mut bytes);
        out.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        out.extend_from_slice(&bytes);
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When the values do not fit the variables.
    pub fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let mut bytes = Vec::new();
        from.get_bytes(VARIABLES_BYTES_MAX, &mut bytes)?;
        self.variables.load(&bytes).map_err(|error| StateError::corrupt(error.to_string()))
    }
}
