//! Work that waits: for a project's thread, for a disk.

use tidegate_api::ErrorBody;

use crate::answer::Refused;

/// Runs `work` on a thread that may wait, and answers what it gives back.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        // It panicked: the request fails, the server goes on.
        Err(_) => Err(ErrorBody::new(500, "internal error").into()),
    }
}
