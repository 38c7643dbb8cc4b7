//! Where a project's time comes from.

use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tidegate_event::EngineTime;

/// Tells the time that input counts as arrived at (design.md 6).
pub trait Clock: Send + Sync + fmt::Debug {
    /// The time now.
    fn now(&self) -> EngineTime;

    /// How long to sleep before asking again whether it is `due`.
    fn time_until(&self, due: EngineTime) -> Duration;
}

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> EngineTime {
        // A machine whose clock stands before 1970 counts as standing at 1970.
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        EngineTime::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }

    fn time_until(&self, due: EngineTime) -> Duration {
        Duration::from_micros(u64::try_from(due.micros_since(self.now())).unwrap_or(0))
    }
}

/// A clock that stands still until it is set, for tests and replays.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that stands at `micros` since 1970-01-01 UTC.
    pub fn new(micros: i64) -> Self {
        Self(AtomicI64::new(micros))
    }

    /// Moves the clock to `micros` since 1970-01-01 UTC.
    pub fn set(&self, micros: i64) {
        self.0.store(micros, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> EngineTime {
        EngineTime::from_micros(self.0.load(Ordering::SeqCst))
    }

    /// Nobody wakes a sleeper when the clock is set, so it looks again soon.
    fn time_until(&self, due: EngineTime) -> Duration {
        if due <= self.now() { Duration::ZERO } else { Duration::from_millis(1) }
    }
}
