//! `pulse-interval` and `pubsub-index` over whole models.

use std::collections::BTreeMap;

use proptest::prelude::*;
use tidegate_event::{BlockKind, EngineTime};

use crate::testing::{Recorder, Run, lines};

const SECOND: i64 = 1_000_000;

fn source(attributes: &str) -> String {
    format!(
        "<window-source name=\"s\" {attributes}><schema-string>k*:int64,v:int32</schema-string></window-source>\
         <window-copy name=\"c\"/>"
    )
}

fn run(attributes: &str) -> Run {
    Run::new("", &source(attributes), "<edge source=\"s\" target=\"c\"/>")
}

/// Moves the clock without input; answers what `window` emitted.
fn tick(run: &mut Run, micros: i64, window: &str) -> Vec<String> {
    run.out = Recorder::default();
    let input = run.project.input() + 1;
    run.project.begin_step(input, EngineTime::from_micros(micros), &mut run.out);
    run.lines_of(window)
}

/// What a subscriber with `snapshot=true` gets first.
fn content(run: &Run, window: &str) -> Vec<String> {
    let id = run.id(window);
    let mut all = Vec::new();
    run.project.content(id, 100, &mut |block| all.extend(lines(run.project.window(id).schema, Some(&block))));
    all
}

/// Engine-semantics 1.8: at most one of {I, UB+D, D} per key.
#[test]
fn a_pulse_is_canonical() {
    let mut run = run("pulse-interval=\"5 seconds\"");
    assert!(run.feed(0, "s", "I N 1 10\nI N 2 20", "s").is_empty());
    assert!(run.feed(SECOND, "s", "U N 1 11", "s").is_empty());
    assert!(run.feed(2 * SECOND, "s", "D N 2 ∅\nI N 3 30", "s").is_empty());
    assert_eq!(tick(&mut run, 5 * SECOND, "s"), ["I N 1 11", "I N 3 30"]);
    assert_eq!(run.lines_of("c"), ["I N 1 11", "I N 3 30"]);
    assert!(run.feed(6 * SECOND, "s", "U N 1 12\nU N 1 13\nD N 3 ∅\nI N 4 40", "s").is_empty());
    assert!(tick(&mut run, 9 * SECOND, "s").is_empty());
    assert_eq!(tick(&mut run, 10 * SECOND, "s"), ["UB N 1 13", "D N 1 11", "D N 3 30", "I N 4 40"]);
    assert!(tick(&mut run, 20 * SECOND, "s").is_empty());
}

/// An interval that began without changes does not delay the first: pulses stand at multiples since the start.
#[test]
fn pulses_stand_at_multiples() {
    let mut run = run("pulse-interval=\"5 seconds\"");
    tick(&mut run, SECOND, "s");
    assert!(run.feed(8 * SECOND, "s", "I N 1 10", "s").is_empty());
    assert!(tick(&mut run, 10 * SECOND, "s").is_empty());
    assert_eq!(tick(&mut run, 11 * SECOND, "s"), ["I N 1 10"]);
}

#[test]
fn a_stateless_window_gives_out_what_it_held() {
    let mut run = run("index=\"pi_EMPTY\" pulse-interval=\"5 seconds\"");
    assert!(run.feed(0, "s", "P N 1 10\nP N 1 11\nSD N 2 ∅", "s").is_empty());
    assert_eq!(tick(&mut run, 5 * SECOND, "s"), ["P N 1 10", "P N 1 11", "SD N 2 ∅"]);
}

#[test]
fn inserts_only_after_a_pulse() {
    let mut run = run("pulse-interval=\"5 seconds\" output-insert-only=\"true\"");
    run.feed(0, "s", "I N 1 10", "s");
    assert_eq!(tick(&mut run, 5 * SECOND, "s"), ["I N 1 10"]);
    run.feed(6 * SECOND, "s", "U N 1 11\nI N 2 20\nU N 2 21", "s");
    assert_eq!(tick(&mut run, 10 * SECOND, "s"), ["I N 2 21"]);
}

/// Engine-semantics 6: snapshot and live blocks without gap or duplicate, so a snapshot has no held change.
#[test]
fn a_snapshot_is_of_the_last_pulse() {
    let mut run = run("pulse-interval=\"5 seconds\"");
    run.feed(0, "s", "I N 1 10", "s");
    assert!(content(&run, "s").is_empty());
    tick(&mut run, 5 * SECOND, "s");
    run.feed(6 * SECOND, "s", "U N 1 11", "s");
    assert_eq!(content(&run, "s"), ["I N 1 10"]);
    tick(&mut run, 10 * SECOND, "s");
    assert_eq!(content(&run, "s"), ["I N 1 11"]);
}

#[test]
fn a_stateless_window_lists_by_its_pubsub_index() {
    let mut run = run("index=\"pi_EMPTY\" pubsub-index=\"pi_HASH\"");
    assert_eq!(run.feed(1, "s", "I N 2 1\nP N 1 5\nI N 2 3\nI N 4 4", "s").len(), 4);
    run.feed(2, "s", "D N 4 ∅\nSD N 9 ∅", "s");
    assert_eq!(content(&run, "s"), ["I N 2 3", "I N 1 5"]);
    run.save_and_load();
    assert_eq!(content(&run, "s"), ["I N 2 3", "I N 1 5"]);
}

#[test]
fn the_order_is_that_of_the_pubsub_index() {
    let mut run = run("index=\"pi_HASH\" pubsub-index=\"pi_RBTREE\"");
    run.feed(1, "s", "I N 2 1\nI N 1 5", "s");
    assert_eq!(content(&run, "s"), ["I N 1 5", "I N 2 1"]);
}

#[test]
fn an_empty_pubsub_index_lists_nothing() {
    let mut run = run("index=\"pi_HASH\" pubsub-index=\"pi_EMPTY\"");
    assert_eq!(run.feed(1, "s", "I N 2 1", "s"), ["I N 2 1"]);
    assert!(content(&run, "s").is_empty());
    assert_eq!(run.project.window(run.id("s")).rows, 1);
}

proptest! {
    /// What leaves at a pulse turns the content as of the last pulse into the present one, one change a key, in
    /// order of the keys' first change; a save and load between any two steps changes nothing.
    #[test]
    fn pulses_follow_a_naive_model(
        steps in prop::collection::vec(
            (0_i64..3, prop::collection::vec((0_u8..4, 0_i64..5, 0_i32..100), 0..6), any::<bool>()),
            1..40,
        ),
    ) {
        let mut run = run("pulse-interval=\"3 seconds\"");
        tick(&mut run, 0, "s");
        let (mut now, mut next) = (0, None);
        let mut rows: BTreeMap<i64, i32> = BTreeMap::new();
        let mut told = rows.clone();
        let mut touched: Vec<i64> = Vec::new();
        for (wait, events, save) in steps {
            now += wait;
            let mut expected = Vec::new();
            if next.is_some_and(|at| at <= now) {
                for key in touched.drain(..) {
                    match (told.get(&key), rows.get(&key)) {
                        (None, Some(new)) => expected.push(format!("I N {key} {new}")),
                        (Some(old), Some(new)) => {
                            expected.push(format!("UB N {key} {new}"));
                            expected.push(format!("D N {key} {old}"));
                        }
                        (Some(old), None) => expected.push(format!("D N {key} {old}")),
                        (None, None) => {}
                    }
                }
                told = rows.clone();
                next = None;
            }
            let mut table = Vec::new();
            for (opcode, key, value) in events {
                let known = rows.contains_key(&key);
                let opcode = match (opcode, known) {
                    (0, false) => "I",
                    (1, true) => "U",
                    (2, true) => "D",
                    (3, _) => "P",
                    _ => continue,
                };
                table.push(format!("{opcode} N {key} {value}"));
                if opcode == "D" { rows.remove(&key); } else { rows.insert(key, value); }
                // A key that came and went is as if untouched: what comes later is its first change.
                if !touched.contains(&key) { touched.push(key); }
                if !told.contains_key(&key) && !rows.contains_key(&key) { touched.retain(|&k| k != key); }
                next = next.or(Some((now / 3 + 1) * 3));
            }
            let emitted = if table.is_empty() {
                tick(&mut run, now * SECOND, "s")
            } else {
                run.feed_as(now * SECOND, "s", BlockKind::Normal, &table.join("\n"));
                run.lines_of("s")
            };
            prop_assert_eq!(emitted, expected);
            prop_assert_eq!(content(&run, "s").len(), told.len());
            if save { run.save_and_load(); }
        }
    }
}
