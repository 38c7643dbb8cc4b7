//! Bytes cut anywhere into lines.

use std::ops::Range;

/// The bytes fed and not yet used, and where the next line ends.
#[derive(Debug)]
pub(super) struct Lines {
    buffer: Vec<u8>,
    /// Start of the next line.
    start: usize,
    /// Up to here there is no line end.
    scanned: usize,
    finished: bool,
    /// Inside a line that was too long: drop up to its end.
    skipping: bool,
    line: u64,
    /// Offset in the input of the buffer's first byte.
    base: u64,
    max_bytes: usize,
}

/// What [`Lines::next`] found.
#[derive(Debug)]
pub(super) enum Next {
    /// A line without its end.
    Line(Range<usize>),
    /// The start of a line that is longer than the limit; the rest will be dropped.
    TooLong(Range<usize>),
    /// No whole line yet.
    NeedBytes,
    /// Nothing is left.
    End,
}

impl Lines {
    pub(super) fn new(max_bytes: usize) -> Self {
        Self {
            buffer: Vec::new(),
            start: 0,
            scanned: 0,
            finished: false,
            skipping: false,
            line: 0,
            base: 0,
            max_bytes,
        }
    }

    pub(super) fn feed(&mut self, bytes: impl IntoIterator<Item = u8>) {
        self.compact();
        self.buffer.extend(bytes);
    }

    pub(super) fn feed_slice(&mut self, bytes: &[u8]) {
        self.compact();
        self.buffer.extend_from_slice(bytes);
    }

    fn compact(&mut self) {
        self.buffer.drain(..self.start);
        self.base += self.start as u64;
        self.scanned -= self.start;
        self.start = 0;
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    /// The bytes of a line that was found since the last feed.
    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Number of the line found last, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Offset in the input of a place in the buffer.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    pub(super) fn next(&mut self) -> Next {
        loop {
            let start = self.start;
            let end = match memchr::memchr(b'\n', &self.buffer[self.scanned..]) {
                Some(at) => {
                    self.start = self.scanned + at + 1;
                    self.start - 1
                }
                None if self.finished => {
                    self.start = self.buffer.len();
                    self.start
                }
                None => {
                    self.scanned = self.buffer.len();
                    // Room for a carriage return that belongs to the line end.
                    if self.skipping {
                        self.start = self.buffer.len();
                    } else if self.buffer.len() - start > self.max_bytes + 1 {
                        self.skipping = true;
                        self.line += 1;
                        self.start = self.buffer.len();
                        return Next::TooLong(start..start + self.max_bytes);
                    }
                    return Next::NeedBytes;
                }
            };
            self.scanned = self.start;
            if std::mem::take(&mut self.skipping) {
                continue;
            }
            if start == self.buffer.len() {
                return Next::End;
            }
            self.line += 1;
            let line = &self.buffer[start..end];
            let end = if line.ends_with(b"\r") { end - 1 } else { end };
            if end - start > self.max_bytes {
                return Next::TooLong(start..start + self.max_bytes);
            }
            return Next::Line(start..end);
        }
    }
}
