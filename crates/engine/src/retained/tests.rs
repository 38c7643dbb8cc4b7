//! Resolution and retention against a model that keeps a plain list.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_event::{BlockKind, EventBlock, Flags, Opcode, RowBatch, Schema, pretty};
use tidegate_model::{IndexType, Interval, Position, Retention as RetentionDef, RetentionPolicy};

use super::{Resolution, Retained};
use crate::retention::{Retention, TimeSource};
use crate::state::Frozen;
use crate::step::Reject;
use crate::testing::{Bench, lines};

const STRICT: Resolution = Resolution { lenient: false, old_from_input: false };

fn schema() -> Arc<Schema> {
    Arc::new(Schema::parse("k*:int64,v:string,t:stamp").unwrap())
}

fn retained(policy: Option<RetentionPolicy>, field: bool, tracking: bool) -> Retained {
    let retention = policy.map(|policy| {
        let def = RetentionDef { policy, field: None, position: Position { line: 1, column: 1 } };
        let source = if field { TimeSource::Field { field: 2, unit_micros: 1 } } else { TimeSource::Clock };
        let anchor = tidegate_event::EngineTime::from_micros(0);
        (Retention::new(&def, source, anchor), Retention::needs_ages(&def))
    });
    Retained::new(&schema(), IndexType::Hash, retention, tracking)
}

fn micros(n: i64) -> Interval {
    Interval::parse(&format!("{n} microseconds")).unwrap()
}

fn apply(retained: &mut Retained, bench: &mut Bench, time: i64, kind: BlockKind, table: &str) -> Vec<String> {
    let schema = schema();
    let block = Arc::new(pretty::block(&schema, table));
    let out = bench.step(time, |step| retained.apply(&block, kind, STRICT, step));
    lines(&schema, out.as_deref())
}

/// The table of engine-semantics 1.6.
#[test]
fn opcodes_resolve_by_key_state() {
    let mut rows = retained(None, false, false);
    let mut bench = Bench::default();
    let mut run = |table: &str| {
        let out = apply(&mut rows, &mut bench, 0, BlockKind::Normal, table);
        let rejects: Vec<Reject> = bench.out.rejects.drain(..).map(|(_, _, reason)| reason).collect();
        (out, rejects)
    };
    assert_eq!(run("I N 1 a 0").0, ["I N 1 a 0"]);
    assert_eq!(run("I N 1 b 0"), (vec![], vec![Reject::DuplicateKey]));
    assert_eq!(run("U N 2 b 0"), (vec![], vec![Reject::MissingKey]));
    assert_eq!(run("U N 1 c 0").0, ["UB N 1 c 0", "D N 1 a 0"]);
    assert_eq!(run("P N 2 d 0").0, ["I N 2 d 0"]);
    assert_eq!(run("P N 2 e 0").0, ["UB N 2 e 0", "D N 2 d 0"]);
    assert_eq!(run("D N 3 ∅ ∅"), (vec![], vec![Reject::MissingKey]));
    assert_eq!(run("SD N 3 ∅ ∅"), (vec![], vec![]));
    // A delete carries the stored row (1.5).
    assert_eq!(run("D N 2 x 9").0, ["D N 2 e 0"]);
    assert_eq!(run("SD N 1 x 9").0, ["D N 1 c 0"]);
    assert_eq!(run("I N ∅ x 9"), (vec![], vec![Reject::NullKey]));
}

/// The table of engine-semantics 1.12.
#[test]
fn partial_updates_keep_what_is_unchanged() {
    let mut rows = retained(None, false, false);
    let mut bench = Bench::default();
    let mut run = |table: &str| apply(&mut rows, &mut bench, 0, BlockKind::Normal, table);
    run("I N 7 abc 10");
    assert_eq!(run("U P 7 = 20"), ["UB N 7 abc 20", "D N 7 abc 10"]);
    assert_eq!(run("U N 7 ∅ 30"), ["UB N 7 ∅ 30", "D N 7 abc 20"]);
    assert_eq!(run("U P 8 x ="), Vec::<String>::new());
    assert_eq!(run("P P 8 x ="), ["I N 8 x ∅"]);
}

/// A transactional block is rejected whole (engine-semantics 1.8), and each event sees those before it.
#[test]
fn transactions_are_all_or_nothing() {
    let mut rows = retained(None, false, false);
    let mut bench = Bench::default();
    let mut run = |table: &str| {
        let out = apply(&mut rows, &mut bench, 0, BlockKind::Transactional, table);
        let rejects: Vec<(usize, Reject)> =
            bench.out.rejects.drain(..).map(|(_, at, why)| (at, why)).collect();
        (out, rejects)
    };
    assert_eq!(
        run("I N 1 a 0\nU N 1 b 0\nD N 1 ∅ ∅\nI N 1 c 0").0,
        ["I N 1 a 0", "UB N 1 b 0", "D N 1 a 0", "D N 1 b 0", "I N 1 c 0"]
    );
    let bad = run("I N 2 a 0\nI N 1 b 0\nI N 3 c 0");
    assert_eq!(
        bad,
        (vec![], vec![(0, Reject::Transaction), (1, Reject::DuplicateKey), (2, Reject::Transaction)])
    );
    assert_eq!(run("D N 2 ∅ ∅").1, [(0, Reject::MissingKey)]);
    // The old half of an update pair does not take the key away.
    let pair = run("UB N 1 d 0\nD N 1 c 0\nI N 1 e 0");
    assert_eq!(
        pair,
        (vec![], vec![(0, Reject::Transaction), (1, Reject::Transaction), (2, Reject::DuplicateKey)])
    );
}

/// Count 3 over the values 3 5 4 6 2 8 1 (engine-semantics 2.3), trigger first, then the deletes (2.2).
#[test]
fn counts_slide_and_jump() {
    let mut sliding = retained(Some(RetentionPolicy::ByCountSliding(3)), false, false);
    let mut jumping = retained(Some(RetentionPolicy::ByCountJumping(3)), false, false);
    let mut bench = Bench::default();
    let mut slid = Vec::new();
    let mut jumped = Vec::new();
    for (k, v) in [3, 5, 4, 6, 2, 8, 1].into_iter().enumerate() {
        let event = format!("I N {k} {v} 0");
        slid.extend(apply(&mut sliding, &mut bench, 0, BlockKind::Normal, &event));
        jumped.extend(apply(&mut jumping, &mut bench, 0, BlockKind::Normal, &event));
    }
    assert_eq!(
        slid,
        [
            "I N 0 3 0",
            "I N 1 5 0",
            "I N 2 4 0",
            "I N 3 6 0",
            "D R 0 3 0",
            "I N 4 2 0",
            "D R 1 5 0",
            "I N 5 8 0",
            "D R 2 4 0",
            "I N 6 1 0",
            "D R 3 6 0"
        ]
    );
    assert_eq!(
        jumped,
        [
            "I N 0 3 0",
            "I N 1 5 0",
            "I N 2 4 0",
            "I N 3 6 0",
            "D R 0 3 0",
            "D R 1 5 0",
            "D R 2 4 0",
            "I N 4 2 0",
            "I N 5 8 0",
            "I N 6 1 0",
            "D R 3 6 0",
            "D R 4 2 0",
            "D R 5 8 0"
        ]
    );
}

/// A row that came and went within one block leaves no trace, one that was there before leaves as it was
/// (engine-semantics 2.2); with retention tracking both changes stay.
#[test]
fn a_block_is_applied_before_retention() {
    let table = "U N 1 new 0\nI N 2 a 0\nI N 3 b 0";
    let mut bench = Bench::default();
    let mut plain = retained(Some(RetentionPolicy::ByCountSliding(1)), false, false);
    apply(&mut plain, &mut bench, 0, BlockKind::Normal, "I N 1 old 0");
    assert_eq!(apply(&mut plain, &mut bench, 0, BlockKind::Normal, table), ["I N 3 b 0", "D R 1 old 0"]);
    let mut tracking = retained(Some(RetentionPolicy::ByCountSliding(1)), false, true);
    apply(&mut tracking, &mut bench, 0, BlockKind::Normal, "I N 1 old 0");
    assert_eq!(
        apply(&mut tracking, &mut bench, 0, BlockKind::Normal, table),
        ["UB N 1 new 0", "D N 1 old 0", "I N 2 a 0", "I N 3 b 0", "D R 1 new 0", "D R 2 a 0"]
    );
}

#[derive(Debug, Clone)]
struct Change {
    opcode: Opcode,
    key: i64,
    value: Option<String>,
    time: Option<i64>,
}

fn change() -> impl Strategy<Value = Change> {
    let opcode = prop::sample::select(vec![
        Opcode::Insert,
        Opcode::Update,
        Opcode::Upsert,
        Opcode::Delete,
        Opcode::SafeDelete,
    ]);
    (opcode, 0..12_i64, prop::option::of("[a-z]{0,12}"), prop::option::weighted(0.9, 0..60_i64))
        .prop_map(|(opcode, key, value, time)| Change { opcode, key, value, time })
}

fn policy() -> impl Strategy<Value = (Option<RetentionPolicy>, bool)> {
    let limit = || (1..30_i64).prop_map(micros);
    prop_oneof![
        Just((None, false)),
        (1..6_u64).prop_map(|n| (Some(RetentionPolicy::ByCountSliding(n)), false)),
        (1..6_u64).prop_map(|n| (Some(RetentionPolicy::ByCountJumping(n)), false)),
        (limit(), any::<bool>()).prop_map(|(l, field)| (Some(RetentionPolicy::ByTimeSliding(l)), field)),
        (limit(), any::<bool>()).prop_map(|(l, field)| (Some(RetentionPolicy::ByTimeJumping(l)), field)),
        (limit(), limit(), any::<bool>()).prop_map(|(limit, lookback, field)| {
            (Some(RetentionPolicy::ByTimeJumpingLookback { limit, lookback }), field)
        }),
    ]
}

/// The rules of engine-semantics 1.6 and 2.1, over a list in order of modification.
#[derive(Debug, Default)]
struct Naive {
    rows: Vec<(i64, Option<String>, Option<i64>, i64)>,
    newest: Option<i64>,
    period_start: Option<i64>,
}

impl Naive {
    fn change(&mut self, change: &Change, now: i64, policy: Option<RetentionPolicy>, field: bool) {
        let at = self.rows.iter().position(|row| row.0 == change.key);
        let arrives = match change.opcode {
            Opcode::Insert => at.is_none(),
            Opcode::Update => at.is_some(),
            Opcode::Upsert => true,
            _ => false,
        };
        if let Some(at) = at.filter(|_| arrives || change.opcode.is_delete()) {
            self.rows.remove(at);
        }
        if !arrives {
            return;
        }
        let age = if field { change.time.or(self.newest).unwrap_or(i64::MIN) } else { now };
        self.newest = self.newest.max(Some(age));
        self.rows.push((change.key, change.value.clone(), change.time, age));
        let last = self.rows.len() - 1;
        match policy {
            Some(RetentionPolicy::ByCountJumping(n)) if self.rows.len() as u64 > n => {
                self.rows.drain(..last);
            }
            Some(RetentionPolicy::ByTimeJumping(limit)) if field => self.jump(limit.micros(), 0, age),
            Some(RetentionPolicy::ByTimeJumpingLookback { limit, lookback }) if field => {
                self.jump(limit.micros(), lookback.micros(), age);
            }
            _ => {}
        }
    }

    fn jump(&mut self, limit: i64, lookback: i64, time: i64) {
        if time == i64::MIN {
            return;
        }
        match self.period_start {
            None => self.period_start = Some(time),
            Some(start) if time - start >= limit => {
                self.period_start = Some(time);
                let last = self.rows.pop().unwrap();
                self.rows.retain(|row| time.saturating_sub(row.3) < lookback);
                self.rows.push(last);
            }
            Some(_) => {}
        }
    }

    fn after_block(&mut self, policy: Option<RetentionPolicy>, field: bool) {
        match policy {
            Some(RetentionPolicy::ByCountSliding(n)) => {
                let surplus = self.rows.len().saturating_sub(n as usize);
                self.rows.drain(..surplus);
            }
            Some(RetentionPolicy::ByTimeSliding(limit)) if field => {
                if let Some(newest) = self.newest {
                    self.rows.retain(|row| newest.saturating_sub(row.3) < limit.micros());
                }
            }
            _ => {}
        }
    }

    fn heartbeat(&mut self, now: i64, policy: Option<RetentionPolicy>, field: bool) {
        let boundary = |limit: i64| now.div_euclid(limit) * limit;
        match policy {
            Some(RetentionPolicy::ByTimeSliding(limit)) if !field => {
                self.rows.retain(|row| now - row.3 < limit.micros());
            }
            Some(RetentionPolicy::ByTimeJumping(limit)) if !field => {
                self.rows.retain(|row| row.3 > boundary(limit.micros()));
            }
            Some(RetentionPolicy::ByTimeJumpingLookback { limit, lookback }) if !field => {
                let previous = self.period_start.unwrap_or(0);
                let boundary = boundary(limit.micros());
                if boundary > previous {
                    self.period_start = Some(boundary);
                    self.rows.retain(|row| boundary - row.3 < lookback.micros());
                }
            }
            _ => {}
        }
    }
}

fn block_of(changes: &[Change]) -> Arc<EventBlock> {
    let schema = schema();
    let mut rows = RowBatch::new(schema.layout());
    for change in changes {
        let mut row = rows.push();
        row.set_int(0, change.key);
        if let Some(value) = &change.value {
            row.set_text(1, value);
        }
        if let Some(time) = change.time {
            row.set_int(2, time);
        }
    }
    let mut block = EventBlock::new(Arc::new(rows), Vec::new());
    for (row, change) in changes.iter().enumerate() {
        block.push(change.opcode, Flags::NORMAL, row as u32);
    }
    Arc::new(block)
}

/// Folds a block into a table, checking that every event fits: inserts meet no row, update pairs and deletes
/// meet exactly the row they carry.
fn fold(table: &mut Vec<(i64, Vec<String>)>, block: &EventBlock) {
    let cells = |row: tidegate_event::RowView<'_>| -> Vec<String> {
        row.values().map(|v| format!("{v:?}")).collect()
    };
    let mut events = block.iter().peekable();
    while let Some(event) = events.next() {
        let key = event.row.int(0);
        let at = table.iter().position(|row| row.0 == key);
        match event.opcode {
            Opcode::Insert => {
                assert_eq!(at, None, "insert of a key that is there");
                table.push((key, cells(event.row)));
            }
            Opcode::UpdateBlock => {
                let old = events.next().expect("an update pair has two halves");
                let at = at.expect("an update of a key that is there");
                assert_eq!((old.opcode, &cells(old.row)), (Opcode::Delete, &table[at].1));
                table[at].1 = cells(event.row);
            }
            Opcode::Delete => {
                let at = at.expect("a delete of a key that is there");
                assert_eq!(cells(event.row), table[at].1);
                table.remove(at);
            }
            other => panic!("{other} leaves no stateful window"),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, ..ProptestConfig::default() })]
    #[test]
    fn rows_are_those_of_the_plain_list(
        (policy, field) in policy(),
        tracking in any::<bool>(),
        steps in prop::collection::vec((0..9_i64, prop::collection::vec(change(), 0..6), prop::bool::weighted(0.2)), 1..30),
    ) {
        let mut rows = retained(policy, field, tracking);
        let mut naive = Naive::default();
        let mut bench = Bench::default();
        let mut table = Vec::new();
        let mut now = 0;
        for (pause, changes, save) in steps {
            now += pause;
            // A heartbeat at every instant at which something is due, as the project's clock does.
            while let Some(due) = rows.next_due().map(tidegate_event::EngineTime::micros).filter(|&due| due <= now) {
                naive.heartbeat(due, policy, field);
                let before = rows.len();
                if let Some(out) = bench.step(due, |step| rows.at_heartbeat(step)) {
                    prop_assert!(out.iter().all(|e| e.opcode == Opcode::Delete && e.flags == Flags::RETENTION));
                    prop_assert_eq!(before - rows.len(), out.len());
                    fold(&mut table, &out);
                }
            }
            for change in &changes {
                naive.change(change, now, policy, field);
            }
            naive.after_block(policy, field);
            let block = block_of(&changes);
            if let Some(out) = bench.step(now, |step| rows.apply(&block, BlockKind::Normal, STRICT, step)) {
                fold(&mut table, &out);
            }
            let mut expected: Vec<(i64, Vec<String>)> = naive
                .rows
                .iter()
                .map(|(key, value, time, _)| {
                    let block = block_of(&[Change { opcode: Opcode::Insert, key: *key, value: value.clone(), time: *time }]);
                    (*key, block.event(0).row.values().map(|v| format!("{v:?}")).collect())
                })
                .collect();
            expected.sort();
            table.sort();
            prop_assert_eq!(&table, &expected);
            if save {
                let listing: Vec<i64> = rows.listing().into_iter().map(|id| rows.store().row(id).int(0)).collect();
                let mut bytes = Vec::new();
                rows.freeze().write(&mut bytes).unwrap();
                let mut again = retained(policy, field, tracking);
                let mut from = &bytes[..];
                again.load(&mut from).unwrap();
                prop_assert!(from.is_empty());
                let relisted: Vec<i64> = again.listing().into_iter().map(|id| again.store().row(id).int(0)).collect();
                prop_assert_eq!(listing, relisted);
                rows = again;
            }
        }
    }
}
