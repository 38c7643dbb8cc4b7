//! Where a chunked body ends (RFC 9112, 7.1).

/// Longest line of a chunk's size or of the trailer, and of the whole trailer, in bytes.
const MAX_LINE_BYTES: u32 = 16 * 1024;

/// Follows a chunked body without changing it.
#[derive(Debug, Default)]
pub(super) struct Chunked {
    part: Part,
}

#[derive(Debug)]
enum Part {
    /// The line with a chunk's size.
    Size { size: u64, digits: u32, read: u32, in_extension: bool },
    /// A chunk with so many bytes to come.
    Data(u64),
    /// The line end behind a chunk, of which so many bytes have come.
    DataEnd(u32),
    /// A line of the trailer with so many bytes so far, line ends included, and of the trailer in total.
    Trailer { line: u32, total: u32 },
}

impl Default for Part {
    fn default() -> Self {
        Self::Size { size: 0, digits: 0, read: 0, in_extension: false }
    }
}

/// How the body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Behind its last chunk.
    Whole,
    /// In bytes that are no chunk.
    Broken,
}

impl Chunked {
    /// Follows `input`: how many bytes belong to the body, and whether it has ended.
    pub(super) fn follow(&mut self, input: &[u8]) -> (usize, Option<End>) {
        let mut used = 0;
        while used < input.len() {
            if let Part::Data(left) = &mut self.part {
                let count = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len() - used);
                *left -= count as u64;
                used += count;
                if *left == 0 {
                    self.part = Part::DataEnd(0);
                }
                continue;
            }
            used += 1;
            if let Some(end) = self.byte(input[used - 1]) {
                return (used, Some(end));
            }
        }
        (used, None)
    }

    /// A byte outside of a chunk's data.
    fn byte(&mut self, byte: u8) -> Option<End> {
        match &mut self.part {
            Part::Size { size, digits, read, in_extension } => {
                *read += 1;
                let digit = char::from(byte).to_digit(16).filter(|_| !*in_extension);
                match (byte, digit) {
                    (b'\n', _) if *digits == 0 => return Some(End::Broken),
                    (b'\n', _) => {
                        let size = *size;
                        self.part =
                            if size == 0 { Part::Trailer { line: 0, total: 0 } } else { Part::Data(size) };
                    }
                    // 15 digits fit whatever they are.
                    (_, Some(digit)) if *digits < 15 => {
                        *size = *size * 16 + u64::from(digit);
                        *digits += 1;
                    }
                    (_, Some(_)) => return Some(End::Broken),
                    _ if *digits == 0 || *read > MAX_LINE_BYTES => return Some(End::Broken),
                    _ => *in_extension = true,
                }
            }
            Part::DataEnd(read) => match (byte, *read) {
                (b'\n', _) => self.part = Part::default(),
                (b'\r', 0) => *read = 1,
                _ => return Some(End::Broken),
            },
            Part::Trailer { line, total } => {
                *total += 1;
                match byte {
                    b'\n' if *line == 0 => return Some(End::Whole),
                    b'\n' => *line = 0,
                    _ if *total > MAX_LINE_BYTES => return Some(End::Broken),
                    b'\r' => {}
                    _ => *line += 1,
                }
            }
            Part::Data(_) => {}
        }
        None
    }
}
