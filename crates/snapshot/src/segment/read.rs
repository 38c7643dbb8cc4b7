//! Checking and reading a window file.

use std::io::{ErrorKind, Read};

use tidegate_engine::state::{StateError, StateReader};

use super::{
    CRC_AT, DATA, END, END_PAYLOAD, FILE_HEADER, HEADER, Header, MAGIC, MAX_SEGMENT, PLAIN, VERSION, ZSTD,
    checksum,
};
use crate::error::SnapshotError;

/// The segments of a window file, each checked before it is given.
pub(crate) struct Segments {
    input: Box<dyn Read + Send>,
    file: String,
    /// Bytes read so far.
    offset: u64,
    number: u32,
    raw_total: u64,
    payload: Vec<u8>,
    hasher: Option<blake3::Hasher>,
    ended: bool,
}

impl Segments {
    /// Begins to read; `file` is its name in errors. `digest`: whether one is wanted at the end.
    pub(crate) fn new(
        input: Box<dyn Read + Send>,
        file: String,
        digest: bool,
    ) -> Result<Self, SnapshotError> {
        let hasher = digest.then(blake3::Hasher::new);
        let mut segments = Self {
            input,
            file,
            offset: 0,
            number: 0,
            raw_total: 0,
            payload: Vec::new(),
            hasher,
            ended: false,
        };
        let mut header = [0; FILE_HEADER];
        segments.fill(&mut header)?;
        if header[..4] != MAGIC {
            return Err(segments.wrong(0, format!("expected {MAGIC:02x?}, found {:02x?}", &header[..4])));
        }
        let version = u16::from_le_bytes([header[4], header[5]]);
        if version != VERSION || header[6..] != [0; 2] {
            let found = &header[4..];
            return Err(
                segments.wrong(4, format!("expected version {VERSION} and zeros, found {found:02x?}"))
            );
        }
        Ok(segments)
    }

    /// The next data segment; none once the end segment has been reached and fits.
    pub(crate) fn next(&mut self) -> Result<Option<Header>, SnapshotError> {
        if self.ended {
            return Ok(None);
        }
        let at = self.offset;
        let mut bytes = [0; HEADER];
        self.fill(&mut bytes)?;
        let header = self.header(at, &bytes)?;
        let mut payload = std::mem::take(&mut self.payload);
        payload.clear();
        // At most MAX_SEGMENT: checked with the header.
        payload.resize(header.stored as usize, 0);
        let filled = self.fill(&mut payload);
        self.payload = payload;
        filled?;
        let found = u32::from_le_bytes([bytes[16], bytes[17], bytes[18], bytes[19]]);
        let expected = checksum(&bytes, &self.payload);
        if found != expected {
            let reason = format!("expected the checksum {expected:08x}, found {found:08x}");
            return Err(self.wrong(at + CRC_AT as u64, reason));
        }
        self.number = self.number.wrapping_add(1);
        if header.kind == END {
            self.check_end(at)?;
            self.ended = true;
            return Ok(None);
        }
        self.raw_total += u64::from(header.raw);
        Ok(Some(header))
    }

    /// Bytes of the file and its digest. For a file read to its end.
    pub(crate) fn totals(self) -> (u64, Option<[u8; 32]>) {
        (self.offset, self.hasher.map(|hasher| *hasher.finalize().as_bytes()))
    }

    fn header(&self, at: u64, bytes: &[u8; HEADER]) -> Result<Header, SnapshotError> {
        let number = |from: usize| {
            u32::from_le_bytes([bytes[from], bytes[from + 1], bytes[from + 2], bytes[from + 3]])
        };
        let header = Header {
            kind: bytes[0],
            compression: bytes[1],
            number: number(4),
            stored: number(8),
            raw: number(12),
        };
        let limit = MAX_SEGMENT as u32;
        if !matches!(header.kind, DATA | END) || bytes[2..4] != [0; 2] {
            return Err(self.wrong(at, format!("expected a segment, found {:02x?}", &bytes[..4])));
        }
        if !matches!(header.compression, PLAIN | ZSTD) {
            return Err(
                self.wrong(at + 1, format!("expected compression 0 or 1, found {}", header.compression))
            );
        }
        if header.number != self.number {
            let reason = format!("expected segment {}, found {}", self.number, header.number);
            return Err(self.wrong(at + 4, reason));
        }
        let end = header.kind == END;
        if header.stored > limit || (end && header.stored as usize != END_PAYLOAD) {
            return Err(self.wrong(
                at + 8,
                format!(
                    "expected at most {limit} bytes, or {END_PAYLOAD} at the end, found {}",
                    header.stored
                ),
            ));
        }
        let plain = header.compression == PLAIN;
        if header.raw == 0 || header.raw > limit || (plain && header.raw != header.stored) || (end && !plain)
        {
            return Err(self.wrong(at + 12, format!("expected a length that fits, found {}", header.raw)));
        }
        Ok(header)
    }

    fn check_end(&mut self, at: u64) -> Result<(), SnapshotError> {
        let mut numbers = [0_u64; 2];
        for (number, part) in numbers.iter_mut().zip(self.payload.as_chunks::<8>().0) {
            *number = u64::from_le_bytes(*part);
        }
        let [raw, length] = numbers;
        if raw != self.raw_total || length != self.offset {
            return Err(self.wrong(
                at + HEADER as u64,
                format!(
                    "expected {raw} bytes of state in a file of {length}, found {} in {}",
                    self.raw_total, self.offset
                ),
            ));
        }
        let mut more = [0; 1];
        loop {
            match self.input.read(&mut more) {
                Ok(0) => return Ok(()),
                Ok(_) => {
                    return Err(self.wrong(self.offset, "expected the end of the file, found more bytes"));
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(SnapshotError::io("reading", &self.file)(error)),
            }
        }
    }

    fn fill(&mut self, mut bytes: &mut [u8]) -> Result<(), SnapshotError> {
        while !bytes.is_empty() {
            match self.input.read(bytes) {
                Ok(0) => {
                    let reason = format!("expected {} more bytes, found the end of the file", bytes.len());
                    return Err(self.wrong(self.offset, reason));
                }
                Ok(read) => {
                    let (done, rest) = bytes.split_at_mut(read);
                    if let Some(hasher) = &mut self.hasher {
                        hasher.update(done);
                    }
                    self.offset += read as u64;
                    bytes = rest;
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(SnapshotError::io("reading", &self.file)(error)),
            }
        }
        Ok(())
    }

    fn wrong(&self, offset: u64, reason: impl Into<String>) -> SnapshotError {
        SnapshotError::corrupt(&self.file, offset, reason)
    }
}

/// Gives a window's state back, segment by segment. Its errors are [`StateError::Medium`] with a [`SnapshotError`].
pub struct SegmentReader {
    segments: Segments,
    decompressor: zstd::bulk::Decompressor<'static>,
    raw: Vec<u8>,
    at: usize,
}

impl SegmentReader {
    /// Reads the window file `input`, called `file` in errors.
    pub(crate) fn new(input: Box<dyn Read + Send>, file: String) -> Result<Self, SnapshotError> {
        let decompressor =
            zstd::bulk::Decompressor::new().map_err(SnapshotError::io("decompressing", &file))?;
        Ok(Self {
            segments: Segments::new(input, file, false)?,
            decompressor,
            raw: Vec::with_capacity(MAX_SEGMENT),
            at: 0,
        })
    }

    /// Ends the reading: everything must have been read.
    ///
    /// # Errors
    /// When state is left, or the rest of the file is damaged.
    pub fn finish(mut self) -> Result<(), SnapshotError> {
        if self.at == self.raw.len() && !self.refill()? {
            return Ok(());
        }
        let left = self.raw.len() - self.at;
        Err(self.segments.wrong(
            self.segments.offset,
            format!("expected the end of the window's state, found {left} bytes or more that the window did not read"),
        ))
    }

    /// Takes the next segment; false at the end.
    fn refill(&mut self) -> Result<bool, SnapshotError> {
        let at = self.segments.offset;
        let Some(header) = self.segments.next()? else { return Ok(false) };
        self.at = 0;
        if header.compression == PLAIN {
            std::mem::swap(&mut self.raw, &mut self.segments.payload);
            return Ok(true);
        }
        let wanted = header.raw as usize;
        self.raw.clear();
        self.raw.reserve(wanted);
        let got = self.decompressor.decompress_to_buffer(&self.segments.payload, &mut self.raw);
        let reason = match got {
            Ok(got) if got == wanted => return Ok(true),
            Ok(got) => format!("expected {wanted} bytes decompressed, found {got}"),
            Err(cause) => format!("expected {wanted} bytes decompressed: {cause}"),
        };
        self.raw.clear();
        Err(self.segments.wrong(at, reason))
    }
}

impl StateReader for SegmentReader {
    fn get(&mut self, mut bytes: &mut [u8]) -> Result<(), StateError> {
        while !bytes.is_empty() {
            let ready = &self.raw[self.at..];
            if ready.is_empty() {
                match self.refill() {
                    Ok(true) => continue,
                    Ok(false) => return Err(StateError::Truncated { missing: bytes.len() }),
                    Err(error) => return Err(StateError::Medium(Box::new(error))),
                }
            }
            let now = ready.len().min(bytes.len());
            let (into, rest) = bytes.split_at_mut(now);
            into.copy_from_slice(&ready[..now]);
            self.at += now;
            bytes = rest;
        }
        Ok(())
    }
}
