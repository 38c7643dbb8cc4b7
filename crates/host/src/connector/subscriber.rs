//! What a subscriber connector is handed: what its window emits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tidegate_event::Schema;

use super::progress::Progress;
use super::setup::ConnectorSetup;
use super::stop::StopSignal;
use crate::project::{Delivery, Receive, Subscription};

/// What came next for a subscriber connector.
#[derive(Debug)]
pub enum Received {
    /// A block.
    Block(Delivery),
    /// Nothing for the time that it was willing to wait.
    Idle,
    /// Nothing more will come: everything that was accepted before the stop has been given out.
    End,
}

/// What a window emits, for one run of one subscriber connector. The queue is bounded; when it is full the
/// project waits.
pub struct Subscriber {
    setup: ConnectorSetup,
    subscription: Subscription,
    stop: StopSignal,
    progress: Arc<Progress>,
}

impl Subscriber {
    pub(crate) fn new(
        setup: ConnectorSetup,
        subscription: Subscription,
        stop: StopSignal,
        progress: Arc<Progress>,
    ) -> Self {
        Self { setup, subscription, stop, progress }
    }

    /// The connector's place and properties.
    pub fn setup(&self) -> &ConnectorSetup {
        &self.setup
    }

    /// Schema of the window.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.setup.schema
    }

    /// Whether the connector was left behind because it did not stop in time. One that waits for something else than blocks looks
    /// here, and ends.
    pub fn is_left_behind(&self) -> bool {
        self.subscription.is_cut()
    }

    /// Whether the connector is to stop, or its output is not waited for any more. What it was given before is still
    /// to be written, as long as that goes on.
    pub fn stop_requested(&self) -> bool {
        self.stop.is_requested() || self.subscription.is_cut()
    }

    /// Waits, for a peer; answers true when the connector is to stop.
    pub fn pause(&self, time: Duration) -> bool {
        self.stop.sleep(time) || self.subscription.is_cut()
    }

    /// Waits for the next block, at most `time`.
    pub fn receive(&mut self, time: Duration) -> Received {
        match self.subscription.receive(time) {
            Receive::Block(delivery) => {
                self.progress.add_events(delivery.block.len() as u64);
                Received::Block(delivery)
            }
            Receive::Idle => Received::Idle,
            // A connector's queue makes the project wait; it never overflows.
            Receive::Closed | Receive::Overflowed => Received::End,
        }
    }
}

impl fmt::Debug for Subscriber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscriber").field("setup", &self.setup).finish_non_exhaustive()
    }
}
