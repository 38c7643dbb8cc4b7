//! Tests of the json format.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_event::{EventBlock, Schema, pretty};

use super::{JsonDecoder, JsonEncoder};
use crate::format::{Decoder, Progress};
use crate::options::{DecodeOptions, EncodeOptions, Limits};
use crate::sink::BlockSink;

const LIMITS: Limits = Limits { max_unit_bytes: 300, max_depth: 4, max_unit_events: 3 };

fn schema(text: &str) -> Arc<Schema> {
    Arc::new(Schema::parse(text).unwrap())
}

fn decode(schema: &Arc<Schema>, pieces: &[&[u8]]) -> (Vec<EventBlock>, Vec<String>) {
    let mut decoder = JsonDecoder::new(Arc::clone(schema), DecodeOptions::new(LIMITS));
    let mut sink = BlockSink::new(schema);
    let (mut blocks, mut errors) = (Vec::new(), Vec::new());
    for piece in pieces.iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(piece),
            None => decoder.finish(),
        }
        loop {
            match decoder.next_block(1000, &mut sink) {
                Ok(Progress::Block) => blocks.push(sink.take()),
                Ok(Progress::NeedBytes | Progress::End) => break,
                Err(error) => errors.push(error.to_string()),
            }
        }
    }
    if !sink.is_empty() {
        blocks.push(sink.take());
    }
    (blocks, errors)
}

#[track_caller]
fn check(schema_text: &str, input: &str, expected: &[&str]) {
    let schema = schema(schema_text);
    let expected: Vec<String> =
        expected.iter().map(|table| pretty::print(&schema, &pretty::block(&schema, table))).collect();
    for cut in 0..=input.len() {
        let (head, tail) = input.as_bytes().split_at(cut);
        let (blocks, errors) = decode(&schema, &[head, tail]);
        assert_eq!(errors, Vec::<String>::new());
        assert_eq!(blocks.iter().map(|b| pretty::print(&schema, b)).collect::<Vec<_>>(), expected);
    }
}

#[track_caller]
fn check_errors(schema_text: &str, input: &str, expected: &[&str], events: usize) {
    let (blocks, errors) = decode(&schema(schema_text), &[input.as_bytes()]);
    assert_eq!(errors, expected);
    assert_eq!(blocks.iter().map(EventBlock::len).sum::<usize>(), events);
}

#[test]
fn inputs_of_the_specification() {
    check(
        "key*:int64,dt:stamp,long:double,lat:double",
        r#"[{"opcode": "i", "key": 17, "dt": "1594838588", "long": -33.2819, "lat": -28.4189}]"#,
        &["I N 17 1594838588 -33.2819 -28.4189"],
    );
    check(
        "id*:int32,outputs_name:string,outputs_value:int32",
        r#"{"id":1,"outputs":[{"name":"x","value":1},{"name":"y","value":2}]}"#,
        &["I N 1 x 1\nI N 1 y 2"],
    );
    check("id*:int32,a_b:int32", "{\"id\":1,\"a\":{\"b\":1},\"unknown\":[{\"z\":1}]}", &["I N 1 1"]);
    check(
        "id*:int32,s:string",
        " [[{\"id\":1}, {\"id\":2,\"opcode\":\"DELETE\"}],[{\"id\":3,\"s\":\"}\\\"\"}]]\n{\"id\":4}",
        &["I N 1 ∅\nD N 2 ∅", "I N 3 \"}\\\"\"", "I N 4 ∅"],
    );
}

#[test]
fn values_keep_their_digits() {
    check(
        "a:int64,d:double,s:string,m:money,x:array(i64),b:blob,t:date,i:int32",
        r#"{"a":9223372036854775807,"d":0.1,"s":1.5,"m":-2.25,"x":[1,-9007199254740993],"b":"AP8=","t":7,"i":2.0}"#,
        &["I N 9223372036854775807 0.1 1.5 -2.25 [1;-9007199254740993] 0x00ff 7 2"],
    );
    check("a:int64,s:string", r#"{"a":"","s":{"x":null}}"#, &["I N ∅ \"{\\\"x\\\":null}\""]);
}

#[test]
fn mistakes_name_field_and_byte() {
    check_errors(
        "a:int32",
        "{\"a\":1}\n{\"a\":3000000000} {\"a\":2}",
        &["field 'a': cannot convert 3000000000 to int32 (line 2, byte 8)"],
        2,
    );
    check_errors(
        "a:int64",
        "{\"a\":9223372036854775808}",
        &["field 'a': cannot convert 9223372036854775808 to int64 (line 1, byte 0)"],
        0,
    );
    check_errors(
        "a:int32",
        "{\"opcode\":\"x\",\"a\":1}",
        &["Invalid opcode <x> in event <{\"opcode\":\"x\",\"a\":1}> (line 1, byte 0)"],
        0,
    );
    check_errors("a:int32", "[{\"a\":1}", &["expected ']', found the end of the input (line 1, byte 8)"], 1);
    check_errors("a:int32", "[{} {}]", &["expected ',' or ']', found '{' (line 1, byte 4)"], 1);
    check_errors("a:int32", "[{},]", &["expected '{' or '[', found ']' (line 1, byte 4)"], 1);
    check_errors("a:int32", "7", &["expected '{' or '[', found '7' (line 1, byte 0)"], 0);
    check_errors(
        "a:int32",
        "{\"b\":[[[[1]]]]}{}",
        &["expected at most 4 levels of nesting, found more (line 1, byte 0)"],
        1,
    );
    check_errors(
        "a:int32,b_c:int32",
        "{\"b\":[{\"c\":1},{\"c\":2},{\"c\":3},{\"c\":4}]}",
        &["expected at most 3 events in one JSON object, found more (line 1, byte 0)"],
        0,
    );
    check_errors(
        "a_x:int32,b_x:int32",
        "{\"a\":[{\"x\":1}],\"b\":[{\"x\":1}]}",
        &["expected one array of objects per event, found 'a' and 'b' (line 1, byte 0)"],
        0,
    );
    let long = format!("{{\"a\":\"{}", "x".repeat(400));
    check_errors("a:string", &long, &["JSON object longer than 300 bytes (line 1, byte 0)"], 0);
}

#[test]
fn output_of_the_specification() {
    let schema = schema("key*:int64,dt:stamp,long:double,lat:double,b:blob,x:array(dbl),s:string");
    let encode = |options, table| {
        let mut out = Vec::new();
        JsonEncoder::new(Arc::clone(&schema), options).encode_block(&pretty::block(&schema, table), &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!(
        encode(EncodeOptions::default(), "I N 17 1594838588 -33.2819 -28.4189 ∅ ∅ ∅"),
        r#"[{"opcode": "i", "key": 17, "dt": "1594838588", "long": -33.2819, "lat": -28.4189}]"#
    );
    let table = "UB N 1 ∅ 2 ∅ 0x00ff [1;0.5] \"a\\\"\\n\"
                 D N 1 ∅ 3 ∅ ∅ ∅ ∅";
    assert_eq!(
        encode(EncodeOptions::default(), table),
        r#"[{"opcode": "ub", "key": 1, "long": 2, "b": "AP8=", "x": [1, 0.5], "s": "a\"\n"}, {"opcode": "d", "key": 1, "long": 3}]"#
    );
    let collapsed = EncodeOptions { collapse: true, double_precision: Some(2), ..EncodeOptions::default() };
    assert_eq!(
        encode(collapsed, "UB N 1 ∅ 2.125 ∅ ∅ ∅ ∅\nD N 1 ∅ ∅ ∅ ∅ ∅ ∅"),
        r#"[{"opcode": "u", "key": 1, "long": 2.12}]"#
    );
    let no_deletes = EncodeOptions { rmretdel: true, ..EncodeOptions::default() };
    assert_eq!(encode(no_deletes, "D R 1 ∅ ∅ ∅ ∅ ∅ ∅"), "");
}

proptest! {
    #[test]
    fn what_is_written_reads_back(key: i64, double: f64, text in "(?s).{0,12}", money: i64) {
        prop_assume!(double.is_finite());
        let schema = schema("k*:int64,d:double,s:string,m:money");
        let mut batch = tidegate_event::RowBatch::new(schema.layout());
        let mut row = batch.push();
        row.set_int(0, key);
        row.set_double(1, double);
        row.set_text(2, &text);
        // JSON numbers are doubles beyond 15 digits.
        row.set_int(3, money % 1_000_000_000_000_000);
        let events = pretty::parse("a:int32\nI N 1").1.events().to_vec();
        let block = EventBlock::new(Arc::new(batch), events);
        let mut out = Vec::new();
        JsonEncoder::new(Arc::clone(&schema), EncodeOptions::default()).encode_block(&block, &mut out);
        let (blocks, errors) = decode(&schema, &[&out]);
        prop_assert_eq!(errors, Vec::<String>::new());
        prop_assert_eq!(pretty::print(&schema, &blocks[0]), pretty::print(&schema, &block));
    }

    #[test]
    fn no_input_panics(input in prop::collection::vec(any::<u8>(), 0..60), text in "[\\[\\]{},:\"a_x1\\\\ n]{0,60}") {
        let schema = schema("a*:int64,a_x:int32,x:array(i64),x_x:string");
        decode(&schema, &[&input]);
        decode(&schema, &[text.as_bytes()]);
        decode(&schema, &[b"{\"a\":", text.as_bytes()]);
    }
}
