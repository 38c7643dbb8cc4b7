//! Heap allocations of the hot path and bytes per retained row, counted (design.md 4): B2's model in steady state.
//!
//! One test in a program of its own: the counter is the process's.

#![expect(unsafe_code, reason = "a global allocator can only be written with unsafe code")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, Flags, Opcode, RowBatch, Schema};
use tidegate_model::{Document, Limits, Mistakes, Project as ProjectModel, Tokens, Vocabulary};

struct Counting;

static CALLS: AtomicU64 = AtomicU64::new(0);
static LIVE: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed on unchanged to the system's allocator, whose contract is the same.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        LIVE.fetch_add(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size() as u64, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Nothing;

impl Sink for Nothing {
    fn emitted(&mut self, _: WindowId, _: &BlockHeader, _: &Arc<EventBlock>) {}

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
         <window-copy name=\"c\"><retention type=\"bycount_sliding\">{window}</retention></window-copy>\
         <window-aggregate name=\"a\">\
         <schema-string>symbol*:string,total:double,mean:double,n:int64,dev:double,top:double</schema-string>\
         <output><field-expr>ESP_aSum(price)</field-expr><field-expr>ESP_aAve(price)</field-expr>\
         <field-expr>ESP_aCount()</field-expr><field-expr>ESP_aStd(price)</field-expr>\
         <field-expr>ESP_aMax(price)</field-expr></output></window-aggregate></windows>\
         <edges><edge source=\"s\" target=\"c\"/><edge source=\"c\" target=\"a\"/></edges>\
         </contquery></contqueries></project>"
    );
    let registry = Registry::ENGINE;
    let elements: Vec<&str> = registry.windows.iter().map(|window| window.element).collect();
    let mut mistakes = Mistakes::new();
    let document =
        Document::parse(&model, &Tokens::default(), &Limits::MODEL, &mut mistakes).expect("the model is XML");
    let model = ProjectModel::read(&document.projects[0], &Vocabulary::new(&elements, &[]), &mut mistakes)
        .expect("the model is right");
    build_project(&model, &registry, &mut mistakes).expect("the model is right").0
}

/// Inserts with ids from 0, symbols of eight bytes and prices from a fixed sequence.
fn blocks(count: usize, block_events: usize, groups: u64) -> Vec<Arc<EventBlock>> {
    let schema =
        Schema::parse("id*:int64,symbol:string,price:double,qty:int32").expect("the schema is right");
    let mut state = 7_u64;
    let mut next = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let mut id = 0;
    (0..count)
        .map(|_| {
            let mut rows = RowBatch::new(schema.layout());
            for _ in 0..block_events {
                let mut row = rows.push();
                row.set_int(0, id);
                row.set_text(1, &format!("S{:07}", next() % groups));
                row.set_double(2, (next() % 4000) as f64 / 4.0);
                row.set_int(3, (next() % 1000) as i64);
                id += 1;
            }
            let mut block = EventBlock::new(Arc::new(rows), Vec::new());
            (0..block_events).for_each(|row| block.push(Opcode::Insert, Flags::NORMAL, row as u32));
            Arc::new(block)
        })
        .collect()
}

/// Runs the blocks; answers allocations per block after the first `warm`, and live bytes per row of the window.
fn run(window: usize, groups: u64, block_events: usize, warm: usize, timed: usize) -> (f64, f64) {
    let blocks = blocks(warm + timed, block_events, groups);
    let before = LIVE.load(Ordering::Relaxed);
    let mut project = project(window);
    let source = project.find("cq", "s").expect("the model has s");
    let mut allocations = 0;
    for (number, block) in blocks.iter().enumerate() {
        if number == warm {
            allocations = CALLS.load(Ordering::Relaxed);
        }
        project.begin_step(number as i64 + 1, EngineTime::from_micros(number as i64), &mut Nothing);
        project.inject(source, BlockKind::Normal, 0, Arc::clone(block), &mut Nothing);
    }
    let allocations = CALLS.load(Ordering::Relaxed) - allocations;
    let bytes = LIVE.load(Ordering::Relaxed) - before;
    (allocations as f64 / timed as f64, bytes as f64 / window as f64)
}

#[test]
fn the_hot_path_does_not_allocate() {
    let (per_block, _) = run(1_000, 100, 256, 400, 1_000);
    assert!(per_block <= 4.0, "{per_block} allocations per block of 256");
    let (per_event, _) = run(1_000, 100, 1, 40_000, 20_000);
    assert!(per_event < 0.01, "{per_event} allocations per event at block size 1");
    let (_, bytes) = run(100_000, 10_000, 256, 800, 400);
    assert!(bytes <= 150.0, "{bytes} live bytes per retained row");
}
