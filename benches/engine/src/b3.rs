//! B3: source -> (filter -> compute with three expressions, one of strings) once or several times, without state.

use tidegate_event::{Event, EventBlock};

use crate::data;
use crate::runs::{Checksum, Floor, Input, Workload};

/// Stages of a filter and a compute window each.
pub struct Pipeline {
    /// How many, one behind the other.
    pub stages: usize,
}

impl Workload for Pipeline {
    fn title(&self) -> String {
        format!("B3 {} stages of two windows", self.stages)
    }

    fn model(&self) -> String {
        let mut windows = format!(
            "<window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
             <schema-string>{}</schema-string></window-source>",
            data::TRADES
        );
        let mut edges = String::new();
        for stage in (0..self.stages).rev() {
            // The last stage is called `c0`, whatever their number.
            let before = if stage + 1 == self.stages { "s".to_owned() } else { format!("c{}", stage + 1) };
            windows += &format!(
                "<window-filter name=\"f{stage}\" index=\"pi_EMPTY\"><expression>qty&gt;500</expression></window-filter>\
                 <window-compute name=\"c{stage}\" index=\"pi_EMPTY\"><schema-string>{}</schema-string><output>\
                 <field-expr>left(symbol,7)&amp;'x'</field-expr><field-expr>price*1.5-qty</field-expr>\
                 <field-expr>qty+3</field-expr></output></window-compute>",
                data::TRADES
            );
            edges += &format!(
                "<edge source=\"{before}\" target=\"f{stage}\"/><edge source=\"f{stage}\" target=\"c{stage}\"/>"
            );
        }
        format!("<windows>{windows}</windows><edges>{edges}</edges>")
    }

    fn sources(&self) -> &'static [&'static str] {
        &["s"]
    }

    fn output(&self) -> &'static str {
        "c0"
    }

    fn warm(&self) -> usize {
        10_000
    }

    fn retained(&self) -> usize {
        0
    }

    fn inputs(&self, events: usize, block: usize) -> Vec<Input> {
        data::trades(events, block, 1000)
    }

    fn fold(event: &Event<'_>, checksum: &mut Checksum) {
        let row = event.row;
        checksum.add([row.word(0), row.variable_words(1)[1], row.word(2), row.word(3)]);
    }

    fn floor(&self) -> impl Floor {
        Loop { stages: self.stages, from: Vec::new(), to: Vec::new() }
    }
}

#[derive(Clone, Copy)]
struct Row {
    id: i64,
    symbol: [u8; 8],
    price: f64,
    qty: i64,
}

/// All stages over the rows of a block, from one list into another, as a pipeline of windows would.
struct Loop {
    stages: usize,
    from: Vec<Row>,
    to: Vec<Row>,
}

impl Floor for Loop {
    fn process(&mut self, _: usize, block: &EventBlock, checksum: &mut Checksum) {
        let rows = block.rows();
        self.from.clear();
        for number in 0..rows.len() {
            let row = rows.row(number);
            let symbol = row.variable_words(1)[1].to_ne_bytes();
            self.from.push(Row { id: row.int(0), symbol, price: row.double(2), qty: row.int(3) });
        }
        for _ in 0..self.stages {
            self.to.clear();
            for row in &self.from {
                if row.qty > 500 {
                    let mut symbol = row.symbol;
                    symbol[7] = b'x';
                    let price = row.price * 1.5 - row.qty as f64;
                    self.to.push(Row { id: row.id, symbol, price, qty: row.qty + 3 });
                }
            }
            std::mem::swap(&mut self.from, &mut self.to);
        }
        for row in &self.from {
            let symbol = u64::from_ne_bytes(row.symbol);
            checksum.add([row.id.cast_unsigned(), symbol, row.price.to_bits(), row.qty.cast_unsigned()]);
        }
    }
}
