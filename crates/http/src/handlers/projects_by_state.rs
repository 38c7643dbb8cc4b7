//! `runningProjects` and `stoppedProjects` (rest-api 4.5).

use std::sync::Arc;

use tidegate_api::{Message, ProjectList};
use tidegate_host::{Project, ProjectState};

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::describe::{Depth, describe};
use crate::selection::ProjectSelection;

/// `GET runningProjects`.
pub(crate) async fn running(call: Call) -> Handled {
    list(&call, |state| state == ProjectState::Running)
}

/// `GET stoppedProjects`: all that do not run.
pub(crate) async fn stopped(call: Call) -> Handled {
    list(&call, |state| state != ProjectState::Running)
}

/// `POST runningProjects`: starts all that are selected.
pub(crate) async fn start(call: Call) -> Handled {
    change(call, |project| {
        project.start()?;
        Ok(Message::project_started(project.name()))
    })
    .await
}

/// `POST stoppedProjects`: stops all that are selected.
pub(crate) async fn stop(call: Call) -> Handled {
    change(call, |project| {
        project.stop()?;
        Ok(Message::project_stopped(project.name()))
    })
    .await
}

fn list(call: &Call, is_listed: fn(ProjectState) -> bool) -> Handled {
    let depth = if call.flag("schema", false)? { Depth::Schemas } else { Depth::Name };
    let selection = ProjectSelection::new(call.components(), &call.query)?;
    let projects = call.app.host.projects();
    let selected = projects.iter().filter(|project| {
        let state = project.state();
        is_listed(state) && selection.holds(project.name(), &state.to_string())
    });
    call.answer(&ProjectList { projects: selected.map(|project| describe(project, depth)).collect() })
}

/// One project of the path, which must be there, or all that are selected.
async fn change(call: Call, change: fn(&Project) -> Result<Message, Refused>) -> Handled {
    let selection = ProjectSelection::new(call.components(), &call.query)?;
    if let Some(name) = call.components().first() {
        call.app.host.project(name)?;
    }
    let app = Arc::clone(&call.app);
    let message = blocking(move || {
        let mut texts = Vec::new();
        for project in app.host.projects() {
            if selection.holds(project.name(), &project.state().to_string()) {
                texts.push(change(&project)?.text().to_owned());
            }
        }
        if texts.is_empty() {
            texts.push("no projects selected".to_owned());
        }
        Ok(Message::lines(texts))
    });
    call.answer(&message.await?)
}
