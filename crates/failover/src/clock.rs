//! Time as the machine knows it: handed in, never read.

use std::fmt;

/// Microseconds of a clock of this engine's own that only goes forward, also while the process is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Instant(u64);

impl Instant {
    /// An instant from the clock's microseconds.
    pub const fn from_micros(micros: u64) -> Self {
        Self(micros)
    }

    /// The clock's microseconds.
    pub const fn micros(self) -> u64 {
        self.0
    }

    /// This instant, `micros` later.
    #[must_use]
    pub const fn plus(self, micros: u64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from this instant until `later`; 0 when that has passed.
    pub const fn until(self, later: Self) -> u64 {
        later.0.saturating_sub(self.0)
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}us", self.0)
    }
}
