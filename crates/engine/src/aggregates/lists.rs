//! Functions that look through a group's rows in order of arrival.

use std::cmp::Ordering;
use std::fmt::Write;

use tidegate_event::{FieldType, RowView, Value, calendar};

use super::accumulator::{Accumulator, Emission};
use super::column::OutColumn;
use super::function::{AggregateFunction, Argument, Class, Plan, Shape, Spec};
use super::group_rows::GroupRows;

/// Results from here on are lags.
const LAGS: u8 = 3;
const OLDEST: u8 = 0;
const JOINED: u8 = 1;
const MOST_FREQUENT: u8 = 2;
/// The farthest that a lag reaches back.
const LAG_MAX: i64 = 250;

pub(super) static LAG: AggregateFunction = AggregateFunction {
    name: "ESP_aLag",
    usage: "ESP_aLag(field, 0 to 250)",
    doc: "Value of the row that many before the group's last; null where there is none.",
    class: Class::Ordered,
    arguments: &[Shape::Any, Shape::Integer(0, LAG_MAX)],
    plan: |a| {
        let (of, lag) = (a.fields[0], a.number as u8);
        rows(of, LAGS + lag, of.ty, Some(usize::from(lag) + 1), "")
    },
};

pub(super) static CAT: AggregateFunction = AggregateFunction {
    name: "ESP_aCat",
    usage: "ESP_aCat(field, \"separator\")",
    doc: "The values that are not null in order of arrival, with the separator between.",
    class: Class::Ordered,
    arguments: &[Shape::Printable, Shape::Text],
    plan: |a| rows(a.fields[0], JOINED, FieldType::String, None, &a.text),
};

pub(super) static MODE: AggregateFunction = AggregateFunction {
    name: "ESP_aMode",
    usage: "ESP_aMode(field)",
    doc: "The most frequent value that is not null; among several, the one that came first.",
    class: Class::Ordered,
    arguments: &[Shape::Any],
    plan: |a| rows(a.fields[0], MOST_FREQUENT, a.fields[0].ty, None, ""),
};

/// The plan of the oldest row's value.
pub(super) fn first(of: Argument) -> Plan {
    rows(of, OLDEST, of.ty, None, "")
}

fn rows(of: Argument, part: u8, ty: FieldType, reach: Option<usize>, separator: &str) -> Plan {
    Plan { spec: Spec::Rows { of, reach, separator: separator.to_owned() }, part, ty }
}

/// Reads the group's rows; keeps nothing itself.
#[derive(Debug)]
pub(super) struct Listed {
    of: Argument,
    separator: String,
}

impl Listed {
    pub(super) fn new(of: Argument, separator: &str) -> Self {
        Self { of, separator: separator.to_owned() }
    }
}

impl Accumulator for Listed {
    fn fill(&self, part: u8, at: &Emission<'_>, out: &mut OutColumn<'_>) {
        let Some(lists) = at.lists else { return };
        let field = lists.field(self.of.field);
        for (row, touched) in at.groups.iter().enumerate() {
            match part {
                OLDEST => {
                    if let Some(first) = lists.rows(touched.group).next() {
                        out.copy(row, &first, field);
                    }
                }
                JOINED => {
                    if let Some(text) = join(lists.rows(touched.group), field, &self.separator) {
                        out.bytes(row, text.as_bytes());
                    }
                }
                MOST_FREQUENT => {
                    if let Some(mode) = mode(lists, touched.group, field) {
                        out.copy(row, &mode, field);
                    }
                }
                lag => {
                    if let Some(earlier) = lists.before_last(touched.group, usize::from(lag - LAGS)) {
                        out.copy(row, &earlier, field);
                    }
                }
            }
        }
    }
}

fn join<'a>(rows: impl Iterator<Item = RowView<'a>>, field: usize, separator: &str) -> Option<String> {
    let mut joined: Option<String> = None;
    for row in rows.filter(|row| !row.is_null(field)) {
        let text = match &mut joined {
            Some(text) => {
                text.push_str(separator);
                text
            }
            None => joined.insert(String::new()),
        };
        let written = match row.value(field) {
            Value::String(value) => text.write_str(value),
            Value::Double(value) => write!(text, "{value}"),
            Value::Money(value) => write!(text, "{}", value as f64 / tidegate_event::MONEY_SCALE as f64),
            Value::Date(seconds) => write_date(text, seconds),
            Value::Stamp(micros) => {
                let fraction = micros.rem_euclid(1_000_000);
                write_date(text, micros.div_euclid(1_000_000)).and_then(|()| write!(text, ".{fraction:06}"))
            }
            _ => write!(text, "{}", row.int(field)),
        };
        debug_assert!(written.is_ok(), "writing into a text does not fail");
    }
    joined
}

/// A date as `YYYY-MM-DD hh:mm:ss` in UTC, as expressions and csv write it.
fn write_date(text: &mut String, seconds: i64) -> std::fmt::Result {
    let (year, month, day) = calendar::date_of(seconds.div_euclid(86_400));
    let second = seconds.rem_euclid(86_400);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    write!(text, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{:02}", second % 60)
}

fn order(a: &RowView<'_>, b: &RowView<'_>, field: usize) -> Ordering {
    if a.layout().types()[field].is_variable() {
        a.bytes(field).cmp(b.bytes(field))
    } else {
        a.word(field).cmp(&b.word(field))
    }
}

/// The most frequent value: O(n log n), for each output.
fn mode<'a>(lists: &'a GroupRows, group: u32, field: usize) -> Option<RowView<'a>> {
    let mut rows: Vec<(usize, RowView<'_>)> =
        lists.rows(group).enumerate().filter(|(_, row)| !row.is_null(field)).collect();
    rows.sort_by(|a, b| order(&a.1, &b.1, field).then(a.0.cmp(&b.0)));
    rows.chunk_by(|a, b| order(&a.1, &b.1, field).is_eq())
        .min_by_key(|run| (usize::MAX - run.len(), run[0].0))
        .map(|run| run[0].1)
}
