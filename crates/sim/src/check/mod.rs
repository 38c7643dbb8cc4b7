//! What must hold, one file for each.

pub(crate) mod active;
pub(crate) mod finished;
pub(crate) mod rising;
pub(crate) mod same;

use std::fmt;

use tidegate_event::OutputId;
use tidegate_failover::Demotion;

/// What did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Violation {
    /// Several engines claimed to be active at the same moment.
    TwoActive,
    /// A transaction of an older producer was committed after one of a newer.
    OldWriter {
        /// Epoch of the older one.
        old: u64,
        /// Epoch of the newer one.
        new: u64,
    },
    /// An id does not lie above the one before.
    NotRising {
        /// The output.
        output: usize,
        /// The id before.
        before: OutputId,
        /// The id.
        id: OutputId,
    },
    /// The output is not that of the undisturbed run.
    Differs {
        /// The output.
        output: usize,
        /// Number of the first record that differs.
        at: usize,
        /// What was read there.
        found: Option<OutputId>,
        /// What should be there.
        expected: Option<OutputId>,
    },
    /// An output was refused, or found different, in a run that gives no reason for it.
    Refused(String),
    /// Long after everything was mended, a role was given up still.
    Unsettled(Demotion),
    /// Much happens, and time does not go on.
    Livelock,
    /// Long after everything was mended, not exactly one engine writes.
    Writers(usize),
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TwoActive => f.write_str("two engines claim to be active"),
            Self::OldWriter { old, new } => {
                write!(f, "the producer of epoch {old} committed after that of epoch {new}")
            }
            Self::NotRising { output, before, id } => {
                write!(f, "output {output}: {id} is committed after {before}")
            }
            Self::Differs { output, at, found, expected } => write!(
                f,
                "output {output}: record {at} is {found:?}, in the undisturbed run it is {expected:?}"
            ),
            Self::Refused(what) => write!(f, "refused without reason: {what}"),
            Self::Unsettled(why) => write!(f, "a role was given up although all is well: {why:?}"),
            Self::Livelock => f.write_str("the run does not get on"),
            Self::Writers(count) => write!(f, "{count} engines write although all is well"),
        }
    }
}
