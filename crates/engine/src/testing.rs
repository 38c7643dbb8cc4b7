//! Running windows and their parts in tests.

use std::sync::Arc;

use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, Schema, pretty};

use crate::block::BlockPool;
use crate::step::{Notice, Reject, Sink, Step, WindowId, WindowStats};

/// What came out of a project or a step.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Emitted blocks.
    pub(crate) blocks: Vec<(WindowId, BlockHeader, Arc<EventBlock>)>,
    /// Refused events.
    pub(crate) rejects: Vec<(WindowId, usize, Reject)>,
    /// Notices.
    pub(crate) notices: Vec<(WindowId, Notice)>,
}

impl Sink for Recorder {
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        self.blocks.push((window, *header, Arc::clone(block)));
    }

    fn rejected(
        &mut self,
        window: WindowId,
        _: &BlockHeader,
        _: &EventBlock,
        position: usize,
        reason: Reject,
    ) {
        self.rejects.push((window, position, reason));
    }

    fn noticed(&mut self, window: WindowId, notice: Notice) {
        self.notices.push((window, notice));
    }
}

/// Everything that a step needs, for running one part alone.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    pub(crate) pool: BlockPool,
    pub(crate) stats: WindowStats,
    pub(crate) out: Recorder,
}

impl Bench {
    /// Runs `f` in a step at `micros`.
    pub(crate) fn step<R>(&mut self, micros: i64, f: impl FnOnce(&mut Step<'_>) -> R) -> R {
        let time = EngineTime::from_micros(micros);
        f(&mut Step {
            time,
            header: BlockHeader { kind: BlockKind::Normal, time, ..BlockHeader::default() },
            pool: &mut self.pool,
            window: WindowId(0),
            stats: &mut self.stats,
            sink: &mut self.out,
        })
    }
}

/// The rows of a block's table, without heading and alignment: `I N 1 abc`.
pub(crate) fn lines(schema: &Schema, block: Option<&EventBlock>) -> Vec<String> {
    let Some(block) = block else { return Vec::new() };
    let table = pretty::print(schema, block);
    table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// A project made from the inside of a `<contquery>`, for tests that feed tables and look at tables.
pub(crate) struct Run {
    pub(crate) project: crate::schedule::Project,
    pub(crate) out: Recorder,
    model: String,
}

impl Run {
    /// A project with these attributes whose query holds `windows` and `edges`.
    pub(crate) fn new(attributes: &str, windows: &str, edges: &str) -> Self {
        let model = format!(
            "<project name=\"p\" threads=\"1\" pubsub=\"auto\" {attributes}><contqueries><contquery name=\"cq\">\
             <windows>{windows}</windows><edges>{edges}</edges></contquery></contqueries></project>"
        );
        let project = build(&model).unwrap_or_else(|mistakes| panic!("{}", mistakes.display("model.xml")));
        Self { project, out: Recorder::default(), model }
    }

    /// Runs a block at `micros` as a step of its own; answers what the window `watched` emitted.
    pub(crate) fn feed(&mut self, micros: i64, window: &str, table: &str, watched: &str) -> Vec<String> {
        self.feed_as(micros, window, BlockKind::Normal, table);
        self.lines_of(watched)
    }

    /// As [`feed`](Self::feed), keeping all output in [`out`](Self::out).
    pub(crate) fn feed_as(&mut self, micros: i64, window: &str, kind: BlockKind, table: &str) {
        let id = self.id(window);
        let schema = Arc::clone(self.project.window(id).schema);
        self.out = Recorder::default();
        let input = self.project.input() + 1;
        self.project.begin_step(input, EngineTime::from_micros(micros), &mut self.out);
        let block = Arc::new(pretty::block(&schema, table));
        self.project.inject(id, kind, 0, block, &mut self.out);
    }

    /// What a window emitted in the last step.
    pub(crate) fn lines_of(&self, window: &str) -> Vec<String> {
        let id = self.id(window);
        let schema = Arc::clone(self.project.window(id).schema);
        let blocks = self.out.blocks.iter().filter(|(window, _, _)| *window == id);
        blocks.flat_map(|(_, _, block)| lines(&schema, Some(block))).collect()
    }

    pub(crate) fn id(&self, window: &str) -> WindowId {
        self.project.find("cq", window).unwrap_or_else(|| panic!("no window {window}"))
    }

    /// Saves the project, drops it, and goes on with one built anew and loaded.
    pub(crate) fn save_and_load(&mut self) {
        use crate::state::Frozen;
        let frozen = self.project.freeze();
        let mut project =
            build(&self.model).unwrap_or_else(|_| unreachable!("the model has been built before"));
        for window in &frozen.windows {
            let mut bytes = Vec::new();
            window.write(&mut bytes).unwrap();
            let mut from = &bytes[..];
            project.load_window(&window.contquery, &window.name, &mut from).unwrap();
            assert!(from.is_empty(), "{} bytes of {} were not read", from.len(), window.name);
        }
        project.resume(frozen.time, frozen.input, frozen.clock_started);
        self.project = project;
    }
}

/// Algorithms of calculate windows in tests.
static ALGORITHMS: &[&crate::windows::Algorithm] = &[&crate::windows::RUNNING_SUM];

/// Builds the first project of a model.
pub(crate) fn build(model: &str) -> Result<crate::schedule::Project, tidegate_model::Mistakes> {
    use tidegate_model::{Document, Limits, Mistakes, Project, Tokens, Vocabulary};
    let registry = crate::build::Registry { algorithms: ALGORITHMS, ..crate::build::Registry::ENGINE };
    let elements: Vec<&str> = registry.windows.iter().map(|window| window.element).collect();
    let mut mistakes = Mistakes::new();
    let built = Document::parse(model, &Tokens::default(), &Limits::MODEL, &mut mistakes)
        .and_then(|document| document.projects.into_iter().next())
        .and_then(|project| Project::read(&project, &Vocabulary::new(&elements, &[]), &mut mistakes))
        .and_then(|project| crate::build::build_project(&project, &registry, &mut mistakes));
    match built {
        Some((project, _)) if mistakes.is_empty() => Ok(project),
        _ => Err(mistakes),
    }
}
