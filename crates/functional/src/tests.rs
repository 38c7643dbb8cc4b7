//! The examples of all functions, run.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tidegate_event::{EngineTime, Schema, pretty};
use tidegate_expr::{FaultKind, Faults};

use crate::{Env, FUNCTIONS, List, Map, Memory, Names, Pattern, PropertyKind, Random, Set, Value};

/// A window with every kind of property and one event.
struct Bench {
    names: Names,
    properties: Vec<Value>,
    faults: Faults,
    printed: Vec<String>,
    zone: TimeZone,
}

impl Bench {
    fn new() -> Self {
        let schema = Schema::parse("id*:int64,name:string,price:double,nothing:string").unwrap();
        let mut names = Names::new(FUNCTIONS, vec![Arc::new(schema)]);
        let properties = vec![
            ("list", Value::List(Arc::new(List::new("a,b,c".into(), ",")))),
            ("set", Value::Set(Arc::new(Set::new("x;y".into(), ";")))),
            ("map", Value::Map(Arc::new(Map::new("first=Ann;last=Lee".into(), ";", "=")))),
        ];
        for (number, (name, _)) in properties.iter().enumerate() {
            assert!(names.property(name, PropertyKind::Property(number)));
        }
        names.property("digits", PropertyKind::Expression(Pattern::new("[0-9]+").unwrap()));
        Self {
            names,
            properties: properties.into_iter().map(|(_, value)| value).collect(),
            faults: Faults::default(),
            printed: Vec::new(),
            zone: TimeZone::UTC,
        }
    }

    fn eval(&mut self, text: &str) -> String {
        let schema = Schema::parse("id*:int64,name:string,price:double,nothing:string").unwrap();
        let block = pretty::block(&schema, "I N 7 Ann 2.5 ∅");
        let compiled = self.names.compile(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert!(compiled.unknown.is_empty(), "{text}: {:?}", compiled.unknown);
        let mut memory = Memory::new(0, 0);
        memory.properties = self.properties.clone();
        memory.event_counter = 1;
        let printed = &mut self.printed;
        let value = compiled.node.eval(&mut Env {
            memory: &mut memory,
            row: block.event(0).row,
            port: 0,
            inputs: &["source".to_owned()],
            time: EngineTime::from_micros(1_527_500_035_670_000),
            zone: &self.zone,
            random: &mut Random::of_block("cq/w", 0, 1, 0, 0),
            faults: &mut self.faults,
            print: &mut |line| printed.push(line.to_owned()),
        });
        value.as_text().map_or_else(|| "null".to_owned(), |text| text.into_owned())
    }
}

#[test]
fn examples_give_what_they_say() {
    let mut bench = Bench::new();
    for function in FUNCTIONS {
        assert!(!function.examples.is_empty(), "{} has no example", function.name);
        for (text, result) in function.examples {
            assert_eq!(bench.eval(text), *result, "{text}");
        }
    }
    assert_eq!(bench.printed, ["a1"]);
}

#[test]
fn names_are_unique() {
    for (number, function) in FUNCTIONS.iter().enumerate() {
        assert!(FUNCTIONS[..number].iter().all(|other| other.name != function.name), "{}", function.name);
    }
}

#[test]
fn fields_convert_freely() {
    let mut bench = Bench::new();
    assert_eq!(bench.eval("sum($id,$price)"), "9.5");
    assert_eq!(bench.eval("string($name,$id)"), "Ann7");
    assert_eq!(bench.eval("$nothing"), "null");
    assert_eq!(bench.eval("some words, (really)"), "some words, (really)");
    assert_eq!(bench.faults.total(), 0);
}

#[test]
fn faults_are_counted_by_kind() {
    let mut bench = Bench::new();
    assert_eq!(bench.eval("sum($name,1)"), "null");
    assert_eq!(bench.eval("quotient(1,0)"), "null");
    assert_eq!(bench.eval("json($name,'a')"), "null");
    assert_eq!(bench.eval("rgx(string('(','a'),'x')"), "null");
    for kind in
        [FaultKind::FailedCast, FaultKind::DivisionByZero, FaultKind::BadDocument, FaultKind::BadArgument]
    {
        assert_eq!(bench.faults.count(kind), 1, "{kind}");
    }
}

#[test]
fn branches_not_taken_are_not_evaluated() {
    let mut bench = Bench::new();
    assert_eq!(bench.eval("string(if(0,eventNumber(),'x'),or(1,eventNumber()),eventNumber())"), "x10");
    assert_eq!(
        bench.eval("string(and(0,eventNumber()),switch(1,1,'a',eventNumber(),'b'),eventNumber())"),
        "0a0"
    );
    assert_eq!(bench.faults.total(), 0);
}

#[test]
fn mistakes_are_found_when_compiled() {
    let bench = Bench::new();
    let error = |text: &str| {
        let error = bench.names.compile(text).unwrap_err();
        (error.offset, error.message)
    };
    assert_eq!(error("nope(1)"), (0, "there is no function 'nope'".to_owned()));
    assert_eq!(error("sum(1,nope(1))"), (6, "there is no function 'nope'".to_owned()));
    assert_eq!(error("abs(1,2)"), (0, "'abs' takes 1 arguments, not 2".to_owned()));
    assert_eq!(error("xpath($name,'//')").0, 15);
    assert_eq!(error("rgx('(',$name)").0, 4);
    assert_eq!(error("json($name,'a[')").0, 11);
    assert_eq!(error("#nope"), (0, "there is no property or expression 'nope'".to_owned()));
    let compiled = bench.names.compile("sum($nope,1)").unwrap();
    assert_eq!(compiled.unknown.len(), 1);
    assert_eq!(compiled.unknown[0].offset, 4);
}

#[test]
fn a_replay_gives_the_same_random_numbers() {
    let draw = |input| {
        let mut random = Random::of_block("cq/w", 0, input, 0, 0);
        (random.unit(), random.guid())
    };
    assert_eq!(draw(7), draw(7));
    assert_ne!(draw(7), draw(8));
    let guid = draw(7).1;
    assert_eq!(guid.len(), 36);
    assert_eq!(guid.as_bytes()[14], b'4');
}

/// `docs/reference/functional.md` is made from the registry. Set `UPDATE_REFERENCE=1` to write it anew.
#[test]
fn reference_page_is_up_to_date() {
    use std::fmt::Write;
    let mut page = String::from(
        "# Functions of functional windows\n\nMade from the registry: `UPDATE_REFERENCE=1 cargo test -p tidegate-functional reference_page`.\n\
         A null argument gives null unless the line says otherwise. Truth prints as 1 or 0. Marks: [V] seen in a real output, [S] stated by a\n\
         source, [M] recalled from the manual.\n",
    );
    let mut family = "";
    for function in FUNCTIONS {
        if function.family != family {
            family = function.family;
            write!(page, "\n## {family}\n\n").unwrap();
        }
        let (name, usage, doc) = (function.name, function.usage, function.doc);
        writeln!(page, "- `{name}{usage}`: {doc} {}", function.mark.text()).unwrap();
        for (text, result) in function.examples {
            writeln!(page, "  - `{text}` → `{result}`").unwrap();
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/functional.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == page, "docs/reference/functional.md is out of date: run with UPDATE_REFERENCE=1");
}
