//! Why a snapshot could not be written, read or loaded.

use std::fmt;
use std::io;

use tidegate_engine::state::StateError;

/// A window by the name of its contquery and its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct WindowName {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub window: String,
}

impl WindowName {
    /// The window of these names.
    pub fn new(contquery: impl Into<String>, window: impl Into<String>) -> Self {
        Self { contquery: contquery.into(), window: window.into() }
    }
}

impl fmt::Display for WindowName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.contquery, self.window)
    }
}

/// What differs between the windows of a snapshot and those of a project.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// Windows of the project that the snapshot does not have.
    pub added: Vec<WindowName>,
    /// Windows of the snapshot that the project does not have.
    pub removed: Vec<WindowName>,
    /// Windows whose state depends on something that has changed: name, shape of the snapshot, shape of the project.
    pub changed: Vec<(WindowName, String, String)>,
}

impl Changes {
    /// Whether nothing differs.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }

    /// One line for each difference, for the details of an answer.
    pub fn lines(&self) -> Vec<String> {
        let added = self.added.iter().map(|window| format!("window {window} was added"));
        let removed = self.removed.iter().map(|window| format!("window {window} was removed"));
        let changed = self.changed.iter().map(|(window, before, now)| {
            format!("window {window} was changed: saved as '{before}', now '{now}'")
        });
        added.chain(removed).chain(changed).collect()
    }
}

impl fmt::Display for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("; "))
    }
}

/// Why a snapshot could not be written, read or loaded. Files are named by their paths below the snapshot's directory.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The directory or its manifest does not exist (failover-and-server 2.6).
    #[error("no persisted project in '{dir}'")]
    NotFound {
        /// The directory, as given.
        dir: String,
    },
    /// The snapshot is of another project (failover-and-server 2.6).
    #[error("persisted project '{found}' does not match '{expected}'")]
    OtherProject {
        /// The project that was to be loaded.
        expected: String,
        /// The project that was saved.
        found: String,
    },
    /// The model has changed in what saved state depends on.
    #[error("the model has changed since the project was persisted: {0}")]
    ModelChanged(Changes),
    /// A file of the snapshot is damaged, incomplete or longer than it was.
    #[error("'{file}' is damaged at byte {offset}: {reason}")]
    Corrupt {
        /// The file.
        file: String,
        /// Where in the file, in bytes.
        offset: u64,
        /// What was expected and what was found.
        reason: String,
    },
    /// The snapshot was written by a later version.
    #[error("'{file}' has format version {found}; this version reads up to {supported}")]
    NewerFormat {
        /// The manifest.
        file: String,
        /// The version of the snapshot.
        found: u32,
        /// The highest version that can be read.
        supported: u32,
    },
    /// The storage failed.
    #[error("{action} '{file}': {source}")]
    Io {
        /// What was tried, such as `syncing`.
        action: &'static str,
        /// The file or directory.
        file: String,
        /// What the operating system says.
        source: io::Error,
    },
    /// A window could not give or take its state.
    #[error("the state of window {window}: {source}")]
    State {
        /// The window.
        window: WindowName,
        /// Why.
        source: StateError,
    },
    /// More than the format can hold, or something that it cannot express.
    #[error("the project cannot be saved: {0}")]
    NotRepresentable(String),
}

impl SnapshotError {
    pub(crate) fn corrupt(file: &str, offset: u64, reason: impl Into<String>) -> Self {
        Self::Corrupt { file: file.to_owned(), offset, reason: reason.into() }
    }

    /// For `map_err` of storage operations.
    pub(crate) fn io(action: &'static str, file: &str) -> impl FnOnce(io::Error) -> Self {
        let file = file.to_owned();
        move |source| Self::Io { action, file, source }
    }

    /// What a writer or reader of state reported: its own error again if the medium failed.
    pub(crate) fn of_state(window: &WindowName, error: StateError) -> Self {
        match error {
            StateError::Medium(cause) => match cause.downcast::<Self>() {
                Ok(own) => *own,
                Err(other) => Self::State { window: window.clone(), source: StateError::Medium(other) },
            },
            source => Self::State { window: window.clone(), source },
        }
    }
}
