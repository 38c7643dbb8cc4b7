//! What goes wrong in a story.

use std::fmt;

/// What went wrong. `Debug` reads like `Display`, so that an `unwrap` in a test prints a sentence.
#[derive(thiserror::Error)]
pub enum Error {
    /// Servers, engines, files and programs.
    #[error(transparent)]
    Harness(#[from] tidegate_harness::Error),
    /// Kafka, from the test's own clients.
    #[error(transparent)]
    Kafka(#[from] tidegate_kafka::KafkaFailure),
    /// The test's own settings of Kafka.
    #[error(transparent)]
    Settings(#[from] tidegate_kafka::SettingsError),
    /// A file or a program of the machine.
    #[error("{what}: {source}")]
    Io {
        /// What was done to which.
        what: String,
        /// The cause.
        source: std::io::Error,
    },
    /// What was checked does not hold.
    #[error("{0}")]
    Wrong(String),
}

impl Error {
    /// An [`Error::Io`] for `map_err`.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a check answers.
pub type Outcome<T = ()> = Result<T, Error>;
