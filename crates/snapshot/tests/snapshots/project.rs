//! Whole projects: saved, dropped, loaded into new ones, going on as if nothing had been.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use proptest::prelude::*;
use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, pretty};
use tidegate_model::{Document, Limits, Mistakes, Tokens, Vocabulary};
use tidegate_snapshot::storage::Memory;
use tidegate_snapshot::{
    Beside, Position, SnapshotError, UnverifiedSnapshot, WindowName, check_project, load_project,
    write_project,
};

const DIR: &str = "/state";

const FIELDS: &str = "<schema><fields><field name='id' type='int32' key='true'/><field name='n' type='int32'/>\
                      </fields></schema>";

/// A source, copies under retention by time and by count, and a filter.
fn model(name: &str, more: &str) -> String {
    format!(
        "<project name='{name}' threads='1' pubsub='auto'><contqueries><contquery name='cq'><windows>\
         <window-source name='Source' index='pi_HASH'>{FIELDS}</window-source>\
         <window-copy name='Recent' index='pi_HASH'><retention type='bytime_sliding'>5 seconds</retention></window-copy>\
         <window-copy name='Last' index='pi_RBTREE'><retention type='bycount_sliding'>3</retention></window-copy>\
         <window-filter name='Large' index='pi_HASH'><expression>n &gt; 50</expression></window-filter>{more}\
         </windows><edges><edge source='Source' target='Recent'/><edge source='Source' target='Last'/>\
         <edge source='Recent' target='Large'/></edges></contquery></contqueries></project>"
    )
}

fn build(model: &str) -> Project {
    let registry = Registry::ENGINE;
    let elements: Vec<&str> = registry.windows.iter().map(|window| window.element).collect();
    let mut mistakes = Mistakes::new();
    let built = Document::parse(model, &Tokens::default(), &Limits::MODEL, &mut mistakes)
        .and_then(|document| document.projects.into_iter().next())
        .and_then(|element| {
            tidegate_model::Project::read(&element, &Vocabulary::new(&elements, &[]), &mut mistakes)
        })
        .and_then(|project| build_project(&project, &registry, &mut mistakes));
    assert!(mistakes.is_empty(), "{}", mistakes.display("model.xml"));
    built.expect("a model without mistakes is built").0
}

/// A project with the output of its windows as text tables.
struct Run {
    model: String,
    project: Project,
    seen: String,
    positions: Vec<Position>,
}

struct Tables<'a> {
    seen: &'a mut String,
    schemas: Vec<Arc<tidegate_event::Schema>>,
}

impl Sink for Tables<'_> {
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        let table = pretty::print(&self.schemas[window.0 as usize], block);
        writeln!(self.seen, "{window:?} {header:?}\n{table}").expect("a string takes text");
    }

    fn rejected(&mut self, window: WindowId, _: &BlockHeader, _: &EventBlock, at: usize, why: Reject) {
        writeln!(self.seen, "{window:?} {at} {why:?}").expect("a string takes text");
    }

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}

impl Run {
    fn new() -> Self {
        let model = model("p", "");
        Self { project: build(&model), model, seen: String::new(), positions: Vec::new() }
    }

    fn step(&mut self, seconds: i64, id: i32, n: i32) {
        let schemas = self.project.windows().map(|window| Arc::clone(window.schema)).collect();
        let mut sink = Tables { seen: &mut self.seen, schemas };
        let source = self.project.find("cq", "Source").expect("the model has it");
        let schema = Arc::clone(self.project.window(source).schema);
        let block = pretty::block(&schema, &format!("P N {id} {n}"));
        let input = self.project.input() + 1;
        self.project.begin_step(input, EngineTime::from_micros(seconds * 1_000_000), &mut sink);
        self.project.inject(source, BlockKind::Normal, 0, Arc::new(block), &mut sink);
    }

    fn save_and_load(&mut self, storage: &Memory) {
        let frozen = self.project.freeze();
        write_project(
            storage,
            Path::new(DIR),
            &frozen,
            &Beside { positions: self.positions.clone(), ..Beside::default() },
            &mut |_, _| {},
        )
        .unwrap();
        let snapshot = UnverifiedSnapshot::open(storage, Path::new(DIR)).unwrap().verify().unwrap();
        let mut project = build(&self.model);
        assert_eq!(load_project(&snapshot, &mut project).unwrap(), self.positions);
        self.project = project;
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_saved_and_loaded_anywhere_goes_on_with_the_same_output(
        steps in proptest::collection::vec((0..4_i64, 0..6_i32, 0..100_i32, any::<bool>()), 1..30)
    ) {
        let (mut plain, mut saved, storage) = (Run::new(), Run::new(), Memory::new());
        saved.positions.push(Position {
            contquery: "cq".into(), window: "Source".into(), connector: "pub".into(), position: vec![9],
        });
        let mut seconds = 1_700_000_000;
        for (later, id, n, save) in steps {
            seconds += later;
            plain.step(seconds, id, n);
            if save {
                saved.save_and_load(&storage);
            }
            saved.step(seconds, id, n);
        }
        prop_assert_eq!(&plain.seen, &saved.seen);
        prop_assert!(plain.seen.contains("WindowId(1)"), "the copy must have emitted");
    }
}

fn persisted() -> Memory {
    let storage = Memory::new();
    let mut run = Run::new();
    run.step(1, 1, 60);
    write_project(&storage, Path::new(DIR), &run.project.freeze(), &Beside::default(), &mut |_, _| {})
        .unwrap();
    storage
}

fn refusal(model: &str) -> SnapshotError {
    let storage = persisted();
    let snapshot = UnverifiedSnapshot::open(&storage, Path::new(DIR)).unwrap().verify().unwrap();
    let mut project = build(model);
    assert!(check_project(&snapshot, &project).is_err());
    let error = load_project(&snapshot, &mut project).unwrap_err();
    assert_eq!(project.windows().map(|window| window.rows).sum::<usize>(), 0, "nothing is loaded");
    assert_eq!(project.input(), 0);
    error
}

#[test]
fn another_projects_snapshot_is_refused() {
    assert_eq!(refusal(&model("q", "")).to_string(), "persisted project 'p' does not match 'q'");
}

#[test]
fn a_changed_model_is_refused_with_the_differences() {
    let model = model("p", "<window-copy name='More' index='pi_HASH'/>")
        .replace("'Last' index='pi_RBTREE'", "'Last' index='pi_HASH'")
        .replace("'Large'", "'Big'")
        .replace("<edges>", "<edges><edge source='Source' target='More'/>");
    let error = refusal(&model);
    let SnapshotError::ModelChanged(changes) = error else { panic!("{error}") };
    assert_eq!(changes.added, [WindowName::new("cq", "Big"), WindowName::new("cq", "More")]);
    assert_eq!(changes.removed, [WindowName::new("cq", "Large")]);
    let changed: Vec<_> = changes.changed.iter().map(|(window, _, _)| window.clone()).collect();
    assert_eq!(changed, [WindowName::new("cq", "Last")]);
    assert_eq!(changes.lines().len(), 4);
}

/// Files whose checksums fit, but whose content a window cannot use.
#[test]
fn state_that_a_window_cannot_use_is_damage() {
    let mut frozen = Run::new().project.freeze();
    // The state of another window under the name of this one.
    let names: Vec<String> = frozen.windows.iter().map(|window| window.name.clone()).collect();
    let shapes: Vec<String> = frozen.windows.iter().map(|window| window.shape.clone()).collect();
    frozen.windows.rotate_left(1);
    for (window, (name, shape)) in frozen.windows.iter_mut().zip(names.into_iter().zip(shapes)) {
        window.name = name;
        window.shape = shape;
    }
    let storage = Memory::new();
    write_project(&storage, Path::new(DIR), &frozen, &Beside::default(), &mut |_, _| {}).unwrap();
    let snapshot = UnverifiedSnapshot::open(&storage, Path::new(DIR)).unwrap().verify().unwrap();
    let error = load_project(&snapshot, &mut build(&model("p", ""))).unwrap_err();
    assert!(matches!(error, SnapshotError::Corrupt { .. }), "{error}");
}
