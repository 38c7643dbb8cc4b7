//! B2 (benchmarks 7.3): source (insert-only, pi_EMPTY) -> copy `bycount_sliding` W -> aggregate by symbol, beside
//! its floor, in alternating runs.
//!
//! `cargo run --release -- W GROUPS BLOCK EVENTS PAIRS`

mod counting;
mod data;
mod floor;

use std::sync::Arc;
use std::time::Instant;

use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, Opcode};
use tidegate_model::{Document, Limits, Mistakes, Project as ProjectModel, Tokens, Vocabulary};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// What came out, independent of the layout: equal for engine and floor, or one of them is wrong.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Checksum {
    /// Number of output events.
    pub events: u64,
    sum: u64,
}

impl Checksum {
    /// Adds an output event.
    pub fn add(&mut self, new: bool, symbol: u64, sum: f64, count: i64, max: f64) {
        self.events += 1;
        let words = [u64::from(new), symbol, sum.to_bits(), count as u64, max.to_bits()];
        let mixed =
            words.iter().fold(0_u64, |h, w| (h ^ w).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23));
        self.sum = self.sum.wrapping_add(mixed);
    }
}

struct Check {
    window: WindowId,
    checksum: Checksum,
}

impl Sink for Check {
    fn emitted(&mut self, window: WindowId, _: &BlockHeader, block: &Arc<EventBlock>) {
        if window != self.window {
            return;
        }
        for event in block.iter() {
            let row = event.row;
            let symbol = row.variable_words(0)[1];
            let new = event.opcode != Opcode::Delete;
            self.checksum.add(new, symbol, row.double(1), row.int(3), row.double(5));
        }
    }

    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, reason: Reject) {
        panic!("an event was rejected: {reason}");
    }

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}

fn project(window: usize) -> Project {
    let model = format!(
        "<project name=\"b2\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>\
         <window-source name=\"s\" index=\"pi_EMPTY\" insert-only=\"true\">\
         <schema-string>id*:int64,symbol:string,price:double,qty:int32</schema-string></window-source>\
         <window-copy name=\"c\" index=\"pi_HASH\"><retention type=\"bycount_sliding\">{window}</retention></window-copy>\
         <window-aggregate name=\"a\" index=\"pi_HASH\">\
         <schema-string>symbol*:string,total:double,mean:double,n:int64,dev:double,top:double</schema-string>\
         <output><field-expr>ESP_aSum(price)</field-expr><field-expr>ESP_aAve(price)</field-expr>\
         <field-expr>ESP_aCount()</field-expr><field-expr>ESP_aStd(price)</field-expr>\
         <field-expr>ESP_aMax(price)</field-expr></output></window-aggregate></windows>\
         <edges><edge source=\"s\" target=\"c\"/><edge source=\"c\" target=\"a\"/></edges>\
         </contquery></contqueries></project>"
    );
    let registry = Registry::ENGINE;
    let elements: Vec<&str> = registry.windows.iter().map(|w| w.element).collect();
    let mut mistakes = Mistakes::new();
    let document = Document::parse(&model, &Tokens::default(), &Limits::MODEL, &mut mistakes);
    let element = document.and_then(|d| d.projects.into_iter().next());
    let model = element.and_then(|e| ProjectModel::read(&e, &Vocabulary::new(&elements, &[]), &mut mistakes));
    let built = model.and_then(|m| build_project(&m, &registry, &mut mistakes));
    built.unwrap_or_else(|| panic!("{}", mistakes.display("b2"))).0
}

struct Outcome {
    ns_per_event: f64,
    checksum: Checksum,
    allocations_per_block: f64,
    bytes_per_row: f64,
}

fn engine(blocks: &[Arc<EventBlock>], window: usize, warm: usize) -> Outcome {
    // A publisher hands its blocks over: that ours are kept for the next run is counted before the clock starts.
    let mut handed = blocks.to_vec().into_iter().enumerate();
    let before = counting::live_bytes();
    let mut project = project(window);
    let (source, aggregate) = (project.find("cq", "s").expect("s"), project.find("cq", "a").expect("a"));
    let mut check = Check { window: aggregate, checksum: Checksum::default() };
    let mut run = |project: &mut Project, block: Arc<EventBlock>, number: usize| {
        project.begin_step(number as i64 + 1, EngineTime::from_micros(number as i64), &mut check);
        project.inject(source, BlockKind::Normal, 0, block, &mut check);
    };
    for (number, block) in handed.by_ref().take(warm) {
        run(&mut project, block, number);
    }
    let bytes = counting::live_bytes() - before;
    let allocations = counting::calls();
    let start = Instant::now();
    for (number, block) in handed {
        run(&mut project, block, number);
    }
    let elapsed = start.elapsed();
    outcome(blocks, warm, window, elapsed, counting::calls() - allocations, bytes, check.checksum)
}

fn floor(blocks: &[Arc<EventBlock>], window: usize, warm: usize) -> Outcome {
    let before = counting::live_bytes();
    let mut floor = floor::Floor::new(window);
    let mut checksum = Checksum::default();
    blocks[..warm].iter().for_each(|block| floor.process(block, &mut checksum));
    let bytes = counting::live_bytes() - before;
    let allocations = counting::calls();
    let start = Instant::now();
    blocks[warm..].iter().for_each(|block| floor.process(block, &mut checksum));
    let elapsed = start.elapsed();
    outcome(blocks, warm, window, elapsed, counting::calls() - allocations, bytes, checksum)
}

fn outcome(
    blocks: &[Arc<EventBlock>],
    warm: usize,
    window: usize,
    elapsed: std::time::Duration,
    allocations: u64,
    bytes: u64,
    checksum: Checksum,
) -> Outcome {
    let timed = &blocks[warm..];
    let events: usize = timed.iter().map(|block| block.len()).sum();
    Outcome {
        ns_per_event: elapsed.as_nanos() as f64 / events as f64,
        checksum,
        allocations_per_block: allocations as f64 / timed.len() as f64,
        bytes_per_row: bytes as f64 / window as f64,
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let arguments: Vec<usize> = std::env::args().skip(1).map(|a| a.parse().expect("a number")).collect();
    let [window, groups, block, events, pairs] = arguments[..] else {
        eprintln!("usage: tidegate-bench-engine W GROUPS BLOCK EVENTS PAIRS");
        std::process::exit(1);
    };
    // Warm until the window has turned over once, so that free lists and pools are in steady state.
    let warm_events = 2 * window;
    let blocks = data::blocks(warm_events + events, block, groups as u64);
    let warm = warm_events.div_ceil(block);
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 1..=pairs {
        let a = engine(&blocks, window, warm);
        let b = floor(&blocks, window, warm);
        assert_eq!(a.checksum, b.checksum, "engine and floor differ");
        println!(
            "pair {pair}: engine {:.1} ns/event, floor {:.1} ns/event, {:.1} % of the floor; {:.3} allocations/block, {:.1} bytes/row, {} outputs",
            a.ns_per_event,
            b.ns_per_event,
            100.0 * b.ns_per_event / a.ns_per_event,
            a.allocations_per_block,
            a.bytes_per_row,
            a.checksum.events
        );
        ours.push(a.ns_per_event);
        theirs.push(b.ns_per_event);
        ratios.push(100.0 * b.ns_per_event / a.ns_per_event);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "B2 W={window} groups={groups} block={block}: median engine {:.2} M ev/s, floor {:.2} M ev/s, {:.1} % of the floor",
        1e3 / ours,
        1e3 / theirs,
        median(ratios)
    );
}
