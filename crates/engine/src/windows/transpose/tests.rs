//! The rules of engine-semantics 3.13, tables worked out by hand from them, and memory against a naive map.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::testing::{Run, build};

const NONE: [&str; 0] = [];
const SECOND: i64 = 1_000_000;

fn run(schema: &str, attributes: &str) -> Run {
    let windows = format!(
        "<window-source name=\"s\" index=\"pi_EMPTY\"><schema-string>{schema}</schema-string></window-source>\
         <window-transpose name=\"t\" {attributes}/>"
    );
    Run::new("", &windows, "<edge source=\"s\" target=\"t\"/>")
}

fn wide(more: &str) -> Run {
    run(
        "id*:int32,x:int32,tag:string,v:int32,u:string,plane:string",
        &format!("mode=\"wide\" tag-name=\"tag\" tag-values=\"v,u\" tags-included=\"roll, yaw\" {more}"),
    )
}

/// Fields: key, group, columns by tag and value, the rest; other tags give nothing.
#[test]
fn wide_remembers_per_group() {
    let mut run = wide("group-by=\"plane\"");
    assert_eq!(
        run.feed(1, "s", "I N 1 9 roll 5 deg a\nI N 2 8 yaw 6 rad b", "t"),
        ["I N 1 a 5 deg ∅ ∅ 9", "I N 2 b ∅ ∅ 6 rad 8"]
    );
    run.save_and_load();
    assert_eq!(run.feed(1, "s", "I N 3 7 pitch 1 deg a", "t"), NONE);
    // A null value is the tag's value.
    assert_eq!(
        run.feed(1, "s", "I N 4 7 yaw 1 ∅ a\nI N 5 ∅ roll ∅ ∅ a", "t"),
        ["I N 4 a 5 deg 1 ∅ 7", "I N 5 a ∅ ∅ 1 ∅ ∅"]
    );
    assert_eq!(
        run.feed(1, "s", "I N 6 7 roll 2 x ∅\nI N 7 7 ∅ 2 x ∅\nI N 8 7 yaw 3 y ∅", "t"),
        ["I N 6 ∅ 2 x ∅ ∅ 7", "I N 8 ∅ 2 x 3 y 7"]
    );
}

#[test]
fn wide_without_groups_has_one() {
    let mut run = wide("clear-timeout=\"never\"");
    assert_eq!(
        run.feed(1, "s", "I N 1 9 roll 5 deg a\nI N 2 8 yaw 6 rad b", "t"),
        ["I N 1 5 deg ∅ ∅ 9 a", "I N 2 5 deg 6 rad 8 b"]
    );
}

/// Updates bring new values, deletes none.
#[test]
fn everything_leaves_as_an_insert() {
    let mut run = wide("group-by=\"plane\"");
    assert_eq!(
        run.feed(
            1,
            "s",
            "U N 1 9 roll 5 deg a\nD N 1 9 roll 4 deg a\nP R 2 9 yaw 6 u a\nSD N 2 9 yaw 7 u a",
            "t"
        ),
        ["I N 1 a 5 deg ∅ ∅ 9", "I N 2 a 5 deg 6 u 9"]
    );
}

/// More than the time-out: cleared. Exactly the time-out: not. An event of another tag is an event of its group.
#[test]
fn memory_ends_with_the_timeout() {
    let mut run = wide("group-by=\"plane\" clear-timeout=\"10 seconds\"");
    run.feed(SECOND, "s", "I N 1 9 roll 5 deg a", "t");
    assert_eq!(run.feed(11 * SECOND, "s", "I N 2 9 yaw 6 deg a", "t"), ["I N 2 a 5 deg 6 deg 9"]);
    run.save_and_load();
    run.feed(20 * SECOND, "s", "I N 3 9 pitch 6 deg a", "t");
    assert_eq!(run.feed(30 * SECOND, "s", "I N 4 9 yaw 7 deg a", "t"), ["I N 4 a 5 deg 7 deg 9"]);
    assert_eq!(run.feed(40 * SECOND + 1, "s", "I N 5 9 yaw 8 deg a", "t"), ["I N 5 a ∅ ∅ 8 deg 9"]);
}

#[test]
fn long_gives_one_event_per_tag() {
    let mut run = run(
        "id*:int32,yaw_v:int32,roll_v:int32,roll_u:string,yaw_u:string,pitch_v:int32,x:int32",
        "mode=\"long\" tag-name=\"tag\" tag-values=\"v,u\" tags-included=\"roll,yaw\"",
    );
    assert_eq!(
        run.feed(1, "s", "I N 1 6 5 deg ∅ 4 9\nP N 2 ∅ ∅ ∅ ∅ 4 9\nD N 1 ∅ ∅ ∅ ∅ ∅ ∅", "t"),
        ["I N 1 0 roll 5 deg 4 9", "I N 1 1 yaw 6 ∅ 4 9", "I N 2 0 roll ∅ ∅ 4 9", "I N 2 1 yaw ∅ ∅ 4 9"]
    );
}

#[test]
fn mistakes_have_a_place() {
    let mistakes = |schema: &str, attributes: &str| {
        let model = format!(
            "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
             <window-source name=\"s\"><schema-string>{schema}</schema-string></window-source>\
             <window-transpose name=\"t\" {attributes}/></windows><edges><edge source=\"s\" target=\"t\"/></edges>\
             </contquery></contqueries></project>"
        );
        build(&model).err().map(|mistakes| mistakes.display("m").to_string()).unwrap_or_default()
    };
    let schema = "id*:int32,tag:string,v:int32";
    let all = "tag-name=\"tag\" tag-values=\"v\" tags-included=\"a,b\"";
    assert!(mistakes(schema, all).contains("needs the attribute 'mode'"));
    assert!(mistakes(schema, &format!("mode=\"tall\" {all}")).contains("'tall' is no value of 'mode'"));
    assert!(mistakes(schema, "mode=\"wide\" tag-name=\"tag\"").contains("needs the attribute 'tag-values'"));
    assert!(
        mistakes(schema, "mode=\"wide\" tag-name=\"t\" tag-values=\"w\" tags-included=\"a\" group-by=\"g\"")
            .contains("no field 'g'")
    );
    assert!(
        mistakes(schema, &format!("mode=\"wide\" {all} clear-timeout=\"soon\""))
            .contains("'soon' is no interval")
    );
    assert!(mistakes(schema, &format!("mode=\"long\" {all}")).contains("no field 'a_v'"));
    assert!(
        mistakes("id*:int32,tag:int32,v:int32", &format!("mode=\"wide\" {all}")).contains("tags are strings")
    );
    assert!(
        mistakes("id:int32,tag*:string,v:int32", &format!("mode=\"wide\" {all}")).contains("no key field")
    );
    assert!(
        mistakes("id*:int32,a_v:int32,b_v:string", &format!("mode=\"long\" {all}"))
            .contains("different types")
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    /// Random tags, groups, times and block sizes against a map from group to the last values.
    #[test]
    fn wide_equals_a_map(
        blocks in prop::collection::vec((0i64..8, prop::collection::vec((0usize..3, 0i32..3, prop::option::of(0i32..9)), 1..6)), 1..12),
        save_at in 0usize..12,
    ) {
        let mut run = run(
            "id*:int32,g:int32,tag:string,v:int32",
            "mode=\"wide\" tag-name=\"tag\" tag-values=\"v\" tags-included=\"a,b\" group-by=\"g\" clear-timeout=\"5 seconds\"",
        );
        let mut memory: BTreeMap<i32, (i64, [Option<i32>; 2])> = BTreeMap::new();
        let (mut now, mut id) = (0, 0);
        for (number, (wait, events)) in blocks.iter().enumerate() {
            now += wait;
            let (mut table, mut expected) = (String::new(), Vec::new());
            let text = |v: Option<i32>| v.map_or("∅".to_owned(), |v| v.to_string());
            for &(tag, group, value) in events {
                id += 1;
                table += &format!("I N {id} {group} {} {}\n", ["a", "b", "c"][tag], text(value));
                if tag == 2 && !memory.contains_key(&group) { continue }
                let known = memory.entry(group).or_insert((now, [None; 2]));
                if now - known.0 > 5 { known.1 = [None; 2] }
                known.0 = now;
                if tag < 2 {
                    known.1[tag] = value;
                    expected.push(format!("I N {id} {group} {} {}", text(known.1[0]), text(known.1[1])));
                }
            }
            prop_assert_eq!(run.feed(now * SECOND, "s", &table, "t"), expected);
            if number == save_at { run.save_and_load() }
        }
    }
}
