//! What goes wrong while a program runs. A fault never stops a stream: the value is null and the fault is counted.

use std::fmt;

/// The kinds of run-time faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FaultKind {
    /// Division or modulo by zero; the result is null.
    DivisionByZero,
    /// A text that is no number or date, or a number outside the range of its target; the result is null.
    FailedCast,
    /// A text longer than `exp-max-string`; it is cut.
    TextTooLong,
    /// A function was given a value that it does not accept; the result is null.
    BadArgument,
    /// Loops of one evaluation took more steps than allowed; the result is null.
    TooManySteps,
    /// User functions called each other too deeply; the result is null.
    TooDeep,
    /// A text that is no well-formed XML or JSON; the result is null.
    BadDocument,
}

impl FaultKind {
    /// Every kind, in the order of its counter.
    pub const ALL: [Self; 7] = [
        Self::DivisionByZero,
        Self::FailedCast,
        Self::TextTooLong,
        Self::BadArgument,
        Self::TooManySteps,
        Self::TooDeep,
        Self::BadDocument,
    ];
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DivisionByZero => "division by zero",
            Self::FailedCast => "failed conversion",
            Self::TextTooLong => "text longer than exp-max-string",
            Self::BadArgument => "argument outside of a function's range",
            Self::TooManySteps => "too many loop steps",
            Self::TooDeep => "user functions nested too deeply",
            Self::BadDocument => "text that is no well-formed XML or JSON",
        })
    }
}

/// How often each kind of fault occurred. A window keeps one, logs a kind when its counter leaves zero, and counts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Faults {
    counts: [u64; FaultKind::ALL.len()],
}

impl Faults {
    /// No faults yet.
    pub const fn new() -> Self {
        Self { counts: [0; FaultKind::ALL.len()] }
    }

    /// Counts one more fault.
    #[cold]
    pub fn add(&mut self, kind: FaultKind) {
        self.counts[kind as usize] += 1;
    }

    /// How often `kind` occurred.
    pub const fn count(&self, kind: FaultKind) -> u64 {
        self.counts[kind as usize]
    }

    /// How many faults there were in all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The kinds that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (FaultKind, u64)> + '_ {
        FaultKind::ALL.into_iter().map(|kind| (kind, self.count(kind))).filter(|&(_, count)| count > 0)
    }
}
