//! What a connector class is, and what its connectors are handed.

mod error;
mod gate;
mod gated;
mod progress;
mod publisher;
mod setup;
mod state;
mod step;
mod stop;
mod subscriber;

pub use error::ConnectorError;
pub use gate::{FailoverRole, FailoverStatus, InputKind, OutputGate};
pub use gated::{Gated, StopWaiter};
pub use progress::{LogProgress, Progress};
pub use publisher::{Publisher, SourcePosition, Stopped};
pub use setup::ConnectorSetup;
pub use state::ConnectorState;
pub use step::{InputStep, StepBlock, StepTime};
pub use subscriber::{Received, Subscriber};

pub(crate) use publisher::Begin;
pub(crate) use stop::StopSignal;

use std::fmt;
use std::sync::Arc;

use tidegate_model::{ClassSpec, Direction};

/// A class of connectors, such as `fs`. One folder in the `connectors` crate and one line in its list.
///
/// The life of a connector (connectors-adapters 1.3):
///
/// ```text
///  uninitialized --build--> stopped --start--> running --input ended--> finished
///        |                   |  ^                | | |                      |
///        |                   |  +------stop------+ | +<------start----------+
///        +--bad properties-->+--start failed-->  failed  (start tries again)
/// ```
///
/// 1. `build`, when the project is loaded: check every property, open nothing, wait for nothing.
/// 2. `start`, when the project starts its connectors: open files and sockets. An error makes the state failed;
///    the other connectors go on.
/// 3. `run`, on a thread that the host owns, until the input ends, a stop is asked for, or an error. It must end
///    within a few seconds of a stop: use the waiting calls of its handle and no others
///    without a limit.
///
/// A connector that panics has failed; nothing else is touched. The connector is built anew for each start.
pub trait ConnectorClass: Send + Sync + fmt::Debug {
    /// Name and parameters.
    fn spec(&self) -> &'static ClassSpec;

    /// A connector with these properties.
    ///
    /// # Errors
    /// When a property cannot be right.
    fn build(&self, setup: &ConnectorSetup) -> Result<Connector, ConnectorError>;

    /// The output gate of a subscriber connector with these properties, if its output must outlive its runs. Asked
    /// once, when the project is loaded; [`build`](Self::build) then gives a [`Connector::Gated`].
    ///
    /// # Errors
    /// When a property cannot be right: the connector has failed.
    fn gate(&self, setup: &ConnectorSetup) -> Result<Option<Arc<dyn OutputGate>>, ConnectorError> {
        let _ = setup;
        Ok(None)
    }

    /// What a publisher connector with these properties reads.
    fn input_kind(&self, setup: &ConnectorSetup) -> InputKind {
        let _ = setup;
        InputKind::Other
    }
}

/// A connector that has not been started, or was stopped.
pub enum Connector {
    /// Reads the outside world and injects.
    Publisher(Box<dyn PublisherConnector>),
    /// Writes what a window emits to the outside world.
    Subscriber(Box<dyn SubscriberConnector>),
    /// Writes what a gate holds to the outside world.
    Gated(Box<dyn GatedConnector>),
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publisher(_) => "Publisher",
            Self::Subscriber(_) => "Subscriber",
            Self::Gated(_) => "Gated",
        })
    }
}

/// How a publisher's run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PublishEnd {
    /// The input has ended and all of it was injected.
    Finished,
    /// A stop was asked for.
    Stopped,
}

/// A connector that reads the outside world. See [`ConnectorClass`] for the order of calls.
pub trait PublisherConnector: Send {
    /// Opens the input, at [`Publisher::resume_from`] if that is set.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn start(&mut self, publisher: &Publisher) -> Result<(), ConnectorError>;

    /// Injects until the input ends or [`Publisher::stop_requested`].
    ///
    /// # Errors
    /// When it cannot go on.
    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError>;
}

/// A connector that writes to the outside world. See [`ConnectorClass`] for the order of calls.
pub trait SubscriberConnector: Send {
    /// Opens the output. Events that the window emits from now on are kept until `run` takes them.
    ///
    /// # Errors
    /// When it cannot be opened.
    fn start(&mut self, subscriber: &Subscriber) -> Result<(), ConnectorError>;

    /// Writes until [`Received::End`], then flushes and closes. When nothing has come for a while
    /// ([`Received::Idle`]), flushes what is buffered.
    ///
    /// # Errors
    /// When it cannot go on.
    fn run(&mut self, subscriber: &mut Subscriber) -> Result<(), ConnectorError>;
}

/// A connector that writes to the outside world what its [`OutputGate`] holds. No queue is made for it. See
/// [`ConnectorClass`] for the order of calls.
pub trait GatedConnector: Send {
    /// Begins, without waiting for anything outside.
    ///
    /// # Errors
    /// When it cannot.
    fn start(&mut self, gated: &Gated) -> Result<(), ConnectorError>;

    /// Works until [`Gated::stop_requested`]. What cannot be written until then stays in the gate.
    ///
    /// # Errors
    /// When it cannot go on.
    fn run(&mut self, gated: &mut Gated) -> Result<(), ConnectorError>;
}

/// What is known of a connector from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorStatus {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub window: String,
    /// Name of the connector.
    pub name: String,
    /// Its class.
    pub class: String,
    /// Its group; `default` outside of all groups.
    pub group: String,
    /// Publisher or subscriber.
    pub direction: Direction,
    /// Its state.
    pub state: ConnectorState,
    /// Events that it has injected or been given.
    pub events: u64,
    /// Events per second lately, where the connector tells.
    pub rate: u64,
    /// Where a reader of a log stands.
    pub log: Option<LogProgress>,
    /// Why it failed, when it did.
    pub error: Option<String>,
}
