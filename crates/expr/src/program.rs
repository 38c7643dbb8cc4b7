//! A compiled expression and what it needs to run.

use std::sync::Arc;

use tidegate_event::row::RowWriter;
use tidegate_event::{EngineTime, EventRef, FieldType, Flags, Opcode, RowBatch, RowView};

use crate::block::{self, Pool};
use crate::faults::Faults;
use crate::function::{Run, Texts, Word, Words};
use crate::object::Object;
use crate::row;
use crate::typed::{Code, Node};
use crate::variables::{Variable, Variables};

/// A compiled expression. Immutable; may be shared between threads, and cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Program {
    pub(crate) inner: Arc<Inner>,
}

#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) code: Code,
    pub(crate) udfs: Vec<Code>,
    /// The code as one formula, when it is one.
    pub(crate) formula: Option<Node>,
    pub(crate) result: FieldType,
    pub(crate) max_string: usize,
    pub(crate) pure: bool,
    pub(crate) field: Option<(usize, usize)>,
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
pub struct Scratch {
    pub(crate) texts: Texts,
    pub(crate) locals: Vec<Variable>,
    /// Where the variables of the running code end.
    pub(crate) frame_end: usize,
    pub(crate) objects: Vec<Object>,
    /// Where its objects end.
    pub(crate) objects_end: usize,
}

/// What the evaluation of a whole block needs, and its working memory. Reuse it from block to block.
#[derive(Debug, Default)]
pub struct BlockContext {
    /// Engine time of the step, for `today()`.
    pub time: EngineTime,
    /// Counts what goes wrong.
    pub faults: Faults,
    pub(crate) pool: Pool,
    scratch: Scratch,
    result: Words,
}

/// The values of one field for all events of a block, in the field's stored form.
#[derive(Debug, Default)]
pub struct Column {
    words: Words,
    ty: Option<FieldType>,
}

impl Column {
    /// Number of values.
    pub fn len(&self) -> usize {
        self.words.words.len()
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.words.words.is_empty()
    }

    /// Writes the value at `position` into `field` of a row.
    #[inline]
    pub fn write(&self, position: usize, row: &mut RowWriter<'_>, field: usize) {
        let Some(ty) = self.ty else { return };
        write(self.words.word(position), &self.words.text, ty, row, field);
    }

    /// Writes all values into `field` of the rows from `first_row` on, which exist.
    pub fn store(&self, rows: &mut RowBatch, first_row: usize, field: usize) {
        let Some(ty) = self.ty else { return };
        let words = &self.words;
        let each = |put: fn(&Words, usize, &mut RowWriter<'_>, usize), rows: &mut RowBatch| {
            for i in 0..words.words.len() {
                let mut row = rows.row_mut(first_row + i);
                if words.nulls[i] { row.set_null(field) } else { put(words, i, &mut row, field) }
            }
        };
        if ty.is_text() {
            let text = |words: &Words, i: usize, row: &mut RowWriter<'_>, field: usize| {
                row.set_text(field, crate::function::kernel::text_of(words.words[i], &words.text));
            };
            each(text, rows);
        } else if ty == FieldType::Double {
            each(|words, i, row, field| row.set_double(field, f64::from_bits(words.words[i])), rows);
        } else {
            each(|words, i, row, field| row.set_int(field, words.words[i].cast_signed()), rows);
        }
    }
}

#[inline]
fn write(word: Word, text: &str, ty: FieldType, row: &mut RowWriter<'_>, field: usize) {
    match word {
        None => row.set_null(field),
        Some(word) if ty.is_text() => row.set_text(field, crate::function::kernel::text_of(word, text)),
        Some(word) if ty == FieldType::Double => row.set_double(field, f64::from_bits(word)),
        Some(word) => row.set_int(field, word.cast_signed()),
    }
}

/// Blocks of up to so many events are evaluated row by row: a loop per operation has nothing to gain there.
const ROW_BY_ROW: usize = 4;

impl Program {
    /// Whether the program touches no persistent variable and has no side effect, so that evaluating it twice, or not
    /// at all, makes no difference. Only pure programs may be evaluated by block.
    pub fn is_pure(&self) -> bool {
        self.inner.pure
    }

    /// The row source and position of the field, when the program is a bare reference to a field of the result's type.
    /// Such a program hands the value on as it is: `exp-max-string` does not cut it.
    pub fn as_field(&self) -> Option<(usize, usize)> {
        self.inner.field
    }

    fn run(&self, ctx: &mut EvalContext<'_>) -> Word {
        let Inner { code, udfs, formula, max_string, .. } = &*self.inner;
        match formula {
            Some(node) => row::run_formula(node, *max_string, ctx),
            None => row::run(code, udfs, *max_string, ctx),
        }
    }

    /// Evaluates for one event and writes the value into `field` of `out`, which has the type compiled for.
    pub fn eval_row(&self, ctx: &mut EvalContext<'_>, out: &mut RowWriter<'_>, field: usize) {
        if let Some((source, position)) = self.inner.field {
            match ctx.rows.get(source) {
                Some(Some(row)) => out.copy_field(field, row, position),
                _ => out.set_null(field),
            }
            return;
        }
        let word = self.run(ctx);
        let mut run = Run { faults: ctx.faults, max_string: self.inner.max_string };
        let word = word.and_then(|word| row::store_word(word, self.inner.result, &mut run));
        write(word, &ctx.scratch.texts.arena, self.inner.result, out, field);
    }

    /// Evaluates a condition for one event; null is false.
    pub fn eval_condition(&self, ctx: &mut EvalContext<'_>) -> bool {
        self.run(ctx).is_some_and(|word| word != 0)
    }

    /// Evaluates an integer for one event.
    pub fn eval_integer(&self, ctx: &mut EvalContext<'_>) -> Option<i64> {
        self.run(ctx).map(u64::cast_signed)
    }

    /// Evaluates a pure program for all `events`; `out` gets one value each.
    pub fn eval_block(&self, rows: &RowBatch, events: &[EventRef], ctx: &mut BlockContext, out: &mut Column) {
        out.ty = Some(self.inner.result);
        if let (Some((_, field)), true) = (self.inner.field, self.inner.result.is_text()) {
            out.words.prepare(events.len());
            for (i, event) in events.iter().enumerate() {
                let row = rows.row(event.row as usize);
                let start = out.words.text.len();
                out.words.text.push_str(row.text(field));
                let word = crate::function::kernel::pack(start, out.words.text.len() - start);
                out.words.put(i, (!row.is_null(field)).then_some(word));
            }
            return;
        }
        self.run_block(rows, events, ctx, &mut out.words);
        let ty = self.inner.result;
        if matches!(ty, FieldType::Int32 | FieldType::Date | FieldType::Stamp | FieldType::Money) {
            let mut run = Run { faults: &mut ctx.faults, max_string: self.inner.max_string };
            for i in 0..events.len() {
                let word = out.words.word(i).and_then(|word| row::store_word(word, ty, &mut run));
                out.words.put(i, word);
            }
        }
    }

    fn run_block(&self, rows: &RowBatch, events: &[EventRef], ctx: &mut BlockContext, out: &mut Words) {
        debug_assert!(self.inner.pure, "only pure programs are evaluated by block");
        if let Some(node) = self.inner.formula.as_ref().filter(|_| events.len() > ROW_BY_ROW) {
            return block::run(node, rows, events, self.inner.max_string, ctx, out);
        }
        // Loops, local variables and user functions, and very small blocks: row by row, though the caller sees a block.
        out.prepare(events.len());
        let BlockContext { time, faults, scratch, .. } = ctx;
        let mut variables = Variables::default();
        for (i, event) in events.iter().enumerate() {
            let word = self.run(&mut EvalContext {
                rows: &[Some(rows.row(event.row as usize))],
                opcode: event.opcode,
                flags: event.flags,
                time: *time,
                variables: &mut variables,
                faults: &mut *faults,
                print: &mut |_| {},
                scratch: &mut *scratch,
            });
            let word = match word {
                Some(word) if self.inner.result.is_text() => {
                    let start = out.text.len();
                    let text = scratch.texts.get(word);
                    out.text.push_str(text);
                    Some(crate::function::kernel::pack(start, text.len()))
                }
                word => word,
            };
            out.put(i, word);
        }
    }

    /// Evaluates a pure condition for all `events`; `out` gets one answer each.
    pub fn eval_condition_block(
        &self,
        rows: &RowBatch,
        events: &[EventRef],
        ctx: &mut BlockContext,
        out: &mut Vec<bool>,
    ) {
        let mut result = std::mem::take(&mut ctx.result);
        self.run_block(rows, events, ctx, &mut result);
        out.clear();
        out.extend((0..events.len()).map(|i| !result.nulls[i] && result.words[i] != 0));
        ctx.result = result;
    }

    /// Evaluates a pure integer for all `events`; `out` gets one value each.
    pub fn eval_integer_block(
        &self,
        rows: &RowBatch,
        events: &[EventRef],
        ctx: &mut BlockContext,
        out: &mut Vec<Option<i64>>,
    ) {
        let mut result = std::mem::take(&mut ctx.result);
        self.run_block(rows, events, ctx, &mut result);
        out.clear();
        out.extend((0..events.len()).map(|i| result.word(i).map(u64::cast_signed)));
        ctx.result = result;
    }
}
