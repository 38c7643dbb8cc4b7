//! What the targets of decoders share: a schema with every type, bytes fed whole and in pieces, events compared.

use std::sync::Arc;

use tidegate_codec::{BlockSink, DatePattern, DecodeOptions, EncodeOptions, Format, Limits, Progress};
use tidegate_event::{Schema, pretty};

/// Small limits, so that small inputs reach them.
pub const LIMITS: Limits = Limits { max_unit_bytes: 512, max_depth: 8, max_unit_events: 16 };

/// A schema with every type that a field can have.
pub fn schema() -> Arc<Schema> {
    let text = "id*:int32,name*:string,n:int64,v:double,day:date,at:stamp,price:money,raw:blob,text:rstring,\
                small:array(i32),large:array(i64),real:array(dbl)";
    Arc::new(Schema::parse(text).expect("the schema is valid"))
}

/// Reads `data` with `format`: whole and in pieces the same events and errors must come out, and what was read
/// must be writable. The first byte of `data` is the length of a piece, the second chooses options.
pub fn decode(format: &Format, data: &[u8]) {
    let [piece, options, bytes @ ..] = data else { return };
    let options = decode_options(*options);
    let whole = read(format, &options, bytes, bytes.len().max(1));
    let pieces = read(format, &options, bytes, usize::from(*piece).max(1));
    assert_eq!(whole, pieces, "events depend on where bytes are cut");
}

fn decode_options(bits: u8) -> DecodeOptions {
    let mut options = DecodeOptions::new(LIMITS);
    options.no_autogen_field = bits & 1 != 0;
    options.add_opcode = bits & 2 != 0;
    options.upsert = bits & 4 != 0;
    options.strip_nulls = bits & 8 != 0;
    options.header_lines = u64::from(bits & 16 != 0);
    if bits & 32 != 0 {
        options.date_format = DatePattern::new("%Y-%m-%d %H:%M:%S").ok();
    }
    if bits & 64 != 0 {
        options.delimiter = b';';
    }
    options
}

/// All events as text tables, and every error as its text.
fn read(format: &Format, options: &DecodeOptions, bytes: &[u8], piece: usize) -> Vec<String> {
    let schema = schema();
    let mut decoder = (format.decoder)(Arc::clone(&schema), options);
    let mut sink = BlockSink::new(&schema);
    let mut seen = Vec::new();
    let mut pieces = bytes.chunks(piece);
    loop {
        match decoder.next_block(4, &mut sink) {
            Ok(Progress::Block) => seen.push(written(format, &schema, &mut sink)),
            Ok(Progress::NeedBytes) => match pieces.next() {
                Some(piece) => decoder.feed(piece),
                None => decoder.finish(),
            },
            Ok(Progress::End) => break,
            // How much of a wrong piece an error quotes may depend on how much has come.
            Err(error) => seen.push(error.to_string().split(", found").next().unwrap_or_default().to_owned()),
        }
    }
    seen.push(written(format, &schema, &mut sink));
    seen
}

fn written(format: &Format, schema: &Arc<Schema>, sink: &mut BlockSink) -> String {
    let header = sink.header().unwrap_or_default();
    let block = sink.take();
    let mut out = Vec::new();
    let mut encoder = (format.encoder)(Arc::clone(schema), &EncodeOptions::default());
    encoder.begin(&mut out);
    encoder.encode(&header, &block, &mut out);
    pretty::print(schema, &block)
}
