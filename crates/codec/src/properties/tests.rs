//! Tests of the properties format.

use std::sync::Arc;

use tidegate_event::{Schema, pretty};

use super::PropertiesDecoder;
use crate::{BlockSink, DecodeOptions, Decoder, Limits, Progress};

const LIMITS: Limits = Limits { max_unit_bytes: 1000, max_depth: 8, max_unit_events: 10 };

/// The events of an input that comes in pieces of `piece` bytes, and the errors.
fn read(input: &str, separator: &str, piece: usize) -> (String, Vec<String>) {
    let schema = Arc::new(Schema::parse("id*:int32,x:double,name:string").unwrap());
    let mut decoder = PropertiesDecoder::new(Arc::clone(&schema), DecodeOptions::new(LIMITS), separator);
    let mut sink = BlockSink::new(&schema);
    let mut errors = Vec::new();
    for bytes in input.as_bytes().chunks(piece) {
        decoder.feed(bytes);
        while let Some(error) = decoder.next_block(100, &mut sink).err() {
            errors.push(error.to_string());
        }
    }
    decoder.finish();
    loop {
        match decoder.next_block(100, &mut sink) {
            Ok(Progress::End) => break,
            Ok(_) => {}
            Err(error) => errors.push(error.to_string()),
        }
    }
    (pretty::print(&schema, sink.block()), errors)
}

fn table(rows: &str) -> String {
    let schema = Schema::parse("id*:int32,x:double,name:string").unwrap();
    pretty::print(&schema, &pretty::block(&schema, rows))
}

/// The sample of websocket-api 4.4, and fields in another order or missing.
#[test]
fn events_are_separated_by_empty_lines() {
    let input =
        "opcode=insert\nid=1\nx=1.500000\nname=a=b\n\nopcode=delete\nname=\nid=2\nother=9\r\n\r\n\n\nid=3";
    for piece in [1, 7, 1000] {
        let (events, errors) = read(input, "", piece);
        assert_eq!(events, table("I N 1 1.5 a=b\nD N 2 ∅ ∅\nI N 3 ∅ ∅"));
        assert!(errors.is_empty(), "{errors:?}");
    }
}

#[test]
fn another_separator() {
    assert_eq!(read("id=1\nx=2;id=2", ";", 3).0, table("I N 1 2 ∅\nI N 2 ∅ ∅"));
}

#[test]
fn a_bad_event_is_passed_over() {
    let (events, errors) = read("id=1\n\nid=x\n\nopcode=no\nid=2\n\nthis\n\nid=3", "", 1000);
    assert_eq!(events, table("I N 1 ∅ ∅\nI N 3 ∅ ∅"));
    assert_eq!(
        errors,
        [
            "field 'id': cannot convert x to int32 (line 3, byte 6)",
            "Invalid opcode <no> in event <opcode=no\nid=2> (line 5, byte 12)",
            "expected a line name=value, found 'this' (line 8, byte 28)",
        ]
    );
}

#[test]
fn an_event_without_end_is_bounded() {
    let (events, errors) = read(&format!("name={}", "x".repeat(2000)), "", 1500);
    assert_eq!(events, table(""));
    assert_eq!(errors, ["event longer than 1000 bytes (line 1, byte 0)"]);
}
