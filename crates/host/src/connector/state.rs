//! States of a connector (connectors-adapters 1.3).

use std::fmt;

/// Where a connector is in its life. [`ConnectorClass`](super::ConnectorClass) shows the transitions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectorState {
    /// Its properties have not been accepted yet.
    Uninitialized,
    /// At rest: before the first start, and after a stop.
    Stopped,
    /// At work.
    Running,
    /// A publisher whose finite input was injected to the end.
    Finished,
    /// Ended by an error.
    Failed,
}

impl ConnectorState {
    /// ESP's number; a failed connector has none in ESP and takes the next one, as its metrics do (rest-api 3.5).
    pub const fn code(self) -> i8 {
        match self {
            Self::Uninitialized => -1,
            Self::Stopped => 0,
            Self::Running => 1,
            Self::Finished => 2,
            Self::Failed => 3,
        }
    }

    /// Whether the connector may go from here to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Uninitialized => matches!(next, Self::Stopped | Self::Failed),
            Self::Stopped | Self::Finished | Self::Failed => matches!(next, Self::Running | Self::Failed),
            Self::Running => matches!(next, Self::Stopped | Self::Finished | Self::Failed),
        }
    }
}

impl fmt::Display for ConnectorState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Uninitialized => "uninitialized",
            Self::Stopped => "stopped",
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Failed => "failed",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConnectorState::{Failed, Finished, Running, Stopped, Uninitialized};

    #[test]
    fn only_the_drawn_transitions_exist() {
        let all = [Uninitialized, Stopped, Running, Finished, Failed];
        let drawn = [
            (Uninitialized, Stopped),
            (Uninitialized, Failed),
            (Stopped, Running),
            (Stopped, Failed),
            (Finished, Running),
            (Finished, Failed),
            (Failed, Running),
            (Failed, Failed),
            (Running, Stopped),
            (Running, Finished),
            (Running, Failed),
        ];
        for from in all {
            for to in all {
                assert_eq!(from.may_become(to), drawn.contains(&(from, to)), "{from} to {to}");
            }
        }
    }
}
