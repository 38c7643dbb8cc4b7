//! Bodies of requests, within limits.

use axum::body::Body;
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tidegate_api::ErrorBody;

use crate::answer::Refused;
use crate::call::bad;

/// Longest body of a model, in bytes: what the model's own reader takes.
pub(crate) const MODEL_BYTES: usize = tidegate_model::Limits::MODEL.bytes;

/// Longest body of events, in bytes. More is published through `eventUrl`, which is read piece by piece.
pub(crate) const EVENTS_BYTES: usize = 64 << 20;

/// Reads a body of at most `limit` bytes, whatever its framing and content type.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refused> {
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            Err(ErrorBody::new(413, format!("the body is longer than {limit} bytes")).into())
        }
        Err(error) => {
            Err(Refused(ErrorBody::new(400, "the body could not be read").detail(error.to_string())))
        }
    }
}

/// [`read`] as text.
pub(crate) async fn read_text(body: Body, limit: usize) -> Result<String, Refused> {
    let bytes = read(body, limit).await?;
    String::from_utf8(bytes.into()).map_err(|_| bad("the body is not UTF-8"))
}
