//! Where the model of a request comes from: its body, or what `projectUrl` names (rest-api 4.2).

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use tidegate_api::{ErrorBody, FileUrl};

use crate::answer::Refused;
use crate::blocking::blocking;
use crate::body::{MODEL_BYTES, read_text};
use crate::call::{Call, bad};
use crate::fetch::fetch;

/// The text of the request's model.
pub(crate) async fn model(call: &Call, body: Body) -> Result<String, Refused> {
    let text = match call.query.get("projectUrl") {
        None => read_text(body, MODEL_BYTES).await?,
        Some(url) => match FileUrl::parse(url).map_err(bad)? {
            FileUrl::Path(path) => {
                let app = Arc::clone(&call.app);
                blocking(move || {
                    app.files.check(&path)?;
                    read_file(&path)
                })
                .await?
            }
            FileUrl::Http(url) => {
                let bytes = fetch(&url, MODEL_BYTES).await?;
                String::from_utf8(bytes.into()).map_err(|_| bad(format!("'{url}' is not UTF-8")))?
            }
        },
    };
    if text.trim().is_empty() {
        return Err(bad("the body holds no model"));
    }
    Ok(text)
}

/// 400: a file that the request names could not be read.
pub(crate) fn unreadable(path: &Path, cause: &std::io::Error) -> Refused {
    Refused(ErrorBody::new(400, format!("'{}' could not be read", path.display())).detail(cause.to_string()))
}

fn read_file(path: &Path) -> Result<String, Refused> {
    let mut text = String::new();
    // One byte more than a model may have, so that a longer file is refused and not cut.
    let limit = MODEL_BYTES as u64 + 1;
    let file = std::fs::File::open(path).map_err(|cause| unreadable(path, &cause))?;
    file.take(limit).read_to_string(&mut text).map_err(|cause| unreadable(path, &cause))?;
    if text.len() > MODEL_BYTES {
        return Err(bad(format!("'{}' is longer than {MODEL_BYTES} bytes", path.display())));
    }
    Ok(text)
}
