//! `GET` of a root: what health checks look at (rest-api 3.1).

use tidegate_api::Message;

use crate::answer::Handled;
use crate::call::Call;

/// `GET <root>`.
pub(crate) async fn show(call: Call) -> Handled {
    call.answer(&Message::server_up())
}
