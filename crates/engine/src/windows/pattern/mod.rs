//! `window-pattern`: finds sequences and combinations of events (engine-semantics 3.10, functions.md part 4).
//!
//! `logic` reads the operators, `condition` and `variables` the events' conditions, `build` the rest of the element.
//! `progress` moves one instance, `instances` holds them all, `matcher` brings events and instances together.

mod build;
mod condition;
mod instances;
mod logic;
mod matcher;
mod passing;
mod progress;
mod state;
mod variables;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, EventBlock, Flags, Opcode, RowView, Schema};
use tidegate_model::{MistakeKind, Reader};

use self::condition::WorkRow;
use self::matcher::{Hands, Matcher};
use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::evaluator::Evaluator;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Reject, Step};
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static PATTERN: WindowType = WindowType { element: "window-pattern", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let active = reader.bool_attr("active", true, context.mistakes);
    let list = reader.required_child("patterns", context.mistakes);
    context.finish(reader);
    // Pattern windows keep nothing unless they are told to (engine-semantics 1.10).
    let keeps = context.def.index.is_some_and(|index| index.is_stateful());
    if let (Some(retention), false) = (&context.def.retention, keeps) {
        let message = format!(
            "window-pattern '{}' has retention but keeps nothing: give it an index of its own",
            context.def.name
        );
        context.mistakes.add(retention.position, MistakeKind::RetentionOnEmptyIndex, message);
    }
    let schema = context.own_schema();
    if context.inputs.is_empty() {
        return None;
    }
    let sources = build::Sources::of(context);
    let list = list?;
    let mut reader = Reader::new(list);
    reader.ignore_child("description");
    let elements = reader.children("pattern");
    reader.finish(context.mistakes);
    if elements.is_empty() {
        context.mistake(MistakeKind::BadPattern, "there is no pattern");
    }
    let schema = schema?;
    let key = build::check_key(context, &schema);
    let (patterns, shape) = build::patterns(context, &sources, &schema, &elements)?;
    key?;
    let evaluator = Evaluator::new(sources.scopes.first()?.clone());
    let patterns: Vec<Active> = patterns
        .into_iter()
        .map(|(matcher, on)| Active { work: matcher.work_row(), matcher, on: on && active })
        .collect();
    let resolved = true;
    Some(BuiltWindow {
        window: Box::new(Pattern {
            outputs: Outputs { key: schema.keys()[0], fields: schema.non_keys().collect(), next_key: 0 },
            schema: Arc::clone(&schema),
            ports: sources.by_port,
            patterns,
            evaluator,
        }),
        schema,
        output: if keeps {
            OutputStage::Index { resolution: Resolution { lenient: false, old_from_input: false }, resolved }
        } else {
            OutputStage::AsIs { resolved }
        },
        insert_only: context.def.retention.is_none(),
        shape,
        notices: Vec::new(),
    })
}

#[derive(Debug)]
struct Active {
    matcher: Matcher,
    work: WorkRow,
    on: bool,
}

/// Where output goes: the fields, and the number of the next match.
#[derive(Debug)]
struct Outputs {
    key: usize,
    fields: Vec<usize>,
    next_key: i64,
}

impl Outputs {
    /// Emits a match from an instance's row.
    fn emit(&mut self, row: &RowView<'_>, first: usize, out: &mut BlockBuilder) {
        let mut new = out.new_row();
        new.set_int(self.key, self.next_key);
        for (n, &field) in self.fields.iter().enumerate() {
            new.copy_field(field, row, first + n);
        }
        out.emit_last(Opcode::Insert, Flags::NORMAL);
        self.next_key += 1;
    }
}

#[derive(Debug)]
struct Pattern {
    schema: Arc<Schema>,
    /// The source of each in-edge.
    ports: Vec<usize>,
    patterns: Vec<Active>,
    evaluator: Evaluator,
    outputs: Outputs,
}

impl Window for Pattern {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        let source = self.ports[port];
        for pattern in self.patterns.iter_mut().filter(|pattern| pattern.on) {
            pattern.matcher.filter(source, input, &mut self.evaluator, step);
        }
        for (position, event) in input.iter().enumerate() {
            if event.opcode != Opcode::Insert {
                step.reject(input, position, Reject::NotInsert);
                continue;
            }
            for Active { matcher, work, .. } in self.patterns.iter_mut().filter(|pattern| pattern.on) {
                let mut hands = Hands {
                    evaluator: &mut self.evaluator,
                    work,
                    step: &mut *step,
                    complete: &mut |row, first| self.outputs.emit(row, first, &mut out),
                };
                matcher.take(source, input, position, &event, &mut hands);
            }
        }
        out.finish(step.pool)
    }

    fn at_heartbeat(&mut self, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        let time = step.time.micros();
        let by_clock = |pattern: &&mut Active| pattern.on && pattern.matcher.by_engine_time;
        for Active { matcher, work, .. } in self.patterns.iter_mut().filter(by_clock) {
            let mut hands = Hands {
                evaluator: &mut self.evaluator,
                work,
                step: &mut *step,
                complete: &mut |row, first| self.outputs.emit(row, first, &mut out),
            };
            matcher.expire(time, &mut hands);
        }
        out.finish(step.pool)
    }

    fn next_due(&self) -> Option<EngineTime> {
        let by_clock = self.patterns.iter().filter(|pattern| pattern.on && pattern.matcher.by_engine_time);
        let deadline = by_clock.filter_map(|pattern| pattern.matcher.instances.next_deadline()).min()?;
        // A limit that is exactly reached has not passed.
        Some(EngineTime::from_micros(deadline.saturating_add(1)))
    }

    fn start_clock(&mut self, now: EngineTime) {
        self.evaluator.start(now);
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut head = self.outputs.next_key.to_le_bytes().to_vec();
        self.evaluator.save(&mut head);
        head.extend_from_slice(&(self.patterns.len() as u64).to_le_bytes());
        let mut parts: Vec<Box<dyn Frozen>> = vec![Box::new(head)];
        for pattern in &mut self.patterns {
            parts.push(Box::new(state::FrozenPattern::of(&mut pattern.matcher)));
        }
        Box::new(parts)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.outputs.next_key = from.get_i64()?;
        self.evaluator.load(from)?;
        let patterns = from.get_u64()?;
        if patterns != self.patterns.len() as u64 {
            return Err(StateError::corrupt(format!(
                "the state has {patterns} patterns, the model {}",
                self.patterns.len()
            )));
        }
        self.patterns.iter_mut().try_for_each(|pattern| state::load(&mut pattern.matcher, from))
    }
}
