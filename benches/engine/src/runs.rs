//! Alternating runs of a workload's model and its floor over the same blocks.

use std::sync::Arc;
use std::time::Instant;

use cpu_time::ThreadTime;
use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, Event, EventBlock};
use tidegate_model::{Document, Limits, Mistakes, Project as ProjectModel, Tokens, Vocabulary};

use crate::counting;

/// What came out, independent of layout and order: equal for engine and floor, or one of them is wrong.
#[derive(Debug, Default, Clone, Copy, PartialEq)]
pub struct Checksum {
    /// Number of output events.
    pub events: u64,
    sum: u64,
}

impl Checksum {
    /// Adds an output event with these values.
    pub fn add<const N: usize>(&mut self, words: [u64; N]) {
        self.events += 1;
        let mixed =
            words.iter().fold(0_u64, |h, w| (h ^ w).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23));
        self.sum = self.sum.wrapping_add(mixed);
    }
}

/// A block for one of a workload's sources.
#[derive(Debug, Clone)]
pub struct Input {
    /// Number of the source.
    pub source: usize,
    /// What goes in.
    pub block: Arc<EventBlock>,
}

/// A model with its data and its floor.
pub trait Workload {
    /// Name and sizes.
    fn title(&self) -> String;

    /// Windows and edges of the model.
    fn model(&self) -> String;

    /// The sources, in the order of their numbers.
    fn sources(&self) -> &'static [&'static str];

    /// The window whose output counts.
    fn output(&self) -> &'static str;

    /// Events before the clock starts: what is retained has been turned over, so that free lists and pools are in steady state.
    fn warm(&self) -> usize;

    /// Rows that are retained.
    fn retained(&self) -> usize;

    /// `events` events, in blocks of `block`.
    fn inputs(&self, events: usize, block: usize) -> Vec<Input>;

    /// Adds an output event of the engine.
    fn fold(event: &Event<'_>, checksum: &mut Checksum);

    /// A new floor.
    fn floor(&self) -> impl Floor;
}

/// The plain loop.
pub trait Floor {
    /// Takes a block and adds what comes out.
    fn process(&mut self, source: usize, block: &EventBlock, checksum: &mut Checksum);
}

/// How much is run.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    /// Events per block.
    pub block: usize,
    /// Events on the clock.
    pub events: usize,
    /// Runs of each.
    pub pairs: usize,
}

struct Check<F> {
    window: WindowId,
    checksum: Checksum,
    fold: F,
}

impl<F: Fn(&Event<'_>, &mut Checksum)> Sink for Check<F> {
    fn emitted(&mut self, window: WindowId, _: &BlockHeader, block: &Arc<EventBlock>) {
        if window == self.window {
            block.iter().for_each(|event| (self.fold)(&event, &mut self.checksum));
        }
    }

    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, reason: Reject) {
        panic!("an event was rejected: {reason}");
    }

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}

fn project(content: &str) -> Project {
    let model = format!(
        "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\">{content}\
         </contquery></contqueries></project>"
    );
    let registry = Registry::ENGINE;
    let elements: Vec<&str> = registry.windows.iter().map(|w| w.element).collect();
    let mut mistakes = Mistakes::new();
    let document = Document::parse(&model, &Tokens::default(), &Limits::MODEL, &mut mistakes);
    let element = document.and_then(|d| d.projects.into_iter().next());
    let model = element.and_then(|e| ProjectModel::read(&e, &Vocabulary::new(&elements, &[]), &mut mistakes));
    let built = model.and_then(|m| build_project(&m, &registry, &mut mistakes));
    built.unwrap_or_else(|| panic!("{}", mistakes.display("the workload's model"))).0
}

/// Clock, processor and allocator at one moment.
struct Marks {
    time: Instant,
    processor: ThreadTime,
    allocations: u64,
}

impl Marks {
    fn now() -> Self {
        Self { allocations: counting::calls(), processor: ThreadTime::now(), time: Instant::now() }
    }
}

struct Outcome {
    ns_per_event: f64,
    processor_ns_per_event: f64,
    allocations_per_block: f64,
    live_bytes: u64,
    checksum: Checksum,
}

impl Outcome {
    fn since(marks: &Marks, timed: &[Input], live_bytes: u64, checksum: Checksum) -> Self {
        let (elapsed, processor) = (marks.time.elapsed(), marks.processor.elapsed());
        let events = timed.iter().map(|input| input.block.len()).sum::<usize>() as f64;
        Self {
            ns_per_event: elapsed.as_nanos() as f64 / events,
            processor_ns_per_event: processor.as_nanos() as f64 / events,
            allocations_per_block: (counting::calls() - marks.allocations) as f64 / timed.len() as f64,
            live_bytes,
            checksum,
        }
    }
}

fn engine<W: Workload>(workload: &W, inputs: &[Input], warm: usize) -> Outcome {
    // A publisher hands its blocks over: that ours are kept for the next run is counted before the clock starts.
    let mut handed = inputs.to_vec().into_iter().enumerate();
    let before = counting::live_bytes();
    let mut project = project(&workload.model());
    let find = |name: &&str| project.find("cq", name).expect("the model has the workload's windows");
    let sources: Vec<WindowId> = workload.sources().iter().map(find).collect();
    let mut check = Check { window: find(&workload.output()), checksum: Checksum::default(), fold: W::fold };
    let mut run = |project: &mut Project, input: Input, number: usize| {
        project.begin_step(number as i64 + 1, EngineTime::from_micros(number as i64), &mut check);
        project.inject(sources[input.source], BlockKind::Normal, 0, input.block, &mut check);
    };
    for (number, input) in handed.by_ref().take(warm) {
        run(&mut project, input, number);
    }
    let live = counting::live_bytes().saturating_sub(before);
    let marks = Marks::now();
    for (number, input) in handed {
        run(&mut project, input, number);
    }
    Outcome::since(&marks, &inputs[warm..], live, check.checksum)
}

fn floor<W: Workload>(workload: &W, inputs: &[Input], warm: usize) -> Outcome {
    let before = counting::live_bytes();
    let mut floor = workload.floor();
    let mut checksum = Checksum::default();
    let mut run = |input: &Input| floor.process(input.source, &input.block, &mut checksum);
    inputs[..warm].iter().for_each(&mut run);
    let live = counting::live_bytes().saturating_sub(before);
    let marks = Marks::now();
    inputs[warm..].iter().for_each(&mut run);
    Outcome::since(&marks, &inputs[warm..], live, checksum)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Runs model and floor in turn and prints what each pair gave, and the medians.
pub fn compare<W: Workload>(workload: &W, size: Size) {
    let Size { block, events, pairs } = size;
    let inputs = workload.inputs(workload.warm() + events, block);
    let mut before = 0;
    let started = inputs.iter().position(|input| {
        before += input.block.len();
        before > workload.warm()
    });
    let warm = started.expect("there are events on the clock");
    let (mut ours, mut theirs, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 1..=pairs {
        let a = engine(workload, &inputs, warm);
        let b = floor(workload, &inputs, warm);
        assert_eq!(a.checksum, b.checksum, "engine and floor differ");
        // By processor time: what else runs on the machine takes less part in it.
        let share = 100.0 * b.processor_ns_per_event / a.processor_ns_per_event;
        println!(
            "pair {pair}: engine {:.1} ns/event ({:.1} of processor), floor {:.1} ({:.1}), {share:.1} % of the floor; \
             {:.3} allocations/block, {:.1} bytes/row, {} outputs, checksum {:016x}",
            a.ns_per_event,
            a.processor_ns_per_event,
            b.ns_per_event,
            b.processor_ns_per_event,
            a.allocations_per_block,
            a.live_bytes as f64 / workload.retained().max(1) as f64,
            a.checksum.events,
            a.checksum.sum,
        );
        ours.push(a.processor_ns_per_event);
        theirs.push(b.processor_ns_per_event);
        ratios.push(share);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "{} block={block}: median engine {:.2} M ev/s of processor time, floor {:.2} M ev/s, {:.1} % of the floor",
        workload.title(),
        1e3 / ours,
        1e3 / theirs,
        median(ratios)
    );
}
