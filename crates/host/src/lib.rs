//! Runs projects: gives the engine its thread, its clock and its queues.
//!
//! A [`Host`] is the server's set of projects. Each [`Project`] owns one engine thread that is fed by one bounded
//! queue; what the engine emits goes into the bounded queues of [`Subscription`]s. A [`Connector`] is made by its
//! [`ConnectorClass`] and runs on a thread of its own between its [`Publisher`] or [`Subscriber`] and the outside
//! world. The order in which connectors start is [`orchestration`].
//!
//! Invariants: only this crate reads the wall clock for a project, through a [`Clock`]; a full queue pushes back and
//! nothing is dropped to make room, except that a slow network client loses its subscription with an error; a panic
//! on a project's thread fails that project and nothing else.

mod bad_events;
mod clock;
mod connector;
mod error;
mod host;
mod loggers;
pub mod messages;
pub mod orchestration;
mod project;

pub use bad_events::BadEvents;
pub use clock::{Clock, ManualClock, SystemClock};
pub use connector::{
    Connector, ConnectorClass, ConnectorError, ConnectorSetup, ConnectorState, ConnectorStatus, FailoverRole,
    FailoverStatus, Gated, GatedConnector, InputKind, InputStep, LogProgress, OutputGate, Progress,
    PublishEnd, Publisher, PublisherConnector, Received, SourcePosition, StepBlock, StepTime, StopWaiter,
    Stopped, Subscriber, SubscriberConnector,
};
pub use error::{ErrorKind, HostError};
pub use host::{Host, HostConfig, LoadOptions, Registry};
pub use loggers::{LogLevel, Loggers, UnknownLogger};
pub use project::{
    Delivery, Input, Project, ProjectState, ProjectStats, Receive, Saved, SubscribeOptions, Subscription,
    TransferAction, TransferStatus, WhenFull, WindowCounts, WindowDetails,
};

#[cfg(test)]
mod tests;
