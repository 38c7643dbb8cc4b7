//! What the interface asks of the server's projects.
//!
//! A seam: handlers know these two traits and not how projects are run, so that tests can put a plain engine behind them.
//! All calls may wait and are made on threads that may.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tidegate_api::ErrorBody;
use tidegate_engine::WindowId;
use tidegate_event::{EventBlock, Schema};
use tidegate_model::{IndexType, Mistakes};

/// How a model is loaded (rest-api 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOptions {
    /// The name under which it is loaded; its own does not count.
    pub name: String,
    /// Whether a project of that name is replaced.
    pub overwrite: bool,
    /// Whether it is started.
    pub start: bool,
    /// Whether its connectors are started then.
    pub connectors: bool,
}

/// The state of a project (failover-and-server 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProjectState {
    /// Loaded and never started.
    Loaded,
    /// Takes and processes events.
    Running,
    /// Stopped; keeps its state.
    Stopped,
    /// Ended on an internal error.
    Failed,
}

impl fmt::Display for ProjectState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Loaded => "loaded",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        })
    }
}

/// What does not change of a window.
#[derive(Debug, Clone)]
pub struct WindowDetails {
    /// The window.
    pub id: WindowId,
    /// Name of its contquery.
    pub contquery: String,
    /// Its name.
    pub name: String,
    /// Its element in the model, such as `window-copy`.
    pub element: &'static str,
    /// Its effective index.
    pub index: IndexType,
    /// Schema of its output.
    pub schema: Arc<Schema>,
}

/// The server's projects; internal ones are not among them.
pub trait Projects: Send + Sync {
    /// All projects, in the order they are listed.
    fn list(&self) -> Vec<Arc<dyn Project>>;

    /// Loads the first project of a model.
    ///
    /// # Errors
    /// When the model has mistakes, or there is such a project and it is not to be replaced.
    fn load(&self, model: &str, options: LoadOptions) -> Result<(), ErrorBody>;

    /// Stops and removes a project.
    ///
    /// # Errors
    /// When there is none of this name.
    fn delete(&self, name: &str) -> Result<(), ErrorBody>;

    /// What is wrong with a model, without loading it.
    fn validate(&self, model: &str) -> Mistakes;

    /// The project of this name.
    ///
    /// # Errors
    /// When there is none.
    fn get(&self, name: &str) -> Result<Arc<dyn Project>, ErrorBody> {
        let project = self.list().into_iter().find(|project| project.name() == name);
        project.ok_or_else(|| ErrorBody::unknown_project(name))
    }
}

/// A project. Paths are of directories, as the client wrote them.
pub trait Project: Send + Sync {
    /// Its name.
    fn name(&self) -> &str;

    /// Its state.
    fn state(&self) -> ProjectState;

    /// Its model as it was loaded, under its name.
    fn model(&self) -> &tidegate_model::Project;

    /// Its windows in order of declaration.
    fn windows(&self) -> &[WindowDetails];

    /// Starts it, without its connectors; when it runs already nothing happens.
    ///
    /// # Errors
    /// When it has failed.
    fn start(&self) -> Result<(), ErrorBody>;

    /// Stops it with its connectors; when it does not run nothing happens.
    ///
    /// # Errors
    /// When it has failed.
    fn stop(&self) -> Result<(), ErrorBody>;

    /// Starts its connectors.
    ///
    /// # Errors
    /// When it does not run. A connector that fails is no error.
    fn start_connectors(&self) -> Result<(), ErrorBody>;

    /// Stops its connectors.
    ///
    /// # Errors
    /// When it has failed.
    fn stop_connectors(&self) -> Result<(), ErrorBody>;

    /// Saves its state; returns once that is on disk.
    ///
    /// # Errors
    /// Those of failover-and-server 2.6.
    fn persist(&self, path: &str) -> Result<(), ErrorBody>;

    /// Takes a saved state.
    ///
    /// # Errors
    /// Those of failover-and-server 2.6.
    fn restore(&self, path: &str) -> Result<(), ErrorBody>;

    /// Injects a block into a source window; waits at most `time` for room.
    ///
    /// # Errors
    /// When the project does not run, or there is no room (503).
    fn inject(&self, window: WindowId, block: EventBlock, time: Duration) -> Result<(), ErrorBody>;

    /// Returns once all that was injected before has been processed.
    ///
    /// # Errors
    /// When the project has failed.
    fn quiesce(&self) -> Result<(), ErrorBody>;

    /// A window's content as inserts, in the order of its index.
    ///
    /// # Errors
    /// When the project has failed.
    fn content(&self, window: WindowId) -> Result<Vec<Arc<EventBlock>>, ErrorBody>;

    /// Number of rows in each window's index, in the order of [`windows`](Self::windows).
    ///
    /// # Errors
    /// When the project has failed.
    fn counts(&self) -> Result<Vec<u64>, ErrorBody>;
}
