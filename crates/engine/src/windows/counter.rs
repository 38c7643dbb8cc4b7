//! `window-counter`: how many events each input has sent, and how fast (engine-semantics 3.9, model-xml 12.11).

use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, EventBlock, Field, FieldType, Flags, Opcode, Schema};
use tidegate_model::MistakeKind;

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static COUNTER: WindowType = WindowType { element: "window-counter", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let before = context.mistakes.len();
    let report_micros = reader.interval_attr("count-interval", context.mistakes).map(|i| i.micros());
    let clear_micros = reader.interval_attr("clear-interval", context.mistakes).map(|i| i.micros());
    context.finish(reader);
    if context.mistakes.len() > before {
        return None;
    }
    let schema = match Schema::new(fields()) {
        Ok(schema) => Arc::new(schema),
        Err(error) => {
            context.mistake(MistakeKind::BadOutput, &error.to_string());
            return None;
        }
    };
    // Two edges from one window feed one counter: the key is the window's name.
    let mut counters: Vec<Counter> = Vec::new();
    let mut ports = Vec::new();
    for input in &context.inputs {
        let known = counters.iter().position(|counter| counter.input == input.window);
        ports.push(known.unwrap_or(counters.len()));
        if known.is_none() {
            counters.push(Counter { input: input.window.clone(), counts: None });
        }
    }
    let names: Vec<&str> = counters.iter().map(|counter| counter.input.as_str()).collect();
    let shape = names.join(" ");
    let opcode = if context.index.is_stateful() { Opcode::Upsert } else { Opcode::Insert };
    Some(BuiltWindow {
        window: Box::new(CounterWindow {
            schema: Arc::clone(&schema),
            ports,
            counters,
            report_micros,
            clear_micros,
            opcode,
        }),
        schema,
        output: OutputStage::Index {
            resolution: Resolution { lenient: false, old_from_input: false },
            resolved: true,
        },
        insert_only: opcode == Opcode::Insert,
        shape,
        notices: Vec::new(),
    })
}

fn fields() -> Vec<Field> {
    vec![
        Field::key("input", FieldType::String),
        Field::new("totalCount", FieldType::Int64),
        Field::new("totalSeconds", FieldType::Double),
        Field::new("totalRate", FieldType::Double),
        Field::new("intervalCount", FieldType::Int64),
        Field::new("intervalSeconds", FieldType::Double),
        Field::new("intervalRate", FieldType::Double),
    ]
}

/// What is counted of one input since its first event or the last clear.
#[derive(Debug, Clone, Copy)]
struct Counts {
    first: EngineTime,
    last: EngineTime,
    /// The previous report, or the first event.
    interval_start: EngineTime,
    total: i64,
    interval: i64,
}

#[derive(Debug)]
struct Counter {
    input: String,
    counts: Option<Counts>,
}

impl Counter {
    /// Forgets everything once there was no event for `clear_micros`.
    fn clear_if_idle(&mut self, clear_micros: Option<i64>, now: EngineTime) {
        if let (Some(counts), Some(clear)) = (self.counts, clear_micros)
            && now.micros_since(counts.last) >= clear
        {
            self.counts = None;
        }
    }

    fn count(&mut self, events: i64, now: EngineTime) {
        let counts = self.counts.get_or_insert(Counts {
            first: now,
            last: now,
            interval_start: now,
            total: 0,
            interval: 0,
        });
        counts.last = now;
        counts.total += events;
        counts.interval += events;
    }

    /// When what has not been reported has to be: after the interval, and before it would be cleared.
    fn due(&self, report_micros: i64, clear_micros: Option<i64>) -> Option<EngineTime> {
        let counts = self.counts.filter(|counts| counts.interval > 0)?;
        let report = counts.interval_start.plus_micros(report_micros);
        Some(clear_micros.map_or(report, |clear| report.min(counts.last.plus_micros(clear))))
    }

    /// Emits the counts, and begins a new interval.
    fn report(&mut self, now: EngineTime, opcode: Opcode, out: &mut BlockBuilder) {
        let Some(counts) = &mut self.counts else { return };
        let mut row = out.new_row();
        row.set_text(0, &self.input);
        let spans = [(1, counts.total, counts.first), (4, counts.interval, counts.interval_start)];
        for (field, count, since) in spans {
            let seconds = now.micros_since(since) as f64 / 1e6;
            row.set_int(field, count);
            row.set_double(field + 1, seconds);
            if seconds > 0.0 {
                row.set_double(field + 2, count as f64 / seconds);
            }
        }
        out.emit_last(opcode, Flags::NORMAL);
        counts.interval = 0;
        counts.interval_start = now;
    }
}

#[derive(Debug)]
struct CounterWindow {
    schema: Arc<Schema>,
    /// The counter of each in-edge.
    ports: Vec<usize>,
    counters: Vec<Counter>,
    /// Every event is reported at once where there is none.
    report_micros: Option<i64>,
    clear_micros: Option<i64>,
    opcode: Opcode,
}

impl Window for CounterWindow {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let counter = &mut self.counters[self.ports[port]];
        counter.clear_if_idle(self.clear_micros, step.time);
        if self.report_micros.is_some() {
            counter.count(input.len() as i64, step.time);
            return None;
        }
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        for _ in 0..input.len() {
            counter.count(1, step.time);
            counter.report(step.time, self.opcode, &mut out);
        }
        out.finish(step.pool)
    }

    fn at_heartbeat(&mut self, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let report_micros = self.report_micros?;
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        for counter in &mut self.counters {
            if counter.due(report_micros, self.clear_micros).is_some_and(|due| due <= step.time) {
                counter.report(step.time, self.opcode, &mut out);
            }
            counter.clear_if_idle(self.clear_micros, step.time);
        }
        out.finish(step.pool)
    }

    fn next_due(&self) -> Option<EngineTime> {
        let report_micros = self.report_micros?;
        self.counters.iter().filter_map(|counter| counter.due(report_micros, self.clear_micros)).min()
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut state = Vec::new();
        for counter in &self.counters {
            state.push(u8::from(counter.counts.is_some()));
            if let Some(Counts { first, last, interval_start, total, interval }) = counter.counts {
                let numbers = [first.micros(), last.micros(), interval_start.micros(), total, interval];
                numbers.iter().for_each(|number| state.extend_from_slice(&number.to_le_bytes()));
            }
        }
        Box::new(state)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        for counter in &mut self.counters {
            let mut has_counts = [0];
            from.get(&mut has_counts)?;
            if has_counts == [0] {
                continue;
            }
            let mut time = || from.get_i64().map(EngineTime::from_micros);
            let (first, last, interval_start) = (time()?, time()?, time()?);
            let (total, interval) = (from.get_i64()?, from.get_i64()?);
            if !(0..=total).contains(&interval) || last < first || interval_start < first {
                return Err(StateError::corrupt(format!("the counts of '{}' contradict", counter.input)));
            }
            counter.counts = Some(Counts { first, last, interval_start, total, interval });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Run, build};

    const NONE: [&str; 0] = [];
    const SECOND: i64 = 1_000_000;

    fn run(attributes: &str) -> Run {
        let windows = format!(
            "<window-source name=\"a\"><schema-string>id*:int32</schema-string></window-source>\
             <window-source name=\"b\"><schema-string>id*:int32</schema-string></window-source>\
             <window-source name=\"tick\"><schema-string>id*:int32</schema-string></window-source>\
             <window-counter name=\"c\" {attributes}/><window-copy name=\"t\"/>"
        );
        Run::new("", &windows, "<edge source=\"a b\" target=\"c\"/><edge source=\"tick\" target=\"t\"/>")
    }

    /// Engine-semantics 3.9: an insert first, then an update pair per report; nothing new, no report.
    #[test]
    fn reports_once_per_interval() {
        let mut run = run("count-interval=\"2 seconds\"");
        assert_eq!(run.feed(SECOND, "a", "I N 1\nI N 2\nI N 3", "c"), NONE);
        assert_eq!(run.feed(2 * SECOND, "b", "I N 1", "c"), NONE);
        run.save_and_load();
        assert_eq!(run.feed(3 * SECOND, "a", "I N 4", "c"), ["I N a 3 2 1.5 3 2 1.5"]);
        run.save_and_load();
        assert_eq!(
            run.feed(5 * SECOND, "tick", "I N 1", "c"),
            ["I N b 1 2 0.5 1 2 0.5", "UB N a 4 4 1 1 2 0.5", "D N a 3 2 1.5 3 2 1.5"]
        );
        assert_eq!(run.feed(20 * SECOND, "tick", "I N 2", "c"), NONE);
    }

    /// [img C30]: without an index every report is an insert.
    #[test]
    fn a_stateless_counter_inserts() {
        let mut run = run("index=\"pi_EMPTY\" count-interval=\"1 second\"");
        run.feed(SECOND, "a", "I N 1\nI N 2", "c");
        assert_eq!(run.feed(2 * SECOND, "a", "U N 1", "c"), ["I N a 2 1 2 2 1 2"]);
        // Both halves of the update count.
        assert_eq!(run.feed(3 * SECOND, "tick", "I N 1", "c"), ["I N a 4 2 2 2 1 2"]);
    }

    #[test]
    fn silence_resets() {
        let mut run = run("index=\"pi_EMPTY\" count-interval=\"1 second\" clear-interval=\"5 seconds\"");
        run.feed(SECOND, "a", "I N 1\nI N 2", "c");
        run.feed(5 * SECOND, "a", "I N 3", "c");
        assert_eq!(run.feed(6 * SECOND, "a", "I N 4", "c"), ["I N a 3 5 0.6 1 4 0.25"]);
        run.save_and_load();
        assert_eq!(run.feed(12 * SECOND, "a", "I N 5\nI N 6", "c"), ["I N a 4 6 0.6666666666666666 1 1 1"]);
        assert_eq!(run.feed(13 * SECOND, "tick", "I N 1", "c"), ["I N a 2 1 2 2 1 2"]);
    }

    /// What was counted is reported before it is forgotten.
    #[test]
    fn nothing_counted_is_lost_to_a_short_clear_interval() {
        let mut run = run("index=\"pi_EMPTY\" count-interval=\"10 seconds\" clear-interval=\"2 seconds\"");
        run.feed(SECOND, "a", "I N 1", "c");
        assert_eq!(run.feed(9 * SECOND, "a", "I N 2", "c"), ["I N a 1 2 0.5 1 2 0.5"]);
        assert_eq!(run.feed(30 * SECOND, "tick", "I N 2", "c"), ["I N a 1 2 0.5 1 2 0.5"]);
    }

    /// Model-xml 12.11: without `count-interval` there is an output event per input event.
    #[test]
    fn without_interval_every_event_is_reported() {
        let mut run = run("index=\"pi_EMPTY\"");
        assert_eq!(run.feed(SECOND, "a", "I N 1\nI N 2", "c"), ["I N a 1 0 ∅ 1 0 ∅", "I N a 2 0 ∅ 1 0 ∅"]);
        assert_eq!(run.feed(3 * SECOND, "a", "I N 3", "c"), ["I N a 3 2 1.5 1 2 0.5"]);
    }

    #[test]
    fn an_interval_that_is_none_is_refused() {
        let model = "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
             <window-source name=\"a\"><schema-string>id*:int32</schema-string></window-source>\
             <window-counter name=\"c\" count-interval=\"soon\"/></windows><edges><edge source=\"a\" target=\"c\"/></edges>\
             </contquery></contqueries></project>";
        let Err(mistakes) = build(model) else { panic!("built") };
        assert!(mistakes.display("m").to_string().contains("'soon' is no interval"));
    }
}
