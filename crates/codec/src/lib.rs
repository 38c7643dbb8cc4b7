//! Bytes to event blocks and back: one folder per format, one file per framing.
//!
//! A decoder is fed bytes cut anywhere and builds rows straight into a [`BlockSink`]; an encoder appends the
//! bytes of a block to a buffer. Both come from the ordered list [`FORMATS`]. No decoder panics or grows
//! without bound on any input: what it may hold is a [`Limits`], which has no default.

pub mod binary;
pub mod csv;
pub mod datetime;
pub mod error;
mod format;
pub mod json;
pub mod number;
mod options;
pub mod properties;
mod sink;
mod text;
pub mod xml_events;

pub use datetime::{DatePattern, DatePatternError};
pub use error::{Cause, DecodeError};
pub use format::{Decoder, Encoder, FORMATS, Format, Progress, file_format, format};
pub use options::{DecodeOptions, EncodeOptions, HeaderLine, Limits};
pub use sink::BlockSink;
pub use text::{read_value, write_value};
