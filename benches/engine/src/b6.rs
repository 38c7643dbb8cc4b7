//! B6: joins: (a) a stream with a table that changes, left outer, and (b) two retained streams.

use hashbrown::HashTable;
use tidegate_event::{Event, EventBlock, Opcode};

use crate::data::{Blocks, Random, hash, symbol};
use crate::runs::{Checksum, Floor, Input, Workload};

const FACTS: &str = "id*:int64,symbol:string,price:double,qty:int32";
const TABLE: &str = "symbol*:string,factor:int32";

/// (a): each row of a stream looks up its symbol in a table of `rows` rows; one event of a hundred changes the table, and
/// one symbol of ten is not in it.
pub struct Lookup {
    /// Rows of the table.
    pub rows: u64,
}

impl Workload for Lookup {
    fn title(&self) -> String {
        format!("B6a table of {} rows", self.rows)
    }

    fn model(&self) -> String {
        format!(
            "<windows><window-source name=\"facts\" index=\"pi_EMPTY\" insert-only=\"true\">\
             <schema-string>{FACTS}</schema-string></window-source>\
             <window-source name=\"table\" index=\"pi_EMPTY\"><schema-string>{TABLE}</schema-string></window-source>\
             <window-join name=\"j\" index=\"pi_EMPTY\"><join type=\"leftouter\" no-regenerates=\"true\">\
             <conditions><fields left=\"symbol\" right=\"symbol\"/></conditions></join>\
             <output><field-selection name=\"symbol\" source=\"l_symbol\"/><field-selection name=\"qty\" source=\"l_qty\"/>\
             <field-selection name=\"factor\" source=\"r_factor\"/></output></window-join></windows>\
             <edges><edge source=\"facts\" target=\"j\" role=\"left\"/><edge source=\"table\" target=\"j\" role=\"right\"/></edges>"
        )
    }

    fn sources(&self) -> &'static [&'static str] {
        &["facts", "table"]
    }

    fn output(&self) -> &'static str {
        "j"
    }

    fn warm(&self) -> usize {
        2 * self.rows as usize
    }

    fn retained(&self) -> usize {
        self.rows as usize
    }

    fn inputs(&self, events: usize, block: usize) -> Vec<Input> {
        let mut random = Random::new();
        let (mut facts, mut table) = (Blocks::new(0, FACTS, block), Blocks::new(1, TABLE, block));
        let mut inputs = Vec::new();
        let mut change = |number: u64, factor: u64, opcode| {
            table.push(opcode, |row| {
                row.set_text(0, &symbol(number));
                row.set_int(1, factor as i64);
            })
        };
        for number in 0..self.rows {
            inputs.extend(change(number, number % 100, Opcode::Insert));
        }
        for id in self.rows as usize..events {
            if id % 100 == 0 {
                inputs.extend(change(random.below(self.rows), random.below(100), Opcode::Update));
                continue;
            }
            inputs.extend(facts.push(Opcode::Insert, |row| {
                row.set_int(0, id as i64);
                row.set_text(1, &symbol(random.below(self.rows * 10 / 9)));
                row.set_double(2, random.below(4000) as f64 / 4.0);
                row.set_int(3, random.below(1000) as i64);
            }));
        }
        inputs.extend(facts.rest());
        inputs
    }

    fn fold(event: &Event<'_>, checksum: &mut Checksum) {
        let row = event.row;
        let factor = if row.is_null(3) { u64::MAX } else { row.word(3) };
        checksum.add([row.word(0), row.variable_words(1)[1], row.word(2), factor]);
    }

    fn floor(&self) -> impl Floor {
        TableLoop { table: HashTable::new() }
    }
}

/// A table of factors.
struct TableLoop {
    table: HashTable<(u64, i64)>,
}

impl Floor for TableLoop {
    fn process(&mut self, source: usize, block: &EventBlock, checksum: &mut Checksum) {
        let rows = block.rows();
        for number in 0..rows.len() {
            let row = rows.row(number);
            let symbol = row.variable_words(1 - source)[1];
            let at = self.table.entry(hash(symbol), |entry| entry.0 == symbol, |entry| hash(entry.0));
            if source == 1 {
                at.insert((symbol, row.int(1)));
                continue;
            }
            let factor = match &at {
                hashbrown::hash_table::Entry::Occupied(entry) => entry.get().1.cast_unsigned(),
                hashbrown::hash_table::Entry::Vacant(_) => u64::MAX,
            };
            checksum.add([row.word(0), symbol, row.word(3), factor]);
        }
    }
}

/// (b): two streams, the last `rows` rows of each retained, joined by symbol; as many symbols as rows. What leaves a window
/// takes its joined rows along.
pub struct Streams {
    /// Rows retained of each side.
    pub rows: u64,
}

impl Workload for Streams {
    fn title(&self) -> String {
        format!("B6b two streams of {} rows", self.rows)
    }

    fn model(&self) -> String {
        let side = |name: &str| {
            format!(
                "<window-source name=\"{name}\" index=\"pi_EMPTY\" insert-only=\"true\"><schema-string>{FACTS}</schema-string>\
                 </window-source><window-copy name=\"{name}_rows\" index=\"pi_HASH\"><retention type=\"bycount_sliding\">{}\
                 </retention></window-copy>",
                self.rows
            )
        };
        format!(
            "<windows>{}{}<window-join name=\"j\" index=\"pi_HASH\"><join type=\"inner\" use-secondary-index=\"true\">\
             <conditions><fields left=\"symbol\" right=\"symbol\"/></conditions></join>\
             <output><field-selection name=\"symbol\" source=\"l_symbol\"/><field-selection name=\"left_qty\" source=\"l_qty\"/>\
             <field-selection name=\"right_qty\" source=\"r_qty\"/></output></window-join></windows>\
             <edges><edge source=\"left\" target=\"left_rows\"/><edge source=\"right\" target=\"right_rows\"/>\
             <edge source=\"left_rows\" target=\"j\" role=\"left\"/><edge source=\"right_rows\" target=\"j\" role=\"right\"/></edges>",
            side("left"),
            side("right")
        )
    }

    fn sources(&self) -> &'static [&'static str] {
        &["left", "right"]
    }

    fn output(&self) -> &'static str {
        "j"
    }

    fn warm(&self) -> usize {
        4 * self.rows as usize
    }

    fn retained(&self) -> usize {
        2 * self.rows as usize
    }

    fn inputs(&self, events: usize, block: usize) -> Vec<Input> {
        let mut random = Random::new();
        let mut sides = [Blocks::new(0, FACTS, block), Blocks::new(1, FACTS, block)];
        let mut inputs = Vec::new();
        for id in 0..events {
            inputs.extend(sides[id % 2].push(Opcode::Insert, |row| {
                row.set_int(0, id as i64);
                row.set_text(1, &symbol(random.below(self.rows)));
                row.set_double(2, random.below(4000) as f64 / 4.0);
                row.set_int(3, random.below(1000) as i64);
            }));
        }
        inputs.extend(sides.into_iter().filter_map(Blocks::rest));
        inputs
    }

    fn fold(event: &Event<'_>, checksum: &mut Checksum) {
        let row = event.row;
        let new = u64::from(event.opcode != Opcode::Delete);
        let symbol = row.variable_words(2)[1];
        checksum.add([new, row.word(0), row.word(1), symbol, row.word(3), row.word(4)]);
    }

    fn floor(&self) -> impl Floor {
        let side = || Side { ring: Vec::with_capacity(self.rows as usize), next: 0, table: HashTable::new() };
        StreamLoop { rows: self.rows as usize, sides: [side(), side()] }
    }
}

#[derive(Clone, Copy)]
struct Fact {
    id: u64,
    symbol: u64,
    qty: u64,
}

struct Side {
    ring: Vec<Fact>,
    next: usize,
    /// The rows of each symbol.
    table: HashTable<(u64, Vec<Fact>)>,
}

impl Side {
    fn find(&self, symbol: u64) -> &[Fact] {
        self.table.find(hash(symbol), |entry| entry.0 == symbol).map_or(&[], |entry| &entry.1)
    }

    fn add(&mut self, fact: Fact) {
        let entry =
            self.table.entry(hash(fact.symbol), |entry| entry.0 == fact.symbol, |entry| hash(entry.0));
        entry.or_insert_with(|| (fact.symbol, Vec::new())).into_mut().1.push(fact);
    }

    fn remove(&mut self, fact: Fact) {
        let found = self.table.find_entry(hash(fact.symbol), |entry| entry.0 == fact.symbol);
        let Ok(mut entry) = found else { return };
        entry.get_mut().1.retain(|other| other.id != fact.id);
        if entry.get().1.is_empty() {
            entry.remove();
        }
    }
}

/// A ring of rows and a table of them by symbol for each side.
struct StreamLoop {
    rows: usize,
    sides: [Side; 2],
}

impl StreamLoop {
    fn join(&self, new: bool, side: usize, fact: Fact, checksum: &mut Checksum) {
        for other in self.sides[1 - side].find(fact.symbol) {
            let (left, right) = if side == 0 { (&fact, other) } else { (other, &fact) };
            checksum.add([u64::from(new), left.id, right.id, fact.symbol, left.qty, right.qty]);
        }
    }
}

impl Floor for StreamLoop {
    fn process(&mut self, source: usize, block: &EventBlock, checksum: &mut Checksum) {
        let rows = block.rows();
        for number in 0..rows.len() {
            let row = rows.row(number);
            let fact = Fact { id: row.word(0), symbol: row.variable_words(1)[1], qty: row.word(3) };
            self.join(true, source, fact, checksum);
            let side = &mut self.sides[source];
            side.add(fact);
            if side.ring.len() < self.rows {
                side.ring.push(fact);
                continue;
            }
            let gone = std::mem::replace(&mut side.ring[side.next], fact);
            side.next = if side.next + 1 == self.rows { 0 } else { side.next + 1 };
            side.remove(gone);
            self.join(false, source, gone, checksum);
        }
    }
}
