//! What can go wrong with a server of a test.

use std::path::PathBuf;
use std::process::ExitStatus;
use std::{fmt, io};

/// What went wrong, and where. `Debug` reads like `Display`, so that an `unwrap` in a test prints a sentence.
#[derive(thiserror::Error)]
pub enum Error {
    /// A program of the machine is not there.
    #[error("{program} is missing: {install}")]
    Missing {
        /// The program.
        program: &'static str,
        /// What to install.
        install: &'static str,
    },
    /// A file, folder or socket.
    #[error("{what}: {source}")]
    Io {
        /// What was done to which.
        what: String,
        /// The cause.
        source: io::Error,
    },
    /// The servers' jars could not be fetched.
    #[error("the test servers cannot be fetched into {}: {cause}", .into.display())]
    Fetch {
        /// The cache.
        into: PathBuf,
        /// What Maven said.
        cause: String,
    },
    /// A server ended that should run.
    #[error("{name} ended ({status}); its log ends:\n{log}")]
    Ended {
        /// Which.
        name: String,
        /// How.
        status: ExitStatus,
        /// The last lines that it wrote.
        log: String,
    },
    /// A condition has not come true in time.
    #[error("waited {seconds:.1} s for {what}; {last}")]
    TimedOut {
        /// The condition.
        what: String,
        /// How long.
        seconds: f64,
        /// What was seen last.
        last: String,
    },
    /// A server answered something that is not its protocol, or an error.
    #[error("{peer}: {what}")]
    Answer {
        /// Its address.
        peer: String,
        /// What is wrong.
        what: String,
    },
    /// A process is asked for something that it is not in the state for.
    #[error("{name} is not running")]
    NotRunning {
        /// Which.
        name: String,
    },
    /// The caller asks for what does not exist.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// Names what was done when `source` came.
    pub(crate) fn io(what: impl Into<String>) -> impl FnOnce(io::Error) -> Self {
        let what = what.into();
        move |source| Self::Io { what, source }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
