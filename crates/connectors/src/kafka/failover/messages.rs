//! The log messages of the failover (failover-and-server 1.13), and ours where ESP has none.

use tidegate_host::messages::{Level, Message};

const fn esp(id: &'static str, level: Level, line: u32) -> Message {
    Message { id, level, logger: "DF.ESP", file: "dfESPkafkaConnector.cpp", line }
}

const fn ours(id: &'static str, level: Level) -> Message {
    Message { id, level, logger: "DF.ESP", file: "failover.rs", line: 1 }
}

/// The role of a connector has changed.
pub(super) const ROLE: Message = esp("Connectors0049", Level::Info, 1);
/// ZooKeeper has told something.
pub(super) const ZOOKEEPER_EVENT: Message = esp("Connectors0098", Level::Info, 1);
/// The candidate's node exists.
pub(super) const NODE_CREATED: Message = esp("Connectors0097", Level::Info, 1);
/// The candidate before this one is watched.
pub(super) const NODE_WATCHED: Message = esp("Connectors0096", Level::Info, 1);
/// Where the new active goes on.
pub(super) const SYNCHRONISED: Message = ours("Tidegate0030", Level::Info);
/// The role was given up.
pub(super) const DEMOTED: Message = ours("Tidegate0031", Level::Warn);
/// The role was given up on request.
pub(super) const STEPPED_DOWN: Message = ours("Tidegate0040", Level::Info);
/// The lease has ended or is renewed.
pub(super) const LEASE: Message = ours("Tidegate0032", Level::Warn);
/// The role was passed on.
pub(super) const YIELDED: Message = ours("Tidegate0033", Level::Info);
/// An output cannot become active.
pub(super) const REFUSED: Message = ours("Tidegate0034", Level::Error);
/// A committed record is not what this engine computes.
pub(super) const MISMATCH: Message = ours("Tidegate0035", Level::Error);
/// ZooKeeper cannot be reached.
pub(super) const ZOOKEEPER_UNREACHABLE: Message = ours("Tidegate0036", Level::Warn);
/// The gate is full and input waits, or does not wait any more.
pub(super) const GATE_FULL: Message = ours("Tidegate0037", Level::Warn);
/// The spill file cannot be written or read.
pub(super) const SPILL_FAILED: Message = ours("Tidegate0038", Level::Error);
/// A producer could not be set up; it is tried again.
pub(super) const PRODUCER_FAILED: Message = ours("Tidegate0039", Level::Warn);
/// A property that failover leaves without effect.
pub(super) const SNAPSHOT_IGNORED: Message = ours("Tidegate0041", Level::Warn);
/// Records of this type carry no ids of their own.
pub(super) const IDS_IN_HEADER: Message = ours("Tidegate0044", Level::Info);
