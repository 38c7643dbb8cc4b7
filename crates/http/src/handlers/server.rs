//! `server`: what it says of itself, and its state (rest-api 3.2 and 3.3).

use tidegate_api::{ErrorBody, Message, ServerInfo};

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::{Call, bad};
use crate::server_state;

/// `GET server`.
pub(crate) async fn show(call: Call) -> Handled {
    let info = &call.app.info;
    let properties = if call.flag("config", false)? { info.properties.clone() } else { Vec::new() };
    call.answer(&ServerInfo { primary_server: call.app.host.is_primary(), properties, ..info.clone() })
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
            let app = std::sync::Arc::clone(&call.app);
            let message = blocking(move || {
                server_state::persist(&app.host, &path)?;
                Ok::<_, Refused>(Message::server_saved(&path))
            });
            call.answer(&message.await?)
        }
        "reloaded" => Err(bad("server state 'reloaded' is not implemented yet")),
        other => Err(ErrorBody::invalid_state(other).into()),
    }
}
