//! `window-filter`: keeps the events whose condition is true (engine-semantics 3.3).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Opcode};
use tidegate_expr::Program;
use tidegate_model::MistakeKind;

use crate::block::{BlockBuilder, BlockPool};
use crate::build::BuildContext;
use crate::evaluator::Evaluator;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static FILTER: WindowType = WindowType { element: "window-filter", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    for script in ["func", "init"] {
        reader.refuse_attr(script, context.mistakes);
    }
    for other in ["plugin", "code", "use"] {
        reader.refuse_child(other, context.mistakes);
    }
    let expression = reader.child("expression", context.mistakes);
    let forms: usize = ["expression", "plugin", "code"]
        .iter()
        .map(|form| context.def.element.children_named(form).count())
        .sum();
    if forms == 0 {
        context.mistake(MistakeKind::BadCondition, "a filter needs the element 'expression'");
    } else if forms > 1 {
        context.mistake(
            MistakeKind::BadCondition,
            "a filter has one condition: 'expression', 'plugin' or 'code'",
        );
    }
    context.finish(reader);
    let input = context.only_input()?;
    let scope = context.window_scope(&[("", &input.schema)]);
    let program = context.compile_condition(&scope, expression?)?;
    Some(BuiltWindow {
        schema: Arc::clone(&input.schema),
        window: Box::new(Filter { program, evaluator: Evaluator::new(scope), pass: Vec::new() }),
        output: OutputStage::Index {
            // What is stored may differ from the input's old half, where the condition looks at opcode or flags.
            resolution: Resolution { lenient: input.resolved, old_from_input: false },
            resolved: input.resolved,
        },
        insert_only: input.insert_only,
        shape: String::new(),
        notices: Vec::new(),
    })
}

#[derive(Debug)]
struct Filter {
    program: Program,
    evaluator: Evaluator,
    pass: Vec<bool>,
}

/// The events that pass. Of an update pair of which one half passes, an insert or a delete is left.
fn select(input: &EventBlock, pass: &[bool], pool: &mut BlockPool) -> Option<Arc<EventBlock>> {
    let mut out = BlockBuilder::over(pool, input);
    let events = input.events();
    let mut position = 0;
    while let Some(event) = events.get(position) {
        let old = events.get(position + 1).filter(|old| is_pair(event.opcode, old.opcode));
        match (old, pass[position]) {
            (None, true) => out.emit_input(event.row, event.opcode, event.flags),
            (None, false) => {}
            (Some(old), new_passes) => {
                match (new_passes, pass[position + 1]) {
                    (true, true) => {
                        out.emit_input(event.row, event.opcode, event.flags);
                        out.emit_input(old.row, old.opcode, old.flags);
                    }
                    (true, false) => out.emit_input(event.row, Opcode::Insert, event.flags),
                    (false, true) => out.emit_input(old.row, old.opcode, old.flags),
                    (false, false) => {}
                }
                position += 1;
            }
        }
        position += 1;
    }
    out.finish(pool)
}

fn is_pair(new: Opcode, old: Opcode) -> bool {
    new == Opcode::UpdateBlock && old == Opcode::Delete
}

impl Window for Filter {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        self.evaluator.conditions(&self.program, input, step, &mut self.pass);
        if self.pass.iter().all(|&pass| pass) {
            return Some(Arc::clone(input));
        }
        select(input, &self.pass, step.pool)
    }

    fn start_clock(&mut self, now: tidegate_event::EngineTime) {
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
