//! A line into values.

/// The values of a line, from left to right.
#[derive(Debug, Clone)]
pub(super) struct Fields<'l> {
    line: &'l str,
    /// Start of the next value; `None` when there is none.
    at: Option<usize>,
    delimiter: u8,
}

/// A quoted value without an end, or with text behind it.
#[derive(Debug)]
pub(super) struct BadQuotes;

impl<'l> Fields<'l> {
    pub(super) fn new(line: &'l str, delimiter: u8) -> Self {
        debug_assert!(delimiter.is_ascii());
        Self { line, at: Some(0), delimiter }
    }

    /// The next value, in `scratch` if it had to be changed; `None` behind the last one.
    pub(super) fn next<'s>(&mut self, scratch: &'s mut String) -> Result<Option<&'s str>, BadQuotes>
    where
        'l: 's,
    {
        let Some(start) = self.at else { return Ok(None) };
        let bytes = self.line.as_bytes();
        let start = self.skip_blanks(start);
        if bytes.get(start) == Some(&b'"') {
            return self.quoted(start + 1, scratch).map(Some);
        }
        let found = memchr::memchr2(self.delimiter, b'\\', &bytes[start..]).map(|at| start + at);
        match found {
            Some(at) if bytes[at] == self.delimiter => {
                self.at = Some(at + 1);
                Ok(Some(&self.line[start..at]))
            }
            None => {
                self.at = None;
                Ok(Some(&self.line[start..]))
            }
            Some(_) => Ok(Some(self.with_backslash(start, scratch))),
        }
    }

    /// Number of values from here on; nothing when quotes are wrong.
    pub(super) fn count(mut self, scratch: &mut String) -> Option<usize> {
        let mut count = 0;
        while self.next(scratch).ok()?.is_some() {
            count += 1;
        }
        Some(count)
    }

    fn skip_blanks(&self, mut at: usize) -> usize {
        let bytes = self.line.as_bytes();
        while bytes.get(at).is_some_and(|&b| (b == b' ' || b == b'\t') && b != self.delimiter) {
            at += 1;
        }
        at
    }

    /// Outside of quotes a backslash makes the delimiter after it a character; any other one is itself.
    fn with_backslash<'s>(&mut self, start: usize, scratch: &'s mut String) -> &'s str {
        let bytes = self.line.as_bytes();
        scratch.clear();
        let mut from = start;
        let mut at = start;
        loop {
            match memchr::memchr2(self.delimiter, b'\\', &bytes[at..]).map(|found| at + found) {
                Some(found) if bytes[found] == self.delimiter => {
                    scratch.push_str(&self.line[from..found]);
                    self.at = Some(found + 1);
                    return scratch;
                }
                Some(found) if bytes.get(found + 1) == Some(&self.delimiter) => {
                    scratch.push_str(&self.line[from..found]);
                    from = found + 1;
                    at = found + 2;
                }
                Some(found) => at = found + 1,
                None => {
                    scratch.push_str(&self.line[from..]);
                    self.at = None;
                    return scratch;
                }
            }
        }
    }

    fn quoted<'s>(&mut self, start: usize, scratch: &'s mut String) -> Result<&'s str, BadQuotes> {
        let bytes = self.line.as_bytes();
        scratch.clear();
        let mut at = start;
        loop {
            let found = at + memchr::memchr2(b'"', b'\\', &bytes[at..]).ok_or(BadQuotes)?;
            scratch.push_str(&self.line[at..found]);
            at = found + 2;
            match (bytes[found], bytes.get(found + 1)) {
                (b'\\', Some(b'n')) => scratch.push('\n'),
                (b'\\', Some(b'r')) => scratch.push('\r'),
                (b'\\' | b'"', Some(b'"')) => scratch.push('"'),
                (b'\\', Some(b'\\')) => scratch.push('\\'),
                (b'\\', _) => {
                    scratch.push('\\');
                    at = found + 1;
                }
                _ => {
                    let end = self.skip_blanks(found + 1);
                    self.at = match bytes.get(end) {
                        None => None,
                        Some(b) if *b == self.delimiter => Some(end + 1),
                        Some(_) => return Err(BadQuotes),
                    };
                    return Ok(scratch);
                }
            }
        }
    }
}
