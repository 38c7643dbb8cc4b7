//! `loggers`, `logCapture`, `logs`: the server's log (rest-api 7.2).

use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tidegate_api::{ErrorBody, LogCapture, LoggerList, Message};
use tidegate_host::LogLevel;

use crate::answer::{Handled, Refused};
use crate::call::{Call, bad};

/// Media type of captured lines.
const PLAIN: &str = "text/plain; charset=utf-8";

/// `GET loggers`.
pub(crate) async fn list(call: Call) -> Handled {
    let loggers = call.app.loggers.list().into_iter();
    let loggers = loggers.map(|(name, level)| (name, level.to_string())).collect();
    call.answer(&LoggerList { loggers })
}

/// `GET loggers/L`.
pub(crate) async fn show(call: Call) -> Handled {
    let name = call.component(0).to_owned();
    let level = call.app.loggers.level(&name).map_err(unknown)?;
    call.answer(&LoggerList { loggers: vec![(name, level.to_string())] })
}

/// `PUT loggers/L/level`.
pub(crate) async fn set_level(call: Call) -> Handled {
    let (name, value) = (call.component(0), call.value()?);
    let Some(level) = LogLevel::parse(value) else {
        return Err(bad(format!(
            "'{value}' is no level, expected trace, debug, info, warn, error, fatal or off"
        )));
    };
    call.app.loggers.set_level(name, level).map_err(unknown)?;
    call.answer(&Message::new(format!("logger '{name}' has level {level}")))
}

fn unknown(error: tidegate_host::UnknownLogger) -> Refused {
    ErrorBody::new(404, error.to_string()).into()
}

/// `GET logCapture`.
pub(crate) async fn capture(call: Call) -> Handled {
    call.answer(&LogCapture { on: call.app.loggers.is_capturing() })
}

/// `PUT logCapture/state`.
pub(crate) async fn set_capture(call: Call) -> Handled {
    let on = match call.value()? {
        "on" => true,
        "off" => false,
        other => return Err(ErrorBody::invalid_state(other).into()),
    };
    call.app.loggers.set_capture(on);
    call.answer(&Message::new(format!("log capture is {}", if on { "on" } else { "off" })))
}

/// `GET logs`: a captured message per line. The body of a client's answer must not be empty.
pub(crate) async fn captured(call: Call) -> Response {
    let mut text = call.app.loggers.captured().join("\n");
    text.push('\n');
    ([(CONTENT_TYPE, PLAIN)], text).into_response()
}
