//! `window-source`: where events enter (engine-semantics 3.1, 1.9 and 1.11).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, FieldType, Opcode, Schema};
use tidegate_model::MistakeKind;

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::guid::guid;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static SOURCE: WindowType = WindowType { element: "window-source", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let insert_only = reader.bool_attr("insert-only", false, context.mistakes);
    let autogen = reader.bool_attr("autogen-key", false, context.mistakes);
    context.finish(reader);
    let schema = context.own_schema()?;
    let generator = if autogen { Some(key_generator(context, &schema, insert_only)?) } else { None };
    Some(BuiltWindow {
        window: Box::new(Source { schema: Arc::clone(&schema), insert_only, generator }),
        schema,
        output: OutputStage::Index {
            resolution: Resolution { lenient: false, old_from_input: false },
            resolved: insert_only,
        },
        insert_only,
        shape: if autogen { "autogen-key".to_owned() } else { String::new() },
        notices: Vec::new(),
    })
}

/// The generator of an `autogen-key` source; refuses what rules 37 and 38 of model-xml 20 refuse.
fn key_generator(context: &mut BuildContext<'_>, schema: &Schema, insert_only: bool) -> Option<KeyGenerator> {
    if !insert_only {
        context.mistake(MistakeKind::BadAutogenKey, "autogen-key needs insert-only=\"true\"");
        return None;
    }
    match schema.keys() {
        &[field] if matches!(schema.ty(field), FieldType::Int64 | FieldType::String) => Some(KeyGenerator {
            field,
            ty: schema.ty(field),
            next: 0,
            seed: seed_of(context.def.name.as_bytes()),
        }),
        _ => {
            context.mistake(
                MistakeKind::BadAutogenKey,
                "autogen-key needs exactly one key field, of type int64 or string",
            );
            None
        }
    }
}

/// Fills the key of each event: int64 keys count from 0, string keys are GUIDs. Both follow from the number of
/// events so far, so every engine that runs the model on the same input makes the same keys.
#[derive(Debug)]
struct KeyGenerator {
    field: usize,
    ty: FieldType,
    next: u64,
    seed: u64,
}

/// FNV-1a, so that the seed is the same in every build.
fn seed_of(name: &[u8]) -> u64 {
    name.iter()
        .fold(0xCBF2_9CE4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3))
}

#[derive(Debug)]
struct Source {
    schema: Arc<Schema>,
    insert_only: bool,
    generator: Option<KeyGenerator>,
}

impl Source {
    fn takes_all(&self, input: &EventBlock) -> bool {
        !self.insert_only || input.events().iter().all(|e| e.opcode == Opcode::Insert)
    }
}

impl Window for Source {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        if self.passes(input) {
            return Some(Arc::clone(input));
        }
        if !self.takes_all(input) && kind == BlockKind::Transactional {
            for position in 0..input.len() {
                let bad = input.events()[position].opcode != Opcode::Insert;
                step.reject(input, position, if bad { Reject::NotInsert } else { Reject::Transaction });
            }
            return None;
        }
        let mut out = BlockBuilder::over(step.pool, input);
        for (position, event) in input.iter().enumerate() {
            if self.insert_only && event.opcode != Opcode::Insert {
                step.reject(input, position, Reject::NotInsert);
                continue;
            }
            let Some(generator) = &mut self.generator else {
                out.emit_input(event.row_number, event.opcode, event.flags);
                continue;
            };
            let number = generator.next;
            generator.next += 1;
            let mut row = out.new_row();
            for field in 0..self.schema.len() {
                if field != generator.field {
                    row.copy_field(field, &event.row, field);
                } else if generator.ty == FieldType::Int64 {
                    row.set_int(field, number.cast_signed());
                } else {
                    row.set_text(field, &guid(generator.seed, number));
                }
            }
            out.emit_last(event.opcode, event.flags);
        }
        out.finish(step.pool)
    }

    fn passes(&self, input: &EventBlock) -> bool {
        self.generator.is_none() && self.takes_all(input)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(self.generator.as_ref().map_or_else(Vec::new, |g| g.next.to_le_bytes().to_vec()))
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        if let Some(generator) = &mut self.generator {
            generator.next = from.get_u64()?;
        }
        Ok(())
    }
}
