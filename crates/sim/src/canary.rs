//! Mistakes that the simulation must find: each exists here only.

use std::fmt;
use std::str::FromStr;

/// A mistake built into a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Canary {
    /// A new producer does not fence older ones.
    NoFencing,
    /// The lease never ends.
    NoLease,
    /// A connector that stops drops what its gate holds.
    GateDroppedAtStop,
    /// A snapshot does not hold the gate.
    GateNotSaved,
    /// Sub-sequences count from the start of the process instead of the step.
    LastingSubSequence,
    /// Only the last record of a topic is read for the resume point.
    TailIsLastRecord,
    /// A second producer of an engine begins late, when the first writes already.
    LateWarmProducer,
}

impl Canary {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::NoFencing,
        Self::NoLease,
        Self::GateDroppedAtStop,
        Self::GateNotSaved,
        Self::LastingSubSequence,
        Self::TailIsLastRecord,
        Self::LateWarmProducer,
    ];

    /// Its name on command lines.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoFencing => "no-fencing",
            Self::NoLease => "no-lease",
            Self::GateDroppedAtStop => "gate-dropped-at-stop",
            Self::GateNotSaved => "gate-not-saved",
            Self::LastingSubSequence => "lasting-sub-sequence",
            Self::TailIsLastRecord => "tail-is-last-record",
            Self::LateWarmProducer => "late-warm-producer",
        }
    }
}

impl fmt::Display for Canary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Canary {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|canary| canary.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            format!("no canary {text}; there are {names}")
        })
    }
}
