//! Lets request lines in that no HTTP library accepts.
//!
//! ESP's clients send URLs as users type them: blanks, quotes, `|`, `^` and curly quotes unencoded
//! (rest-api 2.1, failover-and-server 4.11). hyper answers 400 to such a line. So [`RequestLineIo`] stands
//! between socket and hyper and percent-encodes, in request lines only, what a request target may not hold.
//!
//! ```text
//! socket -> RequestLineIo (RequestLineRewriter: head | body | upgrade | pass-through) -> hyper
//! ```
//!
//! To know what is a request line it follows heads and bodies. A head is collected whole, within limits,
//! before any of it is passed on, and checked so strictly that hyper never disagrees about where its body
//! ends. A head that fails is replaced by a well-formed request for [`Refusal::path`], whose answer is an XML
//! error like every other; nothing behind it is read as a request.

mod body;
mod head;
mod io;
#[cfg(test)]
mod tests;

use memchr::memchr;

use body::Chunked;
use head::Body;

pub use head::UPGRADE_HEADER;
pub use io::{RequestLineIo, UpgradeSwitch};

/// Longest request line in bytes, as it was sent.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// Longest head (request line and headers) in bytes.
pub const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Most header lines in a head; hyper's own limit.
pub const MAX_HEADERS: usize = 100;

/// Most bytes held back behind a request that asks for an upgrade, until that is answered.
pub const MAX_HELD_BYTES: usize = 64 * 1024;

/// Why a head is not passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not of the form `METHOD TARGET HTTP/1.x`, a bad header, or a body length that is in doubt.
    #[error("malformed request")]
    Malformed,
    /// The head did not come to its end in time.
    #[error("the request did not arrive in time")]
    Slow,
    /// Longer than [`MAX_LINE_BYTES`].
    #[error("the request line is longer than {MAX_LINE_BYTES} bytes")]
    LineTooLong,
    /// Longer than [`MAX_HEAD_BYTES`], or more than [`MAX_HEADERS`].
    #[error("the request has more than {MAX_HEAD_BYTES} bytes or {MAX_HEADERS} lines of headers")]
    HeadTooLarge,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Malformed, Self::Slow, Self::LineTooLong, Self::HeadTooLarge];

    /// The status to answer.
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed => 400,
            Self::Slow => 408,
            Self::LineTooLong => 414,
            Self::HeadTooLarge => 431,
        }
    }

    /// The path of the request that takes the place of a refused one. A client that asks for it is told the same.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Malformed => "/.refused/400",
            Self::Slow => "/.refused/408",
            Self::LineTooLong => "/.refused/414",
            Self::HeadTooLarge => "/.refused/431",
        }
    }
}

/// Follows one connection's requests and rewrites their request lines. Knows no sockets: [`RequestLineIo`] feeds it.
///
/// Call [`push`](Self::push) with bytes as they come, cut anywhere. After a request that asks for an upgrade it
/// holds bytes back until [`decide`](Self::decide) says whether the connection changes its protocol.
#[derive(Debug, Default)]
pub struct RequestLineRewriter {
    state: State,
    /// The head so far, or what is held back.
    buffer: Vec<u8>,
    /// Where the current line of the head begins in `buffer`.
    line_start: usize,
    lines: usize,
}

#[derive(Debug, Default)]
enum State {
    /// In a head, or before one.
    #[default]
    Head,
    /// In a body with so many bytes to come.
    Length(u64),
    /// In a chunked body.
    Chunked(Chunked),
    /// Behind a request that asks for an upgrade.
    Undecided,
    /// Not HTTP any more, or a body whose end is unknown: hyper ends such a connection.
    PassThrough,
    /// Nothing more is passed on.
    Refused,
}

impl RequestLineRewriter {
    /// A rewriter for a new connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the next bytes and appends to `out` what is to be passed on.
    pub fn push(&mut self, mut input: &[u8], out: &mut Vec<u8>) {
        while !input.is_empty() {
            let used = match &mut self.state {
                State::Head => self.head(input, out),
                State::Length(left) => {
                    let used = usize::try_from(*left).unwrap_or(usize::MAX).min(input.len());
                    *left -= used as u64;
                    if *left == 0 {
                        self.state = State::Head;
                    }
                    out.extend_from_slice(&input[..used]);
                    used
                }
                State::Chunked(body) => {
                    let (used, end) = body.follow(input);
                    match end {
                        Some(body::End::Whole) => self.state = State::Head,
                        Some(body::End::Broken) => self.state = State::PassThrough,
                        None => {}
                    }
                    out.extend_from_slice(&input[..used]);
                    used
                }
                State::Undecided => {
                    self.buffer.extend_from_slice(input);
                    input.len()
                }
                State::PassThrough => {
                    out.extend_from_slice(input);
                    input.len()
                }
                State::Refused => input.len(),
            };
            input = &input[used..];
        }
    }

    /// Says whether the connection changes its protocol, after a request that asked for it.
    pub fn decide(&mut self, upgraded: bool, out: &mut Vec<u8>) {
        if matches!(self.state, State::Undecided) {
            self.state = if upgraded { State::PassThrough } else { State::Head };
            let held = std::mem::take(&mut self.buffer);
            self.push(&held, out);
        }
    }

    /// Gives up on the head that is being collected.
    pub fn refuse(&mut self, refusal: Refusal, out: &mut Vec<u8>) {
        let request =
            format!("GET {} HTTP/1.1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n", refusal.path());
        out.extend_from_slice(request.as_bytes());
        self.state = State::Refused;
        self.buffer = Vec::new();
    }

    /// Whether part of a head has come.
    pub fn is_in_head(&self) -> bool {
        matches!(self.state, State::Head) && !self.buffer.is_empty()
    }

    /// Whether [`decide`](Self::decide) is awaited, and how many bytes are held back meanwhile.
    pub fn held(&self) -> Option<usize> {
        matches!(self.state, State::Undecided).then_some(self.buffer.len())
    }

    /// How many of the next bytes need not be looked at. Those passed on without [`push`](Self::push) are told to
    /// [`passed`](Self::passed).
    pub fn untouched(&self) -> u64 {
        match self.state {
            State::Length(left) => left,
            State::PassThrough => u64::MAX,
            _ => 0,
        }
    }

    /// Counts bytes of the [`untouched`](Self::untouched) ones that were passed on.
    pub fn passed(&mut self, count: u64) {
        if let State::Length(left) = &mut self.state {
            *left = left.saturating_sub(count);
            if *left == 0 {
                self.state = State::Head;
            }
        }
    }

    /// Collects a head up to its empty line; answers how many bytes of `input` belong to it.
    fn head(&mut self, input: &[u8], out: &mut Vec<u8>) -> usize {
        let mut used = 0;
        while used < input.len() {
            let end = memchr(b'\n', &input[used..]).map_or(input.len(), |at| used + at + 1);
            let room = (MAX_HEAD_BYTES + 1).saturating_sub(self.buffer.len());
            self.buffer.extend_from_slice(&input[used..end.min(used + room)]);
            used = end;
            if self.lines == 0 && self.buffer.len() > MAX_LINE_BYTES {
                self.refuse(Refusal::LineTooLong, out);
                return used;
            }
            if self.buffer.len() > MAX_HEAD_BYTES || self.lines > MAX_HEADERS + 1 {
                self.refuse(Refusal::HeadTooLarge, out);
                return used;
            }
            if self.buffer.last() != Some(&b'\n') {
                return used;
            }
            let is_empty = matches!(&self.buffer[self.line_start..], b"\n" | b"\r\n");
            self.line_start = self.buffer.len();
            if !is_empty {
                self.lines += 1;
            } else if self.lines == 0 {
                // Some clients send an empty line behind a body.
                self.buffer.clear();
                self.line_start = 0;
            } else {
                self.end_of_head(out);
                return used;
            }
        }
        used
    }

    fn end_of_head(&mut self, out: &mut Vec<u8>) {
        let length = out.len();
        match head::rewrite(&self.buffer, out) {
            Ok(body) => {
                self.state = match body {
                    Body::Length(0) => State::Head,
                    Body::Length(length) => State::Length(length),
                    Body::Chunked => State::Chunked(Chunked::default()),
                    Body::Upgrade => State::Undecided,
                };
            }
            Err(refusal) => {
                out.truncate(length);
                self.refuse(refusal, out);
            }
        }
        self.buffer.clear();
        self.line_start = 0;
        self.lines = 0;
    }
}
