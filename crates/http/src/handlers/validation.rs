//! `POST projectValidationResults` (rest-api 4.7).

use std::sync::Arc;

use axum::body::Body;
use tidegate_api::Validation;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::model_source::model;

/// A model is valid when its structure is: what a load checks beyond that may depend on the server's surroundings.
pub(crate) async fn validate(call: Call, body: Body) -> Handled {
    let text = model(&call, body).await?;
    let app = Arc::clone(&call.app);
    let mistakes = blocking(move || {
        let mistakes = app.host.validate(&text);
        Ok::<_, Refused>(mistakes.structural().iter().map(ToString::to_string).collect())
    });
    call.answer(&Validation { version: call.app.info.version.clone(), mistakes: mistakes.await? })
}
