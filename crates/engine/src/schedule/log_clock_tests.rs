//! The log as clock (design.md 6): what comes out depends on the records alone.

use proptest::prelude::*;
use tidegate_event::{BlockKind, EngineTime};

use crate::testing::{Run, lines};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const SOURCE: &str = "<window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
    <schema-string>k*:int64,g:int32,n:int32</schema-string></window-source>";

fn copy(name: &str, ty: &str, limit: &str) -> String {
    format!("<window-copy name=\"{name}\"><retention type=\"{ty}\"{limit}</retention></window-copy>")
}

fn run(windows: &str, edges: &str) -> Run {
    Run::new("logclock=\"true\"", &format!("{SOURCE}{windows}"), edges)
}

/// Runs a record as a step; answers `window id time event` for each event.
fn record(run: &mut Run, input: i64, time: Option<i64>, table: &str) -> Vec<String> {
    let source = run.id("s");
    let schema = std::sync::Arc::clone(run.project.window(source).schema);
    run.out = crate::testing::Recorder::default();
    let time = time.map_or(EngineTime::UNSET, EngineTime::from_micros);
    run.project.begin_step(input, time, &mut run.out);
    for line in table.lines() {
        let block = std::sync::Arc::new(tidegate_event::pretty::block(&schema, line));
        run.project.inject(source, BlockKind::Normal, 0, block, &mut run.out);
    }
    let told = run.out.blocks.iter().flat_map(|(window, header, block)| {
        let window = run.project.window(*window);
        let (name, id, time) = (window.name.to_owned(), header.id, header.time.micros());
        lines(window.schema, Some(block)).into_iter().map(move |line| format!("{name} {id} {time} {line}"))
    });
    told.collect()
}

#[test]
fn ids_come_from_the_log_and_each_step_counts_its_blocks_from_zero() {
    let mut run = run("", "");
    assert_eq!(
        record(&mut run, 0, Some(5), "I N 1 1 1\nI N 2 1 1"),
        ["s 0:0:0 5 I N 1 1 1", "s 0:1:0 5 I N 2 1 1"]
    );
    assert_eq!(record(&mut run, 0, Some(6), "I N 3 1 1"), ["s 0:0:0 6 I N 3 1 1"]);
    assert_eq!(record(&mut run, 41, Some(7), "I N 4 1 1"), ["s 41:0:0 7 I N 4 1 1"]);
    run.save_and_load();
    assert_eq!(record(&mut run, 41, Some(7), "I N 5 1 1"), ["s 41:0:0 7 I N 5 1 1"]);
}

#[test]
fn a_record_without_time_or_of_earlier_time_changes_none() {
    let mut run = run(&copy("c", "bytime_sliding", ">5 seconds"), "<edge source=\"s\" target=\"c\"/>");
    record(&mut run, 1, Some(10 * SECOND), "I N 1 1 1");
    for (input, time) in [(2, None), (3, Some(9 * SECOND))] {
        let out = record(&mut run, input, time, "I N 2 1 1");
        assert_eq!(out[0], format!("s {input}:0:0 {} I N 2 1 1", 10 * SECOND));
    }
    assert_eq!(run.project.time(), EngineTime::from_micros(10 * SECOND));
    // A record without events brings its time too, and what falls due carries the id and the time of the step.
    let out = record(&mut run, 4, Some(15 * SECOND + 7), "");
    assert_eq!(out[0], format!("c 4:0:0 {} D R 1 1 1", 15 * SECOND + 7));
}

/// Periods of 10 minutes end at multiples of 10 minutes since the epoch, whatever the first record was.
#[test]
fn jumping_periods_align_to_the_epoch() {
    let model = copy("c", "bytime_jumping", ">10 minutes");
    for first in [11 * MINUTE, 17 * MINUTE, 20 * MINUTE - 1] {
        let mut run = run(&model, "<edge source=\"s\" target=\"c\"/>");
        record(&mut run, 1, Some(first), "I N 1 1 1");
        assert_eq!(record(&mut run, 2, Some(20 * MINUTE - 1), ""), Vec::<String>::new());
        let end = 20 * MINUTE;
        assert_eq!(record(&mut run, 3, Some(end), ""), [format!("c 3:0:0 {end} D R 1 1 1")]);
    }
}

/// What the sliding copy must give out, recomputed from the records: a row goes in the first step whose time has
/// reached the whole second at or after its time plus the limit.
fn sliding(records: &[(Option<i64>, i64)], limit: i64) -> Vec<String> {
    let (mut now, mut rows, mut out) = (None, Vec::new(), Vec::new());
    for (number, &(time, value)) in records.iter().enumerate() {
        now = now.max(time);
        let input = number as i64;
        let (mut sub, stamp) = (0, now.unwrap());
        let mut expiry = None;
        rows.retain(|&(key, at, value): &(usize, i64, i64)| {
            let due = (at + limit + SECOND - 1).div_euclid(SECOND) * SECOND;
            if due > stamp {
                return true;
            }
            // All that one heartbeat finds goes in one block.
            sub += i64::from(expiry.is_some_and(|expiry| expiry != due));
            expiry = Some(due);
            out.push(format!("c {input}:{sub}:0 {stamp} D R {key} 1 {value}"));
            false
        });
        sub += i64::from(expiry.is_some());
        out.push(format!("c {input}:{sub}:0 {stamp} I N {number} 1 {value}"));
        rows.push((number, stamp, value));
    }
    out
}

fn all(records: &[(Option<i64>, i64)], cuts: &[usize]) -> Vec<String> {
    let windows = [
        copy("c", "bytime_sliding", ">30 minutes"),
        copy("j", "bytime_jumping", ">7 minutes"),
        copy("l", "bytime_jumping_lookback", " unit=\"1 minutes\">5 minutes"),
        "<window-aggregate name=\"a\"><schema-string>g*:int32,sum:double,most:int32,count:int64</schema-string>\
         <output><field-expr>ESP_aSum(n)</field-expr><field-expr>ESP_aMax(n)</field-expr>\
         <field-expr>ESP_aCountOpcodes(1)</field-expr></output></window-aggregate>"
            .to_owned(),
    ];
    let edges = "<edge source=\"s\" target=\"c j l\"/><edge source=\"c\" target=\"a\"/>";
    let mut run = run(&windows.concat(), edges);
    let mut out = Vec::new();
    for (number, &(time, value)) in records.iter().enumerate() {
        out.extend(record(&mut run, number as i64, time, &format!("I N {number} 1 {value}")));
        if cuts.contains(&number) {
            run.save_and_load();
        }
    }
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn an_engine_restored_in_between_gives_the_same_and_what_the_records_say(
        steps in prop::collection::vec((prop_oneof![3 => 0..4 * MINUTE, 1 => -MINUTE..0, 1 => 0..40 * MINUTE],
            prop::bool::weighted(0.9), 0..100_i64), 1..60),
        cuts in prop::collection::vec(0..60_usize, 0..4),
    ) {
        let mut time = 1_700_000_000 * SECOND;
        let records: Vec<(Option<i64>, i64)> = steps.iter().enumerate().map(|(number, &(wait, known, value))| {
            time += wait;
            ((known || number == 0).then_some(time), value)
        }).collect();
        let out = all(&records, &[]);
        prop_assert_eq!(&all(&records, &cuts), &out);
        let copied: Vec<String> = out.iter().filter(|line| line.starts_with("c ")).cloned().collect();
        prop_assert_eq!(copied, sliding(&records, 30 * MINUTE));
    }
}
