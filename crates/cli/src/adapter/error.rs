//! Why an adapter ends.

use std::fmt;
use std::path::PathBuf;

use tidegate_client::UrlError;
use tidegate_event::SchemaError;
use tidegate_kafka::{KafkaFailure, ReadError};

/// What is wrong with a parameter, in ESP's words (connectors-adapters 1.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It has to be given.
    ParmMissing,
    /// Its value cannot be used.
    InvalidValue,
    /// There is none of this name.
    InvalidParm,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ParmMissing => "PARM_MISSING",
            Self::InvalidValue => "INVALID_VALUE",
            Self::InvalidParm => "INVALID_PARM",
        })
    }
}

/// Why an adapter ends with exit code 1.
#[derive(Debug, thiserror::Error)]
pub enum AdapterError {
    /// A parameter, of the command line or of the transport configuration file.
    #[error("parameter '{key}', value '{value}': {text} ({reason})")]
    Parameter {
        /// Its name.
        key: String,
        /// What was given.
        value: String,
        /// ESP's number of the mistake.
        reason: Reason,
        /// What would be right.
        text: String,
    },
    /// The command line has another form.
    #[error("{0}")]
    Usage(String),
    /// The transport configuration file has another form.
    #[error("{}:{line}: {text}", path.display())]
    TransportFile {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong there.
        text: String,
    },
    /// A file cannot be opened, read or written.
    #[error("cannot {what} the file '{}': {cause}", path.display())]
    File {
        /// `open`, `read`, `create` or `write`.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's reason.
        cause: std::io::Error,
    },
    /// A piece of the input is no event.
    #[error(
        "line {line} of '{}' is no event; ignorecsvparseerrors=true would leave such lines out",
        path.display()
    )]
    BadEvent {
        /// The file.
        path: PathBuf,
        /// Line, or number of the binary block, from 1.
        line: u64,
    },
    /// The window's schema, as an engine told it, is none.
    #[error("the schema that an engine has told cannot be used: {0}")]
    Schema(#[from] SchemaError),
    /// Kafka refuses something for a reason that does not pass.
    #[error(transparent)]
    Kafka(#[from] KafkaFailure),
    /// The topic cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The topic lacks the partition.
    #[error("topic '{topic}' has {partitions} partition(s); there is no partition {partition}")]
    NoPartition {
        /// The topic.
        topic: String,
        /// How many there are.
        partitions: i32,
        /// Which one was to be used.
        partition: i32,
    },
    /// Kafka did not take a block.
    #[error("the events cannot be written to topic '{topic}': {text}")]
    NotWritten {
        /// The topic.
        topic: String,
        /// What librdkafka says.
        text: String,
    },
    /// The end came before everything was acknowledged.
    #[error("ended with {0} event block(s) that Kafka has not acknowledged")]
    NotAcknowledged(usize),
    /// Signals cannot be watched, or the log cannot be set up.
    #[error("the adapter cannot be set up: {0}")]
    SetUp(std::io::Error),
}

impl AdapterError {
    /// A parameter that has to be given.
    pub(super) fn missing(key: &str, text: &str) -> Self {
        Self::parameter(key, "", Reason::ParmMissing, text)
    }

    /// A parameter with a value that cannot be used.
    pub(super) fn invalid(key: &str, value: &str, text: &str) -> Self {
        Self::parameter(key, value, Reason::InvalidValue, text)
    }

    pub(super) fn parameter(key: &str, value: &str, reason: Reason, text: &str) -> Self {
        Self::Parameter { key: key.to_owned(), value: value.to_owned(), reason, text: text.to_owned() }
    }
}

impl From<UrlError> for AdapterError {
    fn from(error: UrlError) -> Self {
        Self::invalid("url", &error.url, error.reason)
    }
}
