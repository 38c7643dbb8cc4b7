//! Being asked to end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use signal_hook::consts::{SIGINT, SIGTERM};

use super::error::AdapterError;

/// How long a wait may go on after a stop was asked for.
const SLICE: Duration = Duration::from_millis(20);

/// Whether SIGINT or SIGTERM has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Watches the signals from now on. A second one ends the process at once.
    pub(super) fn on_signals() -> Result<Self, AdapterError> {
        let stop = Self::default();
        for signal in [SIGINT, SIGTERM] {
            signal_hook::flag::register_conditional_shutdown(signal, 1, Arc::clone(&stop.0))
                .and_then(|_| signal_hook::flag::register(signal, Arc::clone(&stop.0)))
                .map_err(AdapterError::SetUp)?;
        }
        Ok(stop)
    }

    /// Whether a stop was asked for.
    pub(super) fn requested(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Waits, shorter when a stop is asked for.
    pub(super) fn wait(&self, time: Duration) {
        let until = Instant::now() + time;
        while !self.requested() {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            std::thread::sleep(left.min(SLICE));
        }
    }
}
