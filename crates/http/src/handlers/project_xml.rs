//! `GET projectXml`: models as they were loaded (rest-api 4.6).

use tidegate_api::ModelEcho;

use crate::answer::Handled;
use crate::call::Call;
use crate::describe::echo;
use crate::selection::ProjectSelection;

/// `GET projectXml`; no match is an empty list.
pub(crate) async fn list(call: Call) -> Handled {
    let selection = ProjectSelection::new(&[], &call.query)?;
    let projects = call.app.host.projects();
    let selected =
        projects.iter().filter(|project| selection.holds(project.name(), &project.state().to_string()));
    let elements = selected.map(|project| echo(&project.model().source)).collect();
    call.answer(&ModelEcho { root: "projects", elements })
}
