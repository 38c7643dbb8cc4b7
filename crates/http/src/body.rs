//! Bodies of requests, within limits.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tidegate_api::ErrorBody;
use tokio::time::timeout;

use crate::answer::Refused;
use crate::call::bad;

/// Longest body of a model, in bytes: what the model's own reader takes.
pub(crate) const MODEL_BYTES: usize = tidegate_model::Limits::MODEL.bytes;

/// Longest body of events, in bytes. More is published through `eventUrl`, which is read piece by piece.
pub(crate) const EVENTS_BYTES: usize = 64 << 20;

/// How long the next piece of a body may take.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// Reads a body of at most `limit` bytes, whatever its framing and content type. One that says of itself that it is longer is
/// refused before it is read.
pub(crate) async fn read(mut body: Body, limit: usize) -> Result<Bytes, Refused> {
    let too_long = || Refused(ErrorBody::new(413, format!("the body is longer than {limit} bytes")));
    if body.size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    let mut bytes = BytesMut::new();
    loop {
        let piece = match timeout(PIECE_TIMEOUT, body.frame()).await {
            Ok(None) => return Ok(bytes.freeze()),
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(Some(Err(error))) => {
                let refused = ErrorBody::new(400, "the body could not be read").detail(error.to_string());
                return Err(refused.into());
            }
            Err(_) => return Err(ErrorBody::new(408, "the body did not arrive in time").into()),
        };
        if bytes.len() + piece.len() > limit {
            return Err(too_long());
        }
        bytes.extend_from_slice(&piece);
    }
}

/// [`read`] as text.
pub(crate) async fn read_text(body: Body, limit: usize) -> Result<String, Refused> {
    let bytes = read(body, limit).await?;
    String::from_utf8(bytes.into()).map_err(|_| bad("the body is not UTF-8"))
}
