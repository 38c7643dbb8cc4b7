//! `<timestamp>; <level>; <thread>; <logger>; (<file>:<line>); <text>`.

use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::Zoned;
use tracing::field::{Field, Visit};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::level::{Level, Levels, context_of};

/// Writes log records to standard output. A record may carry the fields `id` (such as `Engine0007`), `file` and
/// `line` (of ESP's source), `logger` (always the one that the line shows) and `fatal`.
pub(crate) struct LineLog {
    levels: Levels,
    out: Mutex<std::io::Stdout>,
}

impl LineLog {
    /// A log that writes what `levels` let through.
    pub(crate) fn new(levels: Levels) -> Self {
        Self { levels, out: Mutex::new(std::io::stdout()) }
    }
}

impl<S: Subscriber> Layer<S> for LineLog {
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let context = context_of(metadata.target());
        let least = self.levels.of(context);
        // That a library's connection is gone and back is told once, by the code that uses it.
        let least = if context == "esp.library" { least.max(Level::Error) } else { least };
        least != Level::Off && Level::of(*metadata.level()) >= least
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut record = Record::default();
        event.record(&mut record);
        let metadata = event.metadata();
        if !record.file.is_empty() {
            record.place = format!("{}:{}", record.file, record.line);
        } else {
            let file = metadata.file().and_then(|file| file.rsplit('/').next()).unwrap_or("?");
            record.place = format!("{file}:{}", metadata.line().unwrap_or(0));
        }
        let level = if record.fatal { Level::Fatal } else { Level::of(*metadata.level()) };
        let line = line(&Zoned::now(), level, thread_number(), &record);
        // A full disk or a closed pipe must not stop the server.
        let mut out = self.out.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let _ = out.write_all(line.as_bytes()).and_then(|()| out.flush());
    }
}

#[derive(Debug, Default)]
struct Record {
    id: String,
    file: String,
    line: u64,
    place: String,
    text: String,
    fatal: bool,
}

impl Visit for Record {
    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "id" => self.id.push_str(value),
            "file" => self.file.push_str(value),
            "logger" => {}
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

/// One line. A line break within the text would break the format, and with it those who read it.
fn line(now: &Zoned, level: Level, thread: u32, record: &Record) -> String {
    let time = now.strftime("%Y-%m-%dT%H:%M:%S");
    let millis = now.millisecond();
    let id = if record.id.is_empty() { String::new() } else { format!("[{}] ", record.id) };
    let text = record.text.replace('\n', "\\n").replace('\r', "\\r");
    format!("{time},{millis:03}; {}; {thread:08}; DF.ESP; ({}); {id}{text}\n", level.label(), record.place)
}

/// The thread's number in the order in which threads first logged.
fn thread_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    thread_local! {
        static NUMBER: u32 = NEXT.fetch_add(1, Ordering::Relaxed);
    }
    NUMBER.with(|&number| number)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sample of failover-and-server 4.6.
    #[test]
    fn a_line_has_the_form_that_scripts_parse() {
        let now: Zoned = "2019-01-17T13:22:37.292[UTC]".parse().unwrap();
        let record = Record {
            id: "XMLServer0001".to_owned(),
            file: String::new(),
            line: 0,
            place: "Esp.cpp:791".to_owned(),
            text: "starting esp server".to_owned(),
            fatal: false,
        };
        assert_eq!(
            line(&now, Level::Info, 4, &record),
            "2019-01-17T13:22:37,292; INFO ; 00000004; DF.ESP; (Esp.cpp:791); [XMLServer0001] starting esp server\n"
        );
    }
}
