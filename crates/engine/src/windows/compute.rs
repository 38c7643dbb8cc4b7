//! `window-compute`: one output event per input event, with computed fields (engine-semantics 3.4).

use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, Event, EventBlock, EventRef, Opcode, RowView, Schema};
use tidegate_expr::{Column, Program};

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::evaluator::Evaluator;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static COMPUTE: WindowType = WindowType { element: "window-compute", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    reader.refuse_child("context-plugin", context.mistakes);
    let output = reader.required_child("output", context.mistakes);
    context.finish(reader);
    let schema = context.own_schema();
    let input = context.only_input()?;
    let schema = schema?;
    let keys = context.keys_from_input(&schema, &input);
    let expressions = context.output_expressions(output?, &schema);
    let scope = context.window_scope(&[("", &input.schema)]);
    let mut fields = Vec::new();
    for (field, expression) in schema.non_keys().zip(expressions?) {
        if let Some(program) = context.compile(&scope, expression, schema.ty(field)) {
            fields.push((field, program));
        }
    }
    if fields.len() != schema.non_keys().count() {
        return None;
    }
    let stateful = context.index.is_stateful();
    Some(BuiltWindow {
        window: Box::new(Compute {
            keys: keys?,
            pure: fields.iter().all(|(_, program)| program.is_pure()),
            fields,
            schema: Arc::clone(&schema),
            evaluator: Evaluator::new(scope),
            // Deletes need keys only where the index brings the stored row; old halves likewise.
            keys_only: stateful && input.resolved,
            column: Column::default(),
            events: Vec::new(),
        }),
        schema,
        output: OutputStage::Index {
            resolution: Resolution { lenient: input.resolved, old_from_input: false },
            resolved: input.resolved,
        },
        insert_only: input.insert_only,
        shape: String::new(),
        notices: Vec::new(),
    })
}

#[derive(Debug)]
struct Compute {
    schema: Arc<Schema>,
    /// Key fields: (position in the output, position in the input).
    keys: Vec<(usize, usize)>,
    /// The other fields with their programs, in schema order.
    fields: Vec<(usize, Program)>,
    pure: bool,
    evaluator: Evaluator,
    keys_only: bool,
    column: Column,
    events: Vec<EventRef>,
}

impl Compute {
    /// Whether an event's row is computed, or only its key carried over.
    fn is_computed(&self, opcode: Opcode) -> bool {
        !(self.keys_only && opcode.is_delete())
    }

    fn same_key(&self, a: &RowView<'_>, b: &RowView<'_>) -> bool {
        self.keys.iter().all(|&(_, from)| a.same(from, b, from))
    }

    fn add_key(&self, event: &Event<'_>, out: &mut BlockBuilder) {
        let mut row = out.new_row();
        for &(to, from) in &self.keys {
            row.copy_field(to, &event.row, from);
        }
    }

    /// Fills the rows by columns: `order` holds the computed events of the block, whose rows come first.
    fn fill_columns(&mut self, input: &EventBlock, out: &mut BlockBuilder, step: &mut Step<'_>) {
        for (field, program) in &self.fields {
            if let Some((_, source)) = program.as_field() {
                out.copy_column(*field, input.rows(), &self.events, source);
            } else {
                self.evaluator.column(program, input.rows(), &self.events, step, &mut self.column);
                self.column.store(out.rows_mut(), 0, *field);
            }
        }
    }
}

impl Window for Compute {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        // Rows: first those of computed events, then the bare keys.
        self.events.clear();
        for event in input.iter() {
            if !self.is_computed(event.opcode) {
                continue;
            }
            self.add_key(&event, &mut out);
            let Event { opcode, flags, row_number: row, .. } = event;
            self.events.push(EventRef { row, opcode, flags });
        }
        if self.pure {
            self.fill_columns(input, &mut out, step);
        } else {
            for (number, event) in
                input.iter().filter(|e| !(self.keys_only && e.opcode.is_delete())).enumerate()
            {
                for (field, program) in &self.fields {
                    self.evaluator.row(step, &[Some(event.row)], event.opcode, event.flags, |ctx| {
                        program.eval_row(ctx, &mut out.rows_mut().row_mut(number), *field);
                    });
                }
            }
        }
        let mut computed = 0;
        let mut position = 0;
        while position < input.len() {
            let event = input.event(position);
            let row = self.row_of(&event, &mut computed, &mut out);
            let old = (position + 1 < input.len() && event.opcode == Opcode::UpdateBlock)
                .then(|| input.event(position + 1))
                .filter(|old| old.opcode == Opcode::Delete);
            if let Some(old) = old {
                let old_row = self.row_of(&old, &mut computed, &mut out);
                if self.same_key(&event.row, &old.row) {
                    out.emit_own(row, event.opcode, event.flags);
                    out.emit_own(old_row, old.opcode, old.flags);
                } else {
                    // The update moves the row to another key of this window.
                    out.emit_own(old_row, Opcode::Delete, old.flags);
                    out.emit_own(row, Opcode::Insert, event.flags);
                }
                position += 1;
            } else {
                out.emit_own(row, event.opcode, event.flags);
            }
            position += 1;
        }
        out.finish(step.pool)
    }

    fn start_clock(&mut self, now: EngineTime) {
        self.evaluator.start(now);
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut state = Vec::new();
        self.evaluator.save(&mut state);
        Box::new(state)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.evaluator.load(from)
    }
}

impl Compute {
    /// The output row of an event: the next computed one, or a new one with the key alone.
    fn row_of(&self, event: &Event<'_>, computed: &mut u32, out: &mut BlockBuilder) -> u32 {
        if self.is_computed(event.opcode) {
            *computed += 1;
            return *computed - 1;
        }
        self.add_key(event, out);
        out.rows().len() as u32 - 1
    }
}
