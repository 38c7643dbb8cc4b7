//! The log messages of this class.

use tidegate_host::messages::{Level, Message};

const fn message(id: &'static str, level: Level, line: u32) -> Message {
    Message { id, level, logger: "DF.ESP", file: "dfESPfsConnector.cpp", line }
}

/// A peer has gone that was given output: how much of it has arrived is not known.
pub(super) const PEER_GONE: Message = message("Tidegate0045", Level::Warn, 101);
/// A peer takes nothing, so that output waits.
pub(super) const PEER_STALLED: Message = message("Tidegate0046", Level::Warn, 102);
/// A peer that took nothing goes on.
pub(super) const PEER_GOES_ON: Message = message("Tidegate0047", Level::Info, 103);
