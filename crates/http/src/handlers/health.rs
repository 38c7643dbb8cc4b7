//! Health, outside of the roots (rest-api 3.5; design 9).

use tidegate_api::{ErrorBody, Message};

use crate::answer::Handled;
use crate::call::Call;

/// `GET /healthz`: the server answers.
pub(crate) async fn alive(call: Call) -> Handled {
    call.answer(&Message::server_up())
}

/// `GET /readyz` and `/internal/ready`: the server accepts work.
pub(crate) async fn ready(call: Call) -> Handled {
    if call.app.is_ready() {
        call.answer(&Message::new("esp server ready"))
    } else {
        Err(ErrorBody::new(503, "esp server is not ready").into())
    }
}
