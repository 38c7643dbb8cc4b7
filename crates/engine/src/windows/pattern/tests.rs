//! The rules of functions.md part 4 as tables, and against a matcher that starts from scratch with every event.

mod mistakes;
mod operators;
mod property;

use crate::testing::Run;

const NONE: [&str; 0] = [];
const SECOND: i64 = 1_000_000;

/// A `pattern` over `s` whose outputs are the ids of the events called a to e, as far as they exist.
fn pattern(attributes: &str, events: &[(&str, &str)], logic: &str, rest: &str) -> String {
    let list: String = events
        .iter()
        .map(|(name, condition)| format!("<event name=\"{name}\" source=\"s\">{condition}</event>"))
        .collect();
    let output: String = ["a", "b", "c", "d", "e"]
        .map(|name| match events.iter().any(|(event, _)| *event == name) {
            true => format!("<field-selection node=\"{name}\" name=\"id\"/>"),
            false => format!("<field-expr node=\"{}\"/>", events[0].0),
        })
        .concat();
    format!(
        "<pattern {attributes}><events>{list}</events><logic>{logic}</logic><output>{output}</output>{rest}</pattern>"
    )
}

/// A source `s` (id, k, v, t) and a pattern window `p` behind it.
fn window(attributes: &str, patterns: &str) -> Run {
    Run::new("", &windows(attributes, patterns), "<edge source=\"s\" target=\"p\"/>")
}

fn windows(attributes: &str, patterns: &str) -> String {
    format!(
        "<window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
         <schema-string>id*:int32,k:string,v:int32,t:stamp</schema-string></window-source>\
         <window-pattern name=\"p\" {attributes}>\
         <schema-string>n*:int64,a:int32,b:int32,c:int32,d:int32,e:int32</schema-string>\
         <patterns>{patterns}</patterns></window-pattern>"
    )
}
