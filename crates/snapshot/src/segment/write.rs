//! Writing a window file.

use tidegate_engine::state::{StateError, StateWriter};

use super::{DATA, END, FILE_HEADER, Header, MAGIC, MAX_SEGMENT, PLAIN, VERSION, ZSTD};
use crate::error::SnapshotError;
use crate::storage::WriteFile;

/// How hard zstd tries: below 1 it is quicker than most disks; state is written more often than it is read.
const LEVEL: i32 = -1;

/// Takes a window's state and writes it as segments.
pub(crate) struct SegmentWriter<'a> {
    out: Box<dyn WriteFile>,
    /// The file, for errors.
    file: &'a str,
    /// State that waits for its segment to be full.
    raw: Vec<u8>,
    compressed: Vec<u8>,
    compressor: zstd::bulk::Compressor<'static>,
    hasher: blake3::Hasher,
    number: u32,
    raw_total: u64,
    written: u64,
    /// Told of bytes written, as they are.
    told: &'a mut dyn FnMut(u64),
}

/// A window file complete and synced.
pub(crate) struct Written {
    pub(crate) length: u64,
    pub(crate) digest: [u8; 32],
}

impl<'a> SegmentWriter<'a> {
    /// Begins a file.
    pub(crate) fn new(
        out: Box<dyn WriteFile>,
        file: &'a str,
        told: &'a mut dyn FnMut(u64),
    ) -> Result<Self, SnapshotError> {
        let compressor =
            zstd::bulk::Compressor::new(LEVEL).map_err(SnapshotError::io("compressing", file))?;
        let mut writer = Self {
            out,
            file,
            raw: Vec::with_capacity(MAX_SEGMENT),
            compressed: Vec::with_capacity(zstd::zstd_safe::compress_bound(MAX_SEGMENT)),
            compressor,
            hasher: blake3::Hasher::new(),
            number: 0,
            raw_total: 0,
            written: 0,
            told,
        };
        let mut header = [0; FILE_HEADER];
        header[..4].copy_from_slice(&MAGIC);
        header[4..6].copy_from_slice(&VERSION.to_le_bytes());
        writer.emit(&header)?;
        Ok(writer)
    }

    /// Ends the file and makes it durable.
    pub(crate) fn finish(mut self) -> Result<Written, SnapshotError> {
        self.flush()?;
        let length = self.written + (super::HEADER + super::END_PAYLOAD) as u64;
        let mut payload = [0; super::END_PAYLOAD];
        payload[..8].copy_from_slice(&self.raw_total.to_le_bytes());
        payload[8..].copy_from_slice(&length.to_le_bytes());
        let size = payload.len() as u32;
        let header = Header { kind: END, compression: PLAIN, number: self.number, stored: size, raw: size };
        self.emit(&header.encode(&payload))?;
        self.emit(&payload)?;
        self.out.sync().map_err(SnapshotError::io("syncing", self.file))?;
        Ok(Written { length, digest: *self.hasher.finalize().as_bytes() })
    }

    fn flush(&mut self) -> Result<(), SnapshotError> {
        if self.raw.is_empty() {
            return Ok(());
        }
        self.compressed.clear();
        self.compressor
            .compress_to_buffer(self.raw.as_slice(), &mut self.compressed)
            .map_err(SnapshotError::io("compressing", self.file))?;
        let raw = std::mem::take(&mut self.raw);
        let compressed = std::mem::take(&mut self.compressed);
        let (compression, payload) =
            if compressed.len() < raw.len() { (ZSTD, &compressed) } else { (PLAIN, &raw) };
        let header = Header {
            kind: DATA,
            compression,
            number: self.number,
            stored: payload.len() as u32,
            raw: raw.len() as u32,
        };
        self.emit(&header.encode(payload))?;
        self.emit(payload)?;
        self.number = self.number.checked_add(1).ok_or_else(|| {
            SnapshotError::NotRepresentable(format!("'{}' has more than {} segments", self.file, u32::MAX))
        })?;
        self.raw_total += raw.len() as u64;
        self.raw = raw;
        self.raw.clear();
        self.compressed = compressed;
        Ok(())
    }

    fn emit(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        self.hasher.update(bytes);
        self.out.write(bytes).map_err(SnapshotError::io("writing", self.file))?;
        self.written += bytes.len() as u64;
        (self.told)(bytes.len() as u64);
        Ok(())
    }
}

impl StateWriter for SegmentWriter<'_> {
    fn put(&mut self, mut bytes: &[u8]) -> Result<(), StateError> {
        loop {
            let room = MAX_SEGMENT - self.raw.len();
            if bytes.len() < room {
                self.raw.extend_from_slice(bytes);
                return Ok(());
            }
            let (now, later) = bytes.split_at(room);
            self.raw.extend_from_slice(now);
            self.flush().map_err(|error| StateError::Medium(Box::new(error)))?;
            bytes = later;
        }
    }
}
