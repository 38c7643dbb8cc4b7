//! What all requests are put to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tidegate_api::ServerInfo;
use tidegate_host::{Host, Loggers};

use crate::auth::Authentication;
use crate::files::FileAccess;

/// Puts the server back to the model that it was started with.
pub type Reload = dyn Fn() -> Result<(), Vec<String>> + Send + Sync;

/// The server behind the interface.
pub struct AppState {
    /// Its projects.
    pub host: Arc<Host>,
    /// What it says about itself; the properties are those of `config=true`.
    pub info: ServerInfo,
    /// A path in front of the roots that is taken off, such as `/SASEventStreamProcessingServer/P`; may be empty.
    pub path_prefix: String,
    /// Its loggers; the levels may be changed.
    pub loggers: Arc<Loggers>,
    /// What clients must show; without it everybody is let in.
    pub authentication: Option<Authentication>,
    /// Which files requests may name.
    pub files: FileAccess,
    /// Puts the server back to the model that it was started with; the error says why it could not. May wait.
    pub reload: Box<Reload>,
    /// Called when a client stops the server; must return at once.
    pub stop: Box<dyn Fn() + Send + Sync>,
    ready: AtomicBool,
}

impl AppState {
    /// A state without a path prefix, not ready yet.
    pub fn new(host: Arc<Host>, info: ServerInfo, stop: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            host,
            info,
            path_prefix: String::new(),
            loggers: Arc::default(),
            authentication: None,
            files: FileAccess::anywhere(),
            reload: Box::new(|| Err(vec!["the server was started without a way back".to_owned()])),
            stop: Box::new(stop),
            ready: AtomicBool::new(false),
        }
    }

    /// The state with these loggers, in the place of ones that nothing writes to.
    #[must_use]
    pub fn with_loggers(self, loggers: Arc<Loggers>) -> Self {
        Self { loggers, ..self }
    }

    /// The state with this way back to the model that the server was started with.
    #[must_use]
    pub fn with_reload(self, reload: impl Fn() -> Result<(), Vec<String>> + Send + Sync + 'static) -> Self {
        Self { reload: Box::new(reload), ..self }
    }

    /// Says whether the server accepts work: after its own models are loaded, until it stops.
    pub fn set_ready(&self, ready: bool) {
        self.ready.store(ready, Ordering::SeqCst);
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.ready.load(Ordering::SeqCst)
    }
}

impl fmt::Debug for AppState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppState").field("info", &self.info).finish_non_exhaustive()
    }
}
