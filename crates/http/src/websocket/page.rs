//! What an updating subscriber sees of a window: one page of its content (websocket-api 4.5).

use std::cmp::Ordering;

use foldhash::fast::FixedState;
use hashbrown::HashMap;
use tidegate_codec::{EncodeOptions, write_value};
use tidegate_event::{Event, EventBlock, EventRef, Opcode, RowView, Schema, Value};

use super::parameters::{Parameters, Sort};

/// A value that rows are sorted by.
#[derive(Debug, Clone, PartialEq)]
enum SortValue {
    Null,
    Integer(i64),
    Double(f64),
    Text(Vec<u8>),
}

impl SortValue {
    fn of(row: &RowView<'_>, sort: Option<Sort>) -> Self {
        let Some(sort) = sort else { return Self::Null };
        match row.value(sort.field) {
            Value::Null => Self::Null,
            Value::Int32(value) => Self::Integer(i64::from(value)),
            Value::Int64(value) | Value::Date(value) | Value::Stamp(value) => Self::Integer(value),
            Value::Money(value) => Self::Integer(value),
            Value::Double(value) => Self::Double(value),
            Value::String(text) => Self::Text(text.as_bytes().to_vec()),
            Value::Blob(bytes) | Value::Array(_, bytes) => Self::Text(bytes.to_vec()),
        }
    }

    fn compare(&self, other: &Self, sort: Option<Sort>) -> Ordering {
        let order = match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => a.cmp(b),
            (Self::Double(a), Self::Double(b)) => a.total_cmp(b),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            (a, b) => (*b == Self::Null).cmp(&(*a == Self::Null)),
        };
        if sort.is_some_and(|sort| sort.descending) { order.reverse() } else { order }
    }
}

/// One page of a window's content: which keys are on it.
#[derive(Debug)]
pub(super) struct Page {
    /// Its number, from 0.
    pub(super) number: u64,
    size: usize,
    sort: Option<Sort>,
    keys: Vec<usize>,
    rows: HashMap<Vec<u8>, SortValue, FixedState>,
    /// Rows of the window that pass the filter.
    total: u64,
    /// Otherwise all that passes the filter is on the page.
    bounded: bool,
}

/// Which page of the content is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Number {
    /// This one, or the last if there are less.
    Is(u64),
    Last,
}

impl Page {
    /// The wanted page of `content`, and its rows in order.
    pub(super) fn of_content<'c>(
        parameters: &Parameters,
        schema: &Schema,
        stateful: bool,
        content: &'c [EventBlock],
        number: Number,
        passes: &dyn Fn(&Event<'_>) -> bool,
    ) -> (Self, Vec<(&'c EventBlock, EventRef)>) {
        let sort = parameters.sort;
        let mut rows = Vec::new();
        for block in content {
            for (event, of_block) in block.iter().zip(block.events()) {
                if passes(&event) {
                    rows.push((SortValue::of(&event.row, sort), block, *of_block));
                }
            }
        }
        if sort.is_some() {
            rows.sort_by(|(a, ..), (b, ..)| a.compare(b, sort));
        }
        let mut page = Self {
            number: 0,
            size: parameters.page_size,
            sort,
            keys: schema.keys().to_vec(),
            rows: HashMap::default(),
            total: rows.len() as u64,
            bounded: stateful && parameters.page_size > 0,
        };
        let last = page.pages() - 1;
        page.number = match number {
            Number::Is(number) => number.min(last),
            Number::Last => last,
        };
        let (skip, take) = if parameters.page_size == 0 {
            (0, usize::MAX)
        } else {
            (usize::try_from(page.number).unwrap_or(usize::MAX).saturating_mul(page.size), page.size)
        };
        let mut shown = Vec::new();
        for (value, block, event) in rows.into_iter().skip(skip).take(take) {
            if page.bounded {
                page.rows.insert(page.key(&block.rows().row(event.row as usize)), value);
            }
            shown.push((block, event));
        }
        (page, shown)
    }

    /// How many pages there are, at least one.
    pub(super) fn pages(&self) -> u64 {
        if self.size == 0 { 1 } else { self.total.div_ceil(self.size as u64).max(1) }
    }

    /// The events of a block that change the page. Of an update pair the new half counts.
    pub(super) fn follow(
        &mut self,
        block: &EventBlock,
        passes: &dyn Fn(&Event<'_>) -> bool,
    ) -> Vec<EventRef> {
        let mut out = Vec::new();
        let mut position = 0;
        while position < block.len() {
            let event = block.event(position);
            let of_block = block.events()[position];
            let old = (event.opcode == Opcode::UpdateBlock && position + 1 < block.len())
                .then(|| block.event(position + 1));
            position += 1 + usize::from(old.is_some());
            let passed = old.as_ref().map(passes);
            if event.opcode.is_delete() {
                self.leave(&event, of_block, passes(&event), &mut out);
            } else {
                self.arrive(&event, of_block, passes(&event), passed, &mut out);
            }
        }
        out
    }

    fn arrive(
        &mut self,
        event: &Event<'_>,
        of_block: EventRef,
        passes: bool,
        passed: Option<bool>,
        out: &mut Vec<EventRef>,
    ) {
        if !self.bounded {
            match (passes, passed) {
                (true, _) => out.push(of_block),
                (false, Some(true)) => out.push(EventRef { opcode: Opcode::Delete, ..of_block }),
                (false, _) => {}
            }
            return;
        }
        match (passed.unwrap_or(event.opcode != Opcode::Insert), passes) {
            (false, true) => self.total += 1,
            (true, false) => self.total = self.total.saturating_sub(1),
            _ => {}
        }
        let key = self.key(&event.row);
        let value = SortValue::of(&event.row, self.sort);
        let on_page = self.rows.contains_key(&key);
        if on_page && !passes {
            self.rows.remove(&key);
            out.push(EventRef { opcode: Opcode::Delete, ..of_block });
        } else if on_page || (passes && self.make_room(&value)) {
            self.rows.insert(key, value);
            out.push(of_block);
        }
    }

    fn leave(&mut self, event: &Event<'_>, of_block: EventRef, passes: bool, out: &mut Vec<EventRef>) {
        if !self.bounded {
            if passes {
                out.push(of_block);
            }
            return;
        }
        if passes {
            self.total = self.total.saturating_sub(1);
        }
        if self.rows.remove(&self.key(&event.row)).is_some() {
            out.push(of_block);
        }
    }

    /// Whether a row that is not on the page comes onto it: there is room, or it sorts before the last one, which
    /// goes.
    fn make_room(&mut self, value: &SortValue) -> bool {
        if self.rows.len() < self.size {
            return true;
        }
        let Some(sort) = self.sort else { return false };
        let last = self.rows.iter().max_by(|(ak, a), (bk, b)| a.compare(b, Some(sort)).then(ak.cmp(bk)));
        let Some((last, _)) = last.filter(|(_, last)| value.compare(last, Some(sort)) == Ordering::Less)
        else {
            return false;
        };
        let last = last.clone();
        self.rows.remove(&last);
        true
    }

    fn key(&self, row: &RowView<'_>) -> Vec<u8> {
        let mut key = Vec::new();
        for &field in &self.keys {
            let start = key.len();
            write_value(&mut key, row.value(field), &EncodeOptions::default());
            // The length keeps neighbouring values apart.
            let length = (key.len() - start) as u32;
            key.extend_from_slice(&length.to_le_bytes());
        }
        key
    }
}

#[cfg(test)]
mod tests {
    use tidegate_api::Query;
    use tidegate_event::pretty;

    use super::*;

    fn schema() -> Schema {
        Schema::parse("id*:int32,x:int32").unwrap()
    }

    fn parameters(query: &str) -> Parameters {
        Parameters::new(&Query::parse(query).unwrap(), &schema()).unwrap()
    }

    fn ids(shown: &[(&EventBlock, EventRef)]) -> Vec<String> {
        shown
            .iter()
            .map(|(block, event)| format!("{:?}", block.rows().row(event.row as usize).value(0)))
            .collect()
    }

    fn table(block: &EventBlock, events: Vec<EventRef>) -> Vec<String> {
        let block = EventBlock::new(std::sync::Arc::clone(block.rows()), events);
        let text = pretty::print(&schema(), &block);
        text.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    fn content() -> Vec<EventBlock> {
        vec![
            pretty::block(&schema(), "I N 1 5\nI N 2 9"),
            pretty::block(&schema(), "I N 3 7\nI N 4 1\nI N 5 3"),
        ]
    }

    #[test]
    fn pages_of_the_content() {
        let content = content();
        let all = |_: &Event<'_>| true;
        let of = |query: &str, number| {
            let (page, shown) = Page::of_content(&parameters(query), &schema(), true, &content, number, &all);
            (page.number, page.pages(), ids(&shown))
        };
        let texts = |ids: &[i32]| ids.iter().map(|id| format!("Int32({id})")).collect::<Vec<_>>();
        assert_eq!(of("pagesize=2", Number::Is(0)), (0, 3, texts(&[1, 2])));
        assert_eq!(of("pagesize=2", Number::Is(1)), (1, 3, texts(&[3, 4])));
        assert_eq!(of("pagesize=2", Number::Is(9)), (2, 3, texts(&[5])));
        assert_eq!(of("pagesize=2", Number::Last), (2, 3, texts(&[5])));
        assert_eq!(of("pagesize=2&sort=x:descending", Number::Is(0)), (0, 3, texts(&[2, 3])));
        assert_eq!(of("pagesize=0&sort=x", Number::Is(0)), (0, 1, texts(&[4, 5, 1, 3, 2])));
    }

    /// Only what is on the page is told; of an update the new half; what the filter gives up is a delete.
    #[test]
    fn a_full_page_takes_no_more() {
        let content = content();
        let passes = |event: &Event<'_>| matches!(event.row.value(1), Value::Int32(x) if x > 0);
        let (mut page, _) =
            Page::of_content(&parameters("pagesize=2"), &schema(), true, &content, Number::Is(0), &passes);
        let block = pretty::block(
            &schema(),
            "UB N 1 6\nD N 1 5\nUB N 3 8\nD N 3 7\nI N 6 1\nUB N 2 0\nD N 2 9\nI N 7 2\nD N 1 6",
        );
        let events = page.follow(&block, &passes);
        assert_eq!(table(&block, events), ["UB N 1 6", "D N 2 0", "I N 7 2", "D N 1 6"]);
        assert_eq!(page.pages(), 3);
    }

    #[test]
    fn a_sorted_page_lets_better_rows_in() {
        let content = content();
        let all = |_: &Event<'_>| true;
        let (mut page, _) = Page::of_content(
            &parameters("pagesize=2&sort=x"),
            &schema(),
            true,
            &content,
            Number::Is(0),
            &all,
        );
        let block = pretty::block(&schema(), "I N 6 2\nI N 7 9\nUB N 5 0\nD N 5 3");
        let events = page.follow(&block, &all);
        assert_eq!(table(&block, events), ["I N 6 2", "UB N 5 0"]);
    }

    #[test]
    fn a_stateless_window_tells_everything() {
        let all = |_: &Event<'_>| true;
        let (mut page, _) =
            Page::of_content(&parameters("pagesize=1"), &schema(), false, &[], Number::Is(0), &all);
        let block = pretty::block(&schema(), "I N 1 5\nP N 1 6\nSD N 9 ∅");
        let events = page.follow(&block, &all);
        assert_eq!(table(&block, events), ["I N 1 5", "P N 1 6", "SD N 9 ∅"]);
    }
}
