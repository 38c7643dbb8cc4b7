//! Random streams against a model that recomputes every group from a plain list of rows.

use proptest::prelude::*;

use super::{EDGE, model};
use crate::testing::Run;

#[derive(Debug, Clone, PartialEq)]
enum Out {
    Null,
    Number(f64),
    Text(String),
}

#[derive(Debug, Clone)]
struct Row {
    key: u8,
    group: u8,
    v: Option<f64>,
    n: Option<i32>,
    t: Option<&'static str>,
}

/// What a group remembers beyond its rows.
#[derive(Debug, Clone, Default)]
struct Group {
    rows: Vec<Row>,
    opcodes: [u64; 3],
    last: Option<(Row, u8)>,
    last_added: Option<Row>,
    /// Start and rows of the period of 2 s, and of that of 3 s.
    periods: [(i64, Vec<Row>); 2],
    emitted: Option<String>,
}

impl Group {
    fn arrive(&mut self, row: &Row, time: i64) {
        for (period, seconds) in self.periods.iter_mut().zip([2, 3]) {
            if period.1.is_empty() || time >= period.0 + seconds * 1_000_000 {
                *period = (time, Vec::new());
            }
            period.1.push(row.clone());
        }
        self.last_added = Some(row.clone());
    }

    fn see(&mut self, row: &Row, opcode: u8) {
        self.opcodes[usize::from(opcode) - 1] += 1;
        self.last = Some((row.clone(), opcode));
    }
}

const SCHEMA: &str = "g*:string,sum:double,ave:double,n:int64,nn:int64,nl:int64,di:int64,o1:int64,o2:int64,o3:int64,\
    max:double,min:double,maxt:string,minn:int32,std:double,var:double,wave:double,first:string,last:double,\
    lnd:string,lop:int64,lag0:double,lag1:string,lag2:double,cat:string,catn:string,mode:string,modev:double,st:double,\
    at:double,mxt:double,mnt:int32,ct:int64,mixed:double,sumn:int32,ends:double";

const EXPRESSIONS: [&str; 35] = [
    "ESP_aSum(v)",
    "ESP_aAve(v)",
    "ESP_aCount()",
    "ESP_aCountNonNull(t)",
    "ESP_aCountNull(v)",
    "ESP_aCountDistinct(t)",
    "ESP_aCountOpcodes(1)",
    "ESP_aCountOpcodes(2)",
    "ESP_aCountOpcodes(3)",
    "ESP_aMax(v)",
    "ESP_aMin(v)",
    "ESP_aMax(t)",
    "ESP_aMin(n)",
    "ESP_aStd(v)",
    "ESP_aVar(n)",
    "ESP_aWAve(n,v)",
    "ESP_aFirst(t)",
    "ESP_aLast(v)",
    "ESP_aLastNonDelete(t)",
    "ESP_aLastOpcode()",
    "ESP_aLag(v,0)",
    "ESP_aLag(t,1)",
    "ESP_aLag(v,2)",
    "ESP_aCat(t,\"-\")",
    "ESP_aCat(n,\"/\")",
    "ESP_aMode(t)",
    "ESP_aMode(v)",
    "ESP_aSumTimed(v,2)",
    "ESP_aAveTimed(n,2)",
    "ESP_aMaxTimed(v,2)",
    "ESP_aMinTimed(n,2)",
    "ESP_aCountTimed(3)",
    "ESP_aSum(v)+ESP_aCount()",
    "ESP_aSum(n)",
    "ESP_aMax(v)-ESP_aMin(v)",
];

fn number(value: Option<f64>) -> Out {
    value.map_or(Out::Null, Out::Number)
}

fn text(value: Option<&str>) -> Out {
    value.map_or(Out::Null, |t| Out::Text(t.to_owned()))
}

fn sum(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum())
}

fn average(values: &[f64]) -> Option<f64> {
    sum(values).map(|sum| sum / values.len() as f64)
}

fn variance(values: &[f64]) -> Option<f64> {
    let mean = average(values)?;
    if values.len() == 1 {
        return Some(0.0);
    }
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    Some(squares / (values.len() - 1) as f64)
}

fn mode<T: PartialEq + Copy>(values: &[T]) -> Option<T> {
    let often = |value: &T| values.iter().filter(|other| *other == value).count();
    let most = values.iter().map(often).max()?;
    values.iter().copied().find(|value| often(value) == most)
}

fn joined<T: ToString>(values: &[T], separator: &str) -> Out {
    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
    if texts.is_empty() { Out::Null } else { Out::Text(texts.join(separator)) }
}

fn results(group: &Group) -> Vec<Out> {
    let rows = &group.rows;
    let v: Vec<f64> = rows.iter().filter_map(|row| row.v).collect();
    let n: Vec<f64> = rows.iter().filter_map(|row| row.n.map(f64::from)).collect();
    let whole: Vec<i32> = rows.iter().filter_map(|row| row.n).collect();
    let t: Vec<&str> = rows.iter().filter_map(|row| row.t).collect();
    let distinct: std::collections::BTreeSet<&str> = t.iter().copied().collect();
    let weighted: Vec<(f64, f64)> = rows.iter().filter_map(|r| Some((f64::from(r.n?), r.v?))).collect();
    let weights: f64 = weighted.iter().map(|w| w.0).sum();
    let products: f64 = weighted.iter().map(|w| w.0 * w.1).sum();
    let back = |k: usize| rows.len().checked_sub(k + 1).map(|at| &rows[at]);
    let timed_v: Vec<f64> = group.periods[0].1.iter().filter_map(|row| row.v).collect();
    let timed_n: Vec<f64> = group.periods[0].1.iter().filter_map(|row| row.n.map(f64::from)).collect();
    let largest = |values: &[f64]| values.iter().copied().reduce(f64::max);
    let smallest = |values: &[f64]| values.iter().copied().reduce(f64::min);
    let count = |count: usize| Out::Number(count as f64);
    let last = group.last.as_ref().expect("an event has made the group");
    vec![
        number(sum(&v)),
        number(average(&v)),
        count(rows.len()),
        count(t.len()),
        count(rows.len() - v.len()),
        count(distinct.len()),
        count(group.opcodes[0] as usize),
        count(group.opcodes[1] as usize),
        count(group.opcodes[2] as usize),
        number(largest(&v)),
        number(smallest(&v)),
        text(distinct.last().copied()),
        number(smallest(&n)),
        number(variance(&v).map(f64::sqrt)),
        number(variance(&n)),
        number((weights != 0.0).then(|| products / weights)),
        text(rows[0].t),
        number(last.0.v),
        text(group.last_added.as_ref().and_then(|row| row.t)),
        count(usize::from(last.1)),
        number(back(0).and_then(|row| row.v)),
        text(back(1).and_then(|row| row.t)),
        number(back(2).and_then(|row| row.v)),
        joined(&t, "-"),
        joined(&whole, "/"),
        text(mode(&t)),
        number(mode(&v)),
        number(sum(&timed_v)),
        number(average(&timed_n)),
        number(largest(&timed_v)),
        number(smallest(&timed_n)),
        count(group.periods[1].1.len()),
        number(sum(&v).map(|sum| sum + rows.len() as f64)),
        number(sum(&n)),
        number(largest(&v).zip(smallest(&v)).map(|(a, b)| a - b)),
    ]
}

fn check(fields: &[&str], expected: &[Out], line: &str) {
    assert_eq!(fields.len(), expected.len(), "{line}");
    for ((field, expected), expression) in fields.iter().zip(expected).zip(EXPRESSIONS) {
        let same = match expected {
            Out::Null => *field == "∅",
            Out::Text(text) => field == text,
            Out::Number(number) => field
                .parse::<f64>()
                .is_ok_and(|got| (got - number).abs() <= 1e-9 * number.abs().max(got.abs())),
        };
        assert!(same, "{expression}: {field} instead of {expected:?} in {line}");
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Source {
    Resolved,
    Unresolved,
    InsertOnly,
}

/// The list of rows, and what each block must give.
#[derive(Debug, Default)]
struct Naive {
    groups: Vec<Group>,
    touched: Vec<usize>,
}

impl Naive {
    fn touch(&mut self, group: u8) -> &mut Group {
        let at = usize::from(group);
        if !self.touched.contains(&at) {
            self.touched.push(at);
        }
        &mut self.groups[at]
    }

    fn stored(&self, key: u8) -> Option<Row> {
        self.groups.iter().flat_map(|group| &group.rows).find(|row| row.key == key).cloned()
    }

    fn join(&mut self, row: &Row, time: i64) {
        let group = self.touch(row.group);
        group.rows.push(row.clone());
        group.see(row, 1);
        group.arrive(row, time);
    }

    fn leave(&mut self, row: &Row) {
        let group = self.touch(row.group);
        group.rows.retain(|other| other.key != row.key);
        group.see(row, 3);
    }

    fn update(&mut self, old: &Row, row: &Row, time: i64) {
        if old.group != row.group {
            self.leave(old);
            return self.join(row, time);
        }
        let group = self.touch(row.group);
        let place = group.rows.iter_mut().find(|other| other.key == row.key).expect("the row is there");
        *place = row.clone();
        group.see(row, 2);
        group.arrive(row, time);
    }

    /// Compares what a block gave with what it must give.
    fn check(&mut self, lines: &[String]) {
        let mut lines = lines.iter();
        for at in std::mem::take(&mut self.touched) {
            let group = &mut self.groups[at];
            let old = group.emitted.take();
            if !group.rows.is_empty() {
                let line = lines.next().expect("a new row of the group");
                let opcode = if old.is_some() { "UB" } else { "I" };
                let fields: Vec<&str> = line.split(' ').collect();
                assert_eq!(fields[..3], [opcode, "N", ["a", "b", "c"][at]], "{line}");
                check(&fields[3..], &results(group), line);
                group.emitted = Some(fields[2..].join(" "));
            }
            if let Some(old) = old {
                assert_eq!(lines.next().expect("the group's old row"), &format!("D N {old}"));
            }
            if group.rows.is_empty() {
                *group = Group::default();
            }
        }
        assert_eq!(lines.next(), None);
    }
}

type Event = (u8, u8, u8, Option<i32>, Option<i32>, Option<usize>);

fn show<T: ToString>(value: Option<T>) -> String {
    value.map_or("∅".to_owned(), |value| value.to_string())
}

/// Feeds the blocks, saving and loading behind those that say so; answers all that came out.
fn run(source: Source, blocks: &[(Vec<Event>, i64, bool)]) -> Vec<String> {
    let mut all = Vec::new();
    let attributes = match source {
        Source::Resolved => "",
        Source::Unresolved => "index=\"pi_EMPTY\"",
        Source::InsertOnly => "index=\"pi_EMPTY\" insert-only=\"true\"",
    };
    let from = format!(
        "<window-source name=\"s\" {attributes}><schema-string>k*:int64,g:string,v:double,n:int32,t:string</schema-string></window-source>"
    );
    let mut run = Run::new("", &model(&from, SCHEMA, &EXPRESSIONS), EDGE);
    let mut naive = Naive { groups: vec![Group::default(); 3], touched: Vec::new() };
    let mut time = 1_000_000;
    let mut fresh = 0;
    for (events, pause, save) in blocks {
        time += pause * 250_000;
        let mut table = String::new();
        for &(key, group, what, v, n, t) in events {
            let key = if source == Source::InsertOnly { fresh } else { key };
            fresh = fresh.wrapping_add(1);
            let row = Row {
                key,
                group,
                v: v.map(|v| 1e6 + f64::from(v) / 8.0),
                n,
                t: t.map(|t| ["x", "yy", "a-text-that-is-long", "zz-top-of-the-hill"][t]),
            };
            let stored = if source == Source::InsertOnly { None } else { naive.stored(key) };
            let opcode = match &stored {
                None => {
                    naive.join(&row, time);
                    if what == 0 && source != Source::InsertOnly { "P" } else { "I" }
                }
                Some(old) if what < 2 => {
                    naive.leave(old);
                    "D"
                }
                Some(old) => {
                    naive.update(old, &row, time);
                    if what == 2 { "P" } else { "U" }
                }
            };
            let g = ["a", "b", "c"][usize::from(group)];
            let fields = [show(row.v), show(row.n), show(row.t)].join(" ");
            table.push_str(&format!("{opcode} N {key} {g} {fields}\n"));
        }
        let lines = run.feed(time, "s", &table, "a");
        assert!(run.out.rejects.is_empty(), "{table}");
        naive.check(&lines);
        all.extend(lines);
        if *save {
            run.save_and_load();
        }
    }
    all
}

fn blocks(events: usize) -> impl Strategy<Value = Vec<(Vec<Event>, i64, bool)>> {
    let event = (
        0_u8..6,
        0_u8..3,
        0_u8..6,
        proptest::option::weighted(0.8, -20_i32..20),
        proptest::option::weighted(0.8, -3_i32..4),
        proptest::option::weighted(0.8, 0_usize..4),
    );
    prop::collection::vec(
        (prop::collection::vec(event, 1..=events), 0_i64..5, prop::bool::weighted(0.2)),
        1..40,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn results_are_those_of_a_recomputation(blocks in blocks(8)) {
        run(Source::Resolved, &blocks);
    }

    #[test]
    fn saving_changes_no_byte_of_the_output(mut blocks in blocks(8)) {
        for source in [Source::Resolved, Source::Unresolved, Source::InsertOnly] {
            blocks.iter_mut().for_each(|block| block.2 = true);
            let saved = run(source, &blocks);
            blocks.iter_mut().for_each(|block| block.2 = false);
            prop_assert_eq!(saved, run(source, &blocks));
        }
    }

    #[test]
    fn an_input_that_is_not_resolved_gives_the_same(blocks in blocks(4)) {
        run(Source::Unresolved, &blocks);
    }

    #[test]
    fn an_input_of_inserts_gives_the_same(blocks in blocks(4)) {
        run(Source::InsertOnly, &blocks);
    }
}
