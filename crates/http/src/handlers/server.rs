//! `server`: what it says of itself, and its state (rest-api 3.2 and 3.3).

use std::path::Path;
use std::sync::Arc;

use tidegate_api::{ErrorBody, FailoverInfo, Message, ServerInfo};
use tidegate_host::Project;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::server_state;

/// `GET server`.
pub(crate) async fn show(call: Call) -> Handled {
    let host = &call.app.host;
    let info = ServerInfo { primary_server: host.is_primary(), ..call.app.info.clone() };
    if !call.flag("config", false)? {
        return call.answer(&ServerInfo { properties: Vec::new(), ..info });
    }
    let projects = host.projects();
    let failovers = projects.iter().flat_map(|project| failovers(project)).collect();
    let age = |project: &Project| Some((project.name().to_owned(), project.snapshot_age_s()?));
    let snapshots = projects.iter().filter_map(|project| age(project)).collect();
    call.answer(&ServerInfo { failovers, snapshots, ..info })
}

fn failovers(project: &Project) -> Vec<FailoverInfo> {
    let failovers = project.failovers().into_iter();
    let described = failovers.map(|(connector, status)| FailoverInfo {
        group: status.group,
        connector: format!("{}/{connector}", project.name()),
        role: status.role.to_string(),
        lag: status.lag,
        in_sync: status.in_sync,
        gate: status.gate,
        last_committed: status.last_committed,
        lease_ms: status.lease_ms,
    });
    described.collect()
}

/// `PUT server/state`.
pub(crate) async fn change(call: Call) -> Handled {
    match call.value()? {
        "stopped" => {
            (call.app.stop)();
            call.answer(&Message::server_stopped())
        }
        "persisted" => {
            let Some(path) = call.query.get("path").map(str::to_owned) else {
                return Err(ErrorBody::path_required("persisted").into());
            };
            let app = Arc::clone(&call.app);
            let message = blocking(move || {
                app.files.check(Path::new(&path))?;
                server_state::persist(&app.host, &path)?;
                Ok::<_, Refused>(Message::server_saved(&path))
            });
            call.answer(&message.await?)
        }
        "reloaded" => {
            let app = Arc::clone(&call.app);
            let message = blocking(move || {
                let failed = |reasons: Vec<String>| {
                    let error = ErrorBody::new(500, "esp server could not be reloaded");
                    Refused(reasons.into_iter().fold(error, ErrorBody::detail))
                };
                (app.reload)().map_err(failed)?;
                Ok::<_, Refused>(Message::server_reloaded())
            });
            call.answer(&message.await?)
        }
        other => Err(ErrorBody::invalid_state(other).into()),
    }
}
