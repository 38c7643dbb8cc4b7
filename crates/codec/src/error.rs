//! Why bytes are no events.

use std::fmt;

/// What is wrong with a piece of input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// A value that does not read as its field's type. `field` is the parsed text, `event` the whole line.
    #[error(
        "Conversion of parsed field <{field}> failed for datafield[{position}] in delimited event <{event}>"
    )]
    Conversion {
        /// The text of the value.
        field: String,
        /// The field's position in the schema, from 0.
        position: usize,
        /// The event's text, with the prefixes that options add.
        event: String,
    },
    /// Fewer values than the schema has fields.
    #[error("Too few fields: found {found}, expected {expected} in delimited event <{event}>")]
    TooFewFields {
        /// Values in the line.
        found: usize,
        /// Values that there must be.
        expected: usize,
        /// The event's text.
        event: String,
    },
    /// An opcode that does not exist or cannot be published.
    #[error("Invalid opcode <{opcode}> in event <{event}>")]
    Opcode {
        /// The text in the place of the opcode.
        opcode: String,
        /// The event's text.
        event: String,
    },
    /// Flags that do not exist.
    #[error("Invalid flags <{flags}> in delimited event <{event}>")]
    Flags {
        /// The text in the place of the flags.
        flags: String,
        /// The event's text.
        event: String,
    },
    /// A quoted value that is not closed, or is followed by more text.
    #[error("Unbalanced quotes in datafield[{position}] in delimited event <{event}>")]
    Quotes {
        /// The field's position in the schema, from 0.
        position: usize,
        /// The event's text.
        event: String,
    },
    /// Text that is not UTF-8.
    #[error("invalid UTF-8")]
    NotUtf8,
    /// A line, document or block longer than the limit.
    #[error("{what} longer than {limit} bytes")]
    TooLong {
        /// `line`, `JSON object` or `block`.
        what: &'static str,
        /// The limit in bytes.
        limit: usize,
    },
    /// A JSON member whose value does not fit its field.
    #[error("field '{field}': cannot convert {value} to {ty}")]
    Member {
        /// The member's name, nested names joined by `_`.
        field: String,
        /// The value as JSON text.
        value: String,
        /// The field's type.
        ty: &'static str,
    },
    /// Something is not what it must be.
    #[error("expected {expected}, found {found}")]
    Unexpected {
        /// What must stand there.
        expected: String,
        /// What does.
        found: String,
    },
}

/// A piece of input that is no event, where it is, and whether what follows can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError {
    /// Line number from 1 in text formats; number of the block from 1 in the binary format.
    pub line: u64,
    /// Offset in the input, from 0, of the line, object or byte at fault.
    pub byte: u64,
    /// Position in the schema of the field at fault.
    pub field: Option<usize>,
    /// What is wrong.
    pub cause: Cause,
    /// Whether the next call goes on behind the bad piece. Otherwise the decoder has no more to give.
    pub can_continue: bool,
    /// The bad piece as it came in (without its line end, at most 4096 bytes), for the bad-events file.
    pub raw: Vec<u8>,
}

impl DecodeError {
    pub(crate) const RAW_MAX: usize = 4096;

    /// The bytes of `piece` to be kept.
    pub(crate) fn keep(piece: &[u8]) -> Vec<u8> {
        piece[..piece.len().min(Self::RAW_MAX)].to_vec()
    }
}

impl fmt::Display for DecodeError {
    /// The cause; texts that ESP defines stand alone, the others are followed by their place.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cause {
            Cause::Conversion { .. } => write!(f, "{}", self.cause),
            _ => write!(f, "{} (line {}, byte {})", self.cause, self.line, self.byte),
        }
    }
}

impl std::error::Error for DecodeError {}
