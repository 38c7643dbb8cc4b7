//! Bodies of requests, within limits.

use std::time::Duration;

use axum::body::{Body, HttpBody as _};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use tidegate_api::ErrorBody;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

use crate::answer::Refused;
use crate::call::bad;

/// Longest body of a model, in bytes: what the model's own reader takes.
pub(crate) const MODEL_BYTES: usize = tidegate_model::Limits::MODEL.bytes;

/// Longest body of events, in bytes. More is published through `eventUrl`, which is read piece by piece.
pub(crate) const EVENTS_BYTES: usize = 64 << 20;

/// Bytes of bodies that are held at a time, over all requests: a crowd of large ones must not fill the memory.
const HELD_BYTES: usize = 1 << 30;

/// The unit in which [`HELD_BYTES`] is shared out.
const SHARE: usize = 1024;

/// What is left of [`HELD_BYTES`], in shares. Of the whole process, because the memory is.
static SHARES: Semaphore = Semaphore::const_new(HELD_BYTES / SHARE);

/// How long the next piece of a body may take.
const PIECE_TIMEOUT: Duration = Duration::from_secs(60);

/// How fast a body must come at least, in bytes per second, after a time of [`PIECE_TIMEOUT`] to begin with.
const LEAST_RATE: u64 = 16 * 1024;

/// Bytes of a body, with their share of the memory for bodies.
struct Held {
    bytes: Bytes,
    _share: SemaphorePermit<'static>,
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// Reads a body of at most `limit` bytes, whatever its framing and content type. One that says of itself that it is longer is
/// refused before it is read.
pub(crate) async fn read(body: Body, limit: usize) -> Result<Bytes, Refused> {
    read_with(body, limit, &SHARES).await
}

async fn read_with(mut body: Body, limit: usize, shares: &'static Semaphore) -> Result<Bytes, Refused> {
    let too_long = || Refused(ErrorBody::new(413, format!("the body is longer than {limit} bytes")));
    let too_slow = || Refused(ErrorBody::new(408, "the body did not arrive in time"));
    if body.size_hint().lower() > limit as u64 {
        return Err(too_long());
    }
    let begin = Instant::now();
    let mut bytes = BytesMut::new();
    let mut share = share_of(shares, 0)?;
    loop {
        let piece = match timeout(PIECE_TIMEOUT, body.frame()).await {
            Ok(None) => break,
            Ok(Some(Ok(frame))) => frame.into_data().unwrap_or_default(),
            Ok(Some(Err(error))) => {
                let refused = ErrorBody::new(400, "the body could not be read").detail(error.to_string());
                return Err(refused.into());
            }
            Err(_) => return Err(too_slow()),
        };
        let length = bytes.len() + piece.len();
        if length > limit {
            return Err(too_long());
        }
        if begin.elapsed() > PIECE_TIMEOUT + Duration::from_secs(length as u64 / LEAST_RATE) {
            return Err(too_slow());
        }
        share.merge(share_of(shares, length.div_ceil(SHARE).saturating_sub(share.num_permits()))?);
        bytes.extend_from_slice(&piece);
    }
    Ok(Bytes::from_owner(Held { bytes: bytes.freeze(), _share: share }))
}

fn share_of(shares: &'static Semaphore, count: usize) -> Result<SemaphorePermit<'static>, Refused> {
    let count = u32::try_from(count).unwrap_or(u32::MAX);
    let busy = |_| Refused(ErrorBody::new(503, "too many large requests at a time"));
    shares.try_acquire_many(count).map_err(busy)
}

/// [`read`] as text.
pub(crate) async fn read_text(body: Body, limit: usize) -> Result<String, Refused> {
    let bytes = read(body, limit).await?;
    String::from_utf8(bytes.into()).map_err(|_| bad("the body is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run<T>(future: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(future)
    }

    #[test]
    fn bodies_share_the_memory_and_give_it_back() {
        static FOUR: Semaphore = Semaphore::const_new(4);
        let body = |length: usize| read_with(Body::from(vec![7; length]), 1 << 20, &FOUR);
        run(async {
            let first = body(2 * SHARE + 1).await.unwrap();
            assert_eq!(first.len(), 2 * SHARE + 1);
            let second = body(SHARE).await.unwrap();
            assert_eq!(body(1).await.unwrap_err().0.status, 503);
            assert!(body(0).await.unwrap().is_empty());
            drop((first, second));
            assert_eq!(body(4 * SHARE).await.unwrap().len(), 4 * SHARE);
            assert_eq!(body(4 * SHARE + 1).await.unwrap_err().0.status, 503);
            assert_eq!(FOUR.available_permits(), 4);
        });
    }

    #[test]
    fn a_body_that_says_it_is_too_long_is_not_read() {
        static NONE: Semaphore = Semaphore::const_new(0);
        let refused = run(read_with(Body::from(vec![7; 11]), 10, &NONE)).unwrap_err();
        assert_eq!((refused.0.status, refused.0.message.as_str()), (413, "the body is longer than 10 bytes"));
    }
}
