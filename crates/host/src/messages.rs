//! The log messages of this crate as data: ESP's id, level and source line where one is known (failover-and-server
//! 4.6 to 4.8), our own ids (`Tidegate…`) where ESP has no such message. They go out through `tracing`; the server
//! formats them.

use std::fmt;

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// An operator may want to know.
    Info,
    /// Something is not as it should be, and the server goes on.
    Warn,
    /// Something failed.
    Error,
}

/// A message without its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Message {
    /// The id in square brackets.
    pub id: &'static str,
    /// Its level.
    pub level: Level,
    /// The logger's name.
    pub logger: &'static str,
    /// Source file of ESP that the line names.
    pub file: &'static str,
    /// Source line that goes with it.
    pub line: u32,
}

impl Message {
    const fn new(id: &'static str, level: Level, file: &'static str, line: u32) -> Self {
        Self { id, level, logger: "DF.ESP", file, line }
    }

    /// A message of the logger of windows.
    const fn of_windows(id: &'static str, level: Level, file: &'static str, line: u32) -> Self {
        Self { logger: "esp.windows", ..Self::new(id, level, file, line) }
    }

    /// Logs the message with this text, as fields `id`, `logger`, `file` and `line` beside it.
    pub fn log(&self, text: fmt::Arguments<'_>) {
        let Self { id, logger, file, line, .. } = *self;
        match self.level {
            Level::Info => tracing::info!(id, logger, file, line, "{text}"),
            Level::Warn => tracing::warn!(id, logger, file, line, "{text}"),
            Level::Error => tracing::error!(id, logger, file, line, "{text}"),
        }
    }
}

/// A connector has a new state (connectors-adapters 1.3).
pub const CONNECTOR_STATE: Message = Message::new("Connectors0087", Level::Info, "dfESPconnector.cpp", 434);
/// A project's publish and subscribe services are up.
pub const PUBSUB_STARTED: Message = Message::new("Project0009", Level::Info, "dfESPproject.cpp", 1121);
/// A project is ready to run.
pub const PROJECT_FINALIZED: Message = Message::new("Project0016", Level::Info, "dfESPproject.cpp", 1389);
/// An aggregate window keeps accumulators only.
pub const ADDITIVE_AGGREGATE: Message =
    Message::of_windows("Aggregate0017", Level::Info, "dfESPwindow_aggregate.cpp", 652);
/// A model was accepted with remarks.
pub const MODEL_WARNING: Message = Message::new("Tidegate0001", Level::Warn, "model.rs", 1);
/// A model is loaded without something that this release does not have.
pub const MODEL_UNSUPPORTED: Message = Message::new("Tidegate0015", Level::Error, "model.rs", 2);
/// An expression met a fault of a kind for the first time.
pub const EXPRESSION_FAULT: Message = Message::of_windows("Tidegate0002", Level::Warn, "engine.rs", 1);
/// An expression printed a line.
pub const EXPRESSION_PRINT: Message = Message::of_windows("Tidegate0003", Level::Info, "engine.rs", 2);
/// A window refused events for a reason for the first time.
pub const EVENT_REJECTED: Message = Message::of_windows("Tidegate0004", Level::Warn, "engine.rs", 3);
/// The bad-events file cannot be written.
pub const BAD_EVENTS_LOST: Message = Message::new("Tidegate0005", Level::Error, "bad_events.rs", 1);
/// A project's thread panicked.
pub const PROJECT_FAILED: Message = Message::new("Tidegate0006", Level::Error, "project.rs", 1);
/// A project was saved.
pub const PROJECT_SAVED: Message = Message::new("Tidegate0007", Level::Info, "persist.rs", 1);
/// A project was restored.
pub const PROJECT_RESTORED: Message = Message::new("Tidegate0008", Level::Info, "persist.rs", 2);
/// How far a save or restore has come.
pub const TRANSFER_PROGRESS: Message = Message::new("Tidegate0043", Level::Info, "transfer.rs", 1);
/// Files of an earlier snapshot stay behind.
pub const SNAPSHOT_LEFTOVER: Message = Message::new("Tidegate0014", Level::Warn, "persist.rs", 3);
/// A group of connectors waits for a connector that failed.
pub const GROUP_NEVER_STARTS: Message = Message::new("Tidegate0009", Level::Error, "orchestration.rs", 1);
/// A connector did not stop in time.
pub const CONNECTOR_STUCK: Message = Message::new("Tidegate0010", Level::Error, "connector.rs", 1);
/// A subscriber did not keep up and lost its subscription.
pub const SUBSCRIBER_TOO_SLOW: Message = Message::new("Tidegate0011", Level::Warn, "subscription.rs", 1);
/// How far a publisher has come.
pub const PUBLISHER_PROGRESS: Message = Message::new("Tidegate0012", Level::Info, "connector.rs", 2);
/// How fast a publisher is (failover-and-server 1.13).
pub const PUBLISH_RATE: Message = Message::new("PubSub0081", Level::Info, "dfESPclientObj.cpp", 1);
/// An input has a piece that is no event.
pub const BAD_LINE: Message = Message::new("Tidegate0013", Level::Error, "dfESPevent.cpp", 1);

/// A geofence window cannot use a geometry, and `log-invalid-geometry` is set (model-xml 12.10).
pub const INVALID_GEOMETRY: Message = Message::of_windows("Tidegate0042", Level::Warn, "engine.rs", 4);

/// A failure of a connector, under the id of its kind (connectors-adapters 1.4).
pub(crate) const fn connector_error(id: &'static str) -> Message {
    Message::new(id, Level::Error, "dfESPconnector.cpp", 435)
}
