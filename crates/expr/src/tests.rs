//! Whole programs: the examples of functions.md and of every function, through both back ends.

mod naive;
mod objects;

use proptest::prelude::*;
use tidegate_event::{EngineTime, EventRef, FieldType, Flags, Opcode, RowBatch, Schema, Value};

use crate::{
    BlockContext, Column, EvalContext, ExprError, Expression, FUNCTIONS, FaultKind, Faults, Scope, Scratch,
    Variables,
};

const SCHEMA: &str = "ID*:int32,i:int64,j:int64,x:double,s:string,t:stamp,d:date,m:money,city:string,b:blob";

fn schema() -> Schema {
    Schema::parse(SCHEMA).unwrap()
}

fn scope() -> Scope {
    Scope::new(FUNCTIONS).row("", &schema()).event(true)
}

fn rows() -> RowBatch {
    let mut rows = RowBatch::new(schema().layout());
    let mut row = rows.push();
    row.set_int(0, 1111);
    row.set_int(1, 7);
    row.set_int(2, 0);
    row.set_double(3, 2.5);
    row.set_text(4, "a longer text");
    row.set_int(5, 1_265_932_800_123_457);
    row.set_int(6, 1_265_932_800);
    row.set_int(7, 15_000);
    row.set_text(8, "Apex");
    rows.push().set_int(0, 1112);
    rows
}

struct Window {
    scope: Scope,
    variables: Variables,
    faults: Faults,
    printed: Vec<String>,
}

impl Window {
    fn new(scope: Scope) -> Self {
        let mut faults = Faults::new();
        let variables = scope.start(EngineTime::UNSET, &mut faults, &mut |_| {});
        Self { scope, variables, faults, printed: Vec::new() }
    }

    /// The value of `source` for row `number`, as text, by row and (when pure) by block.
    fn text(&mut self, source: &str, ty: FieldType, number: usize) -> String {
        let program = self
            .scope
            .compile(&Expression::parse(source).unwrap(), ty)
            .unwrap_or_else(|e| panic!("{source}: {e:?}"));
        let rows = rows();
        let out_schema = Schema::new(vec![tidegate_event::Field::new("v", ty)]).unwrap();
        let mut out = RowBatch::new(out_schema.layout());
        let ctx = &mut EvalContext {
            rows: &[Some(rows.row(number))],
            opcode: Opcode::Insert,
            flags: Flags::RETENTION,
            time: EngineTime::from_micros(1_265_932_800_000_000),
            variables: &mut self.variables,
            faults: &mut self.faults,
            print: &mut |text| self.printed.push(text.to_owned()),
            scratch: &mut Scratch::default(),
        };
        program.eval_row(ctx, &mut out.push(), 0);
        let by_row = format!("{:?}", out.row(0).value(0));
        if program.is_pure() {
            let mut block = BlockContext::default();
            block.time = EngineTime::from_micros(1_265_932_800_000_000);
            let mut column = Column::default();
            let event = EventRef { row: number as u32, opcode: Opcode::Insert, flags: Flags::RETENTION };
            program.eval_block(&rows, &[event], &mut block, &mut column);
            column.write(0, &mut out.push(), 0);
            assert_eq!(by_row, format!("{:?}", out.row(1).value(0)), "{source} by block");
        }
        match out.row(0).value(0) {
            Value::Null => "null".into(),
            Value::String(text) => text.into(),
            Value::Double(value) => value.to_string(),
            Value::Int32(value) => value.to_string(),
            Value::Int64(value) | Value::Date(value) | Value::Stamp(value) | Value::Money(value) => {
                value.to_string()
            }
            other => format!("{other:?}"),
        }
    }
}

fn string(source: &str) -> String {
    Window::new(scope()).text(source, FieldType::String, 0)
}

fn error(source: &str) -> ExprError {
    let result = Expression::parse(source).and_then(|e| scope().compile(&e, FieldType::String).map(|_| ()));
    result.expect_err(source).remove(0)
}

#[test]
fn examples_of_functions() {
    for function in FUNCTIONS {
        for (source, expected) in function.examples {
            assert_eq!(string(source), *expected, "{source}");
        }
    }
}

#[test]
fn operators_follow_the_page() {
    for (source, expected) in [
        ("59 / 60", "0"),
        ("60 % 60", "0"),
        ("59 % 60", "59"),
        ("-7 / 2", "-3"),
        ("7 / 2.0", "3.5"),
        ("1 / 0", "null"),
        ("1.5 / 0", "null"),
        ("2 + 3 * 4", "14"),
        ("(2 + 3) * 4", "20"),
        ("1 + 1 & 'x'", "2x"),
        ("1 < 2 and 2 < 1 or true", "true"),
        ("null and false", "false"),
        ("null or true", "true"),
        ("null and true", "null"),
        ("null + 1", "null"),
        ("'a' & null", "null"),
        ("null == null", "null"),
        ("left('Bob',1) < 'N'", "true"),
        ("'10' == 10", "true"),
        ("9 < '10'", "true"),
        ("'x' == 10", "false"),
        ("1 <> 2", "true"),
        ("not isblank('x')", "true"),
        ("(#2010-02-13# - #2010-02-12#) * 86400", "86400"),
        ("formatdate(today(), 'YYYY-MM-DD hh:mm:ss')", "2010-02-12 00:00:00"),
        ("9223372036854775807 + 1", "-9223372036854775808"),
    ] {
        assert_eq!(string(source), expected, "{source}");
    }
}

#[test]
fn statements() {
    for (source, expected) in [
        ("if i == 7 return 'a' else if i == 8 return 'b' else return 'c'", "a"),
        ("if (null) then return 1 else return 2", "2"),
        ("if i == 8 return 1", "null"),
        ("integer k k = 0; while k < 5 k = k + 1 return k", "5"),
        ("integer k, n n = 0 for k = 1 to 10 step 3 n = n + k return n", "22"),
        ("string(3) v v = 'abcdef' return v", "abc"),
        ("integer a if i == 7 then a = 1 else a = 2 end if return a", "1"),
        ("integer a begin a = 3 end if true return a", "3"),
        ("integer v return v", "null"),
        ("if instr(ESP_FLAGS,\"R\") then return 0 else return 1", "0"),
        ("ESP_OPCODE==\"I\"", "true"),
        ("IF I == 7 RETURN Upper(CITY)", "APEX"),
        ("`city`", "Apex"),
    ] {
        assert_eq!(string(source), expected, "{source}");
    }
}

#[test]
fn results_take_the_type_of_their_field() {
    let mut window = Window::new(scope());
    for (source, ty, expected) in [
        ("x", FieldType::Int32, "2"),
        ("match_string(city,\"Apex\")", FieldType::Int32, "1"),
        ("t", FieldType::Stamp, "1265932800123457"),
        ("t + 0", FieldType::Stamp, "1265932800123457"),
        ("d + 1", FieldType::Date, "1266019200"),
        ("m + 1", FieldType::Money, "25000"),
        ("m", FieldType::Double, "1.5"),
        ("3000000000", FieldType::Int32, "null"),
    ] {
        assert_eq!(window.text(source, ty, 0), expected, "{source}");
    }
    assert_eq!(window.faults.count(FaultKind::FailedCast), 1);
    assert_eq!(window.text("isnull(i) == false", FieldType::Int32, 1), "0");
}

#[test]
fn user_functions_of_the_page() {
    let mut scope = scope();
    scope.udf("func1", FieldType::Int32, "private integer p  p = parameter(1); return (p+3) * 2;").unwrap();
    scope.udf("func2", FieldType::Int32, "private integer p\np = parameter(1)\nreturn (p+5) * 3").unwrap();
    scope.udf("deep", FieldType::Int32, "return deep(parameter(1) + 1)").unwrap();
    let mut window = Window::new(scope);
    let mut value = |source: &str, row| window.text(source, FieldType::Int32, row);
    assert_eq!((value("func1(ID)", 0), value("func2(ID)", 0)), ("2228".into(), "3348".into()));
    assert_eq!((value("func1(ID)", 1), value("func2(ID)", 1)), ("2230".into(), "3351".into()));
    assert_eq!(value("deep(1)", 0), "null");
    assert_eq!(window.faults.count(FaultKind::TooDeep), 1);
}

#[test]
fn persistent_variables_live_on_and_are_saved() {
    let mut scope = scope();
    scope.initialize(FieldType::Int32, "integer counter counter=0 string last").unwrap();
    let mut window = Window::new(scope.clone());
    let source = "last = city counter=counter+1 return counter";
    assert_eq!(window.text(source, FieldType::Int32, 0), "1");
    assert_eq!(window.text(source, FieldType::Int32, 0), "2");
    let mut saved = Vec::new();
    window.variables.save(&mut saved);
    let mut other = Window::new(scope);
    other.variables.load(&saved).unwrap();
    assert_eq!(other.text("last & counter", FieldType::String, 0), "Apex2");
}

#[test]
fn endless_loops_end_and_long_texts_are_cut() {
    let mut window = Window::new(scope().max_string(10));
    assert_eq!(window.text("while true begin end", FieldType::Int32, 0), "null");
    assert!(window.faults.count(FaultKind::TooManySteps) > 0);
    assert_eq!(window.text("s & s", FieldType::String, 0), "a longer ta longer t"[..10].to_owned());
    assert_eq!(window.text("s", FieldType::String, 0), "a longer text");
    assert_eq!(window.text("print(city)", FieldType::Int32, 0), "1");
    assert_eq!(window.printed, ["Apex"]);
}

#[test]
fn mistakes_say_where_and_what() {
    assert_eq!(
        error("1 +\n  ctiy").to_string(),
        "2:3: there is no field or variable 'ctiy' (did you mean 'city'?)"
    );
    assert_eq!(error("abz(1)").hint.unwrap(), "did you mean abs(x)?");
    for source in [
        "",
        "b",
        "goto x",
        "x.get(1)",
        "bytes r",
        "string(5) array a",
        "integer array a return a",
        "integer array a return a.size()",
        "integer array a return a.get()",
        "regex r r.compile('(?=x)')",
        "parse(s, ',', city)",
        "string a aparse(s, ',', a)",
        "if true begin x: i end goto x",
        "x: x: 1",
        "dq_initialize()",
        "left('a')",
        "city = 1",
        "date",
        "1 2 )",
        "begin",
        "parameter(1)",
        "nosuch = 1",
    ] {
        error(source);
    }
}

#[test]
fn nesting_is_bounded() {
    for source in [
        "(".repeat(100_000),
        "-".repeat(100_000),
        "not ".repeat(100_000),
        format!("1{}", "+1".repeat(100_000)),
        "if 1 ".repeat(100_000),
        "begin ".repeat(100_000),
        "f(".repeat(100_000),
    ] {
        assert!(Expression::parse(&source).is_err());
    }
    assert_eq!(string(&format!("{}1{}", "(".repeat(90), ")".repeat(90))), "1");
    assert_eq!(string(&format!("1{}", "+1".repeat(200))), "201");
}

fn any_source() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("i".to_owned()),
        Just("j".to_owned()),
        Just("x".to_owned()),
        Just("s".to_owned()),
        Just("t".to_owned()),
        Just("m".to_owned()),
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("'12'".to_owned()),
        (0..9i64).prop_map(|n| n.to_string()),
    ];
    leaf.prop_recursive(4, 40, 3, |inner| {
        let operator =
            prop::sample::select(vec!["+", "-", "*", "/", "%", "&", "<", ">=", "==", "!=", " and ", " or "]);
        let function =
            prop::sample::select(vec!["abs", "upper", "isnull", "len", "floor", "tointeger", "not "]);
        prop_oneof![
            (inner.clone(), operator, inner.clone()).prop_map(|(a, o, b)| format!("({a}{o}{b})")),
            (function, inner.clone()).prop_map(|(f, a)| format!("{f}({a})")),
            (inner.clone(), inner).prop_map(|(a, b)| format!("max({a},{b})")),
        ]
    })
}

proptest! {
    #[test]
    fn both_back_ends_agree(c in any_source(), a in any_source(), b in any_source(), row in 0..2usize) {
        let mut window = Window::new(scope().max_string(30));
        let source = format!("if {c} return {a} else return {b}");
        for ty in [FieldType::String, FieldType::Double, FieldType::Int64, FieldType::Stamp] {
            window.text(&source, ty, row);
        }
    }

    #[test]
    fn blocks_of_many_events_agree_with_rows(
        c in any_source(), a in any_source(), b in any_source(),
        values in prop::collection::vec((prop::option::of(-3i64..4), prop::option::of(-2.0f64..2.0), prop::option::of("[a-c0-2]{0,12}")), 1..12),
    ) {
        let mut rows = RowBatch::new(schema().layout());
        for (i, x, s) in &values {
            let mut row = rows.push();
            if let Some(i) = i { row.set_int(1, *i); row.set_int(5, *i * 1000); }
            if let Some(x) = x { row.set_double(3, *x); }
            if let Some(s) = s { row.set_text(4, s); }
        }
        let events: Vec<EventRef> = (0..values.len() as u32).rev()
            .map(|row| EventRef { row, opcode: Opcode::Insert, flags: Flags::NORMAL }).collect();
        let source = format!("if {c} return {a} else return {b}");
        let (mut block, mut column) = (BlockContext::default(), Column::default());
        for ty in [FieldType::String, FieldType::Double, FieldType::Int32] {
            let program = scope().max_string(30).compile(&Expression::parse(&source).unwrap(), ty).unwrap();
            let out_schema = Schema::new(vec![tidegate_event::Field::new("v", ty)]).unwrap();
            let (mut by_row, mut by_block) = (RowBatch::new(out_schema.layout()), RowBatch::new(out_schema.layout()));
            let mut faults = Faults::new();
            for event in &events {
                let ctx = &mut EvalContext {
                    rows: &[Some(rows.row(event.row as usize))],
                    opcode: event.opcode,
                    flags: event.flags,
                    time: EngineTime::UNSET,
                    variables: &mut Variables::default(),
                    faults: &mut faults,
                    print: &mut |_| {},
                    scratch: &mut Scratch::default(),
                };
                program.eval_row(ctx, &mut by_row.push(), 0);
                by_block.push();
            }
            block.faults = Faults::new();
            block.time = EngineTime::UNSET;
            program.eval_block(&rows, &events, &mut block, &mut column);
            column.store(&mut by_block, 0, 0);
            for i in 0..events.len() {
                prop_assert_eq!(format!("{:?}", by_row.row(i).value(0)), format!("{:?}", by_block.row(i).value(0)));
            }
            prop_assert_eq!(block.faults, faults);
        }
    }

    #[test]
    fn no_text_panics(source in ".{0,60}") {
        if let Ok(expression) = Expression::parse(&source) {
            let _ = scope().compile(&expression, FieldType::String);
        }
    }
}

/// `docs/reference/functions.md` is made from the registry. Set `UPDATE_REFERENCE=1` to write it anew.
#[test]
fn reference_page_is_current() {
    use std::fmt::Write;
    let mut page = String::from(
        "# Functions of expressions\n\nMade from the registry: `UPDATE_REFERENCE=1 cargo test -p tidegate-expr reference_page`.\nA null argument gives null unless the line says otherwise. Marks: [V] seen in a real output, [S] stated by a source,\n[M] recalled from the manual.\n",
    );
    for category in ["Strings", "Information and conversion", "Mathematics", "Dates", "Side effects"] {
        write!(page, "\n## {category}\n\n").unwrap();
        for function in FUNCTIONS.iter().filter(|f| f.category == category) {
            writeln!(
                page,
                "- `{}{}`: {} {}",
                function.name,
                function.usage,
                function.doc,
                function.mark.text()
            )
            .unwrap();
            for (source, result) in function.examples {
                writeln!(page, "  - `{source}` → `{result}`").unwrap();
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/functions.md");
    if std::env::var_os("UPDATE_REFERENCE").is_some() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        std::fs::write(path, &page).unwrap();
    }
    let found = std::fs::read_to_string(path).unwrap_or_default();
    assert!(found == page, "docs/reference/functions.md is out of date: run with UPDATE_REFERENCE=1");
}
