//! `window-union`: merges inputs of one schema (engine-semantics 3.7).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Opcode};
use tidegate_model::MistakeKind;

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::retained::Resolution;
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static UNION: WindowType = WindowType { element: "window-union", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let strict = reader.bool_attr("strict", true, context.mistakes);
    context.finish(reader);
    let first = context.inputs.first()?.clone();
    let mut fitting = true;
    for input in context.inputs.iter().filter(|input| input.schema != first.schema) {
        fitting = false;
        let message = format!(
            "the inputs of a union need the same schema, but '{}' has {} and '{}' has {}",
            first.window, first.schema, input.window, input.schema
        );
        context.mistakes.add(context.def.position, MistakeKind::UnionMismatch, message);
    }
    if !fitting {
        return None;
    }
    let (resolved, insert_only) = (
        strict && context.inputs.iter().all(|input| input.resolved),
        strict && context.inputs.iter().all(|input| input.insert_only),
    );
    Some(BuiltWindow {
        schema: first.schema,
        window: Box::new(Union { strict }),
        output: OutputStage::Index {
            resolution: Resolution { lenient: !strict, old_from_input: false },
            resolved,
        },
        insert_only,
        shape: String::new(),
        notices: Vec::new(),
    })
}

#[derive(Debug)]
struct Union {
    strict: bool,
}

impl Window for Union {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        if self.passes(input) {
            return Some(Arc::clone(input));
        }
        let mut out = BlockBuilder::over(step.pool, input);
        let mut events = input.events().iter().peekable();
        while let Some(event) = events.next() {
            let opcode = match event.opcode {
                Opcode::Insert | Opcode::Update | Opcode::Upsert => Opcode::Upsert,
                Opcode::Delete | Opcode::SafeDelete => Opcode::SafeDelete,
                Opcode::UpdateBlock => {
                    events.next_if(|old| old.opcode == Opcode::Delete);
                    Opcode::Upsert
                }
            };
            out.emit_input(event.row, opcode, event.flags);
        }
        out.finish(step.pool)
    }

    fn passes(&self, _: &EventBlock) -> bool {
        self.strict
    }
}
