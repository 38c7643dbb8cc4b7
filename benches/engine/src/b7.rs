//! B7: patterns per symbol (`fby`, `and`, `or`, `notoccur`) with time limits.

use std::collections::VecDeque;

use hashbrown::HashTable;
use tidegate_event::{Event, EventBlock, Opcode};

use crate::data::{Blocks, Random, hash, symbol};
use crate::runs::{Checksum, Floor, Input, Workload};

const READINGS: &str = "id*:int64,symbol:string,value:int32,at:stamp";
const SYMBOLS: u64 = 1000;
/// Microseconds from one event to the next: 100,000 events a second.
const STEP: i64 = 10;

/// `patterns` patterns of four kinds in turn, each of which one event of a hundred begins.
pub struct Patterns {
    /// How many.
    pub patterns: i64,
    /// Time limit of each, in milliseconds.
    pub limit: i64,
}

/// What follows the first event.
#[derive(Clone, Copy)]
enum Kind {
    /// `fby(first, second)`.
    Then,
    /// `fby(first, and(second, third))`.
    Both,
    /// `fby(first, or(second, third))`.
    Either,
    /// `fby(first, and(notoccur(third), second))`.
    Unless,
}

impl Kind {
    fn of(pattern: i64) -> Self {
        [Self::Then, Self::Both, Self::Either, Self::Unless][(pattern % 4) as usize]
    }
}

/// Values of the first, second and third event of a pattern: ten of a thousand each, apart from each other.
fn ranges(pattern: i64) -> [i64; 3] {
    [pattern * 10 % 1000, (pattern * 10 + 330) % 1000, (pattern * 10 + 660) % 1000]
}

impl Workload for Patterns {
    fn title(&self) -> String {
        format!("B7 {} patterns within {} ms", self.patterns, self.limit)
    }

    fn model(&self) -> String {
        let mut patterns = String::new();
        for pattern in 0..self.patterns {
            let event = |name: &str, least: i64| {
                format!(
                    "<event source=\"s\" name=\"{name}\">value&gt;={least} and value&lt;{}</event>",
                    least + 10
                )
            };
            let [first, second, third] = ranges(pattern);
            let third = event("third", third);
            let (third, logic) = match Kind::of(pattern) {
                Kind::Then => ("", "second"),
                Kind::Both => (third.as_str(), "and(second, third)"),
                Kind::Either => (third.as_str(), "or(second, third)"),
                Kind::Unless => (third.as_str(), "and(notoccur(third), second)"),
            };
            patterns += &format!(
                "<pattern index=\"symbol\"><events>{}{}{third}</events><logic>fby{{{} milliseconds}}(first, {logic})</logic>\
                 <output><field-selection name=\"id\" node=\"first\"/></output>\
                 <timefields><timefield source=\"s\" field=\"at\"/></timefields></pattern>",
                event("first", first),
                event("second", second),
                self.limit
            );
        }
        format!(
            "<windows><window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
             <schema-string>{READINGS}</schema-string></window-source>\
             <window-pattern name=\"p\" index=\"pi_EMPTY\"><schema-string>n*:int64,began:int64</schema-string>\
             <patterns>{patterns}</patterns></window-pattern></windows>\
             <edges><edge source=\"s\" target=\"p\"/></edges>"
        )
    }

    fn sources(&self) -> &'static [&'static str] {
        &["s"]
    }

    fn output(&self) -> &'static str {
        "p"
    }

    fn warm(&self) -> usize {
        100_000
    }

    fn retained(&self) -> usize {
        0
    }

    fn inputs(&self, events: usize, block: usize) -> Vec<Input> {
        let mut random = Random::new();
        let mut blocks = Blocks::new(0, READINGS, block);
        let mut inputs = Vec::new();
        for id in 0..events {
            inputs.extend(blocks.push(Opcode::Insert, |row| {
                row.set_int(0, id as i64);
                row.set_text(1, &symbol(random.below(SYMBOLS)));
                row.set_int(2, random.below(1000) as i64);
                row.set_int(3, id as i64 * STEP);
            }));
        }
        inputs.extend(blocks.rest());
        inputs
    }

    fn fold(event: &Event<'_>, checksum: &mut Checksum) {
        checksum.add([event.row.word(0), event.row.word(1)]);
    }

    fn floor(&self) -> impl Floor {
        let machine = |pattern| Machine {
            kind: Kind::of(pattern),
            ranges: ranges(pattern),
            limit: self.limit * 1000,
            symbols: HashTable::new(),
        };
        Loop { machines: (0..self.patterns).map(machine).collect(), matches: 0 }
    }
}

struct Instance {
    began: i64,
    at: i64,
    /// Of `Both`: whether the second and the third event have come.
    seen: [bool; 2],
}

/// One pattern: its open instances per symbol, oldest first.
struct Machine {
    kind: Kind,
    ranges: [i64; 3],
    /// Microseconds.
    limit: i64,
    symbols: HashTable<(u64, VecDeque<Instance>)>,
}

struct Loop {
    machines: Vec<Machine>,
    matches: u64,
}

impl Machine {
    fn process(&mut self, id: i64, symbol: u64, value: i64, at: i64, mut matched: impl FnMut(i64)) {
        let [first, second, third] = self.ranges.map(|least| value >= least && value < least + 10);
        let entry = self.symbols.entry(hash(symbol), |entry| entry.0 == symbol, |entry| hash(entry.0));
        let open = &mut entry.or_insert_with(|| (symbol, VecDeque::new())).into_mut().1;
        while open.front().is_some_and(|instance| at - instance.at > self.limit) {
            open.pop_front();
        }
        if second || third {
            let kind = self.kind;
            open.retain_mut(|instance| {
                let complete = match kind {
                    Kind::Then => second,
                    Kind::Both => {
                        instance.seen[0] |= second;
                        instance.seen[1] |= third;
                        instance.seen == [true; 2]
                    }
                    Kind::Either => true,
                    Kind::Unless if third => return false,
                    Kind::Unless => true,
                };
                if complete {
                    matched(instance.began);
                }
                !complete
            });
        }
        if first {
            open.push_back(Instance { began: id, at, seen: [false; 2] });
        }
    }
}

impl Floor for Loop {
    fn process(&mut self, _: usize, block: &EventBlock, checksum: &mut Checksum) {
        let rows = block.rows();
        for number in 0..rows.len() {
            let row = rows.row(number);
            let (id, symbol, value, at) = (row.int(0), row.variable_words(1)[1], row.int(2), row.int(3));
            for machine in &mut self.machines {
                machine.process(id, symbol, value, at, |began| {
                    checksum.add([self.matches, began.cast_unsigned()]);
                    self.matches += 1;
                });
            }
        }
    }
}
