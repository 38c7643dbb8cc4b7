//! `window-functional`: output fields by functions, and further events for what is found inside of a field (engine-semantics 3.8,
//! functions.md 3).

pub(super) mod build;
pub(super) mod context;
mod looping;
mod pairs;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use jiff::tz::TimeZone;
use tidegate_event::{BlockKind, Event, EventBlock, Opcode, RowView, RowWriter, Schema};
use tidegate_expr::{FaultKind, Faults};
use tidegate_functional::{Env, Memory, Node, Random, Value};

use crate::block::BlockBuilder;
use crate::key::KeyFields;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Notice, Step};
use crate::window::{Window, WindowType};
use context::Context;
use looping::Loop;
use pairs::Output;

/// The type.
pub(super) static FUNCTIONAL: WindowType = WindowType { element: "window-functional", build: build::build };

/// Rows of one block beyond this many bytes are a fault, and the loop that makes them ends: a long text that is copied into the
/// event of every hit would otherwise fill the memory.
const BLOCK_BYTES_MAX: usize = 256 << 20;

/// Where an output field gets its value.
#[derive(Debug)]
struct FieldPlan {
    /// The function of that name, if there is one.
    slot: Option<usize>,
    /// Per in-edge, the input field of that name.
    inputs: Box<[Option<usize>]>,
}

#[derive(Debug)]
struct Functional {
    schema: Arc<Schema>,
    key: KeyFields,
    fields: Vec<FieldPlan>,
    context: Context,
    generate: Option<Node>,
    opcode: Option<Node>,
    loops: Vec<Loop>,
    only_inserts: bool,
    /// Names of the windows at the in-edges.
    inputs: Vec<String>,
    /// Query and window, for the seed of random numbers.
    place: String,
    zone: TimeZone,
    memory: Memory,
}

/// What the events of one block share.
struct Work<'a> {
    out: BlockBuilder,
    random: Random,
    port: usize,
    time: tidegate_event::EngineTime,
    faults: &'a mut Faults,
    print: &'a mut dyn FnMut(&str),
}

impl Functional {
    /// Evaluates an input event: adds a row to the block for the main event, if it is generated, and for every hit of the loops.
    fn evaluate(&mut self, event: &Event<'_>, work: &mut Work<'_>, outputs: &mut Vec<Output>) {
        outputs.clear();
        self.memory.begin_event();
        let Self { schema, fields, context, generate, opcode, loops, inputs, zone, memory, .. } = self;
        let Work { out, random, port, time, faults, print } = work;
        let mut env = Env {
            memory,
            row: event.row,
            port: *port,
            inputs,
            time: *time,
            zone,
            random,
            faults,
            print: *print,
        };
        let mut add = |env: &mut Env<'_>| {
            let opcode = opcode.as_ref().and_then(|opcode| opcode_of(opcode, env));
            let mut row = out.new_row();
            fill(&mut row, schema, fields, env);
            outputs.push(Output { row: row.number(), opcode });
            out.rows().bytes_used() <= BLOCK_BYTES_MAX
        };
        context.run(&mut env);
        let mut has_room = true;
        if generate.as_ref().is_none_or(|generate| generate.eval(&mut env).truth()) {
            has_room = add(&mut env);
        }
        for event_loop in loops {
            has_room = has_room && event_loop.run(&mut env, &mut add);
        }
        if !has_room {
            env.fault(FaultKind::TooManySteps);
        }
    }
}

/// The opcode that the window's `opcode` gives, unless it gives none.
fn opcode_of(node: &Node, env: &mut Env<'_>) -> Option<Opcode> {
    let value = node.eval(env);
    let text = value.as_text()?;
    let text = text.trim();
    let opcode = Opcode::parse(text);
    if opcode.is_none() && !text.is_empty() {
        env.fault(FaultKind::BadArgument);
    }
    opcode
}

/// Fills an output row from the current values, else from the input fields of the same names.
fn fill(row: &mut RowWriter<'_>, schema: &Schema, fields: &[FieldPlan], env: &mut Env<'_>) {
    for (field, plan) in fields.iter().enumerate() {
        let ty = schema.ty(field);
        let current = plan.slot.and_then(|slot| env.memory.slots[slot].as_ref());
        let stored = match (current, plan.inputs[env.port]) {
            (Some(value), _) => value.store(row, field, ty),
            (None, None) => Ok(()),
            (None, Some(source)) => copy(row, field, ty, &env.row, source),
        };
        if let Err(kind) = stored {
            env.fault(kind);
        }
    }
}

fn copy(
    row: &mut RowWriter<'_>,
    field: usize,
    ty: tidegate_event::FieldType,
    input: &RowView<'_>,
    source: usize,
) -> Result<(), FaultKind> {
    if input.layout().types()[source] == ty {
        row.copy_field(field, input, source);
        return Ok(());
    }
    Value::of_field(input, source).store(row, field, ty)
}

impl Window for Functional {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let id = step.header.id;
        let Step { sink, window, time, stats, pool, .. } = step;
        let mut work = Work {
            out: BlockBuilder::new(pool, self.schema.layout()),
            random: Random::of_block(&self.place, port, id.input, id.sub, id.part),
            port,
            time: *time,
            faults: &mut stats.faults,
            print: &mut |line| sink.noticed(*window, Notice::Print(line.to_owned())),
        };
        let (mut new, mut old) = (Vec::new(), Vec::new());
        let mut position = 0;
        while position < input.len() {
            let event = input.event(position);
            let before = (position + 1 < input.len() && event.opcode == Opcode::UpdateBlock)
                .then(|| input.event(position + 1))
                .filter(|before| before.opcode == Opcode::Delete);
            position += 1 + usize::from(before.is_some());
            self.memory.event_counter += 1;
            self.evaluate(&event, &mut work, &mut new);
            if self.only_inserts {
                for output in &new {
                    work.out.emit_own(output.row, Opcode::Insert, event.flags);
                }
                continue;
            }
            let all_given =
                self.opcode.is_some() && !new.is_empty() && new.iter().all(|o| o.opcode.is_some());
            match before {
                Some(before) if !all_given => {
                    self.evaluate(&before, &mut work, &mut old);
                    pairs::emit(&self.key, &new, &old, event.flags, before.flags, &mut work.out);
                }
                _ => {
                    for output in &new {
                        let opcode = output.opcode.unwrap_or(event.opcode);
                        work.out.emit_own(output.row, opcode, event.flags);
                    }
                }
            }
        }
        work.out.finish(pool)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(self.memory.event_counter.to_le_bytes().to_vec())
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.memory.event_counter = from.get_i64()?;
        if self.memory.event_counter < 0 {
            return Err(StateError::corrupt("the number of input events is negative"));
        }
        Ok(())
    }
}
