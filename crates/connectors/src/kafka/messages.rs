//! The log messages of this class.

use tidegate_host::messages::{Level, Message};

const fn message(id: &'static str, level: Level, line: u32) -> Message {
    Message { id, level, logger: "DF.ESP", file: "dfESPkafkaConnector.cpp", line }
}

/// Where a restored publisher goes on (failover-and-server 3, T9).
pub(super) const RESUMES: Message = message("Tidegate0102", Level::Info, 101);
/// Part of the input is gone, and the publisher goes on without it.
pub(super) const INPUT_MISSING: Message = message("Tidegate0103", Level::Warn, 102);
/// The input has begun before what can be read, so that ids of engines differ (failover-and-server 3, T4).
pub(super) const IDS_MAY_DIFFER: Message = message("Tidegate0104", Level::Warn, 103);
/// Records that were written twice are left out.
pub(super) const WRITTEN_TWICE: Message = message("Tidegate0106", Level::Info, 105);
/// A topic was made, or could not be.
pub(super) const TOPIC_CREATED: Message = message("Tidegate0107", Level::Info, 106);
/// A topic does not exist and could not be made.
pub(super) const TOPIC_MISSING: Message = message("Tidegate0108", Level::Warn, 107);
/// Nothing limits the timestamps of a topic that is a project's clock.
pub(super) const TIMESTAMPS_UNLIMITED: Message = message("Tidegate0109", Level::Warn, 108);
/// A consumer group's committed offsets, not the snapshot, say where a restored publisher goes on.
pub(super) const GROUP_RULES: Message = message("Tidegate0110", Level::Warn, 109);
