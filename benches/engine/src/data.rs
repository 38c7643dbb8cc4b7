//! Workload G: `id, symbol, price, qty`, from one seeded generator (benchmarks 7.1 and 7.2).

use std::sync::Arc;

use tidegate_event::{EventBlock, Flags, Opcode, RowBatch, Schema};

/// xorshift64*.
pub struct Random(u64);

impl Random {
    /// The generator with this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
}

/// The schema of G.
pub fn schema() -> Schema {
    Schema::parse("id*:int64,symbol:string,price:double,qty:int32").expect("the schema is right")
}

/// `events` inserts in blocks of `block_events`. Symbols have eight bytes; prices are multiples of 1/4 below 1000,
/// so that sums and sums of squares are exact in plain doubles too.
pub fn blocks(events: usize, block_events: usize, groups: u64) -> Vec<Arc<EventBlock>> {
    let schema = schema();
    let mut random = Random::new(7);
    let mut blocks = Vec::new();
    let mut id = 0_i64;
    while (id as usize) < events {
        let count = block_events.min(events - id as usize);
        let mut rows = RowBatch::new(schema.layout());
        for _ in 0..count {
            let mut row = rows.push();
            row.set_int(0, id);
            row.set_text(1, &format!("S{:07}", random.next() % groups));
            row.set_double(2, (random.next() % 4000) as f64 / 4.0);
            row.set_int(3, (random.next() % 1000) as i64);
            id += 1;
        }
        let mut block = EventBlock::new(Arc::new(rows), Vec::new());
        for row in 0..count {
            block.push(Opcode::Insert, Flags::NORMAL, row as u32);
        }
        blocks.push(Arc::new(block));
    }
    blocks
}
