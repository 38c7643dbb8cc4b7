//! The log messages of the server program as data (failover-and-server 4.8).

use tidegate_host::messages::{Level, Message};

const fn message(id: &'static str, level: Level, file: &'static str, line: u32) -> Message {
    Message { id, level, logger: "DF.ESP", file, line }
}

/// The engine is there.
pub(crate) const INITIALIZED: Message = message("Engine0007", Level::Info, "dfESPengine.cpp", 1);
/// The steps of a start, under one id as in ESP.
pub(crate) const STARTED: Message = message("XMLServer0001", Level::Info, "Esp.cpp", 641);
/// A listener of the HTTP interface.
pub(crate) const HTTP_STARTED: Message = message("XMLServer0001", Level::Info, "Http.cpp", 1);
/// The server cannot start.
pub(crate) const CANNOT_START: Message = message("Tidegate0101", Level::Error, "main.rs", 1);
/// An argument of the command line is ignored.
pub(crate) const ARGUMENT_IGNORED: Message = message("Tidegate0102", Level::Warn, "options.rs", 1);
/// A mistake of a model.
pub(crate) const MODEL_MISTAKE: Message = message("Tidegate0103", Level::Error, "model.rs", 1);
/// A client on the publish/subscribe port was sent away.
pub(crate) const PUBSUB_CLOSED: Message = message("Tidegate0104", Level::Warn, "pubsub.rs", 1);
/// A line of the closing summary.
pub(crate) const SUMMARY: Message = message("Tidegate0105", Level::Info, "summary.rs", 1);
/// Requests may name any file of the machine.
pub(crate) const FILES_OPEN: Message = message("Tidegate0107", Level::Warn, "start.rs", 1);
/// The server stops.
pub(crate) const STOPPING: Message = message("Tidegate0106", Level::Info, "main.rs", 2);
