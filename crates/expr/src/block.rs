//! The back end that runs a formula over all events of a block: one loop per operation.

use tidegate_event::row::INLINE_BYTES;
use tidegate_event::{EventRef, RowBatch};

use crate::function::kernel::{MAX_ARGS, Run, Selection, Words, end_text};
use crate::program::BlockContext;
use crate::row::{load_word, opcode_text, today};
use crate::typed::{Constant, Load, Node, NodeKind};

/// Columns and lists that are used again, so that a block allocates nothing in the steady state.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    columns: Vec<Words>,
    lists: Vec<Vec<u32>>,
}

struct Block<'b> {
    rows: &'b RowBatch,
    events: &'b [EventRef],
    ctx: &'b mut BlockContext,
    max_string: usize,
}

/// Evaluates `node` for all `events`; `out` gets one value each.
pub(crate) fn run(
    node: &Node,
    rows: &RowBatch,
    events: &[EventRef],
    max_string: usize,
    ctx: &mut BlockContext,
    out: &mut Words,
) {
    out.prepare(events.len());
    Block { rows, events, ctx, max_string }.eval(node, Selection::All(events.len()), out);
}

impl Block<'_> {
    fn take(&mut self) -> Words {
        let mut words = self.ctx.pool.columns.pop().unwrap_or_default();
        words.prepare(self.events.len());
        words
    }

    fn give(&mut self, words: Words) {
        self.ctx.pool.columns.push(words);
    }

    fn list(&mut self, selection: Selection<'_>, keep: impl Fn(usize) -> bool) -> Vec<u32> {
        let mut list = self.ctx.pool.lists.pop().unwrap_or_default();
        list.clear();
        selection.each(|i| {
            if keep(i) {
                list.push(i as u32);
            }
        });
        list
    }

    fn eval(&mut self, node: &Node, selection: Selection<'_>, out: &mut Words) {
        match &node.kind {
            NodeKind::Constant(Constant::Null) => selection.each(|i| out.put(i, None)),
            NodeKind::Constant(Constant::Word(word)) => selection.each(|i| out.put(i, Some(*word))),
            NodeKind::Constant(Constant::Text(text)) => {
                let start = out.text.len();
                out.text.push_str(text);
                // The limit counts a fault per use, as row-by-row evaluation does.
                let max_string = self.max_string;
                if text.len() <= max_string {
                    let word = crate::function::kernel::pack(start, text.len());
                    selection.each(|i| out.put(i, Some(word)));
                } else {
                    out.text.truncate(start);
                    self.texts(selection, out, |_| Some(text));
                }
            }
            NodeKind::Field { field, load: Load::Text, .. } => self.text_field(*field, selection, out),
            NodeKind::Field { field, load, .. } => self.fixed_field(*field, *load, selection, out),
            NodeKind::Opcode => {
                let events = self.events;
                self.texts(selection, out, |i| Some(opcode_text(events[i].opcode)));
            }
            NodeKind::Flags => {
                let events = self.events;
                self.texts(selection, out, |i| Some(events[i].flags.letters()));
            }
            NodeKind::Today => {
                let now = today(self.ctx.time);
                selection.each(|i| out.put(i, now));
            }
            NodeKind::Call(signature, args) => {
                let mut columns: [Words; MAX_ARGS] = Default::default();
                for (column, arg) in columns.iter_mut().zip(args) {
                    *column = self.take();
                    self.eval(arg, selection, column);
                }
                let mut run = Run { faults: &mut self.ctx.faults, max_string: self.max_string };
                (signature.block)(&columns[..args.len()], selection, out, &mut run);
                for column in columns.into_iter().take(args.len()) {
                    self.give(column);
                }
            }
            NodeKind::And(pair) => self.logic(pair, 0, selection, out),
            NodeKind::Or(pair) => self.logic(pair, 1, selection, out),
            NodeKind::If(parts) => {
                let [condition, yes, no] = &**parts;
                let mut test = self.take();
                self.eval(condition, selection, &mut test);
                for (branch, wanted) in [(yes, true), (no, false)] {
                    let list = self.list(selection, |i| test.word(i).is_some_and(|w| w != 0) == wanted);
                    if !list.is_empty() {
                        self.eval(branch, Selection::List(&list), out);
                    }
                    self.ctx.pool.lists.push(list);
                }
                self.give(test);
            }
            NodeKind::Local(_)
            | NodeKind::Global(_)
            | NodeKind::User(..)
            | NodeKind::Print(_)
            | NodeKind::Method(..)
            | NodeKind::Parse(..)
            | NodeKind::ParseArray(..) => {
                debug_assert!(false, "formulas have no variables, user functions or side effects");
                selection.each(|i| out.put(i, None));
            }
        }
    }

    fn logic(&mut self, pair: &[Node; 2], decisive: u64, selection: Selection<'_>, out: &mut Words) {
        self.eval(&pair[0], selection, out);
        let list = self.list(selection, |i| out.word(i) != Some(decisive));
        if !list.is_empty() {
            let mut right = self.take();
            self.eval(&pair[1], Selection::List(&list), &mut right);
            for &i in &list {
                let i = i as usize;
                let word = right.word(i);
                let both = if word == Some(decisive) { word } else { out.word(i).and(word) };
                out.put(i, both);
            }
            self.give(right);
        }
        self.ctx.pool.lists.push(list);
    }

    fn fixed_field(&mut self, field: usize, load: Load, selection: Selection<'_>, out: &mut Words) {
        let layout = self.rows.layout();
        let (stride, at, words) = (layout.stride(), layout.offset(field), self.rows.words());
        let (null_word, null_bit) = (field / 64, field % 64);
        let events = self.events;
        let mut gather = |convert: fn(u64) -> u64| {
            selection.each(|i| {
                let row = &words[events[i].row as usize * stride..][..stride];
                out.nulls[i] = row[null_word] >> null_bit & 1 == 1;
                out.words[i] = convert(row[at]);
            });
        };
        match load {
            Load::Word | Load::Text => gather(|word| word),
            Load::Money => gather(|word| load_word(word, Load::Money)),
            Load::Seconds => gather(|word| load_word(word, Load::Seconds)),
            Load::Micros => gather(|word| load_word(word, Load::Micros)),
        }
    }

    fn text_field(&mut self, field: usize, selection: Selection<'_>, out: &mut Words) {
        debug_assert!(self.rows.layout().types()[field].slot_words() * 8 == 2 * INLINE_BYTES);
        let (rows, events) = (self.rows, self.events);
        self.texts(selection, out, |i| {
            let row = rows.row(events[i].row as usize);
            if row.is_null(field) { None } else { Some(row.text(field)) }
        });
    }

    fn texts<'t>(
        &mut self,
        selection: Selection<'_>,
        out: &mut Words,
        text: impl Fn(usize) -> Option<&'t str>,
    ) {
        let mut run = Run { faults: &mut self.ctx.faults, max_string: self.max_string };
        selection.each(|i| {
            let start = out.text.len();
            let text = text(i);
            out.text.push_str(text.unwrap_or(""));
            let word = end_text(&mut out.text, start, text.map(|_| 0), &mut run);
            out.put(i, word);
        });
    }
}
