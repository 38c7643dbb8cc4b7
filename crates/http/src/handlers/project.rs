//! `projects/P`: load and deletion (rest-api 4.2 and 4.3).

use std::sync::Arc;

use axum::body::Body;
use tidegate_api::Message;
use tidegate_host::LoadOptions;

use crate::answer::{Handled, Refused};
use crate::blocking::blocking;
use crate::call::Call;
use crate::model_source::model;

/// `PUT projects/P`: the model is loaded under the name of the path.
pub(crate) async fn load(call: Call, body: Body) -> Handled {
    // Read before anything is refused: a client that is still sending would not see why.
    let text = model(&call, body).await?;
    let connectors = ["connectors", "startconnectors", "start-connectors"];
    let connectors =
        connectors.into_iter().find(|name| call.query.get(name).is_some()).unwrap_or("connectors");
    let options = LoadOptions {
        name: Some(call.component(0).to_owned()),
        overwrite: call.flag("overwrite", false)?,
        start: call.flag("start", true)?,
        connectors: call.flag(connectors, true)?,
    };
    let app = Arc::clone(&call.app);
    let message = blocking(move || {
        let project = app.host.load(&text, &options)?;
        Ok::<_, Refused>(Message::project_loaded(project.name()))
    });
    call.answer(&message.await?)
}

/// `DELETE projects/P`.
pub(crate) async fn delete(call: Call) -> Handled {
    let (app, name) = (Arc::clone(&call.app), call.component(0).to_owned());
    let message = blocking(move || {
        app.host.delete(&name)?;
        Ok::<_, Refused>(Message::project_deleted(&name))
    });
    call.answer(&message.await?)
}
