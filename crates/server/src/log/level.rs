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
