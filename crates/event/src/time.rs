//! Engine time: the only clock that results may depend on.

use std::fmt;

/// Microseconds since 1970-01-01 UTC, as handed to the engine with each block or heartbeat (design.md 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EngineTime(i64);

impl EngineTime {
    /// The time before any block or heartbeat has arrived.
    pub const UNSET: Self = Self(i64::MIN);

    /// A time from microseconds since 1970-01-01 UTC.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01 UTC.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whether any time has been handed in yet.
    pub const fn is_set(self) -> bool {
        self.0 != i64::MIN
    }

    /// This time `micros` later; stops at the ends of the range.
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// Microseconds from `earlier` to this time; stops at the ends of the range.
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl fmt::Display for EngineTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}us", self.0)
    }
}
