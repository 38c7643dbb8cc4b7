//! `GET events`: the content of windows (rest-api 6.1 and 6.2).

use tidegate_api::{ErrorBody, EventList};

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::describe::window_name;
use crate::selection::{EventSelection, WindowSelection};

/// `GET events/P/CQ/W`.
pub(crate) async fn one(call: Call) -> Handled {
    let selection = EventSelection::new(&call.query, "filter", true)?;
    let path = call.components().join("/");
    let project = call.app.host.project(call.component(0))?;
    let (contquery, name) = (call.component(1), call.component(2));
    let window = project.windows().iter().find(|w| w.contquery == contquery && w.name == name);
    let Some(window) = window.cloned() else { return Err(ErrorBody::unknown_window(&path).into()) };
    let events = blocking(move || {
        let blocks = project.content(window.id)?;
        selection.of(&path, &window.schema, &blocks, false)
    });
    call.answer(&EventList { events: events.await? })
}

/// `GET events`: of all windows, window by window; the limit counts for each.
pub(crate) async fn all(call: Call) -> Handled {
    let windows = WindowSelection::new(&[], &call.query, "windowFilter")?;
    let selection = EventSelection::new(&call.query, "eventFilter", false)?;
    let projects = call.app.host.projects();
    let events = blocking(move || {
        let mut events = Vec::new();
        for project in &projects {
            for window in project.windows() {
                if windows.holds(window_name(project, window)) {
                    let path = format!("{}/{}/{}", project.name(), window.contquery, window.name);
                    let blocks = project.content(window.id)?;
                    events.extend(selection.of(&path, &window.schema, &blocks, true)?);
                }
            }
        }
        Ok::<_, Refused>(events)
    });
    call.answer(&EventList { events: events.await? })
}
