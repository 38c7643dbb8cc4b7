//! The log messages of this crate as data: id, level and text.

use std::fmt;

/// A message without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The id in square brackets.
    pub id: &'static str,
    /// Source file that the line names.
    pub file: &'static str,
    /// Source line that goes with it.
    pub line: u32,
}

/// A connection could not be accepted.
pub const ACCEPT_FAILED: Message = Message { id: "Tidegate0201", file: "serve.rs", line: 1 };
/// Connections were still busy when the time for a clean stop was over.
pub const CONNECTIONS_CUT: Message = Message { id: "Tidegate0202", file: "serve.rs", line: 2 };

/// An event that came over a WebSocket could not be read.
pub const UNREADABLE: Message = Message { id: "Tidegate0203", file: "publisher.rs", line: 1 };
/// Events that came over a WebSocket could not be injected.
pub const NOT_INJECTED: Message = Message { id: "Tidegate0204", file: "publisher.rs", line: 2 };

/// A request, for those who look for a fault.
pub const REQUEST: Message = Message { id: "Tidegate0205", file: "trace.rs", line: 1 };

impl Message {
    /// Logs the message for those who look for a fault.
    pub(crate) fn debug(&self, text: fmt::Arguments<'_>) {
        let Self { id, file, line } = *self;
        tracing::debug!(id, logger = "common.http", file, line, "{text}");
    }

    /// Logs the message as a warning.
    pub(crate) fn warn(&self, text: fmt::Arguments<'_>) {
        let Self { id, file, line } = *self;
        tracing::warn!(id, logger = "common.http", file, line, "{text}");
    }
}
