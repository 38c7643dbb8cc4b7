//! What a publisher connector is handed: the way into its window.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_engine::WindowId;
use tidegate_event::{BlockKind, EventBlock, Schema};

use super::error::ConnectorError;
use super::progress::Progress;
use super::setup::ConnectorSetup;
use super::stop::StopSignal;
use crate::bad_events::BadEvents;
use crate::messages;
use crate::project::{Command, Inlet, Input, NotSent};

/// Where a publisher has come to in its input: numbers whose meaning the class defines and documents (bytes, lines,
/// passes, an offset). The position that came with the last block that the engine has processed is part of a
/// snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SourcePosition(pub [i64; 4]);

impl SourcePosition {
    /// The position as a snapshot keeps it: four little-endian numbers.
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|number| number.to_le_bytes()).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let bytes: &[u8; 32] = bytes.try_into().ok()?;
        let mut numbers = [0; 4];
        for (number, part) in numbers.iter_mut().zip(bytes.chunks_exact(8)) {
            *number = i64::from_le_bytes(part.try_into().ok()?);
        }
        Some(Self(numbers))
    }
}

/// The publisher was asked to stop; what was not injected yet stays with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped;

/// How long a long read may go on before the log says how far it has come.
const PROGRESS_EVERY: Duration = Duration::from_secs(10);
/// How often a publisher that waits for room in the queue looks whether it is to stop.
const LOOK_UP_EVERY: Duration = Duration::from_millis(20);

/// The way into a source window, for one run of one publisher connector.
pub struct Publisher {
    setup: ConnectorSetup,
    window: WindowId,
    source: u32,
    inlet: Inlet,
    bad_events: BadEvents,
    stop: StopSignal,
    progress: Arc<Progress>,
    resume: Option<SourcePosition>,
    told: Instant,
}

impl Publisher {
    #[expect(clippy::too_many_arguments, reason = "one call joins the parts that a connector is handed")]
    pub(crate) fn new(
        setup: ConnectorSetup,
        window: WindowId,
        source: u32,
        inlet: Inlet,
        bad_events: BadEvents,
        stop: StopSignal,
        progress: Arc<Progress>,
        resume: Option<SourcePosition>,
    ) -> Self {
        Self { setup, window, source, inlet, bad_events, stop, progress, resume, told: Instant::now() }
    }

    /// The connector's place and properties.
    pub fn setup(&self) -> &ConnectorSetup {
        &self.setup
    }

    /// Schema of the window.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.setup.schema
    }

    /// Where to begin: the position of the last block that the engine has processed in an earlier run, or before
    /// it was saved. None = at the beginning.
    pub fn resume_from(&self) -> Option<SourcePosition> {
        self.resume
    }

    /// Injects a block, and waits while the project's queue is full. `position` is where the input stands behind
    /// the block; it takes effect together with the block.
    ///
    /// # Errors
    /// [`Stopped`] when the connector is to stop, or the project has stopped: the block was not injected.
    pub fn inject(
        &mut self,
        kind: BlockKind,
        client: i64,
        block: EventBlock,
        position: Option<SourcePosition>,
    ) -> Result<(), Stopped> {
        if block.is_empty() && position.is_none() {
            return Ok(());
        }
        let events = block.len() as u64;
        let input = Input { window: self.window, kind, client, block: Arc::new(block) };
        let mut command = Command::Input { input, source: position.map(|position| (self.source, position)) };
        loop {
            if self.stop.is_requested() {
                return Err(Stopped);
            }
            match self.inlet.send(command, Some(LOOK_UP_EVERY)) {
                Ok(()) => break,
                Err(NotSent::Full(back)) => command = back,
                Err(NotSent::Closed) => return Err(Stopped),
            }
        }
        self.progress.add_events(events);
        Ok(())
    }

    /// Whether the connector is to stop.
    pub fn stop_requested(&self) -> bool {
        self.stop.is_requested()
    }

    /// Waits, for a rate or for more input; answers at once with true when the connector is to stop.
    pub fn pause(&self, time: Duration) -> bool {
        self.stop.sleep(time)
    }

    /// Says how far the input has been read, in bytes; the log tells of it now and then.
    pub fn advance(&mut self, bytes: u64, total: Option<u64>) {
        self.progress.set_bytes(bytes, total);
        if self.told.elapsed() >= PROGRESS_EVERY {
            self.told = Instant::now();
            let (setup, events) = (&self.setup, self.progress.events());
            let path = format_args!("{}/{}", setup.window_path(), setup.name).to_string();
            match total.filter(|&total| total > 0) {
                Some(total) => messages::PUBLISHER_PROGRESS.log(format_args!(
                    "{path}: {events} events published, {bytes} of {total} bytes read ({} %)",
                    bytes.min(total).saturating_mul(100) / total
                )),
                None => messages::PUBLISHER_PROGRESS
                    .log(format_args!("{path}: {events} events published, {bytes} bytes read")),
            }
        }
    }

    /// Records a piece of input that is no event: in the log, in the bad-events file, in the counter.
    pub fn bad_line(&self, raw: &[u8], error: &dyn fmt::Display) {
        messages::BAD_LINE.log(format_args!("dfESPevent::dfESPevent(): {error}"));
        self.bad_events.unreadable(&self.setup.window_path(), error, raw);
    }

    /// The error of an input that stops at a piece that is no event.
    pub fn stopped_by(&self, error: &dyn fmt::Display) -> ConnectorError {
        ConnectorError::BadEvent(error.to_string())
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Publisher").field("setup", &self.setup).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_reads_back_from_its_bytes() {
        let position = SourcePosition([1, -2, i64::MAX, 0]);
        assert_eq!(SourcePosition::from_bytes(&position.to_bytes()), Some(position));
        assert_eq!(SourcePosition::from_bytes(&[0; 31]), None);
    }
}
