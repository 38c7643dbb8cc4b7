//! What a connector chooses about a format.

use crate::datetime::DatePattern;
use tidegate_event::{Flags, Opcode};

/// How much a decoder may hold. There is no default: whoever opens the door says how wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one line (csv), one event object (json) or one block (binary).
    pub max_unit_bytes: usize,
    /// Levels of nested objects and arrays (json).
    pub max_depth: usize,
    /// Events that one unit may hold (json object, binary block).
    pub max_unit_events: usize,
}

/// How bytes are to be read (connectors-adapters 1.7).
#[derive(Debug, Clone)]
pub struct DecodeOptions {
    /// What the decoder may hold.
    pub limits: Limits,
    /// `dateformat`: how dates and stamps are written; without it they are integers.
    pub date_format: Option<DatePattern>,
    /// `csvfielddelimiter`; an ASCII byte.
    pub delimiter: u8,
    /// `header`: number of leading lines to skip.
    pub header_lines: u64,
    /// `noautogenfield`: lines lack the key fields.
    pub no_autogen_field: bool,
    /// `addcsvopcode`: lines have no opcode; they are inserts, or upserts with `upsert`.
    pub add_opcode: bool,
    /// `addcsvflags`: lines have no flags; they have these.
    pub add_flags: Option<Flags>,
    /// A csv line with exactly as many values as the schema has fields has neither opcode nor flags (the publisher
    /// socket, websocket-api 5).
    pub bare_lines: bool,
    /// The opcode of events that come without one.
    pub opcode: Opcode,
    /// `publishwithupsert`: inserts become upserts.
    pub upsert: bool,
    /// `stripnullsfromcsv`: NUL characters are dropped.
    pub strip_nulls: bool,
}

impl DecodeOptions {
    /// The defaults of connectors-adapters 1.7 with these limits.
    pub fn new(limits: Limits) -> Self {
        Self {
            limits,
            date_format: None,
            delimiter: b',',
            header_lines: 0,
            no_autogen_field: false,
            add_opcode: false,
            add_flags: None,
            bare_lines: false,
            opcode: Opcode::Insert,
            upsert: false,
            strip_nulls: false,
        }
    }
}

/// The first line of a csv output (connectors-adapters 4.1.5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HeaderLine {
    /// None.
    #[default]
    None,
    /// `header=true`: the field names.
    Names,
    /// `header=full`: `opcode,flags,` and the field names.
    Full,
}

/// How blocks are to be written (connectors-adapters 1.8).
#[derive(Debug, Clone, Default)]
pub struct EncodeOptions {
    /// `collapse`: an update pair becomes one Update.
    pub collapse: bool,
    /// `rmretdel`: deletes caused by retention are left out.
    pub rmretdel: bool,
    /// `dateformat`: how dates and stamps are written; without it they are integers.
    pub date_format: Option<DatePattern>,
    /// `doubleprecision`: decimals of doubles. Without it csv writes 6, json as many as the value has.
    pub double_precision: Option<u8>,
    /// The first line of a csv output.
    pub header: HeaderLine,
}
