//! Asking a thread to stop, and sleeping so that it hears it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

/// A request to stop, shared by who asks and who is asked.
#[derive(Debug, Clone, Default)]
pub(crate) struct StopSignal(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    requested: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

impl StopSignal {
    /// Asks for the stop.
    pub(crate) fn request(&self) {
        self.0.requested.store(true, Ordering::SeqCst);
        drop(self.0.lock.lock());
        self.0.changed.notify_all();
    }

    /// Whether the stop was asked for.
    pub(crate) fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::SeqCst)
    }

    /// Sleeps for `time` or until the stop is asked for; answers whether it was.
    pub(crate) fn sleep(&self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut guard = self.0.lock.lock();
        while !self.is_requested() {
            if self.0.changed.wait_until(&mut guard, until).timed_out() {
                break;
            }
        }
        self.is_requested()
    }
}
