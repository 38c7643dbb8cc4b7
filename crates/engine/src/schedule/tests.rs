//! Order, slots, tagged tokens and the clock, over whole models.

use crate::step::Reject;
use crate::testing::Run;

const SOURCE: &str = "<window-source name=\"s\" index=\"pi_HASH\"><schema-string>k*:int64,v:string,n:int32</schema-string></window-source>";

/// The table of engine-semantics 3.3.
#[test]
fn a_filter_judges_both_halves() {
    let filter =
        format!("{SOURCE}<window-filter name=\"f\"><expression>n &gt; 100</expression></window-filter>");
    let mut run = Run::new("", &filter, "<edge source=\"s\" target=\"f\"/>");
    assert_eq!(run.feed(1, "s", "I N 10 g40 200", "f"), ["I N 10 g40 200"]);
    assert_eq!(run.feed(1, "s", "I N 20 b54 100", "f"), Vec::<String>::new());
    assert_eq!(run.feed(1, "s", "D N 10 ∅ ∅", "f"), ["D N 10 g40 200"]);
    assert_eq!(run.feed(1, "s", "U N 20 b54 300", "f"), ["I N 20 b54 300"]);
    assert_eq!(run.feed(1, "s", "I N 30 r34 300", "f"), ["I N 30 r34 300"]);
    assert_eq!(run.feed(1, "s", "U N 30 r34 400", "f"), ["UB N 30 r34 400", "D N 30 r34 300"]);
    assert_eq!(run.feed(1, "s", "U N 30 r34 50", "f"), ["D N 30 r34 400"]);
    assert_eq!(run.feed(1, "s", "U N 30 r34 60", "f"), Vec::<String>::new());
}

/// C34 and C35: opcode and flags in conditions.
#[test]
fn a_filter_sees_opcode_and_flags() {
    let windows = "<window-source name=\"s\"><schema-string>k*:int64,v:string,n:int32</schema-string>\
                   <retention type=\"bycount_sliding\">2</retention></window-source>\
                   <window-filter name=\"i\"><expression>ESP_OPCODE==\"I\"</expression></window-filter>\
                   <window-filter name=\"r\"><expression>if instr(ESP_FLAGS,\"R\") then return 0 else return 1</expression></window-filter>";
    let mut run = Run::new("", windows, "<edge source=\"s\" target=\"i r\"/>");
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 1 a 1");
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 2 b 2");
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 3 c 3");
    assert_eq!(run.lines_of("s"), ["I N 3 c 3", "D R 1 a 1"]);
    assert_eq!(run.lines_of("i"), ["I N 3 c 3"]);
    assert_eq!(run.lines_of("r"), ["I N 3 c 3"]);
    assert_eq!(run.project.window(run.id("r")).rows, 3);
}

/// C37: slots 0, 1 and -1, split by ID%2.
#[test]
fn slots_get_their_events() {
    let windows = "<window-source name=\"s\"><splitter-expr><expression>k%2</expression></splitter-expr>\
                   <schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
                   <window-copy name=\"a\"/><window-copy name=\"b\"/><window-copy name=\"c\"/>";
    let edges = "<edge source=\"s\" target=\"a\" slot=\"0\"/><edge source=\"s\" target=\"b\" slot=\"1\"/><edge source=\"s\" target=\"c\" slot=\"-1\"/>";
    let mut run = Run::new("", windows, edges);
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 1 x 1\nI N 2 y 2\nI N 3 z 3\nU N 1 w 1");
    assert_eq!(run.lines_of("a"), ["I N 2 y 2"]);
    assert_eq!(run.lines_of("b"), ["I N 1 x 1", "I N 3 z 3", "UB N 1 w 1", "D N 1 x 1"]);
    assert_eq!(run.lines_of("c"), ["I N 1 x 1", "I N 2 y 2", "I N 3 z 3", "UB N 1 w 1", "D N 1 x 1"]);
}

/// functions.md 1.9: a user function of the splitter counts in a variable of the window's initializer.
#[test]
fn a_splitter_changes_variables_of_the_initializer() {
    let windows = "<window-source name=\"s\">\
                   <expr-initialize><initializer type=\"int32\">integer split split=0</initializer></expr-initialize>\
                   <splitter-expr><expr-initialize><udfs><udf name=\"f\" type=\"int32\">split=split+1; return split;</udf></udfs></expr-initialize>\
                   <expression>f() % 2</expression></splitter-expr>\
                   <schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
                   <window-copy name=\"a\"/><window-copy name=\"b\"/>";
    let edges = "<edge source=\"s\" target=\"a\" slot=\"0\"/><edge source=\"s\" target=\"b\" slot=\"1\"/>";
    let mut run = Run::new("", windows, edges);
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 5 x 1\nI N 7 y 2\nI N 9 z 3");
    assert_eq!(run.lines_of("a"), ["I N 7 y 2"]);
    assert_eq!(run.lines_of("b"), ["I N 5 x 1", "I N 9 z 3"]);
}

/// Engine-semantics 4: an update that changes the slot comes apart.
#[test]
fn an_update_pair_may_change_its_slot() {
    let windows = "<window-source name=\"s\"><splitter-expr><expression>n%2</expression></splitter-expr>\
                   <schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
                   <window-copy name=\"a\"/><window-copy name=\"b\"/>";
    let edges = "<edge source=\"s\" target=\"a\" slot=\"0\"/><edge source=\"s\" target=\"b\" slot=\"1\"/>";
    let mut run = Run::new("", windows, edges);
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "I N 1 x 4");
    run.feed_as(1, "s", tidegate_event::BlockKind::Normal, "U N 1 x 5");
    assert_eq!(run.lines_of("a"), ["D N 1 x 4"]);
    assert_eq!(run.lines_of("b"), ["I N 1 x 5"]);
}

/// Engine-semantics 3.7: strict resolves by the table, the other way turns inserts and updates into upserts.
#[test]
fn unions_share_one_key_space() {
    let windows = |strict: &str, index: &str| {
        format!(
            "<window-source name=\"s\"><schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
             <window-source name=\"t\"><schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
             <window-union name=\"u\" strict=\"{strict}\" index=\"{index}\"/>"
        )
    };
    let edges = "<edge source=\"s t\" target=\"u\"/>";
    let mut loose = Run::new("", &windows("false", "pi_HASH"), edges);
    assert_eq!(loose.feed(1, "s", "I N 20 abc 9", "u"), ["I N 20 abc 9"]);
    assert_eq!(loose.feed(1, "t", "I N 20 abc 8", "u"), ["UB N 20 abc 8", "D N 20 abc 9"]);
    assert_eq!(loose.feed(1, "s", "D N 20 ∅ ∅", "u"), ["D N 20 abc 8"]);
    assert_eq!(loose.feed(1, "t", "D N 20 ∅ ∅", "u"), Vec::<String>::new());
    assert!(loose.out.rejects.is_empty());
    let mut strict = Run::new("", &windows("true", "pi_HASH"), edges);
    strict.feed(1, "s", "I N 20 abc 9", "u");
    assert_eq!(strict.feed(1, "t", "I N 20 abc 8", "u"), Vec::<String>::new());
    assert_eq!(strict.out.rejects, [(strict.id("u"), 0, Reject::DuplicateKey)]);
    assert_eq!(strict.feed(1, "t", "U N 20 abc 7", "u"), ["UB N 20 abc 7", "D N 20 abc 9"]);
    let mut stateless = Run::new("", &windows("false", "pi_EMPTY"), edges);
    stateless.feed(1, "s", "I N 20 abc 9", "u");
    assert_eq!(stateless.feed(1, "s", "U N 20 abc 8", "u"), ["P N 20 abc 8"]);
    assert_eq!(stateless.feed(1, "s", "D N 20 ∅ ∅", "u"), ["SD N 20 abc 8"]);
}

/// C49 and functions.md 1.7: variables live from event to event, and a save does not lose them.
#[test]
fn a_compute_keeps_its_variables() {
    let windows = "<window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\"><schema-string>k*:int64,v:string,n:int32</schema-string></window-source>\
        <window-compute name=\"c\" index=\"pi_EMPTY\"><expr-initialize><initializer type=\"int32\">integer p p=0</initializer></expr-initialize>\
        <schema-string>k*:int64,count:int32,rest:int32,text:string</schema-string>\
        <output><field-expr>p=p+1 return p</field-expr><field-expr>p%2</field-expr><field-expr>\"hello\"&amp;v</field-expr></output></window-compute>";
    let mut run = Run::new("", windows, "<edge source=\"s\" target=\"c\"/>");
    assert_eq!(run.feed(1, "s", "I N 7 a 0\nI N 8 b 0", "c"), ["I N 7 1 1 helloa", "I N 8 2 0 hellob"]);
    run.save_and_load();
    assert_eq!(run.feed(1, "s", "I N 9 c 0", "c"), ["I N 9 3 1 helloc"]);
}

/// A stateful compute carries the stored row on a delete, and an update that changes its key comes apart.
#[test]
fn a_compute_may_change_the_key() {
    let windows = format!(
        "{SOURCE}<window-compute name=\"c\"><schema-string>v*:string,n:int32</schema-string>\
         <output><field-expr>n*2</field-expr></output></window-compute>"
    );
    let mut run = Run::new("", &windows, "<edge source=\"s\" target=\"c\"/>");
    assert_eq!(run.feed(1, "s", "I N 1 a 10", "c"), ["I N a 20"]);
    assert_eq!(run.feed(1, "s", "U N 1 a 11", "c"), ["UB N a 22", "D N a 20"]);
    assert_eq!(run.feed(1, "s", "U N 1 b 12", "c"), ["D N a 22", "I N b 24"]);
    assert_eq!(run.feed(1, "s", "D N 1 ∅ ∅", "c"), ["D N b 24"]);
}

/// Engine-semantics 1.11 and 1.9.
#[test]
fn sources_make_keys_and_refuse_what_is_no_insert() {
    let source = |ty: &str| {
        format!(
            "<window-source name=\"s\" insert-only=\"true\" autogen-key=\"true\" index=\"pi_EMPTY\"><schema-string>k*:{ty},v:string</schema-string></window-source>"
        )
    };
    let mut run = Run::new("", &source("int64"), "");
    assert_eq!(run.feed(1, "s", "I N 5 a\nU N 5 b\nI N 5 c", "s"), ["I N 0 a", "I N 1 c"]);
    assert_eq!(run.out.rejects, [(run.id("s"), 1, Reject::NotInsert)]);
    run.save_and_load();
    assert_eq!(run.feed(1, "s", "I N ∅ d", "s"), ["I N 2 d"]);
    let mut run = Run::new("", &source("string"), "");
    let lines = run.feed(1, "s", "I N x a\nI N x b", "s");
    let guids: Vec<&str> = lines.iter().map(|line| line.split(' ').nth(2).unwrap()).collect();
    assert_ne!(guids[0], guids[1]);
    for guid in guids {
        let shape: String = guid
            .chars()
            .map(|c| if c == '-' { '-' } else { char::from(b"x?"[usize::from(!c.is_ascii_hexdigit())]) })
            .collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(guid, guid.to_lowercase());
    }
}

/// Engine-semantics 2.1 and design.md 6: the clock deletes at heartbeats, in order, before the block that
/// brought the time; and `output-insert-only` lets none of it out.
#[test]
fn the_clock_deletes_at_heartbeats() {
    let windows = |insert_only: &str| {
        format!(
            "{SOURCE}<window-copy name=\"c\" output-insert-only=\"{insert_only}\"><retention type=\"bytime_sliding\">5 seconds</retention></window-copy>"
        )
    };
    let second = 1_000_000;
    let edges = "<edge source=\"s\" target=\"c\"/>";
    let mut run = Run::new("", &windows("false"), edges);
    run.feed(10 * second + 1, "s", "I N 1 a 0", "c");
    run.feed(12 * second, "s", "I N 2 b 0", "c");
    assert_eq!(run.project.next_heartbeat().map(tidegate_event::EngineTime::micros), Some(16 * second));
    assert_eq!(run.feed(16 * second - 1, "s", "I N 3 c 0", "c"), ["I N 3 c 0"]);
    run.save_and_load();
    assert_eq!(run.feed(17 * second, "s", "I N 4 d 0", "c"), ["D R 1 a 0", "D R 2 b 0", "I N 4 d 0"]);
    let mut run = Run::new("", &windows("true"), edges);
    run.feed(10 * second, "s", "I N 1 a 0", "c");
    assert_eq!(run.feed(20 * second, "s", "I N 4 d 0", "c"), ["I N 4 d 0"]);
}

/// Message ids: the step's input id, and a count of each window's output blocks within the step.
#[test]
fn blocks_are_numbered_within_their_step() {
    let windows = format!(
        "{SOURCE}<window-copy name=\"c\"><retention type=\"bytime_sliding\">5 seconds</retention></window-copy>"
    );
    let mut run = Run::new("", &windows, "<edge source=\"s\" target=\"c\"/>");
    run.feed(1_000_000, "s", "I N 1 a 0", "c");
    run.feed(9_000_000, "s", "I N 2 a 0", "c");
    let ids: Vec<(u32, String)> = run.out.blocks.iter().map(|(w, h, _)| (w.0, h.id.to_string())).collect();
    assert_eq!(ids, [(1, "2:0:0".to_owned()), (0, "2:0:0".to_owned()), (1, "2:1:0".to_owned())]);
}

/// A state fits another retention limit, but no other retention policy (failover-and-server 2.6).
#[test]
fn the_shape_of_a_state_names_its_retention() {
    let shape = |retention: &str| {
        let windows = format!("{SOURCE}<window-copy name=\"c\">{retention}</window-copy>");
        let run = Run::new("", &windows, "<edge source=\"s\" target=\"c\"/>");
        run.project.shape()[1].2.clone()
    };
    let of = |ty: &str, limit: &str| shape(&format!("<retention type=\"{ty}\">{limit}</retention>"));
    assert_eq!(of("bycount_sliding", "5"), of("bycount_sliding", "6"));
    assert_ne!(of("bycount_sliding", "5"), of("bycount_jumping", "5"));
    assert_ne!(of("bycount_sliding", "5"), of("bytime_sliding", "5"));
    assert_ne!(of("bycount_sliding", "5"), shape(""));
}
