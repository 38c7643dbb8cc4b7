//! The host's projects as the HTTP interface asks for them.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use tidegate_api::ErrorBody;
use tidegate_engine::WindowId;
use tidegate_event::{BlockKind, EventBlock};
use tidegate_host::{ErrorKind, Host, HostError, Input};
use tidegate_http::{LoadOptions, Project, ProjectState, Projects, WindowDetails};
use tidegate_model::Mistakes;

/// The projects of a host.
pub(crate) struct HostProjects(pub(crate) Arc<Host>);

/// One of them.
struct HostProject {
    project: Arc<tidegate_host::Project>,
    windows: Vec<WindowDetails>,
}

/// The answer to a request that failed.
fn refusal(error: &HostError) -> ErrorBody {
    let status = match error.kind() {
        ErrorKind::NotFound => 404,
        ErrorKind::Invalid => 400,
        ErrorKind::Conflict => 409,
        ErrorKind::Unavailable => 503,
        ErrorKind::Internal => 500,
    };
    ErrorBody { details: error.details(), ..ErrorBody::new(status, error.to_string()) }
}

impl HostProject {
    fn new(project: Arc<tidegate_host::Project>) -> Self {
        let windows = project.windows().iter().map(|window| WindowDetails {
            id: window.id,
            contquery: window.contquery.clone(),
            name: window.name.clone(),
            element: window.element,
            index: window.index,
            schema: Arc::clone(&window.schema),
        });
        Self { windows: windows.collect(), project }
    }
}

impl Projects for HostProjects {
    fn list(&self) -> Vec<Arc<dyn Project>> {
        let projects = self.0.projects().into_iter();
        projects.map(|project| Arc::new(HostProject::new(project)) as Arc<dyn Project>).collect()
    }

    fn load(&self, model: &str, options: LoadOptions) -> Result<(), ErrorBody> {
        let LoadOptions { name, overwrite, start, connectors } = options;
        let options = tidegate_host::LoadOptions { name: Some(name), overwrite, start, connectors };
        self.0.load(model, &options).map(|_| ()).map_err(|error| refusal(&error))
    }

    fn delete(&self, name: &str) -> Result<(), ErrorBody> {
        self.0.delete(name).map_err(|error| refusal(&error))
    }

    fn validate(&self, model: &str) -> Mistakes {
        self.0.validate(model)
    }
}

fn answer<T>(result: Result<T, HostError>) -> Result<T, ErrorBody> {
    result.map_err(|error| refusal(&error))
}

impl Project for HostProject {
    fn name(&self) -> &str {
        self.project.name()
    }

    fn state(&self) -> ProjectState {
        match self.project.state() {
            tidegate_host::ProjectState::Loaded => ProjectState::Loaded,
            tidegate_host::ProjectState::Running => ProjectState::Running,
            tidegate_host::ProjectState::Stopped => ProjectState::Stopped,
            tidegate_host::ProjectState::Failed => ProjectState::Failed,
        }
    }

    fn model(&self) -> &tidegate_model::Project {
        self.project.model()
    }

    fn windows(&self) -> &[WindowDetails] {
        &self.windows
    }

    fn start(&self) -> Result<(), ErrorBody> {
        answer(self.project.start())
    }

    fn stop(&self) -> Result<(), ErrorBody> {
        answer(self.project.stop())
    }

    fn start_connectors(&self) -> Result<(), ErrorBody> {
        answer(self.project.start_connectors())
    }

    fn stop_connectors(&self) -> Result<(), ErrorBody> {
        self.project.stop_connectors();
        Ok(())
    }

    fn persist(&self, _path: &str) -> Result<(), ErrorBody> {
        Err(not_yet("saving a project"))
    }

    fn restore(&self, _path: &str) -> Result<(), ErrorBody> {
        Err(not_yet("restoring a project"))
    }

    fn inject(&self, window: WindowId, block: EventBlock, time: Duration) -> Result<(), ErrorBody> {
        let input = Input { window, kind: BlockKind::Normal, client: 0, block: Arc::new(block) };
        answer(self.project.inject(input, time))
    }

    fn quiesce(&self) -> Result<(), ErrorBody> {
        answer(self.project.quiesce())
    }

    fn content(&self, window: WindowId) -> Result<Vec<Arc<EventBlock>>, ErrorBody> {
        answer(self.project.content(window))
    }

    fn counts(&self) -> Result<Vec<u64>, ErrorBody> {
        let stats = answer(self.project.stats())?;
        Ok(stats.windows.iter().map(|window| window.rows).collect())
    }
}

fn not_yet(what: impl Display) -> ErrorBody {
    ErrorBody::new(501, format!("{what} is not implemented yet"))
}
