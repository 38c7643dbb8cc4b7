//! Each operator, time limits, the index and variables.

use super::{NONE, SECOND, pattern, window};
use crate::testing::Run;

/// A pattern over `s` with the events a (v=1), b (v=2), c (v=3), d (v>0), e (v<10), each with its id in the output.
fn run(attributes: &str, logic: &str, rest: &str) -> Run {
    let events = [("a", "v==1"), ("b", "v==2"), ("c", "v==3"), ("d", "v &gt; 0"), ("e", "v &lt; 10")];
    window("", &pattern(attributes, &events, logic, rest))
}

/// Feeds values of `v`, with ids from 1, one block each, saved and loaded in between; answers all output.
fn feed(run: &mut Run, values: &[i32]) -> Vec<String> {
    let mut out = Vec::new();
    for (n, v) in values.iter().enumerate() {
        out.extend(run.feed(1, "s", &format!("I N {} x {v} 0", n + 1), "p"));
        run.save_and_load();
    }
    out
}

fn all(logic: &str, values: &[i32]) -> Vec<String> {
    let one_by_one = feed(&mut run("", logic, ""), values);
    let table: Vec<String> =
        values.iter().enumerate().map(|(n, v)| format!("I N {} x {v} 0", n + 1)).collect();
    assert_eq!(run("", logic, "").feed(1, "s", &table.join("\n"), "p"), one_by_one, "{logic} in one block");
    one_by_one
}

#[test]
fn fby_is_greedy_and_shares_events() {
    // The second a starts an instance of its own; b completes both, oldest first; the next b finds none.
    assert_eq!(all("fby(a,b)", &[1, 1, 2, 2]), ["I N 0 1 3 ∅ ∅ ∅", "I N 1 2 3 ∅ ∅ ∅"]);
    assert_eq!(all("fby(a,b,c)", &[1, 3, 2, 3, 3]), ["I N 0 1 3 4 ∅ ∅"]);
    assert_eq!(all("fby(fby(a,b),c)", &[1, 2, 3]), ["I N 0 1 2 3 ∅ ∅"]);
    // Nested operands begin strictly later.
    assert_eq!(all("fby(a,fby(d,b))", &[1, 2, 2]), ["I N 0 1 3 ∅ 2 ∅"]);
}

#[test]
fn and_takes_several_operands_from_one_event() {
    assert_eq!(all("and(d,e)", &[5]), ["I N 0 ∅ ∅ ∅ 1 1"]);
    // 20 waits for e, -1 completes it and waits for d itself; 30 completes that and waits.
    assert_eq!(all("and(d,e)", &[20, -1, 30]), ["I N 0 ∅ ∅ ∅ 1 2", "I N 1 ∅ ∅ ∅ 3 2"]);
    assert_eq!(all("and(a,b)", &[2, 1]), ["I N 0 2 1 ∅ ∅ ∅"]);
}

#[test]
fn or_takes_any_operand() {
    assert_eq!(all("or(a,b)", &[2, 3, 1]), ["I N 0 ∅ 1 ∅ ∅ ∅", "I N 1 3 ∅ ∅ ∅ ∅"]);
    assert_eq!(all("fby(a,or(b,c))", &[1, 3]), ["I N 0 1 ∅ 2 ∅ ∅"]);
}

#[test]
fn notoccur_holds_until_its_operand_occurs() {
    assert_eq!(all("fby(a,and(notoccur(c),b))", &[1, 3, 2, 1, 9, 2]), ["I N 0 4 6 ∅ ∅ ∅"]);
    // It does not matter after the rest is complete, and one event that satisfies both drops the instance.
    assert_eq!(all("fby(a,and(notoccur(d),e))", &[1, 5]), NONE);
    assert_eq!(all("fby(a,and(notoccur(d),e))", &[1, -5]), ["I N 0 1 ∅ ∅ ∅ 2"]);
    // Between two operands of fby.
    assert_eq!(all("fby(a,notoccur(c),b)", &[1, 9, 2, 1, 3, 2]), ["I N 0 1 3 ∅ ∅ ∅"]);
    // At the end, without a limit: the next event that does not break it.
    assert_eq!(all("fby(a,notoccur(b))", &[1, 9, 1, 2]), ["I N 0 1 ∅ ∅ ∅ ∅"]);
}

#[test]
fn not_and_is_are_decided_by_the_next_event() {
    // The next event is no c: from then on a c does no harm.
    assert_eq!(all("fby(a,and(not(c),b))", &[1, 9, 3, 2]), ["I N 0 1 4 ∅ ∅ ∅"]);
    assert_eq!(all("fby(a,and(not(c),b))", &[1, 3, 2]), NONE);
    // An event that only breaks a `not` is not in the output.
    assert_eq!(all("fby(a,or(not(b),c))", &[1, 2, 3]), ["I N 0 1 ∅ 3 ∅ ∅"]);
    for is in ["is(b)", "not(not(b))"] {
        assert_eq!(all(&format!("fby(a,{is})"), &[1, 2, 1, 9, 2]), ["I N 0 1 2 ∅ ∅ ∅"]);
    }
    assert_eq!(all("fby(a,is:2(b))", &[1, 2, 2, 1, 2, 9, 2]), ["I N 0 1 3 ∅ ∅ ∅"]);
    assert_eq!(all("fby(is(a),is(b),is(c))", &[1, 1, 2, 3]), ["I N 0 2 3 4 ∅ ∅"]);
}

#[test]
fn a_limit_that_is_exactly_reached_still_matches() {
    let times = "<timefields><timefield source=\"s\" field=\"t\"/></timefields>";
    let mut run = run("", "fby{5 seconds}(a,b)", times);
    assert_eq!(run.feed(1, "s", "I N 1 x 1 0\nI N 2 x 2 5000000", "p"), ["I N 0 1 2 ∅ ∅ ∅"]);
    assert_eq!(run.feed(1, "s", "I N 3 x 1 6000000\nI N 4 x 2 11000001", "p"), NONE);
    // Nested limits are apart: b within 5 s of a, c within 5 s of a too.
    let mut run = self::run("", "fby{6 seconds}(fby{5 seconds}(a,b),c)", times);
    assert_eq!(
        run.feed(1, "s", "I N 1 x 1 0\nI N 2 x 2 5000000\nI N 3 x 3 6000000", "p"),
        ["I N 0 1 2 3 ∅ ∅"]
    );
    assert_eq!(run.feed(1, "s", "I N 1 x 1 10000000\nI N 2 x 2 11000000\nI N 3 x 3 17000000", "p"), NONE);
}

#[test]
fn heartbeats_complete_what_nothing_has_broken() {
    let mut run = run("", "fby{5 seconds}(a,notoccur(b))", "");
    assert_eq!(run.feed(SECOND, "s", "I N 1 x 1 0", "p"), NONE);
    run.save_and_load();
    assert_eq!(run.feed(3 * SECOND, "s", "I N 2 x 1 0", "p"), NONE);
    assert_eq!(run.project.next_heartbeat().map(tidegate_event::EngineTime::micros), Some(7 * SECOND));
    // The heartbeat at 7 s completes the first; the b at 7.5 s breaks the second.
    assert_eq!(run.feed(7 * SECOND + SECOND / 2, "s", "I N 3 x 2 0", "p"), ["I N 0 1 ∅ ∅ ∅ ∅"]);
    assert_eq!(run.feed(60 * SECOND, "s", "I N 4 x 9 0", "p"), NONE);
    assert_eq!(run.project.next_heartbeat(), None);
}

#[test]
fn an_index_keeps_instances_apart() {
    let mut run = run("index=\"k\"", "fby(a,b)", "");
    let table = "I N 1 x 1 0\nI N 2 y 2 0\nI N 3 ∅ 1 0\nI N 4 x 2 0\nI N 5 ∅ 2 0";
    assert_eq!(run.feed(1, "s", table, "p"), ["I N 0 1 4 ∅ ∅ ∅", "I N 1 3 5 ∅ ∅ ∅"]);
    // The next event of the index values decides an `is`, not the next of all.
    let mut run = self::run("index=\"k\"", "fby(a,is(b))", "");
    assert_eq!(run.feed(1, "s", "I N 1 x 1 0\nI N 2 y 9 0\nI N 3 x 2 0", "p"), ["I N 0 1 3 ∅ ∅ ∅"]);
}

#[test]
fn variables_are_bound_by_the_first_equality() {
    // c: one more than the value bound by a, of the same k. Bindings of a condition that fails are dropped.
    let events =
        [("a", "w==v and x==k and v &lt; 100"), ("b", "(x==k) and (w+1)==v"), ("c", "v==0 and w &gt; 0")];
    let mut run = window("", &pattern("", &events, "fby(a,b)", ""));
    let table = "I N 1 x 5 0\nI N 2 y 6 0\nI N 3 x 7 0\nI N 4 x 6 0\nI N 5 x ∅ 0\nI N 6 x 8 0\nI N 7 y 7 0";
    assert_eq!(run.feed(1, "s", table, "p"), ["I N 0 1 4 ∅ ∅ ∅", "I N 1 3 6 ∅ ∅ ∅", "I N 2 2 7 ∅ ∅ ∅"]);
}

#[test]
fn several_patterns_number_their_matches_together() {
    let events = [("a", "v==1"), ("b", "v==2")];
    let off = pattern("is-active=\"false\"", &events, "fby(a,b)", "");
    let patterns = [pattern("", &events, "fby(a,b)", ""), pattern("", &events, "or(a,b)", ""), off];
    let mut run = window("", &patterns.concat());
    assert_eq!(
        run.feed(1, "s", "I N 1 x 1 0\nI N 2 x 2 0", "p"),
        ["I N 0 1 ∅ ∅ ∅ ∅", "I N 1 1 2 ∅ ∅ ∅", "I N 2 ∅ 2 ∅ ∅ ∅"]
    );
}

#[test]
fn a_window_that_is_not_active_finds_nothing() {
    let mut run = window("active=\"false\"", &pattern("", &[("a", "v==1")], "a", ""));
    assert_eq!(run.feed(1, "s", "I N 1 x 1 0", "p"), NONE);
}
