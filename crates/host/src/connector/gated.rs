//! What a connector with an output gate is handed.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tidegate_event::Schema;

use super::gate::OutputGate;
use super::progress::Progress;
use super::setup::ConnectorSetup;
use super::stop::StopSignal;

/// One run of a connector that takes its output from a gate instead of a queue.
pub struct Gated {
    setup: ConnectorSetup,
    gate: Arc<dyn OutputGate>,
    stop: StopSignal,
    progress: Arc<Progress>,
}

impl Gated {
    pub(crate) fn new(
        setup: ConnectorSetup,
        gate: Arc<dyn OutputGate>,
        stop: StopSignal,
        progress: Arc<Progress>,
    ) -> Self {
        Self { setup, gate, stop, progress }
    }

    /// The connector's place and properties.
    pub fn setup(&self) -> &ConnectorSetup {
        &self.setup
    }

    /// Schema of the window.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.setup.schema
    }

    /// The gate that the class made when the project was loaded.
    pub fn gate(&self) -> Arc<dyn OutputGate> {
        Arc::clone(&self.gate)
    }

    /// Counts events that were written.
    pub fn wrote(&self, events: u64) {
        self.progress.add_events(events);
    }

    /// Whether the connector is to stop.
    pub fn stop_requested(&self) -> bool {
        self.stop.is_requested()
    }

    /// Waits; answers at once with true when the connector is to stop.
    pub fn pause(&self, time: Duration) -> bool {
        self.stop.sleep(time)
    }

    /// The same for threads of the connector's own.
    pub fn stop(&self) -> StopWaiter {
        StopWaiter(self.stop.clone())
    }
}

impl fmt::Debug for Gated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gated").field("setup", &self.setup).field("gate", &self.gate).finish_non_exhaustive()
    }
}

/// Tells whether a connector is to stop.
#[derive(Debug, Clone)]
pub struct StopWaiter(StopSignal);

impl StopWaiter {
    /// Whether the connector is to stop.
    pub fn is_requested(&self) -> bool {
        self.0.is_requested()
    }

    /// Waits; answers at once with true when the connector is to stop.
    pub fn pause(&self, time: Duration) -> bool {
        self.0.sleep(time)
    }
}
