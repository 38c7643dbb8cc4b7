//! `projects`: lists of them, and their deletion (rest-api 4.1 and 4.3).

use std::sync::Arc;

use tidegate_api::{Message, ProjectList};
use tidegate_host::ErrorKind;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::describe::{Depth, describe};
use crate::selection::ProjectSelection;

/// `GET projects` and `projects/P`.
pub(crate) async fn list(call: Call) -> Handled {
    let depth = if call.flag("schema", false)? { Depth::Schemas } else { Depth::Windows };
    let selection = ProjectSelection::new(call.components(), &call.query)?;
    if let Some(name) = call.components().first() {
        call.app.host.project(name)?;
    }
    let projects = call.app.host.projects();
    let selected =
        projects.iter().filter(|project| selection.holds(project.name(), &project.state().to_string()));
    let projects = selected.map(|project| describe(project, depth)).collect();
    call.answer(&ProjectList { projects })
}

/// `DELETE projects`: all that are selected; none is no error.
pub(crate) async fn delete(call: Call) -> Handled {
    let selection = ProjectSelection::new(call.components(), &call.query)?;
    let app = Arc::clone(&call.app);
    let message = blocking(move || {
        let mut texts = Vec::new();
        for project in app.host.projects() {
            if selection.holds(project.name(), &project.state().to_string()) {
                match app.host.delete(project.name()) {
                    Ok(()) => texts.push(Message::project_deleted(project.name()).text().to_owned()),
                    // Another request was faster.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(Refused::from(error)),
                }
            }
        }
        if texts.is_empty() {
            texts.push("no projects deleted".to_owned());
        }
        Ok(Message::lines(texts))
    });
    call.answer(&message.await?)
}
