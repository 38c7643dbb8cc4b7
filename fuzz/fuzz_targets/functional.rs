//! Any text as a function of a functional window, and any text as what it looks into: what compiles is run, twice, with the same result.
//! What stands before the first line end is the function, the rest is the event's text.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tidegate_event::{EngineTime, EventBlock, FieldType, RowBatch, Schema};
use tidegate_expr::Faults;
use tidegate_functional::{
    Document, Env, FUNCTIONS, JsonPath, JsonText, List, Map, Memory, Names, Node, Pattern, PropertyKind, Random, Value,
    XPath,
};

static SCHEMA: LazyLock<Arc<Schema>> =
    LazyLock::new(|| Arc::new(Schema::parse("id*:int64,text:string,v:double,none:string").expect("the schema is valid")));

const RESULTS: &[FieldType] = &[
    FieldType::Int32,
    FieldType::Int64,
    FieldType::Double,
    FieldType::Money,
    FieldType::Stamp,
    FieldType::String,
    FieldType::Blob,
    FieldType::ArrayI32,
];

fuzz_target!(|source: &str| {
    let (function, text) = source.split_once('\n').unwrap_or((source, ""));
    if let Ok(compiled) = names().compile(function) {
        assert_eq!(run(&compiled.node, text), run(&compiled.node, text), "a replay gives something else");
    }
    // The same two texts as a path and a document of an event loop.
    if let (Ok(path), Ok(document)) = (XPath::parse(function), Document::parse(text.into())) {
        let _ = path.hits(&document);
    }
    if let (Ok(path), Some(document)) = (JsonPath::parse(function), JsonText::parse(text.into())) {
        let _ = path.hits(&document);
    }
});

fn names() -> Names {
    let mut names = Names::new(FUNCTIONS, vec![Arc::clone(&SCHEMA)]);
    names.property("list", PropertyKind::Property(0));
    names.property("map", PropertyKind::Property(1));
    names.property("word", PropertyKind::Expression(Pattern::new("[a-z]+").expect("the pattern is valid")));
    names
}

fn run(node: &Node, text: &str) -> String {
    let mut rows = RowBatch::new(SCHEMA.layout());
    let mut row = rows.push();
    row.set_int(0, i64::MAX);
    row.set_text(1, text);
    row.set_double(2, -0.25);
    let block = EventBlock::new(Arc::new(rows), Vec::new());
    let mut memory = Memory::new(0, 2);
    memory.properties[0] = Value::List(Arc::new(List::new(text.into(), ",")));
    memory.properties[1] = Value::Map(Arc::new(Map::new(text.into(), ";", "=")));
    let mut faults = Faults::default();
    let value = node.eval(&mut Env {
        memory: &mut memory,
        row: block.rows().row(0),
        port: 0,
        inputs: &["s".to_owned()],
        time: EngineTime::from_micros(1_767_225_600_000_000),
        zone: &jiff::tz::TimeZone::UTC,
        random: &mut Random::of_block("w", 0, 1, 0, 0),
        faults: &mut faults,
        print: &mut |_| {},
    });
    for &ty in RESULTS {
        let schema = Schema::parse(&format!("r:{}", ty.name())).expect("the schema is valid");
        let mut out = RowBatch::new(schema.layout());
        let _ = value.store(&mut out.push(), 0, ty);
    }
    format!("{:?} {faults:?}", value.as_text())
}
