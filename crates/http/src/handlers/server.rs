//! `server`: what it says of itself, and its state (rest-api 3.2 and 3.3).

use tidegate_api::{ErrorBody, Message, ServerInfo};

use crate::answer::Handled;
use crate::call::{Call, bad};

/// `GET server`.
pub(crate) async fn show(call: Call) -> Handled {
    let info = &call.app.info;
    let properties = if call.flag("config", false)? { info.properties.clone() } else { Vec::new() };
    call.answer(&ServerInfo { properties, ..info.clone() })
}

/// `PUT server/state`.
pub(crate) async fn change(call: Call) -> Handled {
    match call.value()? {
        "stopped" => {
            (call.app.stop)();
            call.answer(&Message::server_stopped())
        }
        "persisted" if call.query.get("path").is_none() => Err(ErrorBody::path_required("persisted").into()),
        value @ ("persisted" | "reloaded") => {
            Err(bad(format!("server state '{value}' is not implemented yet")))
        }
        other => Err(ErrorBody::invalid_state(other).into()),
    }
}
