//! `GET windows` and below (rest-api 5.1).

use std::sync::Arc;

use tidegate_api::{ErrorBody, SchemaEntry, WindowEntry, WindowList};
use tidegate_host::Project;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::describe::window_name;
use crate::selection::WindowSelection;

/// What of a window is shown besides its name.
#[derive(Debug, Clone, Copy)]
struct Shown {
    count: bool,
    schema: bool,
}

/// `GET windows`, `windows/P`, `windows/P/CQ` and `windows/P/CQ/W`. What the path names must be there.
pub(crate) async fn list(call: Call) -> Handled {
    let shown = Shown { count: call.flag("count", false)?, schema: call.flag("schema", false)? };
    let selection = WindowSelection::new(call.components(), &call.query, "filter")?;
    check_path(&call)?;
    let projects = call.app.host.projects();
    let windows = if shown.count {
        // Counting asks the projects' threads.
        blocking(move || entries(&projects, &selection, shown)).await?
    } else {
        entries(&projects, &selection, shown)?
    };
    call.answer(&WindowList { windows })
}

fn check_path(call: &Call) -> Result<(), Refused> {
    let Some(name) = call.components().first() else { return Ok(()) };
    let project = call.app.host.project(name)?;
    let is_there = match call.components() {
        [_, contquery] => project.windows().iter().any(|window| window.contquery == *contquery),
        [_, contquery, name] => {
            project.windows().iter().any(|window| window.contquery == *contquery && window.name == *name)
        }
        _ => true,
    };
    if is_there { Ok(()) } else { Err(ErrorBody::unknown_window(&call.components().join("/")).into()) }
}

fn entries(
    projects: &[Arc<Project>],
    selection: &WindowSelection,
    shown: Shown,
) -> Result<Vec<WindowEntry>, Refused> {
    let mut entries = Vec::new();
    for project in projects {
        let mut selected = project
            .windows()
            .iter()
            .filter(|window| selection.holds(window_name(project, window)))
            .peekable();
        if selected.peek().is_none() {
            continue;
        }
        let counts = if shown.count { project.stats()?.windows } else { Vec::new() };
        for window in selected {
            let count = counts
                .iter()
                .find(|count| count.contquery == window.contquery && count.window == window.name)
                .map(|count| count.rows);
            entries.push(WindowEntry {
                tag: window.element.to_owned(),
                name: window.name.clone(),
                contquery: window.contquery.clone(),
                project: project.name().to_owned(),
                count,
                schema: shown.schema.then(|| SchemaEntry::from(&*window.schema)),
                unsupported: window.unsupported,
            });
        }
    }
    Ok(entries)
}
