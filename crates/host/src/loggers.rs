//! The loggers and their levels, which clients list and change while the server runs (failover-and-server 4.7, rest-api 7.2).

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::{Mutex, RwLock};

/// A log level, from the least serious on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Every step.
    Trace,
    /// For those who look for a fault.
    Debug,
    /// For operators.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
    /// The server cannot go on.
    Fatal,
    /// Nothing is logged.
    Off,
}

impl LogLevel {
    const NAMES: [(&str, Self); 8] = [
        ("trace", Self::Trace),
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("warn", Self::Warn),
        ("error", Self::Error),
        ("fatal", Self::Fatal),
        ("off", Self::Off),
        ("warning", Self::Warn),
    ];

    /// Reads a level in any letter case; `warning` is `warn`.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, level)| level)
    }

    /// Its name, in lower case.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|&&(_, level)| level == self).map_or("off", |&(name, _)| name)
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// No logger has this name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("logger '{0}' not found")]
pub struct UnknownLogger(pub String);

/// The logger at the root of all others. In the lines of ESP 5.2 it is the one that is shown.
const ROOT: &str = "DF.ESP";

/// Loggers that are always there.
const KNOWN: [&str; 8] = [
    ROOT,
    "common.http",
    "common.websocket",
    "esp",
    "esp.http",
    "esp.server",
    "esp.windows",
    "server.connection",
];

/// Lines that are captured at most; older ones make room.
const CAPTURED_LINES: usize = 10_000;

/// The least level that each logger logs. A logger without one of its own has that of its parent (`esp` of `esp.http`),
/// at last that of `DF.ESP`. Beside them the lines that a client has the server capture.
#[derive(Debug)]
pub struct Loggers {
    levels: RwLock<BTreeMap<String, Option<LogLevel>>>,
    capturing: AtomicBool,
    captured: Mutex<VecDeque<String>>,
}

impl Default for Loggers {
    fn default() -> Self {
        Self::new([])
    }
}

impl Loggers {
    /// The loggers that are always there, and those of `given` with their levels; of two of a name the last holds.
    pub fn new(given: impl IntoIterator<Item = (String, LogLevel)>) -> Self {
        let mut levels: BTreeMap<String, Option<LogLevel>> =
            KNOWN.iter().map(|&name| (name.to_owned(), None)).collect();
        levels.extend(given.into_iter().map(|(name, level)| (name, Some(level))));
        Self {
            levels: RwLock::new(levels),
            capturing: AtomicBool::new(false),
            captured: Mutex::new(VecDeque::new()),
        }
    }

    /// Every logger with its level, by name.
    pub fn list(&self) -> Vec<(String, LogLevel)> {
        let levels = self.levels.read();
        levels.keys().map(|name| (name.clone(), effective(&levels, name))).collect()
    }

    /// The level of the logger called `name`.
    ///
    /// # Errors
    /// When there is none.
    pub fn level(&self, name: &str) -> Result<LogLevel, UnknownLogger> {
        let levels = self.levels.read();
        if levels.contains_key(name) {
            Ok(effective(&levels, name))
        } else {
            Err(UnknownLogger(name.to_owned()))
        }
    }

    /// Gives the logger called `name` a level of its own.
    ///
    /// # Errors
    /// When there is none.
    pub fn set_level(&self, name: &str, level: LogLevel) -> Result<(), UnknownLogger> {
        match self.levels.write().get_mut(name) {
            Some(own) => *own = Some(level),
            None => return Err(UnknownLogger(name.to_owned())),
        }
        // What each place in the code does with its records was decided with the level before.
        tracing::callsite::rebuild_interest_cache();
        Ok(())
    }

    /// The least level that is logged in `context`, which need not be one of the loggers.
    pub fn least(&self, context: &str) -> LogLevel {
        effective(&self.levels.read(), context)
    }

    /// The least level that any logger logs.
    pub fn least_of_all(&self) -> LogLevel {
        let levels = self.levels.read();
        let own = levels.values().flatten().copied().min().unwrap_or(LogLevel::Off);
        own.min(effective(&levels, ROOT))
    }

    /// Begins or ends the capture of log lines. What was captured stays until the next beginning.
    pub fn set_capture(&self, on: bool) {
        if on && !self.is_capturing() {
            self.captured.lock().clear();
        }
        self.capturing.store(on, Ordering::SeqCst);
    }

    /// Whether log lines are captured.
    pub fn is_capturing(&self) -> bool {
        self.capturing.load(Ordering::SeqCst)
    }

    /// Takes a line, without its line break, if lines are captured. The last 10,000 are kept.
    pub fn capture(&self, line: &str) {
        if !self.is_capturing() {
            return;
        }
        let mut captured = self.captured.lock();
        if captured.len() == CAPTURED_LINES {
            captured.pop_front();
        }
        captured.push_back(line.to_owned());
    }

    /// The captured lines, oldest first.
    pub fn captured(&self) -> Vec<String> {
        self.captured.lock().iter().cloned().collect()
    }
}

fn effective(levels: &BTreeMap<String, Option<LogLevel>>, context: &str) -> LogLevel {
    let mut name = context;
    loop {
        if let Some(&Some(level)) = levels.get(name) {
            return level;
        }
        match name.rsplit_once('.') {
            Some((parent, _)) if name != ROOT => name = parent,
            _ if name == ROOT => return LogLevel::Info,
            _ => name = ROOT,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loggers(given: &[(&str, LogLevel)]) -> Loggers {
        Loggers::new(given.iter().map(|&(name, level)| (name.to_owned(), level)))
    }

    #[test]
    fn loggers_inherit() {
        let loggers = loggers(&[("esp", LogLevel::Warn), ("esp.windows", LogLevel::Trace)]);
        assert_eq!(loggers.least("esp.server"), LogLevel::Warn);
        assert_eq!(loggers.least("esp.server.deep.below"), LogLevel::Warn);
        assert_eq!(loggers.least("esp.windows"), LogLevel::Trace);
        assert_eq!(loggers.least("common.http"), LogLevel::Info);
        assert_eq!(loggers.least_of_all(), LogLevel::Trace);
        loggers.set_level("DF.ESP", LogLevel::Error).unwrap();
        assert_eq!(loggers.least("common.http"), LogLevel::Error);
        assert_eq!(loggers.least("esp"), LogLevel::Warn);
    }

    #[test]
    fn levels_are_changed_by_name() {
        let loggers = loggers(&[("mine", LogLevel::Debug)]);
        let names: Vec<String> = loggers.list().into_iter().map(|(name, _)| name).collect();
        for name in ["esp", "esp.http", "esp.server", "esp.windows", "mine"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
        loggers.set_level("esp.http", LogLevel::Off).unwrap();
        assert_eq!(loggers.level("esp.http"), Ok(LogLevel::Off));
        assert_eq!(loggers.level("esp.server"), Ok(LogLevel::Info));
        assert_eq!(loggers.level("nope").unwrap_err().to_string(), "logger 'nope' not found");
        assert!(loggers.set_level("nope", LogLevel::Off).is_err());
    }

    #[test]
    fn names_of_levels() {
        for name in ["trace", "debug", "info", "warn", "error", "fatal", "off"] {
            assert_eq!(LogLevel::parse(name).map(LogLevel::name), Some(name));
        }
        assert_eq!(LogLevel::parse(" WARNING "), Some(LogLevel::Warn));
        assert_eq!(LogLevel::parse("loud"), None);
    }

    #[test]
    fn lines_are_captured_while_that_is_on() {
        let loggers = Loggers::default();
        loggers.capture("before");
        loggers.set_capture(true);
        (0..=CAPTURED_LINES).for_each(|number| loggers.capture(&number.to_string()));
        loggers.set_capture(false);
        loggers.capture("after");
        let lines = loggers.captured();
        assert_eq!(lines.len(), CAPTURED_LINES);
        assert_eq!(lines.first().map(String::as_str), Some("1"));
        loggers.set_capture(true);
        assert!(loggers.captured().is_empty() && loggers.is_capturing());
    }
}
