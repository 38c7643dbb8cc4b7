//! Tests of the csv format.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_event::{BlockHeader, EventBlock, Flags, RowBatch, Schema, pretty};

use super::{CsvDecoder, CsvEncoder};
use crate::datetime::DatePattern;
use crate::format::{Decoder, Encoder, Progress};
use crate::options::{DecodeOptions, EncodeOptions, HeaderLine, Limits};
use crate::sink::BlockSink;

const LIMITS: Limits = Limits { max_unit_bytes: 200, max_depth: 8, max_unit_events: 100 };

fn options() -> DecodeOptions {
    DecodeOptions::new(LIMITS)
}

fn schema(text: &str) -> Arc<Schema> {
    Arc::new(Schema::parse(text).unwrap())
}

/// All events of the pieces, and the texts of all errors.
fn decode(schema: &Arc<Schema>, options: DecodeOptions, pieces: &[&[u8]]) -> (EventBlock, Vec<String>) {
    let mut decoder = CsvDecoder::new(Arc::clone(schema), options);
    let mut sink = BlockSink::new(schema);
    let mut errors = Vec::new();
    for piece in pieces.iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(piece),
            None => decoder.finish(),
        }
        loop {
            match decoder.next_block(usize::MAX, &mut sink) {
                Ok(Progress::Block) => {}
                Ok(Progress::NeedBytes | Progress::End) => break,
                Err(error) => {
                    assert!(error.can_continue);
                    errors.push(error.to_string());
                }
            }
        }
    }
    (sink.take(), errors)
}

#[track_caller]
fn check(schema_text: &str, options: DecodeOptions, input: &str, expected: &str) {
    let schema = schema(schema_text);
    let (block, errors) = decode(&schema, options, &[input.as_bytes()]);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(pretty::print(&schema, &block), pretty::print(&schema, &pretty::block(&schema, expected)));
}

#[track_caller]
fn check_error(schema_text: &str, input: &str, expected: &str) {
    let (block, errors) = decode(&schema(schema_text), options(), &[input.as_bytes()]);
    assert_eq!(errors, [expected]);
    assert!(block.is_empty());
}

fn encode(schema: &Arc<Schema>, options: EncodeOptions, table: &str) -> String {
    let mut encoder = CsvEncoder::new(Arc::clone(schema), options);
    let mut out = Vec::new();
    encoder.begin(&mut out);
    encoder.encode(&BlockHeader::default(), &pretty::block(schema, table), &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn lines_of_the_specification() {
    let mut with_dates = options();
    with_dates.date_format = Some(DatePattern::new("%Y-%m-%d %H:%M:%S").unwrap());
    check(
        "id*:int64,what:string,tag:string,v:double,at:stamp",
        with_dates,
        "i,n, 1,bomber #1, pitch,     1.1, 2017-08-30 15:21:00.000000\r\n\r\nD,N,10,,,,\n",
        "I N 1 \"bomber #1\" pitch 1.1 1504106460000000
         D N 10 ∅ ∅ ∅ ∅",
    );
    check(
        "id*:int64,a:string,b:string",
        options(),
        "i,n,1,\"4 units, 10% Biofuel capacity\",Cafe de l'homme \"x\"\nP,N,2,\"{\\\"a\\\":\\\\}\",a\\,b\\c",
        "I N 1 \"4 units, 10% Biofuel capacity\" \"Cafe de l'homme \\\"x\\\"\"
         P N 2 \"{\\\"a\\\":\\\\}\" \"a,b\\\\c\"",
    );
    check(
        "id*:int32,x:array(i32),y:array(dbl),z:blob,m:money",
        options(),
        "i,n,1,[9;19;12;5],[1; 2.5],aGVsbG8=,1.5\nsd,n,1\ns,n,2,,,,\n",
        "I N 1 [9;19;12;5] [1;2.5] 0x68656c6c6f 1.5
         SD N 1 ∅ ∅ ∅ ∅
         SD N 2 ∅ ∅ ∅ ∅",
    );
}

#[test]
fn a_partial_update_keeps_what_is_empty() {
    check(
        "k*:int32,a:string,b:int32,c:double",
        options(),
        "u,p,7,,20,\nu,n,7,,30,\np,P,,x,,\ni,p,8,,,\n",
        "U P 7 = 20 =
         U N 7 ∅ 30 ∅
         P P ∅ x = =
         I P 8 ∅ ∅ ∅",
    );
}

#[test]
fn prefixes_headers_and_delimiter() {
    let mut prefixed = options();
    prefixed.add_opcode = true;
    prefixed.add_flags = Some(Flags::NORMAL);
    prefixed.upsert = true;
    prefixed.no_autogen_field = true;
    prefixed.delimiter = b'|';
    prefixed.header_lines = 1;
    check(
        "k*:int64,a:string,b:int32",
        prefixed,
        "\u{feff}a|b\n|1\n{\"x\":\"y\"}|2|extra|values\n",
        "P N ∅ ∅ 1
         P N ∅ \"{\\\"x\\\":\\\"y\\\"}\" 2",
    );
    let mut flags_only = options();
    flags_only.add_flags = Some(Flags::PARTIAL);
    check("k*:int64,a:string", flags_only, "u,1,\n", "U P 1 =");
    check("k*:int64", options(), "\u{feff}i,n,1", "I N 1");
}

#[test]
fn errors_have_the_texts_of_the_specification() {
    check_error(
        "id*:int32,at:stamp",
        "i,n,1,2016-08-03 12:20:50.339\n",
        "Conversion of parsed field <2016-08-03 12:20:50.339> failed for datafield[1] in delimited event \
         <i,n,1,2016-08-03 12:20:50.339>",
    );
    let two = "a*:int32,b:int32";
    check_error(
        two,
        "i,n,1",
        "Too few fields: found 1, expected 2 in delimited event <i,n,1> (line 1, byte 0)",
    );
    check_error(two, "\n,n,1,2", "Invalid opcode <> in event <,n,1,2> (line 2, byte 1)");
    check_error(two, "ub,n,1,2", "Invalid opcode <ub> in event <ub,n,1,2> (line 1, byte 0)");
    check_error(two, "i,z,1,2", "Invalid flags <z> in delimited event <i,z,1,2> (line 1, byte 0)");
    check_error(
        two,
        "i,n,3000000000,2",
        "Conversion of parsed field <3000000000> failed for datafield[0] in delimited event <i,n,3000000000,2>",
    );
    check_error(
        "a*:int32,b:string",
        "i,n,1,\"x",
        "Unbalanced quotes in datafield[1] in delimited event <i,n,1,\"x> (line 1, byte 0)",
    );
    check_error(
        "d:string",
        &format!("i,n,{}\n", "x".repeat(300)),
        "line longer than 200 bytes (line 1, byte 0)",
    );
    let (_, errors) = decode(&schema("d:string"), options(), &[b"i,n,\xff\n"]);
    assert_eq!(errors, ["invalid UTF-8 (line 1, byte 0)"]);
}

#[test]
fn a_bad_line_does_not_stop_the_rest() {
    let schema = schema("a*:int32");
    let long = "9".repeat(300);
    let input = format!("i,n,1\ni,n,x\ni,n,{long}\ni,n,2\n");
    for cut in 0..input.len() {
        let (head, tail) = input.as_bytes().split_at(cut);
        let (block, errors) = decode(&schema, options(), &[head, tail]);
        assert_eq!(errors.len(), 2, "cut at {cut}");
        assert_eq!(pretty::print(&schema, &block), "      a*:int32\nI  N  1\nI  N  2\n");
    }
}

#[test]
fn blocks_end_at_the_number_of_events_asked_for() {
    let schema = schema("a*:int32");
    let mut decoder = CsvDecoder::new(Arc::clone(&schema), options());
    let mut sink = BlockSink::new(&schema);
    decoder.feed(b"i,n,1\ni,n,2\ni,n,3\n");
    assert_eq!(decoder.next_block(2, &mut sink), Ok(Progress::Block));
    let first = sink.take();
    decoder.finish();
    assert_eq!(decoder.next_block(2, &mut sink), Ok(Progress::End));
    assert_eq!((first.len(), sink.len()), (2, 1));
    assert_eq!(first.event(1).row.int(0), 2);
}

#[test]
fn output_lines_of_the_specification() {
    let schema = schema("id*:int64,lat:double,name:string,n:int32,x:array(dbl),y:array(i32)");
    let table = "I N 1 2.287583 \"Cafe noir\" 75 [124;932] [1;2]
                 I N 2 ∅ \"a,\\\"b\\\\\\n\" ∅ ∅ []
                 UB N 1 7.704 x 1 ∅ ∅
                 D N 1 8 ∅ 1 ∅ ∅
                 D R 2 ∅ ∅ ∅ ∅ ∅";
    assert_eq!(
        encode(&schema, EncodeOptions::default(), table),
        "I,N, 1,2.287583,Cafe noir,75,[124.000000;932.000000],[1;2]\n\
         I,N, 2,,\"a,\\\"b\\\\\\n\",,,[]\n\
         UB,N, 1,7.704000,x,1,,\n\
         D,N, 1,8.000000,,1,,\n\
         D,R, 2,,,,,\n"
    );
    let options = EncodeOptions {
        collapse: true,
        rmretdel: true,
        double_precision: Some(2),
        header: HeaderLine::Full,
        ..EncodeOptions::default()
    };
    assert_eq!(
        encode(&schema, options, "UB R 1 7.704 x 1 ∅ ∅\nD R 1 8 ∅ 1 ∅ ∅\nD R 2 ∅ ∅ ∅ ∅ ∅"),
        "opcode,flags,id,lat,name,n,x,y\nU,R, 1,7.70,x,1,,\n"
    );
}

#[test]
fn dates_are_written_by_pattern() {
    let schema = schema("d:date,s:stamp");
    let options = EncodeOptions {
        date_format: Some(DatePattern::new("%Y-%m-%d, %H:%M:%S").unwrap()),
        ..EncodeOptions::default()
    };
    assert_eq!(
        encode(&schema, options, "I N 0 1504106466000022"),
        "I,N, \"1970-01-01, 00:00:00\",\"2017-08-30, 15:21:06.000022\"\n"
    );
}

type Row = (i64, i32, Option<String>, Vec<u8>, i64, Vec<i64>);

fn arbitrary_rows() -> impl Strategy<Value = Vec<Row>> {
    let text = prop::option::of("[ -~\\n\\r\\t∅é\"\\\\,]{1,12}");
    let blob = prop::collection::vec(any::<u8>(), 1..12);
    let list = prop::collection::vec(any::<i64>(), 0..4);
    prop::collection::vec((any::<i64>(), any::<i32>(), text, blob, any::<i64>(), list), 1..6)
}

proptest! {
    #[test]
    fn what_is_written_reads_back_under_every_cut(rows in arbitrary_rows()) {
        let schema = schema("k*:int64,i:int32,s:string,b:blob,m:money,y:array(i64)");
        let mut batch = RowBatch::new(schema.layout());
        let mut events = Vec::new();
        for (n, (key, int, text, blob, money, list)) in rows.iter().enumerate() {
            let mut row = batch.push();
            row.set_int(0, *key);
            row.set_int(1, i64::from(*int));
            if let Some(text) = text {
                row.set_text(2, text);
            }
            row.set_bytes(3, blob);
            row.set_int(4, *money);
            row.set_bytes(5, &list.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>());
            let opcode = tidegate_event::Opcode::Upsert;
            events.push(tidegate_event::EventRef { row: n as u32, opcode, flags: Flags::NORMAL });
        }
        let block = EventBlock::new(Arc::new(batch), events);
        let expected = pretty::print(&schema, &block);
        let mut out = Vec::new();
        CsvEncoder::new(Arc::clone(&schema), EncodeOptions::default()).encode_block(&block, &mut out);
        let mut wide = options();
        wide.limits.max_unit_bytes = 1000;
        for cut in 0..=out.len() {
            let (head, tail) = out.split_at(cut);
            let (again, errors) = decode(&schema, wide.clone(), &[head, tail]);
            prop_assert_eq!(errors, Vec::<String>::new());
            prop_assert_eq!(pretty::print(&schema, &again), expected.clone());
        }
    }

    #[test]
    fn no_input_panics(input in prop::collection::vec(any::<u8>(), 0..200), text in "[iu,np1\"\\\\\\n\\[;\\]]{0,60}") {
        let schema = schema("k*:int64,i:int32,s:string,b:blob,m:money,y:array(i64),d:double,t:date");
        decode(&schema, options(), &[&input, text.as_bytes()]);
    }
}

/// Websocket-api 5: as many cells as fields are a bare line, two more a prefixed one.
#[test]
fn bare_lines_are_told_by_their_number_of_values() {
    let schema = Arc::new(tidegate_event::Schema::parse("id*:int32,x:double,s:string").unwrap());
    let mut options = DecodeOptions::new(LIMITS);
    options.bare_lines = true;
    options.opcode = tidegate_event::Opcode::Upsert;
    let mut decoder = CsvDecoder::new(Arc::clone(&schema), options);
    let mut sink = BlockSink::new(&schema);
    decoder.feed(b"1,1.5,a\ni,n,2,2.5,\"b c,d\"\nD,N,3,,\n4,,\"x,y\"\n");
    decoder.finish();
    assert_eq!(decoder.next_block(10, &mut sink).unwrap(), Progress::End);
    let expected =
        tidegate_event::pretty::block(&schema, "P N 1 1.5 a\nI N 2 2.5 \"b c,d\"\nD N 3 ∅ ∅\nP N 4 ∅ x,y");
    assert_eq!(
        tidegate_event::pretty::print(&schema, sink.block()),
        tidegate_event::pretty::print(&schema, &expected)
    );
}
