//! The common face of all formats, and the list of them.

use std::sync::Arc;

use tidegate_event::{BlockHeader, EventBlock, Schema};

use crate::error::DecodeError;
use crate::options::{DecodeOptions, EncodeOptions};
use crate::sink::BlockSink;
use crate::{binary, csv, json, xml_events};

/// How far a call of [`Decoder::next_block`] came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// The sink holds a whole block: as many events as were asked for, or one that the input itself delimits.
    Block,
    /// The bytes fed so far are used up. The sink may hold events.
    NeedBytes,
    /// The input has ended. The sink may hold the last, short block.
    End,
}

/// Reads events from bytes that come in pieces cut anywhere.
///
/// Call [`feed`](Self::feed), then [`next_block`](Self::next_block) until it asks for more bytes; at the end of
/// the input [`finish`](Self::finish), then `next_block` until [`Progress::End`].
pub trait Decoder: Send {
    /// Hands over the next bytes. They are copied; use up what was fed before feeding more, or memory grows.
    fn feed(&mut self, bytes: &[u8]);

    /// Says that no more bytes come.
    fn finish(&mut self);

    /// Adds events to `sink` until it holds `max_events` (at least 1), the input ends a block, or bytes run out.
    /// A binary block, and the events of one JSON object, are never split.
    ///
    /// # Errors
    /// For a piece that is no event. The sink keeps what it has; when [`DecodeError::can_continue`] is set, the
    /// next call goes on with the next piece, otherwise it answers [`Progress::End`].
    fn next_block(&mut self, max_events: usize, sink: &mut BlockSink) -> Result<Progress, Box<DecodeError>>;

    /// Whether events that are in the sink after [`Progress::NeedBytes`] may become a block of their own. False in
    /// the middle of a piece that the input makes one block (a `<transaction>`).
    fn may_cut(&self) -> bool {
        true
    }
}

/// Writes blocks as bytes.
pub trait Encoder: Send {
    /// Appends what stands before the first block (a csv header line). May be nothing.
    fn begin(&mut self, out: &mut Vec<u8>);

    /// Appends the block. Nothing is appended when options leave no event of it.
    fn encode(&mut self, header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>);

    /// What a file or stream puts behind each encoded block; messages of a bus go without.
    fn separator(&self) -> &'static [u8];

    /// Appends what stands behind the last block (`</events>`). May be nothing.
    fn end(&mut self, out: &mut Vec<u8>) {
        let _ = out;
    }
}

/// A format by name.
#[derive(Debug)]
pub struct Format {
    /// Value of `fstype`, `kafkatype` and the like.
    pub name: &'static str,
    /// Makes a decoder.
    pub decoder: fn(Arc<Schema>, &DecodeOptions) -> Box<dyn Decoder>,
    /// Makes an encoder.
    pub encoder: fn(Arc<Schema>, &EncodeOptions) -> Box<dyn Encoder>,
}

/// All formats of messages. Adding one is a folder and a line here.
pub static FORMATS: &[&Format] = &[&csv::FORMAT, &json::FORMAT, &binary::FORMAT];

/// The format of messages called `name`.
pub fn format(name: &str) -> Option<&'static Format> {
    FORMATS.iter().find(|format| format.name == name).copied()
}

/// The format of files and sockets called `name`: that of messages, and `xml`.
pub fn file_format(name: &str) -> Option<&'static Format> {
    if name == xml_events::FORMAT.name { Some(&xml_events::FORMAT) } else { format(name) }
}
