//! The real engine with a small project: built, fed, saved and restored as the server does it.

use std::path::Path;
use std::sync::Arc;

use tidegate_codec::EncodeOptions;
use tidegate_codec::binary::BinaryEncoder;
use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{
    BlockHeader, BlockKind, EngineTime, EventBlock, Flags, Opcode, OutputId, RowBatch, Schema,
};
use tidegate_failover::Held;
use tidegate_model::{Document, Limits, Mistakes, Project as ProjectDef, Tokens, Vocabulary};
use tidegate_snapshot::storage::Memory;
use tidegate_snapshot::{Beside, Position, UnverifiedSnapshot, load_project, write_project};

/// What is written for an output record.
pub(crate) type Payload = Arc<[u8]>;

/// A record as an engine hands it to its gate.
pub(crate) type Record = Held<Payload>;

/// Outputs of the project.
pub(crate) const OUTPUTS: usize = 2;

/// A source; retention by time and sums over it; retention by count. The heartbeat makes the clock run in steps.
const MODEL: &str = "<project name='sim' threads='1' pubsub='auto' heartbeat-interval='1'><contqueries>\
    <contquery name='cq'><windows>\
    <window-source name='Source' index='pi_EMPTY' insert-only='true'><schema><fields>\
    <field name='id' type='int64' key='true'/><field name='g' type='int64'/><field name='v' type='int64'/>\
    </fields></schema></window-source>\
    <window-copy name='Recent' index='pi_HASH'><retention type='bytime_sliding'>2 seconds</retention></window-copy>\
    <window-aggregate name='Sums' index='pi_HASH'><schema><fields><field name='g' type='int64' key='true'/>\
    <field name='total' type='int64'/><field name='n' type='int64'/></fields></schema>\
    <output><field-expr>ESP_aSum(v)</field-expr><field-expr>ESP_aCount()</field-expr></output></window-aggregate>\
    <window-copy name='Last' index='pi_HASH'><retention type='bycount_sliding'>5</retention></window-copy>\
    </windows><edges><edge source='Source' target='Recent'/><edge source='Recent' target='Sums'/>\
    <edge source='Source' target='Last'/></edges></contquery></contqueries></project>";

/// A record of the input partition.
#[derive(Debug, Clone)]
pub(crate) struct InputRecord {
    /// The timestamp that the log gave it; none for −1.
    pub(crate) time: Option<EngineTime>,
    /// Group and value of each event; none when the record cannot be decoded.
    pub(crate) events: Vec<(i64, i64)>,
}

/// A model, read once: projects are built from it.
#[derive(Debug)]
pub(crate) struct Model {
    definition: ProjectDef,
}

impl Model {
    pub(crate) fn read() -> Self {
        let registry = Registry::ENGINE;
        let elements: Vec<&str> = registry.windows.iter().map(|window| window.element).collect();
        let mut mistakes = Mistakes::new();
        let document = Document::parse(MODEL, &Tokens::default(), &Limits::MODEL, &mut mistakes);
        let element = document.and_then(|document| document.projects.into_iter().next());
        let vocabulary = Vocabulary::new(&elements, &[]);
        let definition = element.and_then(|element| ProjectDef::read(&element, &vocabulary, &mut mistakes));
        assert!(mistakes.is_empty(), "{}", mistakes.display("MODEL"));
        Self { definition: definition.expect("a model without mistakes is read") }
    }
}

/// What a process computes with.
pub(crate) struct Engine {
    project: Project,
    source: WindowId,
    sink: Outputs,
}

/// The sink: encodes what the two outputs emit.
struct Outputs {
    windows: [WindowId; OUTPUTS],
    encoders: [BinaryEncoder; OUTPUTS],
    emitted: Vec<(usize, Record)>,
    /// For a canary: blocks emitted since the process began, by output.
    lasting_subs: Option<[u32; OUTPUTS]>,
}

impl Engine {
    /// An engine just loaded. `lasting_subs` makes its sub-sequences outlive their steps, which is wrong.
    pub(crate) fn new(model: &Model, lasting_subs: bool) -> Self {
        let mut mistakes = Mistakes::new();
        let built = build_project(&model.definition, &Registry::ENGINE, &mut mistakes);
        assert!(mistakes.is_empty(), "{}", mistakes.display("MODEL"));
        let (project, _) = built.expect("a model without mistakes is built");
        let window = |name| project.find("cq", name).expect("the model has it");
        let windows = [window("Sums"), window("Last")];
        let encoders =
            windows.map(|id| BinaryEncoder::new(project.window(id).schema, EncodeOptions::default()));
        let sink = Outputs {
            windows,
            encoders,
            emitted: Vec::new(),
            lasting_subs: lasting_subs.then_some([0; OUTPUTS]),
        };
        let source = window("Source");
        Self { project, source, sink }
    }

    /// Processes the record at `offset`: what each output emits, in order.
    pub(crate) fn step(&mut self, offset: i64, record: &InputRecord) -> Vec<(usize, Record)> {
        self.project.begin_step(offset, record.time.unwrap_or(EngineTime::UNSET), &mut self.sink);
        if !record.events.is_empty() {
            let schema = Arc::clone(self.project.window(self.source).schema);
            let block = Arc::new(input_block(&schema, offset, &record.events));
            self.project.inject(self.source, BlockKind::Normal, 0, block, &mut self.sink);
        }
        std::mem::take(&mut self.sink.emitted)
    }

    /// The engine time.
    pub(crate) fn time(&self) -> EngineTime {
        self.project.time()
    }

    /// Saves the state; `next` is the offset to go on with.
    pub(crate) fn save(&mut self, next: i64) -> Memory {
        let storage = Memory::new();
        let position = Position {
            contquery: "cq".to_owned(),
            window: "Source".to_owned(),
            connector: "in".to_owned(),
            position: next.to_le_bytes().to_vec(),
        };
        let beside = Beside { positions: vec![position], ..Beside::default() };
        write_project(&storage, Path::new(SNAPSHOT), &self.project.freeze(), &beside, &mut |_, _| {})
            .expect("memory does not fail");
        storage
    }

    /// Loads a state into an engine just built; answers the offset to go on with.
    pub(crate) fn load(&mut self, storage: &Memory) -> i64 {
        let snapshot = UnverifiedSnapshot::open(storage, Path::new(SNAPSHOT))
            .and_then(UnverifiedSnapshot::verify)
            .expect("a snapshot in memory stays whole");
        let positions = load_project(&snapshot, &mut self.project).expect("the model is the same");
        let position = positions.first().map(|saved| saved.position.as_slice());
        let bytes = position.and_then(|bytes| bytes.try_into().ok()).expect("`save` wrote eight bytes");
        i64::from_le_bytes(bytes)
    }
}

const SNAPSHOT: &str = "/state";

fn input_block(schema: &Schema, offset: i64, events: &[(i64, i64)]) -> EventBlock {
    let mut rows = RowBatch::new(schema.layout());
    let mut numbers = Vec::new();
    for (at, &(group, value)) in events.iter().enumerate() {
        let mut row = rows.push();
        row.set_int(0, offset * 8 + at as i64);
        row.set_int(1, group);
        row.set_int(2, value);
        numbers.push(row.number());
    }
    let mut block = EventBlock::new(Arc::new(rows), Vec::new());
    for number in numbers {
        block.push(Opcode::Insert, Flags::NORMAL, number);
    }
    block
}

impl Sink for Outputs {
    /// A block is one record of the first output; the second has one per event, as formats do that split blocks.
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        let Some(output) = self.windows.iter().position(|&known| known == window) else { return };
        let mut header = *header;
        if let Some(counters) = &mut self.lasting_subs {
            header.id.sub = counters[output];
            counters[output] += 1;
        }
        let mut bytes = Vec::new();
        self.encoders[output].encode_block(&header, block, &mut bytes);
        let parts = if output == 0 { 1 } else { block.len() as u32 };
        for part in 0..parts {
            let mut record = bytes.clone();
            record.extend(part.to_le_bytes());
            let checksum = crc32fast::hash(&record);
            let id = OutputId::new(header.id, part);
            self.emitted.push((output, Held { id, checksum, time: header.time, record: record.into() }));
        }
    }

    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, why: Reject) {
        unreachable!("the input has inserts with new keys only: {why}");
    }

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}
