//! The saved state of a window with bytes changed: refused, or loaded into a project that then works. Checksums stop such
//! a change before it comes here, but what wrote the state may have been wrong.
//!
//! The first byte chooses the window; then come changes of three bytes: where (twice), and the new byte.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tidegate_engine::state::Frozen;
use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, pretty};
use tidegate_model::{Document, Limits, Mistakes, Tokens, Vocabulary};

const MODEL: &str = r#"<project name="p" threads="1" pubsub="auto"><contqueries><contquery name="q"><windows>
<window-source name="a"><schema-string>id*:int32,g:string,v:double</schema-string></window-source>
<window-source name="auto" insert-only="true" autogen-key="true" index="pi_EMPTY"><schema-string>k*:int64,v:int32</schema-string></window-source>
<window-copy name="kept" index="pi_HASH"><retention type="bycount_sliding">3</retention></window-copy>
<window-copy name="aged"><retention type="bytime_sliding">5 seconds</retention></window-copy>
<window-compute name="counted"><expr-initialize><initializer type="int32">integer n; n = 0; return n</initializer></expr-initialize>
<schema-string>id*:int32,n:int32</schema-string><output><field-expr>n = n + 1; return n</field-expr></output></window-compute>
<window-aggregate name="sums"><schema-string>g*:string,s:double,lo:double,hi:double,first:double,lag:double,d:int32,x:double</schema-string>
<output><field-expr>ESP_aSum(v)</field-expr><field-expr>ESP_aMin(v)</field-expr><field-expr>ESP_aMax(v)</field-expr>
<field-expr>ESP_aFirst(v)</field-expr><field-expr>ESP_aLag(v,1)</field-expr><field-expr>ESP_aCountDistinct(v)</field-expr>
<field-expr>ESP_aStd(v)</field-expr></output></window-aggregate>
<window-join name="joined"><join type="leftouter"><conditions><fields left="id" right="id"/></conditions></join>
<output><field-selection name="v" source="l_v"/><field-selection name="w" source="r_v"/></output></window-join>
<window-union name="all" strict="false"/><window-copy name="numbered"/>
</windows><edges><edge source="a" target="kept"/><edge source="a" target="aged"/><edge source="a" target="counted"/>
<edge source="kept" target="sums"/><edge source="a" target="joined" role="left"/><edge source="kept" target="joined" role="right"/>
<edge source="auto" target="numbered"/><edge source="kept" target="all"/><edge source="aged" target="all"/></edges></contquery></contqueries></project>"#;

/// Contquery, name and state of each window, after some work.
static STATES: LazyLock<Vec<(String, String, Vec<u8>)>> = LazyLock::new(|| {
    let mut project = project();
    work(&mut project);
    let mut states = Vec::new();
    for window in &project.freeze().windows {
        let mut bytes = Vec::new();
        window.write(&mut bytes).expect("memory takes a state");
        states.push((window.contquery.clone(), window.name.clone(), bytes));
    }
    states
});

fuzz_target!(|data: &[u8]| {
    let [window, changes @ ..] = data else { return };
    let (query, name, state) = &STATES[usize::from(*window) % STATES.len()];
    let mut project = project();
    if project.load_window(query, name, &mut changed(state, changes).as_slice()).is_ok() {
        project.resume(EngineTime::from_micros(9_000_000), 9, true);
        work(&mut project);
    }
});

/// `base` with the changes of `list`; behind the end they cut it or make it longer.
fn changed(base: &[u8], list: &[u8]) -> Vec<u8> {
    let mut bytes = base.to_vec();
    for change in list.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]]));
        match bytes.get_mut(at) {
            Some(byte) => *byte = change[2],
            None if at % 2 == 0 => bytes.push(change[2]),
            None => bytes.truncate(usize::from(change[2])),
        }
    }
    bytes
}

fn project() -> Project {
    static DEF: LazyLock<tidegate_model::Project> = LazyLock::new(|| {
        let windows: Vec<&str> = Registry::ENGINE.windows.iter().map(|window| window.element).collect();
        let vocabulary = Vocabulary::new(&windows, &[]);
        let mut mistakes = Mistakes::new();
        let document = Document::parse(MODEL, &Tokens::default(), &Limits::MODEL, &mut mistakes);
        let def = document
            .and_then(|d| tidegate_model::Project::read(d.projects.first()?, &vocabulary, &mut mistakes));
        def.unwrap_or_else(|| panic!("the model is right: {mistakes:?}"))
    });
    let mut mistakes = Mistakes::new();
    let built = build_project(&DEF, &Registry::ENGINE, &mut mistakes);
    built.unwrap_or_else(|| panic!("the model is right: {mistakes:?}")).0
}

/// Runs a few steps: every opcode, a group change, nulls, time.
fn work(project: &mut Project) {
    let window = |name: &str| project.find("q", name).expect("the model has it");
    let (a, auto) = (window("a"), window("auto"));
    let blocks = [
        (a, "I N 1 x 1.5\n I N 2 \"a longer group name\" ∅\n P N 3 x 2.5"),
        (auto, "I N ∅ 4\n I N ∅ 5"),
        (a, "P N 1 \"a longer group name\" -1\n I N 4 y 1e300"),
        (a, "SD N 2 ∅ ∅\n P N 5 ∅ 0.1\n P N 1 x 3"),
        (a, "P N 6 y 7"),
    ];
    let (mut input, mut time) = (project.input(), project.time().micros().max(0));
    for (id, text) in blocks {
        input = input.saturating_add(1);
        time = time.saturating_add(2_000_000);
        project.begin_step(input, EngineTime::from_micros(time), &mut Nowhere);
        let block = pretty::block(project.window(id).schema, text);
        project.inject(id, BlockKind::Normal, 0, Arc::new(block), &mut Nowhere);
    }
    for window in ["kept", "sums", "joined"] {
        if let Some(id) = project.find("q", window) {
            project.content(id, 2, &mut |_| {});
        }
    }
    project.freeze();
}

struct Nowhere;

impl Sink for Nowhere {
    fn emitted(&mut self, _: WindowId, _: &BlockHeader, _: &Arc<EventBlock>) {}

    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, _: Reject) {}

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}
