//! What can go wrong with a project, in words for the caller and a kind for the status.

use std::path::PathBuf;

use tidegate_model::Mistakes;

/// What kind of error it is; interfaces make their status of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorKind {
    /// Something named does not exist (404).
    NotFound,
    /// The request cannot be met as it is (400).
    Invalid,
    /// The request meets another one (409).
    Conflict,
    /// The request may be met later (503).
    Unavailable,
    /// The server failed (500).
    Internal,
}

/// Why a request to the host failed.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// No project of this name.
    #[error("project '{0}' does not exist")]
    NoProject(String),
    /// No window of this path `project/contquery/window`.
    #[error("window '{0}' does not exist")]
    NoWindow(String),
    /// The window takes no events from outside.
    #[error("window '{0}' is no source window")]
    NotSource(String),
    /// A project of this name is there already.
    #[error("project '{0}' already exists")]
    Exists(String),
    /// The model cannot be read.
    #[error("model '{path}' could not be read: {cause}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        cause: std::io::Error,
    },
    /// The model has mistakes.
    #[error("model has {} mistake(s)", .0.len())]
    BadModel(Box<Mistakes>),
    /// The project takes events from its input log alone, so that every engine sees the same.
    #[error("project '{project}' takes events from its input log alone: connector '{connector}' fails over")]
    OneInput {
        /// The project.
        project: String,
        /// The connector that needs it.
        connector: String,
    },
    /// The project is not running.
    #[error("project '{0}' is not running")]
    NotRunning(String),
    /// The project must be stopped for this.
    #[error("project {0} must be stopped")]
    MustBeStopped(String),
    /// The project's queue was full for as long as the caller would wait.
    #[error("project '{0}' does not take more events at the moment")]
    Full(String),
    /// The project is being saved or restored already.
    #[error("project '{0}' is being saved or restored already")]
    Busy(String),
    /// The project's thread ended on an internal error.
    #[error("project '{0}' has failed")]
    Failed(String),
    /// The project could not be saved.
    #[error("project {project} could not be saved to {path}")]
    NotSaved {
        /// The project.
        project: String,
        /// The directory, as given.
        path: String,
        /// Why.
        detail: String,
    },
    /// There is no snapshot in the directory.
    #[error("no persisted project in '{0}'")]
    NoSnapshot(String),
    /// The snapshot cannot be restored into this project.
    #[error("project '{project}' could not be restored from '{path}'")]
    NotRestored {
        /// The project.
        project: String,
        /// The directory, as given.
        path: String,
        /// Whether the snapshot is damaged or could not be read, rather than not fitting.
        damaged: bool,
        /// Why, one reason each.
        details: Vec<String>,
    },
    /// The snapshot is of another project.
    #[error("persisted project '{found}' does not match '{project}'")]
    OtherProject {
        /// The project.
        project: String,
        /// The project that was saved.
        found: String,
    },
    /// A thread could not be started.
    #[error("a thread for project '{project}' could not be started: {cause}")]
    NoThread {
        /// The project.
        project: String,
        /// What the operating system says.
        cause: std::io::Error,
    },
}

impl HostError {
    /// What kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::NoProject(_) | Self::NoWindow(_) | Self::NoSnapshot(_) => ErrorKind::NotFound,
            Self::NotSource(_)
            | Self::Exists(_)
            | Self::Unreadable { .. }
            | Self::BadModel(_)
            | Self::NotRunning(_)
            | Self::MustBeStopped(_)
            | Self::OtherProject { .. }
            | Self::NotRestored { damaged: false, .. } => ErrorKind::Invalid,
            Self::Busy(_) | Self::OneInput { .. } => ErrorKind::Conflict,
            Self::Full(_) => ErrorKind::Unavailable,
            Self::Failed(_) | Self::NotSaved { .. } | Self::NotRestored { .. } | Self::NoThread { .. } => {
                ErrorKind::Internal
            }
        }
    }

    /// More about it, one entry for each reason; the text of the error stands for itself.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::BadModel(mistakes) => mistakes.sorted().iter().map(ToString::to_string).collect(),
            Self::NotSaved { detail, .. } => vec![detail.clone()],
            Self::NotRestored { details, .. } => details.clone(),
            _ => Vec::new(),
        }
    }
}
