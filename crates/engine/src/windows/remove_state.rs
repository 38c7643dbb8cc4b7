//! `window-remove-state`: turns changes into numbered inserts and drops chosen kinds (engine-semantics 3.14).

use std::sync::Arc;

use tidegate_event::{BlockKind, Event, EventBlock, Field, FieldType, Flags, Opcode, Schema};
use tidegate_model::{Mistake, MistakeKind};

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static REMOVE_STATE: WindowType = WindowType { element: "window-remove-state", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let mut removed = Removed::default();
    if let Some(remove) = reader.attr("remove") {
        for word in remove.value.split_whitespace() {
            match Removed::WORDS.iter().find(|(name, _)| *name == word) {
                Some((_, set)) => set(&mut removed),
                None => {
                    let message = format!("'{word}' is nothing that {} can remove", reader.label());
                    let mistake = Mistake::new(remove.position, MistakeKind::BadValue, message);
                    context
                        .mistakes
                        .push(mistake.nearest(word, Removed::WORDS.iter().map(|(name, _)| *name)));
                }
            }
        }
    }
    let log_fields = reader.bool_attr("add-log-fields", false, context.mistakes);
    context.finish(reader);
    let input = context.only_input()?;
    let mut fields = vec![Field::key("eventNumber", FieldType::Int64)];
    if log_fields {
        fields.extend(["originalOC", "originalFL"].map(|name| Field::new(name, FieldType::String)));
    }
    fields.extend(input.schema.fields().iter().map(|field| Field { key: false, ..field.clone() }));
    let schema = match Schema::new(fields) {
        Ok(schema) => Arc::new(schema),
        Err(error) => {
            context
                .mistake(MistakeKind::DuplicateField, &format!("{error} (the window adds its own fields)"));
            return None;
        }
    };
    Some(BuiltWindow {
        window: Box::new(RemoveState { schema: Arc::clone(&schema), removed, log_fields, last: 0 }),
        schema,
        output: OutputStage::AsIs { resolved: true },
        insert_only: true,
        shape: String::new(),
        notices: Vec::new(),
    })
}

/// Which kinds of events do not leave.
#[derive(Debug, Clone, Copy, Default)]
struct Removed {
    updates: bool,
    deletes: bool,
    retention_updates: bool,
    retention_deletes: bool,
    update_block_deletes: bool,
}

/// A word of `remove`, and what it sets.
type Word = (&'static str, fn(&mut Removed));

impl Removed {
    /// The words of `remove`.
    const WORDS: [Word; 5] = [
        ("updates", |removed| removed.updates = true),
        ("deletes", |removed| removed.deletes = true),
        ("retentionUpdates", |removed| removed.retention_updates = true),
        ("retentionDeletes", |removed| removed.retention_deletes = true),
        ("updateBlockDeletes", |removed| removed.update_block_deletes = true),
    ];

    /// Whether an update, or both halves of a pair whose new half has these flags, are dropped.
    fn drops_update(self, flags: Flags) -> bool {
        if flags.contains(Flags::RETENTION) { self.retention_updates } else { self.updates }
    }

    fn drops_delete(self, flags: Flags) -> bool {
        if flags.contains(Flags::RETENTION) { self.retention_deletes } else { self.deletes }
    }
}

#[derive(Debug)]
struct RemoveState {
    schema: Arc<Schema>,
    removed: Removed,
    log_fields: bool,
    /// The number of the last event that left.
    last: i64,
}

impl RemoveState {
    fn emit(&mut self, event: &Event<'_>, out: &mut BlockBuilder) {
        self.last += 1;
        let mut row = out.new_row();
        row.set_int(0, self.last);
        let mut field = 1;
        if self.log_fields {
            row.set_text(1, event.opcode.token());
            row.set_text(2, event.flags.letters());
            field = 3;
        }
        for source in 0..event.row.len() {
            row.copy_field(field + source, &event.row, source);
        }
        out.emit_last(Opcode::Insert, Flags::NORMAL);
    }
}

impl Window for RemoveState {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let removed = self.removed;
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        let mut events = input.iter().peekable();
        while let Some(event) = events.next() {
            match event.opcode {
                Opcode::UpdateBlock => {
                    let old = events.next_if(|old| old.opcode == Opcode::Delete);
                    if removed.drops_update(event.flags) {
                        continue;
                    }
                    self.emit(&event, &mut out);
                    if let Some(old) = old.filter(|_| !removed.update_block_deletes) {
                        self.emit(&old, &mut out);
                    }
                }
                Opcode::Update if removed.drops_update(event.flags) => {}
                Opcode::Delete | Opcode::SafeDelete if removed.drops_delete(event.flags) => {}
                _ => self.emit(&event, &mut out),
            }
        }
        out.finish(step.pool)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(self.last.to_le_bytes().to_vec())
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.last = from.get_i64()?;
        if self.last < 0 {
            return Err(StateError::corrupt("the number of the last event is negative"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::testing::{Run, build};

    const NONE: [&str; 0] = [];

    /// A stateful source `s`, a stateless one `e`, a window with retention `k`, and windows that remove state behind each.
    fn run(attributes: &str) -> Run {
        let windows = format!(
            "<window-source name=\"s\"><schema-string>id*:int32,v:int32</schema-string></window-source>\
             <window-copy name=\"k\"><retention type=\"bycount_sliding\">2</retention></window-copy>\
             <window-source name=\"e\" index=\"pi_EMPTY\"><schema-string>id*:int32,v:int32</schema-string></window-source>\
             <window-remove-state name=\"r\" {attributes}/><window-remove-state name=\"rk\" {attributes}/>\
             <window-remove-state name=\"re\" {attributes}/>"
        );
        let edges = "<edge source=\"s\" target=\"r k\"/><edge source=\"k\" target=\"rk\"/><edge source=\"e\" target=\"re\"/>";
        Run::new("", &windows, edges)
    }

    /// Engine-semantics 3.14: what stays is an insert with a number of its own.
    #[test]
    fn everything_stays_by_default() {
        let mut run = run("add-log-fields=\"true\"");
        assert_eq!(run.feed(1, "s", "I N 1 5\nI N 2 6", "r"), ["I N 1 I N 1 5", "I N 2 I N 2 6"]);
        run.save_and_load();
        assert_eq!(run.feed(1, "s", "U N 1 7", "r"), ["I N 3 UB N 1 7", "I N 4 D N 1 5"]);
        assert_eq!(run.feed(1, "s", "D N 2 ∅", "r"), ["I N 5 D N 2 6"]);
        assert_eq!(
            run.feed(1, "e", "P N 1 7\nSD N 1 ∅\nU N 1 8", "re"),
            ["I N 1 P N 1 7", "I N 2 SD N 1 ∅", "I N 3 U N 1 8"]
        );
        // The first of the two left with the delete above: this one pushes out nothing.
        assert_eq!(run.feed(1, "s", "I N 3 1", "rk"), ["I N 6 I N 3 1"]);
        assert_eq!(run.feed(1, "s", "I N 4 1", "rk"), ["I N 7 I N 4 1", "I N 8 D R 1 7"]);
    }

    #[test]
    fn removed_kinds_get_no_number() {
        let mut run = run("remove=\"updates deletes\"");
        assert_eq!(run.feed(1, "s", "I N 1 5\nU N 1 6\nD N 1 ∅\nI N 2 1", "r"), ["I N 1 1 5", "I N 2 2 1"]);
        assert_eq!(run.feed(1, "e", "U N 9 6\nD N 9 ∅\nSD N 9 ∅\nP N 9 1", "re"), ["I N 1 9 1"]);
        run.feed(1, "s", "I N 3 1", "rk");
        // Retention is another kind.
        assert_eq!(run.feed(1, "s", "I N 4 1", "rk"), ["I N 4 4 1", "I N 5 2 1"]);
    }

    #[test]
    fn update_block_deletes_drops_the_old_half_alone() {
        let mut run = run("remove=\"updateBlockDeletes\" add-log-fields=\"true\"");
        run.feed(1, "s", "I N 1 5", "r");
        assert_eq!(run.feed(1, "s", "U N 1 6\nD N 1 ∅", "r"), ["I N 2 UB N 1 6", "I N 3 D N 1 6"]);
    }

    #[test]
    fn deletes_are_those_that_stand_alone() {
        let mut run = run("remove=\"deletes retentionDeletes\"");
        run.feed(1, "s", "I N 1 5\nI N 2 5", "r");
        assert_eq!(run.feed(1, "s", "U N 1 6\nD N 1 ∅", "r"), ["I N 3 1 6", "I N 4 1 5"]);
        run.feed(1, "s", "I N 3 1", "rk");
        assert_eq!(run.feed(1, "s", "I N 4 1\nD N 4 ∅", "r"), ["I N 6 4 1"]);
    }

    #[test]
    fn retention_kinds() {
        let mut run = run("remove=\"retentionUpdates retentionDeletes\"");
        assert_eq!(run.feed(1, "e", "U R 1 1\nD R 1 1\nU N 1 2\nD N 1 2", "re"), ["I N 1 1 2", "I N 2 1 2"]);
        run.feed(1, "s", "I N 1 5\nI N 2 5", "rk");
        assert_eq!(run.feed(1, "s", "I N 3 5", "rk"), ["I N 3 3 5"]);
        assert_eq!(run.feed(1, "s", "D N 3 5", "rk"), ["I N 4 3 5"]);
        assert_eq!(run.feed(1, "s", "D N 3 5", "rk"), NONE);
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let model = |attribute: &str, schema: &str| {
            format!(
                "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
                 <window-source name=\"a\"><schema-string>{schema}</schema-string></window-source>\
                 <window-remove-state name=\"c\" {attribute}/></windows><edges><edge source=\"a\" target=\"c\"/></edges>\
                 </contquery></contqueries></project>"
            )
        };
        let Err(mistakes) = build(&model("remove=\"update\"", "id*:int32")) else { panic!("built") };
        assert!(mistakes.display("m").to_string().contains("'update' is nothing that"));
        let Err(mistakes) = build(&model("", "eventNumber*:int32")) else { panic!("built") };
        assert!(mistakes.display("m").to_string().contains("eventNumber"));
    }
}
