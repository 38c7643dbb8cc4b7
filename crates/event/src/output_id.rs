//! Ids of output records: what a reader recognises a record by that was written twice (design.md 7).

use std::fmt;
use std::str::FromStr;

use crate::message_id::MessageId;

/// Place of a record in the output of a window: its step, its block within the step, its part within the block.
/// Every engine that runs the same project on the same input gives equal records equal ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct OutputId {
    /// Input id of the step.
    pub input: i64,
    /// Number of the block among those that the window emitted in the step.
    pub sub: u32,
    /// Number of the record within the block.
    pub part: u32,
}

impl OutputId {
    /// The id of record `part` of the block with id `block`.
    pub const fn new(block: MessageId, part: u32) -> Self {
        Self { input: block.input, sub: block.sub, part }
    }
}

impl fmt::Display for OutputId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.input, self.sub, self.part)
    }
}

/// A sequence of output records whose ids can be compared: the output of one failover group to one topic, since
/// the last change of the property `streamepoch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(u64);

impl StreamId {
    /// The stream of `group` to `topic`: 64-bit FNV-1a over the three texts, each ended by a zero byte.
    pub fn new(group: &str, topic: &str, epoch: &str) -> Self {
        const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
        const PRIME: u64 = 0x0000_0100_0000_01b3;
        let texts = [group, topic, epoch];
        let bytes = texts.iter().flat_map(|text| text.bytes().chain([0]));
        Self(bytes.fold(OFFSET, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME)))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The value of the record header [`TaggedId::HEADER`]: `STREAM:INPUT:SUB:PART` in ASCII.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TaggedId {
    /// The stream that the id belongs to.
    pub stream: StreamId,
    /// The id within the stream.
    pub id: OutputId,
}

impl TaggedId {
    /// Name of the record header.
    pub const HEADER: &'static str = "tidegate-id";

    /// The header's value read from bytes; none when they are something else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        std::str::from_utf8(bytes).ok()?.parse().ok()
    }
}

impl fmt::Display for TaggedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.stream, self.id)
    }
}

/// A text that is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form INPUT:SUB:PART")]
pub struct NoOutputId;

impl FromStr for OutputId {
    type Err = NoOutputId;

    fn from_str(text: &str) -> Result<Self, NoOutputId> {
        let mut parts = text.split(':');
        let mut next = || parts.next().ok_or(NoOutputId);
        let id = Self {
            input: next()?.parse().map_err(|_| NoOutputId)?,
            sub: next()?.parse().map_err(|_| NoOutputId)?,
            part: next()?.parse().map_err(|_| NoOutputId)?,
        };
        parts.next().map_or(Ok(id), |_| Err(NoOutputId))
    }
}

impl FromStr for TaggedId {
    type Err = NoOutputId;

    fn from_str(text: &str) -> Result<Self, NoOutputId> {
        let (stream, id) = text.split_once(':').ok_or(NoOutputId)?;
        if stream.len() != 16 {
            return Err(NoOutputId);
        }
        let stream = u64::from_str_radix(stream, 16).map_err(|_| NoOutputId)?;
        Ok(Self { stream: StreamId(stream), id: id.parse()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_order_by_step_block_and_part() {
        let id = |input, sub, part| OutputId { input, sub, part };
        let rising = [id(0, 0, 0), id(0, 0, 1), id(0, 1, 0), id(1, 0, 0), id(2, 0, 0), id(10, 0, 0)];
        assert!(rising.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn a_header_reads_back() {
        let stream = StreamId::new("ESP", "out", "");
        let tagged = TaggedId { stream, id: OutputId { input: 1041, sub: 2, part: 3 } };
        assert_eq!(tagged.to_string(), format!("{stream}:1041:2:3"));
        assert_eq!(TaggedId::from_bytes(tagged.to_string().as_bytes()), Some(tagged));
    }

    /// FNV-1a of "a\0b\0\0", computed with another program.
    #[test]
    fn the_stream_is_fnv_1a_of_its_texts() {
        assert_eq!(StreamId::new("a", "b", "").to_string(), "3faea7fc849a4882");
        assert_ne!(StreamId::new("ab", "c", ""), StreamId::new("a", "bc", ""));
    }

    #[test]
    fn other_headers_are_no_ids() {
        for bytes in ["", "1:2:3", "0123456789abcdef:1:2", "0123456789abcdef:1:2:3:4", "x:1:2:3"] {
            assert_eq!(TaggedId::from_bytes(bytes.as_bytes()), None, "{bytes:?}");
        }
    }
}
