//! The command line of `dfesp_xml_server` (failover-and-server 4.2 and 4.3).
//!
//! Parsing never acts and never fails on what real scripts do: it answers [`Options`], the problems that stop the
//! start, and warnings for the log.

mod parse;
mod table;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use tidegate_host::LogLevel;

use crate::log::LogFormat;

pub(crate) use parse::parse;
pub(crate) use table::help;

/// What the command line asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Options {
    /// The model to load and run at start: a path or URL.
    pub(crate) model: Option<String>,
    /// Port for publish/subscribe clients.
    pub(crate) pubsub: Option<u16>,
    /// Port of the admin interface.
    pub(crate) http: Option<u16>,
    /// The second port of older releases.
    pub(crate) http_pubsub: Option<u16>,
    /// Port for XML commands.
    pub(crate) server: Option<u16>,
    /// Directory with the state of a whole server to start from.
    pub(crate) restore: Option<String>,
    /// File for events that were refused.
    pub(crate) badevents: Option<String>,
    /// Levels by logger.
    pub(crate) loglevel: Vec<(String, LogLevel)>,
    /// What log lines look like.
    pub(crate) logformat: Option<LogFormat>,
    /// File with levels of loggers.
    pub(crate) logconfig: Option<String>,
    /// Load models without what this release does not have.
    pub(crate) allow_unsupported: bool,
    /// Default pattern for dates in text.
    pub(crate) dateformat: Option<String>,
    /// End when the model's publishers have finished.
    pub(crate) exit: bool,
    /// Properties of `-C`.
    pub(crate) properties: BTreeMap<String, String>,
    /// Values of `@NAME@` tokens.
    pub(crate) tokens: BTreeMap<String, String>,
    /// Print the usage and end.
    pub(crate) help: bool,
    /// Print the version and end.
    pub(crate) version: bool,
    /// The options in effect as `GET server?config=true` lists them: name and value, in order of the table.
    pub(crate) effective: BTreeMap<&'static str, String>,
}

/// What came of a command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Parsed {
    /// The options.
    pub(crate) options: Options,
    /// Why the server cannot start.
    pub(crate) errors: Vec<String>,
    /// What was ignored.
    pub(crate) warnings: Vec<String>,
}
