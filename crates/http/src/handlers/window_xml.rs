//! `GET windowXml`: definitions of windows (rest-api 5.2).

use tidegate_api::{EchoElement, ModelEcho};
use tidegate_host::Project;

use crate::answer::Handled;
use crate::call::Call;
use crate::describe::{echo, window_name};
use crate::selection::WindowSelection;

/// `GET windowXml`; no match is an empty list.
pub(crate) async fn list(call: Call) -> Handled {
    let selection = WindowSelection::new(&[], &call.query, "filter")?;
    let projects = call.app.host.projects();
    let elements = projects.iter().flat_map(|project| selected(project, &selection)).collect();
    call.answer(&ModelEcho { root: "windows", elements })
}

fn selected(project: &Project, selection: &WindowSelection) -> Vec<EchoElement> {
    let mut elements = Vec::new();
    for query in &project.model().contqueries {
        for window in &query.windows {
            let details = project
                .windows()
                .iter()
                .find(|details| details.contquery == query.name && details.name == window.name);
            if details.is_some_and(|details| selection.holds(window_name(project, details))) {
                let mut element = window.element.clone();
                element.set_attribute("project", project.name());
                element.set_attribute("contquery", &query.name);
                elements.push(echo(&element));
            }
        }
    }
    elements
}
