//! B2: source (insert-only, pi_EMPTY) -> copy `bycount_sliding` W -> aggregate by symbol.

use hashbrown::HashTable;
use tidegate_event::{Event, EventBlock, Opcode};

use crate::data::{self, hash};
use crate::runs::{Checksum, Floor, Input, Workload};

/// Sum, mean, count, deviation and maximum per group of the last `window` rows; every change delivered.
pub struct GroupBy {
    /// Rows retained.
    pub window: usize,
    /// Different symbols.
    pub groups: u64,
}

impl Workload for GroupBy {
    fn title(&self) -> String {
        format!("B2 W={} groups={}", self.window, self.groups)
    }

    fn model(&self) -> String {
        format!(
            "<windows><window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
             <schema-string>{}</schema-string></window-source>\
             <window-copy name=\"c\" index=\"pi_HASH\"><retention type=\"bycount_sliding\">{}</retention></window-copy>\
             <window-aggregate name=\"a\" index=\"pi_HASH\">\
             <schema-string>symbol*:string,total:double,mean:double,n:int64,dev:double,top:double</schema-string>\
             <output><field-expr>ESP_aSum(price)</field-expr><field-expr>ESP_aAve(price)</field-expr>\
             <field-expr>ESP_aCount()</field-expr><field-expr>ESP_aStd(price)</field-expr>\
             <field-expr>ESP_aMax(price)</field-expr></output></window-aggregate></windows>\
             <edges><edge source=\"s\" target=\"c\"/><edge source=\"c\" target=\"a\"/></edges>",
            data::TRADES,
            self.window
        )
    }

    fn sources(&self) -> &'static [&'static str] {
        &["s"]
    }

    fn output(&self) -> &'static str {
        "a"
    }

    fn warm(&self) -> usize {
        2 * self.window
    }

    fn retained(&self) -> usize {
        self.window
    }

    fn inputs(&self, events: usize, block: usize) -> Vec<Input> {
        data::trades(events, block, self.groups)
    }

    fn fold(event: &Event<'_>, checksum: &mut Checksum) {
        let row = event.row;
        let new = event.opcode != Opcode::Delete;
        let symbol = row.variable_words(0)[1];
        checksum.add([u64::from(new), symbol, row.word(1), row.word(3), row.word(5)]);
    }

    fn floor(&self) -> impl Floor {
        Loop::new(self.window)
    }
}

struct Group {
    symbol: u64,
    count: u64,
    sum: f64,
    squares: f64,
    /// Prices, least first, with their number.
    prices: Vec<(f64, u32)>,
    old: Option<Output>,
    touched: bool,
}

#[derive(Clone, Copy)]
struct Output {
    symbol: u64,
    sum: f64,
    ave: f64,
    count: i64,
    std: f64,
    max: f64,
}

/// A ring of rows and a table of groups.
struct Loop {
    window: usize,
    ring: Vec<(i64, u64, f64, i64)>,
    next: usize,
    table: HashTable<u32>,
    groups: Vec<Group>,
    free: Vec<u32>,
    touched: Vec<u32>,
    out: Vec<(bool, Output)>,
}

impl Loop {
    fn new(window: usize) -> Self {
        Self {
            window,
            ring: Vec::with_capacity(window),
            next: 0,
            table: HashTable::new(),
            groups: Vec::new(),
            free: Vec::new(),
            touched: Vec::new(),
            out: Vec::new(),
        }
    }

    fn group(&mut self, symbol: u64) -> u32 {
        let groups = &self.groups;
        if let Some(&at) = self.table.find(hash(symbol), |&at| groups[at as usize].symbol == symbol) {
            return at;
        }
        let group =
            Group { symbol, count: 0, sum: 0.0, squares: 0.0, prices: Vec::new(), old: None, touched: false };
        let at = match self.free.pop() {
            Some(at) => {
                self.groups[at as usize] = group;
                at
            }
            None => {
                self.groups.push(group);
                self.groups.len() as u32 - 1
            }
        };
        let groups = &self.groups;
        self.table.insert_unique(hash(symbol), at, |&at| hash(groups[at as usize].symbol));
        at
    }

    fn change(&mut self, symbol: u64, price: f64, add: bool) {
        let at = self.group(symbol);
        let group = &mut self.groups[at as usize];
        if !group.touched {
            group.touched = true;
            self.touched.push(at);
        }
        let place = group.prices.binary_search_by(|(other, _)| other.total_cmp(&price));
        if add {
            group.count += 1;
            group.sum += price;
            group.squares += price * price;
            match place {
                Ok(at) => group.prices[at].1 += 1,
                Err(at) => group.prices.insert(at, (price, 1)),
            }
        } else {
            group.count -= 1;
            group.sum -= price;
            group.squares -= price * price;
            if let Ok(at) = place {
                group.prices[at].1 -= 1;
                if group.prices[at].1 == 0 {
                    group.prices.remove(at);
                }
            }
        }
    }
}

impl Floor for Loop {
    fn process(&mut self, _: usize, block: &EventBlock, checksum: &mut Checksum) {
        let rows = block.rows();
        for number in 0..rows.len() {
            let row = rows.row(number);
            let entry = (row.int(0), row.variable_words(1)[1], row.double(2), row.int(3));
            self.change(entry.1, entry.2, true);
            if self.ring.len() < self.window {
                self.ring.push(entry);
                continue;
            }
            let gone = std::mem::replace(&mut self.ring[self.next], entry);
            self.next = if self.next + 1 == self.window { 0 } else { self.next + 1 };
            self.change(gone.1, gone.2, false);
        }
        self.out.clear();
        for i in 0..self.touched.len() {
            let at = self.touched[i];
            let group = &mut self.groups[at as usize];
            group.touched = false;
            if group.count == 0 {
                if let Some(old) = group.old {
                    self.out.push((false, old));
                }
                let symbol = group.symbol;
                let groups = &self.groups;
                if let Ok(entry) =
                    self.table.find_entry(hash(symbol), |&at| groups[at as usize].symbol == symbol)
                {
                    entry.remove();
                }
                self.free.push(at);
                continue;
            }
            let n = group.count as f64;
            let variance =
                if group.count > 1 { (group.squares - group.sum * group.sum / n) / (n - 1.0) } else { 0.0 };
            let new = Output {
                symbol: group.symbol,
                sum: group.sum,
                ave: group.sum / n,
                count: group.count as i64,
                std: variance.max(0.0).sqrt(),
                max: group.prices.last().map_or(0.0, |&(price, _)| price),
            };
            self.out.push((true, new));
            if let Some(old) = group.old.replace(new) {
                self.out.push((false, old));
            }
        }
        self.touched.clear();
        for (new, output) in &self.out {
            checksum.add([
                u64::from(*new),
                output.symbol,
                output.sum.to_bits(),
                output.count as u64,
                output.max.to_bits(),
            ]);
            std::hint::black_box((output.ave, output.std));
        }
    }
}
