//! The server's set of projects.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use tidegate_model::{Document, Limits, Mistakes, Tokens, Vocabulary};

use crate::bad_events::BadEvents;
use crate::clock::Clock;
use crate::connector::ConnectorClass;
use crate::error::HostError;
use crate::messages;
use crate::project::{Parts, Project, ProjectState};

/// What this build knows, joined by the server and handed in.
#[derive(Debug, Clone)]
pub struct Registry {
    /// Window types and functions.
    pub engine: tidegate_engine::Registry,
    /// Connector classes.
    pub connectors: &'static [&'static dyn ConnectorClass],
}

impl Registry {
    /// The names that a model may use.
    pub fn vocabulary(&self) -> Vocabulary {
        let windows: Vec<&str> = self.engine.windows.iter().map(|window| window.element).collect();
        let classes: Vec<_> = self.connectors.iter().map(|class| *class.spec()).collect();
        Vocabulary::new(&windows, &classes)
    }
}

/// How a host works.
#[derive(Debug, Clone)]
pub struct HostConfig {
    /// What models may use.
    pub registry: Registry,
    /// Values of `@NAME@`.
    pub tokens: Tokens,
    /// Where time comes from.
    pub clock: Arc<dyn Clock>,
    /// Where bad events go.
    pub bad_events: BadEvents,
    /// Blocks that a project's queue holds.
    pub queue_blocks: usize,
    /// Whether models are loaded without the windows, algorithms and connector classes that this release does not have: each is
    /// logged as an error, and such a window emits nothing (the server's option `-allow-unsupported`).
    pub allow_unsupported: bool,
    /// How connectors read and write dates where neither the model nor its format says so (the server's option `-dateformat`).
    pub date_format: Option<String>,
}

/// How a project is loaded (rest-api 4.2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadOptions {
    /// The project's name, in the place of the model's.
    pub name: Option<String>,
    /// Whether a project of the same name is replaced.
    pub overwrite: bool,
    /// Whether the project is started.
    pub start: bool,
    /// Whether its connectors are started after it.
    pub connectors: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { name: None, overwrite: false, start: true, connectors: true }
    }
}

/// The projects of a server.
pub struct Host {
    config: HostConfig,
    vocabulary: Vocabulary,
    projects: RwLock<Vec<Arc<Project>>>,
    /// Held while projects come or go, so that names stay unique.
    change: Mutex<()>,
}

/// A model that has been read and built.
struct Built {
    model: tidegate_model::Project,
    engine: tidegate_engine::Project,
    notices: Vec<(tidegate_engine::WindowId, tidegate_engine::Notice)>,
}

impl Host {
    /// A host without projects.
    pub fn new(config: HostConfig) -> Self {
        let vocabulary = config.registry.vocabulary();
        Self { config, vocabulary, projects: RwLock::default(), change: Mutex::new(()) }
    }

    /// What this host was made with.
    pub fn config(&self) -> &HostConfig {
        &self.config
    }

    /// Loads the first project of a model, as a load request does.
    ///
    /// # Errors
    /// When the model has mistakes (all of them are told), the name is taken, or the project cannot be started. Nothing
    /// of a project that cannot be loaded stays.
    pub fn load(&self, text: &str, options: &LoadOptions) -> Result<Arc<Project>, HostError> {
        let built = self.build(text, options.name.as_deref(), Some(1))?;
        let mut loaded = self.install(built, options)?;
        loaded.pop().ok_or_else(|| HostError::BadModel(Box::default()))
    }

    /// Loads and starts every project of a model, as a server does with the model it is started with.
    ///
    /// # Errors
    /// As [`load`](Self::load); then none of them stays.
    pub fn load_all(&self, text: &str, options: &LoadOptions) -> Result<Vec<Arc<Project>>, HostError> {
        let built = self.build(text, options.name.as_deref(), None)?;
        self.install(built, options)
    }

    /// As [`load_all`](Self::load_all), from a file.
    ///
    /// # Errors
    /// As [`load_all`](Self::load_all), and when the file cannot be read.
    pub fn load_file(&self, path: &Path, options: &LoadOptions) -> Result<Vec<Arc<Project>>, HostError> {
        let text = std::fs::read_to_string(path)
            .map_err(|cause| HostError::Unreadable { path: path.to_owned(), cause })?;
        self.load_all(&text, options)
    }

    /// Everything that is wrong with a model, and its warnings. Nothing is loaded.
    pub fn validate(&self, text: &str) -> Mistakes {
        let mut mistakes = Mistakes::new();
        self.read(text, None, None, &mut mistakes);
        mistakes
    }

    /// The project of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn project(&self, name: &str) -> Result<Arc<Project>, HostError> {
        let projects = self.projects.read();
        let found = projects.iter().find(|project| project.name() == name);
        found.cloned().ok_or_else(|| HostError::NoProject(name.to_owned()))
    }

    /// The projects in the order they were loaded.
    pub fn projects(&self) -> Vec<Arc<Project>> {
        self.projects.read().clone()
    }

    /// Whether this server writes for its failover groups: false as long as any connector of any project takes part
    /// in a failover without being the active one with a valid lease; true without any (failover-and-server 1.12).
    pub fn is_primary(&self) -> bool {
        self.projects().iter().flat_map(|project| project.failovers()).all(|(_, failover)| failover.primary)
    }

    /// Stops a project and removes it.
    ///
    /// # Errors
    /// When there is none of this name.
    pub fn delete(&self, name: &str) -> Result<(), HostError> {
        let _change = self.change.lock();
        let project = self.project(name)?;
        self.remove(&project);
        Ok(())
    }

    /// Waits until the publishers of all running projects have finished, failed or stopped, and what they injected
    /// has been processed (the option `-exit`). [`shutdown`](Self::shutdown) then has the subscribers write what they
    /// were given.
    pub fn wait_until_publishers_finished(&self) {
        for project in self.projects().iter().filter(|project| project.state() == ProjectState::Running) {
            // A project that fails meanwhile has nothing left to wait for; it says so itself.
            let _failed = project.wait_until_publishers_finished();
        }
    }

    /// Stops and removes every project.
    pub fn shutdown(&self) {
        let _change = self.change.lock();
        for project in self.projects() {
            self.remove(&project);
        }
        self.config.bad_events.flush();
    }

    fn remove(&self, project: &Arc<Project>) {
        project.close();
        self.projects.write().retain(|other| !Arc::ptr_eq(other, project));
    }

    /// Reads and builds the first `most` projects of a model.
    fn build(&self, text: &str, name: Option<&str>, most: Option<usize>) -> Result<Vec<Built>, HostError> {
        let allowed = self.config.allow_unsupported;
        let mut mistakes = if allowed { Mistakes::allowing_unsupported() } else { Mistakes::new() };
        let built = self.read(text, name, most, &mut mistakes);
        for unsupported in mistakes.unsupported() {
            messages::MODEL_UNSUPPORTED.log(format_args!("model: {unsupported}"));
        }
        for warning in mistakes.warnings() {
            messages::MODEL_WARNING.log(format_args!("model: {warning}"));
        }
        if mistakes.is_empty() { Ok(built) } else { Err(HostError::BadModel(Box::new(mistakes))) }
    }

    fn read(
        &self,
        text: &str,
        name: Option<&str>,
        most: Option<usize>,
        mistakes: &mut Mistakes,
    ) -> Vec<Built> {
        let Some(mut document) = Document::parse(text, &self.config.tokens, &Limits::MODEL, mistakes) else {
            return Vec::new();
        };
        let mut built = Vec::new();
        for element in document.projects.iter_mut().take(most.unwrap_or(usize::MAX)) {
            if let Some(name) = name {
                element.set_attribute("name", name);
            }
            let Some(model) = tidegate_model::Project::read(element, &self.vocabulary, mistakes) else {
                continue;
            };
            let project = tidegate_engine::build_project(&model, &self.config.registry.engine, mistakes);
            built.extend(project.map(|(engine, notices)| Built { model, engine, notices }));
        }
        built
    }

    fn install(&self, built: Vec<Built>, options: &LoadOptions) -> Result<Vec<Arc<Project>>, HostError> {
        let _change = self.change.lock();
        for (at, Built { model, .. }) in built.iter().enumerate() {
            let twice = built[..at].iter().any(|other| other.model.name == model.name);
            if twice || (!options.overwrite && self.project(&model.name).is_ok()) {
                return Err(HostError::Exists(model.name.clone()));
            }
        }
        let mut loaded = Vec::new();
        for one in built {
            match self.install_one(one, options) {
                Ok(project) => loaded.push(project),
                Err(error) => {
                    for project in &loaded {
                        self.remove(project);
                    }
                    return Err(error);
                }
            }
        }
        Ok(loaded)
    }

    fn install_one(&self, built: Built, options: &LoadOptions) -> Result<Arc<Project>, HostError> {
        if let Ok(old) = self.project(&built.model.name) {
            self.remove(&old);
        }
        let Built { model, engine, notices } = built;
        let project = Arc::new(Project::new(Parts {
            model,
            engine,
            registry: self.config.registry.engine,
            notices,
            classes: self.config.registry.connectors,
            clock: Arc::clone(&self.config.clock),
            bad_events: self.config.bad_events.clone(),
            queue_blocks: self.config.queue_blocks,
            date_format: self.config.date_format.clone(),
        })?);
        self.projects.write().push(Arc::clone(&project));
        let started = if options.start { self.start(&project, options.connectors) } else { Ok(()) };
        if let Err(error) = started {
            self.remove(&project);
            return Err(error);
        }
        Ok(project)
    }

    fn start(&self, project: &Project, connectors: bool) -> Result<(), HostError> {
        project.start()?;
        if connectors { project.start_connectors() } else { Ok(()) }
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Host").field("projects", &self.projects.read().len()).finish_non_exhaustive()
    }
}
