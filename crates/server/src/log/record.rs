//! One log record, gathered from the fields of a `tracing` event.

use std::fmt::{self, Write as _};

use tidegate_host::LogLevel;
use tracing::field::{Field, Visit};

/// A record before it becomes a line.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) level: LogLevel,
    /// The logger that it belongs to.
    pub(super) logger: String,
    /// Number of the thread that logged it.
    pub(super) thread: u32,
    /// The message's id, such as `Engine0007`; may be empty.
    pub(super) id: String,
    pub(super) file: String,
    pub(super) line: u64,
    pub(super) text: String,
    /// Whether it says of itself that it is fatal, which `tracing` has no level for.
    pub(super) fatal: bool,
}

impl Record {
    pub(super) fn new(level: LogLevel, thread: u32) -> Self {
        Self {
            level,
            logger: String::new(),
            thread,
            id: String::new(),
            file: String::new(),
            line: 0,
            text: String::new(),
            fatal: false,
        }
    }
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "id" => self.id.push_str(value),
            "file" => self.file.push_str(value),
            "logger" => self.logger.push_str(value),
            "message" => self.text.push_str(value),
            name => {
                let _ = write!(self.text, " {name}={value}");
            }
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "line" {
            self.line = value;
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.record_debug(field, &value),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        if field.name() == "fatal" {
            self.fatal = value;
        } else {
            self.record_debug(field, &value);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.text, "{value:?}"),
            "id" => write!(self.id, "{value:?}"),
            name => write!(self.text, " {name}={value:?}"),
        };
    }
}
