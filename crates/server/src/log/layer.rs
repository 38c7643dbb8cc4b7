//! From `tracing` events to lines on standard output.

use std::io::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use jiff::Zoned;
use tidegate_host::{LogLevel, Loggers};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::level::{LIBRARY, level_of, logger_of};
use super::record::Record;
use super::{json, text};

/// What a line looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LogFormat {
    /// As in ESP 5.2 and 6.
    #[default]
    Text,
    /// One JSON object, as in later ones.
    Json,
}

impl LogFormat {
    /// Reads the name of a format.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "text" => Some(Self::Text),
            "json" => Some(Self::Json),
            _ => None,
        }
    }
}

/// How lines are written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Style {
    pub(crate) format: LogFormat,
    /// Whether lines of text show the logger of a record, as from 6.0 on, and not `DF.ESP`.
    pub(crate) loggers: bool,
    /// The engine's id, where lines of text begin with it, as from 6.2 on.
    pub(crate) engine: Option<String>,
}

/// Writes log records to standard output. A record may carry the fields `id` (such as `Engine0007`), `file` and `line` (of
/// ESP's source), `logger` and `fatal`. Without a logger, or with `DF.ESP`, it belongs to that of its module.
pub(crate) struct LineLog {
    loggers: Arc<Loggers>,
    style: Style,
    out: Mutex<std::io::Stdout>,
}

impl LineLog {
    /// A log that writes what the levels of `loggers` let through.
    pub(crate) fn new(loggers: Arc<Loggers>, style: Style) -> Self {
        Self { loggers, style, out: Mutex::new(std::io::stdout()) }
    }

    fn least(&self, logger: &str) -> LogLevel {
        let least = self.loggers.least(logger);
        // That a library's connection is gone and back is told once, by the code that uses it.
        if logger == LIBRARY { least.max(LogLevel::Error) } else { least }
    }
}

impl<S: Subscriber> Layer<S> for LineLog {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        // A record that names its logger is judged when the name is known.
        let least = if metadata.fields().field("logger").is_some() {
            self.loggers.least_of_all()
        } else {
            self.least(logger_of(metadata.target()))
        };
        least != LogLevel::Off && level_of(*metadata.level()) >= least
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let metadata = event.metadata();
        let mut record = Record::new(level_of(*metadata.level()), thread_number());
        event.record(&mut record);
        if record.logger.is_empty() || record.logger == "DF.ESP" {
            record.logger = logger_of(metadata.target()).to_owned();
        }
        if record.fatal {
            record.level = LogLevel::Fatal;
        }
        let least = self.least(&record.logger);
        if least == LogLevel::Off || record.level < least {
            return;
        }
        if record.file.is_empty() {
            record.file = metadata.file().and_then(|file| file.rsplit('/').next()).unwrap_or("?").to_owned();
            record.line = u64::from(metadata.line().unwrap_or(0));
        }
        let mut line = match self.style.format {
            LogFormat::Text => text::line(&Zoned::now(), &record, &self.style),
            LogFormat::Json => json::line(&Zoned::now(), &record),
        };
        self.loggers.capture(&line);
        line.push('\n');
        // A full disk or a closed pipe must not stop the server.
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

/// The thread's number in the order in which threads first logged.
fn thread_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|&number| number)
}
