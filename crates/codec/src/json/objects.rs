//! Bytes cut anywhere into event objects.

use std::ops::Range;

use crate::error::Cause;

/// Arrays around event objects: a list of events, or a list of blocks.
const MAX_LISTS: u8 = 2;

/// The bytes fed and not yet used, and where in the text the scan is.
#[derive(Debug, Default)]
pub(super) struct Objects {
    buffer: Vec<u8>,
    /// The next byte to look at.
    at: usize,
    /// Start of the object that `at` is in.
    start: Option<usize>,
    /// Open braces and brackets within the object.
    depth: usize,
    too_deep: bool,
    in_string: bool,
    escaped: bool,
    /// Open brackets around objects.
    lists: u8,
    /// Within a list: whether a comma or the end must come next.
    after_item: bool,
    /// Within a list: whether an item must come next.
    after_comma: bool,
    finished: bool,
    /// Nothing more can be read.
    broken: bool,
    line: u64,
    base: u64,
    max_bytes: usize,
    max_depth: usize,
}

/// What [`Objects::next`] found.
#[derive(Debug)]
pub(super) enum Next {
    /// A whole object, by its braces.
    Object(Range<usize>),
    /// The end of a list of events.
    BlockEnd,
    /// No whole object yet.
    NeedBytes,
    /// Nothing is left.
    End,
    /// Something wrong at this place.
    Bad(Range<usize>, Cause, CanContinue),
}

/// Whether the scan can go on behind a mistake.
pub(super) type CanContinue = bool;

impl Objects {
    pub(super) fn new(max_bytes: usize, max_depth: usize) -> Self {
        Self { max_bytes, max_depth, line: 1, ..Self::default() }
    }

    pub(super) fn feed(&mut self, bytes: &[u8]) {
        let used = self.start.unwrap_or(self.at);
        self.buffer.drain(..used);
        self.base += used as u64;
        self.at -= used;
        self.start = self.start.map(|_| 0);
        self.buffer.extend_from_slice(bytes);
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
    }

    pub(super) fn bytes(&self, range: Range<usize>) -> &[u8] {
        &self.buffer[range]
    }

    /// Number of the line that the scan is in, from 1.
    pub(super) fn line(&self) -> u64 {
        self.line
    }

    /// Offset in the input of a place in the buffer.
    pub(super) fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    pub(super) fn next(&mut self) -> Next {
        if self.broken {
            return Next::End;
        }
        while let Some(&byte) = self.buffer.get(self.at) {
            self.at += 1;
            if byte == b'\n' {
                self.line += 1;
            }
            let found = match self.start {
                Some(start) => self.inside(start, byte),
                None => self.outside(byte),
            };
            if let Some(found) = found {
                return found;
            }
        }
        if !self.finished {
            return Next::NeedBytes;
        }
        if self.start.is_none() && self.lists == 0 {
            return Next::End;
        }
        let expected = if self.start.is_some() { "the end of the JSON object" } else { "']'" };
        let range = self.start.unwrap_or(self.at)..self.at;
        self.bad(range, expected, "the end of the input".to_owned())
    }

    fn inside(&mut self, start: usize, byte: u8) -> Option<Next> {
        if self.at - start > self.max_bytes {
            self.broken = true;
            let cause = Cause::TooLong { what: "JSON object", limit: self.max_bytes };
            return Some(Next::Bad(start..self.at, cause, false));
        }
        if self.in_string {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => self.in_string = false,
                _ => {}
            }
            return None;
        }
        match byte {
            b'"' => self.in_string = true,
            b'{' | b'[' => {
                self.depth += 1;
                self.too_deep |= self.depth > self.max_depth;
            }
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    self.start = None;
                    self.after_item = true;
                    if std::mem::take(&mut self.too_deep) {
                        let expected = format!("at most {} levels of nesting", self.max_depth);
                        let cause = Cause::Unexpected { expected, found: "more".to_owned() };
                        return Some(Next::Bad(start..self.at, cause, true));
                    }
                    return Some(Next::Object(start..self.at));
                }
            }
            _ => {}
        }
        None
    }

    fn outside(&mut self, byte: u8) -> Option<Next> {
        let item_may_come = self.lists == 0 || !self.after_item;
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            // A byte order mark.
            0xef | 0xbb | 0xbf if self.offset(self.at) <= 3 => {}
            b'{' if item_may_come => {
                self.start = Some(self.at - 1);
                self.depth = 1;
                self.after_comma = false;
            }
            b'[' if item_may_come && self.lists < MAX_LISTS => {
                self.lists += 1;
                self.after_item = false;
                self.after_comma = false;
            }
            b']' if self.lists > 0 && !self.after_comma => {
                self.lists -= 1;
                self.after_item = true;
                return Some(Next::BlockEnd);
            }
            b',' if self.lists > 0 && self.after_item => {
                self.after_item = false;
                self.after_comma = true;
            }
            other => {
                let expected = if self.lists > 0 && self.after_item { "',' or ']'" } else { "'{' or '['" };
                let found = format!("'{}'", char::from(other).escape_default());
                return Some(self.bad(self.at - 1..self.at, expected, found));
            }
        }
        None
    }

    fn bad(&mut self, range: Range<usize>, expected: &str, found: String) -> Next {
        self.broken = true;
        Next::Bad(range, Cause::Unexpected { expected: expected.to_owned(), found }, false)
    }
}
