//! Any text as an expression. What compiles is run: a pure program must give the same values row by row and by block.
#![no_main]

use std::sync::{Arc, LazyLock};

use libfuzzer_sys::fuzz_target;
use tidegate_event::{EngineTime, EventBlock, FieldType, RowBatch, Schema, pretty};
use tidegate_expr::{
    BlockContext, Column, EvalContext, Expression, FUNCTIONS, Faults, Program, Scope, Scratch, Variables,
};

/// Values at the edges of every type, and nulls.
static INPUT: LazyLock<(Schema, EventBlock)> = LazyLock::new(|| {
    pretty::parse(
        "id*:int32 n:int64 v:double s:string day:date at:stamp
         I  N  1 9223372036854775807 1.5 abc 1767225600 1767225600000000
         U  N  2 -9223372036854775808 -0.25 \"  Ünï \" 0 -1
         D  R  3 0 1e308 \"\" -86400 0
         I  N  -2147483648 ∅ ∅ ∅ ∅ ∅
         P  P  0 7 0.0 \"2026-01-02\" 4102444800 4102444800000000
        ",
    )
});

const RESULTS: &[FieldType] =
    &[FieldType::Int32, FieldType::Int64, FieldType::Double, FieldType::String, FieldType::Stamp];

fuzz_target!(|source: &str| {
    let Ok(expression) = Expression::parse(source) else { return };
    for &result in RESULTS {
        if let Ok(program) = scope().compile(&expression, result) {
            let by_row = rows(&program, result);
            if program.is_pure() {
                assert_eq!(by_row, block(&program, result), "the two back ends differ");
            }
        }
    }
});

fn scope() -> Scope {
    Scope::new(FUNCTIONS).row("", &INPUT.0).event(true)
}

fn schema(result: FieldType) -> Schema {
    Schema::parse(&format!("r:{}", result.name())).expect("the schema is valid")
}

fn time() -> EngineTime {
    EngineTime::from_micros(1_767_225_600_000_000)
}

fn rows(program: &Program, result: FieldType) -> String {
    let schema = schema(result);
    let mut out = RowBatch::new(schema.layout());
    let mut variables: Variables = scope().start(time(), &mut Faults::new(), &mut |_| {});
    let (mut faults, mut scratch) = (Faults::new(), Scratch::default());
    for event in INPUT.1.iter() {
        let mut context = EvalContext {
            rows: &[Some(event.row)],
            opcode: event.opcode,
            flags: event.flags,
            time: time(),
            variables: &mut variables,
            faults: &mut faults,
            print: &mut |_| {},
            scratch: &mut scratch,
        };
        program.eval_row(&mut context, &mut out.push(), 0);
    }
    printed(&schema, out, &faults)
}

fn block(program: &Program, result: FieldType) -> String {
    let schema = schema(result);
    let mut out = RowBatch::new(schema.layout());
    let mut context = BlockContext::default();
    context.time = time();
    let mut column = Column::default();
    program.eval_block(INPUT.1.rows(), INPUT.1.events(), &mut context, &mut column);
    for position in 0..column.len() {
        column.write(position, &mut out.push(), 0);
    }
    printed(&schema, out, &context.faults)
}

fn printed(schema: &Schema, rows: RowBatch, faults: &Faults) -> String {
    let events = INPUT.1.events().to_vec();
    format!("{}{faults:?}", pretty::print(schema, &EventBlock::new(Arc::new(rows), events)))
}
