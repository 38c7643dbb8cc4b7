//! Window files: state cut into segments, each with its checksum.

mod read;
mod write;

pub use read::SegmentReader;
pub(crate) use read::Segments;
pub(crate) use write::{SegmentWriter, Written};

/// First bytes of a window file.
const MAGIC: [u8; 4] = *b"TGSW";
/// Version of window files.
const VERSION: u16 = 1;
/// Bytes of a window file's header.
const FILE_HEADER: usize = 8;
/// Bytes of a segment's header.
const HEADER: usize = 20;
/// Where a segment's checksum stands.
const CRC_AT: usize = 16;
/// The most bytes of state in a segment, and of a segment's payload.
const MAX_SEGMENT: usize = 1 << 20;
/// Bytes of the end segment's payload.
const END_PAYLOAD: usize = 16;

const DATA: u8 = 1;
const END: u8 = 2;
const PLAIN: u8 = 0;
const ZSTD: u8 = 1;

/// A segment's header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    kind: u8,
    compression: u8,
    number: u32,
    stored: u32,
    raw: u32,
}

impl Header {
    /// The header as it is stored before this payload.
    fn encode(&self, payload: &[u8]) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[0] = self.kind;
        bytes[1] = self.compression;
        bytes[4..8].copy_from_slice(&self.number.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.stored.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.raw.to_le_bytes());
        let crc = checksum(&bytes, payload);
        bytes[CRC_AT..].copy_from_slice(&crc.to_le_bytes());
        bytes
    }
}

/// CRC-32 of the header up to its checksum, and the payload.
fn checksum(header: &[u8; HEADER], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&header[..CRC_AT]);
    hasher.update(payload);
    hasher.finalize()
}
