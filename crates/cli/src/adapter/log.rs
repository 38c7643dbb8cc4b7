//! The adapter's log: ESP's line format on standard error (failover-and-server 4.6).

use std::fmt::{self, Write as _};
use std::io::Write as _;

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};

use super::error::AdapterError;

/// The least level that is logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    /// Nothing but the reason for which the adapter ends, which is no log line.
    Off,
}

impl Level {
    /// Reads `loglevel` in any letter case.
    pub(super) fn parse(text: &str) -> Result<Self, AdapterError> {
        Ok(match text.to_ascii_lowercase().as_str() {
            "trace" => Self::Trace,
            "debug" => Self::Debug,
            "info" => Self::Info,
            "warn" | "warning" => Self::Warn,
            "error" => Self::Error,
            "fatal" | "off" => Self::Off,
            _ => {
                let allowed = "trace, debug, info, warn, error, fatal or off";
                return Err(AdapterError::invalid("loglevel", text, allowed));
            }
        })
    }

    fn shows(self, level: tracing::Level) -> bool {
        match self {
            Self::Trace => true,
            Self::Debug => level <= tracing::Level::DEBUG,
            Self::Info => level <= tracing::Level::INFO,
            Self::Warn => level <= tracing::Level::WARN,
            Self::Error => level <= tracing::Level::ERROR,
            Self::Off => false,
        }
    }
}

/// Sends log records to standard error from now on.
pub(super) fn start(level: Level) {
    // Only a second logger could make this fail; then the first one has the records.
    let _ = tracing::subscriber::set_global_default(tracing_subscriber::registry().with(LineLog(level)));
}

struct LineLog(Level);

impl<S: Subscriber> Layer<S> for LineLog {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        metadata.target().starts_with("tidegate") && self.0.shows(*metadata.level())
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut record = Record::default();
        event.record(&mut record);
        let metadata = event.metadata();
        if record.file.is_empty() {
            record.file = metadata.file().and_then(|file| file.rsplit('/').next()).unwrap_or("?").to_owned();
            record.line = u64::from(metadata.line().unwrap_or(0));
        }
        let line = line(&Zoned::now(), *metadata.level(), &record);
        // A closed pipe must not stop the adapter.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }
}

#[derive(Default)]
struct Record {
    id: String,
    file: String,
    line: u64,
    text: String,
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "id" => value.clone_into(&mut self.id),
            "file" => value.clone_into(&mut self.file),
            "logger" => {}
            _ => self.text.push_str(value),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() == "line" {
            self.line = value;
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_u64(field, value.unsigned_abs());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            // Writing to a string does not fail.
            let _ = write!(self.text, "{value:?}");
        }
    }
}

fn line(now: &Zoned, level: tracing::Level, record: &Record) -> String {
    let Record { id, file, line, text } = record;
    let id = if id.is_empty() { String::new() } else { format!("[{id}] ") };
    let text = text.replace('\n', "\\n").replace('\r', "\\r");
    let time = now.strftime("%Y-%m-%dT%H:%M:%S");
    format!("{time},{:03}; {level:<5}; 00000001; DF.ESP; ({file}:{line}); {id}{text}\n", now.millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_let_through_what_is_graver() {
        assert!(Level::Warn.shows(tracing::Level::ERROR) && Level::Warn.shows(tracing::Level::WARN));
        assert!(!Level::Warn.shows(tracing::Level::INFO) && !Level::Off.shows(tracing::Level::ERROR));
        assert!(Level::Trace.shows(tracing::Level::TRACE));
    }

    #[test]
    fn a_line_has_the_form_that_scripts_parse() {
        let now: Zoned = "2019-01-17T13:22:37.292[UTC]".parse().unwrap();
        let record =
            Record { id: "X1".to_owned(), file: "a.rs".to_owned(), line: 7, text: "b\nc".to_owned() };
        assert_eq!(
            line(&now, tracing::Level::INFO, &record),
            "2019-01-17T13:22:37,292; INFO ; 00000001; DF.ESP; (a.rs:7); [X1] b\\nc\n"
        );
    }
}
