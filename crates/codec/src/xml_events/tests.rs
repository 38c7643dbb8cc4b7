//! Tests of XML events.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_event::{EventBlock, Schema, pretty};

use super::XmlDecoder;
use crate::datetime::DatePattern;
use crate::format::{Decoder, Progress};
use crate::options::{DecodeOptions, Limits};
use crate::sink::BlockSink;

const LIMITS: Limits = Limits { max_unit_bytes: 400, max_depth: 4, max_unit_events: 3 };

fn decode(schema: &Arc<Schema>, pieces: &[&[u8]]) -> (Vec<EventBlock>, Vec<String>) {
    let mut options = DecodeOptions::new(LIMITS);
    options.date_format = Some(DatePattern::new("%Y-%m-%d %H:%M:%S").unwrap());
    let mut decoder = XmlDecoder::new(Arc::clone(schema), options);
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

#[test]
fn events_of_the_specification() {
    let schema = Arc::new(Schema::parse("ID*:int32,symbol:string,udate:date,price:double").unwrap());
    let input = "<?xml version=\"1.0\"?>\n<events>\n <transaction>\n  <event><opcode>i</opcode><ID key=\"true\">100000</ID>\
                 <symbol>A</symbol><udate>2010-08-04 13:30:00</udate><price>27.860000</price></event>\n\
                 </transaction><event opcode='delete'><ID key='true'>1</ID><symbol><![CDATA[<a>&amp;</a>]]></symbol>\
                 <unknown><x>1</x></unknown></event><event><ID>2</ID><symbol>x&amp;&#65;</symbol><price/></event></events>";
    let expected = ["I N 100000 A 1280928600 27.86", "D N 1 <a>&amp;</a> ∅ ∅\nI N 2 x&A ∅ ∅"]
        .map(|table| pretty::print(&schema, &pretty::block(&schema, table)));
    for cut in 0..=input.len() {
        let (head, tail) = input.as_bytes().split_at(cut);
        let (blocks, errors) = decode(&schema, &[head, tail]);
        assert_eq!(errors, Vec::<String>::new(), "cut at {cut}");
        assert_eq!(blocks.iter().map(|b| pretty::print(&schema, b)).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn mistakes_are_named() {
    let schema = Arc::new(Schema::parse("a*:int32,s:string").unwrap());
    let check = |input: &str, expected: &[&str], events: usize| {
        let (blocks, errors) = decode(&schema, &[input.as_bytes()]);
        assert_eq!(errors, expected, "{input}");
        assert_eq!(blocks.iter().map(EventBlock::len).sum::<usize>(), events, "{input}");
    };
    check(
        "<events>\n<event><a>x</a></event><event><a>1</a></event></events>",
        &["field 'a': cannot convert x to int32 (line 2, byte 9)"],
        1,
    );
    check(
        "<events><event>",
        &["expected the end of the open element, found the end of the input (line 1, byte 8)"],
        0,
    );
    check("<other/><x>", &["expected <events>, <transaction> or <event>, found x (line 1, byte 8)"], 0);
    check(
        "<event><opcode>q</opcode></event>",
        &["Invalid opcode <q> in event <<event>> (line 1, byte 0)"],
        0,
    );
    check("hello <b", &["expected markup, found text (line 1, byte 0)"], 0);
    check(
        &format!("<event><s>{}", "x".repeat(500)),
        &["event element longer than 400 bytes (line 1, byte 0)"],
        0,
    );
}

proptest! {
    #[test]
    fn no_input_panics(text in "(<event>|</event>|<events>|</|<a>|</a>|&|;|x|<!\\[CDATA\\[|\\]\\]>|<|>| |1){0,30}", junk in prop::collection::vec(any::<u8>(), 0..40)) {
        let schema = Arc::new(Schema::parse("a*:int32,s:string").unwrap());
        decode(&schema, &[text.as_bytes()]);
        decode(&schema, &[text.as_bytes(), &junk]);
    }
}
