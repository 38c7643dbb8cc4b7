//! Tests of the binary format.

use std::sync::Arc;

use proptest::prelude::*;
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, MessageId, Schema, pretty};

use super::{BinaryDecoder, BinaryEncoder};
use crate::format::{Decoder, Progress};
use crate::options::{EncodeOptions, Limits};
use crate::sink::BlockSink;

const LIMITS: Limits = Limits { max_unit_bytes: 2000, max_depth: 1, max_unit_events: 8 };
const EVERY_TYPE: &str = "k*:int64,i:int32,d:double,s:string,t:date,m:stamp,c:money,b:blob,r:rstring,\
                          x:array(i32),y:array(i64),z:array(dbl)";

fn header() -> BlockHeader {
    BlockHeader {
        kind: BlockKind::Transactional,
        id: MessageId { input: -1, sub: 3, part: 4, client: 2 },
        time: EngineTime::from_micros(5),
    }
}

fn encode(schema: &Schema, block: &EventBlock) -> Vec<u8> {
    let mut out = Vec::new();
    BinaryEncoder::new(schema, EncodeOptions::default()).encode_block(&header(), block, &mut out);
    out
}

/// The tables of all blocks, and the texts of all errors.
fn decode(schema: &Arc<Schema>, pieces: &[&[u8]]) -> (Vec<String>, Vec<String>) {
    let mut decoder = BinaryDecoder::new(Arc::clone(schema), LIMITS);
    let mut sink = BlockSink::new(schema);
    let (mut blocks, mut errors) = (Vec::new(), Vec::new());
    for piece in pieces.iter().map(Some).chain([None]) {
        match piece {
            Some(piece) => decoder.feed(piece),
            None => decoder.finish(),
        }
        loop {
            match decoder.next_block(1, &mut sink) {
                Ok(Progress::Block) => {
                    assert_eq!(sink.header(), Some(header()));
                    blocks.push(pretty::print(schema, &sink.take()));
                }
                Ok(Progress::NeedBytes | Progress::End) => break,
                Err(error) => errors.push(error.to_string()),
            }
        }
    }
    (blocks, errors)
}

/// A block as docs/binary-block.md says, put together by hand.
fn block_by_hand() -> Vec<u8> {
    let mut bytes = b"TGEB\x01\0\x44\0".to_vec();
    bytes.extend(125u32.to_le_bytes());
    bytes.extend([1, 0, 0, 0]);
    bytes.extend((-1i64).to_le_bytes());
    bytes.extend(2i64.to_le_bytes());
    bytes.extend([3, 0, 0, 0, 4, 0, 0, 0]);
    bytes.extend(5i64.to_le_bytes());
    let list = b"\x00\x01\x02\0id\x03\x00\x01\0s";
    let print = list
        .iter()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(*b)).wrapping_mul(1_099_511_628_211));
    bytes.extend(print.to_le_bytes());
    bytes.extend([2, 0, 0, 0, 11, 0, 0, 0, 3, 0, 0, 0]);
    bytes.extend(list);
    bytes.extend([1, 1, 0, 0b00, 7, 0, 0, 0, 2, 0, 0, 0, b'h', b'i']);
    bytes.extend([2, 2, 1, 0b10, 0b10, 8, 0, 0, 0]);
    bytes.extend([3, 4, 0, 0b10, 0xff, 0xff, 0xff, 0xff]);
    let length = bytes.len() as u32 + 4;
    bytes[8..12].copy_from_slice(&length.to_le_bytes());
    bytes.extend(crc32fast::hash(&bytes).to_le_bytes());
    bytes
}

#[test]
fn the_layout_is_the_documented_one() {
    let schema = Arc::new(Schema::parse("id*:int32,s:string").unwrap());
    let block = pretty::block(&schema, "I N 7 hi\nU P 8 =\nD R -1 ∅");
    assert_eq!(encode(&schema, &block), block_by_hand());
    let table = pretty::print(&schema, &block);
    let two = [block_by_hand(), block_by_hand()].concat();
    for cut in 0..=two.len() {
        let (head, tail) = two.split_at(cut);
        assert_eq!(decode(&schema, &[head, tail]), (vec![table.clone(), table.clone()], vec![]));
    }
}

#[test]
fn refusals_say_where_and_what() {
    let schema = Arc::new(Schema::parse("id*:int32,s:string").unwrap());
    let errors = |change: &dyn Fn(&mut Vec<u8>), repair: bool| {
        let mut bytes = block_by_hand();
        change(&mut bytes);
        if repair {
            let end = bytes.len() - 4;
            let checksum = crc32fast::hash(&bytes[..end]).to_le_bytes();
            bytes[end..].copy_from_slice(&checksum);
        }
        let good = block_by_hand();
        let (blocks, errors) = decode(&schema, &[&bytes, &good]);
        assert_eq!(errors.len(), 1);
        (errors[0].clone(), blocks.len())
    };
    let at = |at: usize, value: u8| move |bytes: &mut Vec<u8>| bytes[at] = value;
    let end = block_by_hand().len() - 4;
    let (text, after) = errors(&at(0, b'X'), false);
    assert_eq!(
        (text.as_str(), after),
        ("expected magic [54, 47, 45, 42], found [58, 47, 45, 42] (line 1, byte 0)", 0)
    );
    assert_eq!(errors(&at(4, 2), true), ("expected version 1, found 2 (line 1, byte 4)".to_owned(), 0));
    assert_eq!(errors(&at(11, 1), true), ("block longer than 2000 bytes (line 1, byte 8)".to_owned(), 0));
    assert_eq!(
        errors(&at(12, 9), true),
        ("expected a kind of block, found 9 (line 1, byte 12)".to_owned(), 1)
    );
    assert_eq!(
        errors(&at(64, 9), true),
        ("expected at most 8 events, found 9 (line 1, byte 64)".to_owned(), 1)
    );
    assert_eq!(errors(&at(79, 0), true), ("expected an opcode, found 0 (line 1, byte 79)".to_owned(), 1));
    assert_eq!(
        errors(&at(82, 4), true),
        ("expected bits of 2 fields, found more (line 1, byte 82)".to_owned(), 1)
    );
    assert_eq!(errors(&at(91, 0xff), true), ("invalid UTF-8 (line 1, byte 87)".to_owned(), 1));
    let (text, after) = errors(&at(68, 1), true);
    assert_eq!(
        (text.as_str(), after),
        ("expected fields id*:int32,s:string, found id*:int64,s:string (line 1, byte 48)", 1)
    );
    let (text, after) = errors(&at(91, b'x'), false);
    assert!(
        text.starts_with("expected checksum ") && text.ends_with(&format!("(line 1, byte {end})")),
        "{text}"
    );
    assert_eq!(after, 1);
    let (_, cut) = decode(&schema, &[&block_by_hand()[..50]]);
    assert_eq!(cut, ["expected the rest of the block, found the end of the input (line 1, byte 50)"]);
}

#[test]
fn every_type_round_trips() {
    let schema = Arc::new(Schema::parse(EVERY_TYPE).unwrap());
    let block = pretty::block(
        &schema,
        "I N 1 -2 0.5 \"long text here\" 3 4 -5.25 0x00ff \"\" [1;-2] [] [0.5;1]
         P PR 2 ∅ ∅ = = = ∅ ∅ = ∅ ∅ ∅
         UB N 3 1 NaN ∅ ∅ ∅ ∅ 0x ∅ ∅ [9] ∅
         D N 3 1 inf ∅ ∅ ∅ ∅ ∅ ∅ ∅ ∅ ∅",
    );
    let (blocks, errors) = decode(&schema, &[&encode(&schema, &block)]);
    assert_eq!(errors, Vec::<String>::new());
    assert_eq!(blocks, [pretty::print(&schema, &block)]);
}

proptest! {
    #[test]
    fn damage_never_panics_nor_passes(at in 0usize..120, bit in 0u8..8, junk in prop::collection::vec(any::<u8>(), 0..100)) {
        let schema = Arc::new(Schema::parse("id*:int32,s:string").unwrap());
        let mut bytes = block_by_hand();
        let at = at % bytes.len();
        bytes[at] ^= 1 << bit;
        let (blocks, errors) = decode(&schema, &[&bytes]);
        // A damaged length gives two errors: a wrong checksum, then no magic where the next block should be.
        prop_assert!(blocks.is_empty() && (1..=2).contains(&errors.len()));
        // With the checksum repaired the content is reached.
        let end = bytes.len() - 4;
        let checksum = crc32fast::hash(&bytes[..end]).to_le_bytes();
        bytes[end..].copy_from_slice(&checksum);
        let mut decoder = BinaryDecoder::new(Arc::clone(&schema), LIMITS);
        decoder.feed(&bytes);
        let _ = decoder.next_block(1, &mut BlockSink::new(&schema));
        decode(&schema, &[&junk]);
    }
}
