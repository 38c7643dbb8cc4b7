//! `projects/P/state` (rest-api 4.4; failover-and-server 2).

use tidegate_api::{Document, ErrorBody, Layout, Message, Node};
use tidegate_host::Project;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::{Call, bad};

/// What a change of state gives back.
type Changed = Result<Message, Refused>;

/// `GET projects/P/state`. With a `value` it was meant to be a `PUT` (spec/README.md, ruling 9).
pub(crate) async fn show(call: Call) -> Handled {
    if call.query.get("value").is_some() {
        return Err(ErrorBody::wrong_method("GET", &call.sent_path).into());
    }
    let project = call.app.host.project(call.component(0))?;
    let root = Node::leaf("project-state")
        .attribute("name", project.name())
        .attribute("state", project.state().to_string());
    call.answer(&Document { root, layout: Layout::Indented })
}

/// `PUT projects/P/state`.
pub(crate) async fn change(call: Call) -> Handled {
    let change: fn(&Project) -> Changed = match call.value()? {
        "running" | "started" => |project| {
            project.start()?;
            Ok(Message::project_started(project.name()))
        },
        "stopped" => |project| {
            project.stop()?;
            Ok(Message::project_stopped(project.name()))
        },
        "connectorsStarted" => |project| {
            project.start_connectors()?;
            Ok(Message::connectors_started(project.name()))
        },
        "connectorsStopped" => |project| {
            project.stop_connectors();
            Ok(Message::connectors_stopped(project.name()))
        },
        value @ ("persisted" | "restored") => {
            if call.query.get("path").is_none() {
                return Err(ErrorBody::path_required(value).into());
            }
            call.app.host.project(call.component(0))?;
            return Err(bad(format!("project state '{value}' is not implemented yet")));
        }
        "modified" => return Err(bad("project state 'modified' is not implemented yet")),
        other => return Err(ErrorBody::invalid_state(other).into()),
    };
    let project = call.app.host.project(call.component(0))?;
    let message = blocking(move || change(&project)).await?;
    call.answer(&message)
}
