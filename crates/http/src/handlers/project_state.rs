//! `projects/P/state` (rest-api 4.4; failover-and-server 2).

use std::path::Path;
use std::sync::Arc;

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
    let transfer = project.transfer();
    let root = match &transfer {
        None => root,
        Some(transfer) => root
            .attribute("transfer", transfer.action.to_string())
            .attribute("path", transfer.dir.clone())
            .attribute("bytes", transfer.bytes.to_string())
            .attribute("elapsed-ms", transfer.elapsed.as_millis().to_string()),
    };
    call.answer(&Document { root, layout: Layout::Indented })
}

/// `PUT projects/P/state`.
pub(crate) async fn change(call: Call) -> Handled {
    let change: fn(&Project, &str) -> Changed = match call.value()? {
        "running" | "started" => |project, _| {
            project.start()?;
            Ok(Message::project_started(project.name()))
        },
        "stopped" => |project, _| {
            project.stop()?;
            Ok(Message::project_stopped(project.name()))
        },
        "connectorsStarted" => |project, _| {
            project.start_connectors()?;
            Ok(Message::connectors_started(project.name()))
        },
        "connectorsStopped" => |project, _| {
            project.stop_connectors();
            Ok(Message::connectors_stopped(project.name()))
        },
        "persisted" => |project, path| {
            project.persist(path)?;
            Ok(Message::project_saved(project.name(), path))
        },
        "restored" => |project, path| {
            project.restore(path)?;
            Ok(Message::project_restored(project.name(), path))
        },
        "interrupted" => |project, _| {
            let was_there = project.stop_transfer();
            Ok(Message::transfer_stopped(project.name(), was_there))
        },
        "modified" => return Err(bad("project state 'modified' is not implemented yet")),
        other => return Err(ErrorBody::invalid_state(other).into()),
    };
    let project = call.app.host.project(call.component(0))?;
    let path = match (call.value()?, call.query.get("path")) {
        (_, Some(path)) => path.to_owned(),
        (value @ ("persisted" | "restored"), None) => return Err(ErrorBody::path_required(value).into()),
        (_, None) => String::new(),
    };
    let app = Arc::clone(&call.app);
    let message = blocking(move || {
        if !path.is_empty() {
            app.files.check(Path::new(&path))?;
        }
        change(&project, &path)
    })
    .await?;
    call.answer(&message)
}
