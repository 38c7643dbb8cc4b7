//! Which logger a record belongs to.

use tidegate_host::LogLevel;

/// The level of a record.
pub(crate) fn level_of(level: tracing::Level) -> LogLevel {
    match level {
        tracing::Level::TRACE => LogLevel::Trace,
        tracing::Level::DEBUG => LogLevel::Debug,
        tracing::Level::INFO => LogLevel::Info,
        tracing::Level::WARN => LogLevel::Warn,
        tracing::Level::ERROR => LogLevel::Error,
    }
}

/// The logger that libraries log in: their errors matter, their chatter does not.
pub(crate) const LIBRARY: &str = "esp.library";

/// The logger that a module of the program logs in, where its record names none.
pub(crate) fn logger_of(target: &str) -> &'static str {
    let starts = |name: &str| target.starts_with(name);
    if starts("tidegate_http") {
        "esp.http"
    } else if starts("tidegate_engine") || starts("tidegate_host::project") {
        "esp.windows"
    } else if starts("tidegate") || starts("dfesp") {
        "esp.server"
    } else {
        LIBRARY
    }
}

/// The levels of `LEVEL` or `LOGGER=LEVEL,...`, and the words that are none. A level without a logger is that of `esp`.
pub(crate) fn parse_levels(text: &str) -> (Vec<(String, LogLevel)>, Vec<String>) {
    let (mut levels, mut unknown) = (Vec::new(), Vec::new());
    for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
        let (logger, level) = item.split_once('=').unwrap_or(("", item));
        let logger = if logger.trim().is_empty() { "esp" } else { logger.trim() };
        match LogLevel::parse(level) {
            Some(level) => levels.push((logger.to_owned(), level)),
            None => unknown.push(level.trim().to_owned()),
        }
    }
    (levels, unknown)
}
