//! How long a connection has had no request: idle ones make room when connections become few.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

/// How long a connection may idle.
const IDLE: Duration = Duration::from_secs(600);

/// How long it may idle when less than an eighth of the places for connections is free.
const IDLE_WHEN_FULL: Duration = Duration::from_secs(5);

/// How often a connection is looked at.
pub(crate) const LOOK: Duration = Duration::from_secs(1);

/// The requests of one connection that are being answered.
#[derive(Debug)]
pub(crate) struct Activity(Mutex<(usize, Instant)>);

impl Activity {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((0, Instant::now()))))
    }

    /// A request has come; it is answered when the guard is dropped.
    pub(crate) fn begin(self: &Arc<Self>) -> Busy {
        self.0.lock().0 += 1;
        Busy(Arc::clone(self))
    }

    /// Whether the connection has idled for too long, given the places for connections that are free of so many.
    pub(crate) fn is_over(&self, places: &Semaphore, of: usize) -> bool {
        let (busy, since) = *self.0.lock();
        let limit = if places.available_permits() <= of / 8 { IDLE_WHEN_FULL } else { IDLE };
        busy == 0 && since.elapsed() >= limit
    }
}

/// A request that is being answered.
#[derive(Debug)]
pub(crate) struct Busy(Arc<Activity>);

impl Drop for Busy {
    fn drop(&mut self) {
        let mut activity = self.0.0.lock();
        activity.0 -= 1;
        activity.1 = Instant::now();
    }
}
