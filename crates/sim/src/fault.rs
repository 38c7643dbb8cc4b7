//! What can go wrong, and be mended.

/// A fault, or its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// A process ends at once; all that it held is lost.
    Kill(usize),
    /// A process starts, from a snapshot that somebody took or empty.
    Start {
        process: usize,
        from_snapshot: bool,
    },
    /// A process stands still; its clock goes on.
    Pause(usize),
    Resume(usize),
    /// A process computes slowly.
    Slow(usize, u64),
    /// A process saves its state.
    Persist(usize),
    StopConnector(usize, usize),
    StartConnector(usize, usize),
    CutService(usize),
    JoinService(usize),
    CutLog(usize),
    JoinLog(usize),
    /// A process's connection to the service breaks, and can be had anew.
    BreakConnection(usize),
    ServiceDown,
    ServiceUp,
    /// Also what a change of the partition's leader looks like.
    LogDown,
    LogUp,
    /// Somebody deletes the active's node.
    DeleteNode,
    /// A record of somebody else comes to an output.
    Foreign(usize),
    /// Everything is mended.
    Heal,
}
