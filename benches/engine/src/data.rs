//! Rows from one seeded generator (benchmarks 7.1 and 7.2).

use std::sync::Arc;

use tidegate_event::{EventBlock, Flags, Opcode, RowBatch, RowWriter, Schema};

use crate::runs::Input;

/// xorshift64*.
pub struct Random(u64);

impl Random {
    /// The generator of all workloads.
    pub fn new() -> Self {
        Self(7)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// The next number below `limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// The eight letters of symbol `number`.
pub fn symbol(number: u64) -> String {
    format!("S{number:07}")
}

/// Rows of one source on their way into blocks.
pub struct Blocks {
    schema: Schema,
    source: usize,
    limit: usize,
    rows: RowBatch,
    opcodes: Vec<Opcode>,
}

impl Blocks {
    /// For source number `source` with this schema string, in blocks of `limit` events.
    pub fn new(source: usize, schema: &str, limit: usize) -> Self {
        let schema = Schema::parse(schema).expect("the workload's schema is right");
        Self { rows: RowBatch::new(schema.layout()), schema, source, limit, opcodes: Vec::new() }
    }

    /// Adds an event, whose fields `fill` sets; answers with a block when it is full.
    pub fn push(&mut self, opcode: Opcode, fill: impl FnOnce(&mut RowWriter<'_>)) -> Option<Input> {
        fill(&mut self.rows.push());
        self.opcodes.push(opcode);
        (self.opcodes.len() == self.limit).then(|| self.take())
    }

    /// The block that is not full.
    pub fn rest(mut self) -> Option<Input> {
        (!self.opcodes.is_empty()).then(|| self.take())
    }

    fn take(&mut self) -> Input {
        let rows = std::mem::replace(&mut self.rows, RowBatch::new(self.schema.layout()));
        let mut block = EventBlock::new(Arc::new(rows), Vec::new());
        for (row, opcode) in self.opcodes.drain(..).enumerate() {
            block.push(opcode, Flags::NORMAL, row as u32);
        }
        Input { source: self.source, block: Arc::new(block) }
    }
}

/// `id*:int64,symbol:string,price:double,qty:int32` (G).
pub const TRADES: &str = "id*:int64,symbol:string,price:double,qty:int32";

/// `events` inserts of G in blocks. Prices are multiples of 1/4 below 1000, so that sums and sums of squares are exact in
/// plain doubles too.
pub fn trades(events: usize, block: usize, symbols: u64) -> Vec<Input> {
    let mut random = Random::new();
    let mut blocks = Blocks::new(0, TRADES, block);
    let mut inputs = Vec::new();
    for id in 0..events {
        inputs.extend(blocks.push(Opcode::Insert, |row| {
            row.set_int(0, id as i64);
            row.set_text(1, &symbol(random.below(symbols)));
            row.set_double(2, random.below(4000) as f64 / 4.0);
            row.set_int(3, random.below(1000) as i64);
        }));
    }
    inputs.extend(blocks.rest());
    inputs
}

/// The hash of a word.
pub fn hash(word: u64) -> u64 {
    let product = u128::from(word ^ 0x9E37_79B9_7F4A_7C15) * u128::from(0xD6E8_FEB8_6659_FD93_u64);
    product as u64 ^ (product >> 64) as u64
}
