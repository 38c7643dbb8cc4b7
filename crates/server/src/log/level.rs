//! Levels, by hierarchical logger context.

use std::collections::BTreeMap;

/// A log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Fatal,
    Off,
}

impl Level {
    const NAMES: [(&str, Self); 8] = [
        ("trace", Self::Trace),
        ("debug", Self::Debug),
        ("info", Self::Info),
        ("warn", Self::Warn),
        ("warning", Self::Warn),
        ("error", Self::Error),
        ("fatal", Self::Fatal),
        ("off", Self::Off),
    ];

    /// Reads a level in any letter case.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        Self::NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|&(_, level)| level)
    }

    /// The level of a record.
    pub(crate) fn of(level: tracing::Level) -> Self {
        match level {
            tracing::Level::TRACE => Self::Trace,
            tracing::Level::DEBUG => Self::Debug,
            tracing::Level::INFO => Self::Info,
            tracing::Level::WARN => Self::Warn,
            tracing::Level::ERROR => Self::Error,
        }
    }

    /// The name in a log line, padded to five characters.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Trace => "TRACE",
            Self::Debug => "DEBUG",
            Self::Info => "INFO ",
            Self::Warn => "WARN ",
            Self::Error => "ERROR",
            Self::Fatal | Self::Off => "FATAL",
        }
    }
}

/// The least level that is logged, by context. A context without one of its own has that of its parent.
#[derive(Debug, Clone, Default)]
pub(crate) struct Levels(BTreeMap<String, Level>);

impl Levels {
    /// The levels of a command line; a level without context is that of `esp`.
    pub(crate) fn new(given: &[(String, String)]) -> Self {
        let level = |(context, level): &(String, String)| {
            let context = if context.is_empty() { "esp".to_owned() } else { context.clone() };
            Level::parse(level).map(|level| (context, level))
        };
        Self(given.iter().filter_map(level).collect())
    }

    /// The least level that is logged in `context`.
    pub(crate) fn of(&self, context: &str) -> Level {
        let mut context = context;
        loop {
            if let Some(&level) = self.0.get(context) {
                return level;
            }
            match context.rsplit_once('.') {
                Some((parent, _)) => context = parent,
                None => return Level::Info,
            }
        }
    }
}

/// The context that a module of the program logs in.
pub(crate) fn context_of(target: &str) -> &'static str {
    let starts = |name: &str| target.starts_with(name);
    if starts("tidegate_http") {
        "esp.http"
    } else if starts("tidegate_engine") || starts("tidegate_host::project") {
        "esp.windows"
    } else if starts("tidegate") || starts("dfesp") {
        "esp.server"
    } else {
        // Libraries: their warnings matter, their chatter does not.
        "esp.library"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_inherit() {
        let given = [("", "warn"), ("esp.windows", "trace")].map(|(c, l)| (c.to_owned(), l.to_owned()));
        let levels = Levels::new(&given);
        assert_eq!(levels.of("esp.server"), Level::Warn);
        assert_eq!(levels.of("esp.windows"), Level::Trace);
        assert_eq!(levels.of("common.http"), Level::Info);
        assert_eq!(Level::parse("WARNING"), Some(Level::Warn));
        assert_eq!(Level::parse("loud"), None);
    }
}
