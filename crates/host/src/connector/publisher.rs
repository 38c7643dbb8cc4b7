//! What a publisher connector is handed: the way into its window.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_engine::WindowId;
use tidegate_event::{BlockKind, EventBlock, Schema};

use super::error::ConnectorError;
use super::progress::Progress;
use super::setup::ConnectorSetup;
use super::step::InputStep;
use super::stop::StopSignal;
use crate::bad_events::BadEvents;
use crate::messages;
use crate::project::{Command, Inlet, Input, NotSent, Step};

/// Where a publisher has come to in its input. The class defines and documents what it means. The position that
/// came with the last step that the engine has processed is part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourcePosition {
    /// Numbers such as bytes, lines, passes, an offset.
    pub numbers: [i64; 4],
    /// What does not fit into numbers.
    pub more: Option<Arc<[u8]>>,
}

impl SourcePosition {
    /// A position of these numbers alone.
    pub const fn new(numbers: [i64; 4]) -> Self {
        Self { numbers, more: None }
    }

    /// The position as a snapshot keeps it: four little-endian numbers, then the rest.
    pub fn to_bytes(&self) -> Vec<u8> {
        let numbers = self.numbers.iter().flat_map(|number| number.to_le_bytes());
        numbers.chain(self.more.iter().flat_map(|more| more.iter().copied())).collect()
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (head, more) = bytes.split_first_chunk::<32>()?;
        let mut numbers = [0; 4];
        for (number, part) in numbers.iter_mut().zip(head.chunks_exact(8)) {
            *number = i64::from_le_bytes(part.try_into().ok()?);
        }
        Some(Self { numbers, more: (!more.is_empty()).then(|| more.into()) })
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
    begin: Begin,
    told: Instant,
    /// Events when the log was last told of them.
    told_events: u64,
}

/// Where a run begins.
#[derive(Debug, Clone, Default)]
pub(crate) struct Begin {
    /// Where the run before ended, or the snapshot stands.
    pub(crate) position: Option<SourcePosition>,
    /// When the project's state was saved, if it was restored: microseconds since 1970-01-01 UTC.
    pub(crate) saved_at: Option<i64>,
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
        begin: Begin,
    ) -> Self {
        let told_events = progress.events();
        Self {
            setup,
            window,
            source,
            inlet,
            bad_events,
            stop,
            progress,
            begin,
            told: Instant::now(),
            told_events,
        }
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
        self.begin.position.clone()
    }

    /// When the state that the project was restored from was saved, by the clock of the machine that saved it:
    /// microseconds since 1970-01-01 UTC. None when the project was not restored, or the snapshot does not tell.
    pub fn restored_at(&self) -> Option<i64> {
        self.begin.saved_at
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
        self.send(Command::Input { input, source: position.map(|position| (self.source, position)) }, events)
    }

    /// Injects a record as one step, and waits while the project's queue is full. A step without blocks still
    /// brings its time and its id. `position` is where the input stands behind the record.
    ///
    /// # Errors
    /// [`Stopped`] when the connector is to stop, or the project has stopped: nothing of the step was injected.
    pub fn inject_step(&mut self, step: InputStep, position: SourcePosition) -> Result<(), Stopped> {
        let events = step.blocks.iter().map(|block| block.block.len() as u64).sum();
        let InputStep { id, time, blocks } = step;
        let step = Step { window: self.window, id, time, blocks };
        self.send(Command::Step { step, source: self.source, position }, events)
    }

    fn send(&mut self, mut command: Command, events: u64) -> Result<(), Stopped> {
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

    /// Says where a log is read: `position` is the record to be read next, `end` what lies behind the last. Call it
    /// with every batch, and while waiting. The log tells of the rate every 10 seconds in which events came
    /// (failover-and-server 1.13), and how far the end is while it is not near.
    pub fn reached(&mut self, position: i64, end: i64) {
        let now = Instant::now();
        self.progress.note(now, Some((position, end)));
        if now.saturating_duration_since(self.told) >= PROGRESS_EVERY {
            self.tell_rate(now);
        }
    }

    fn tell_rate(&mut self, now: Instant) {
        let (events, seconds) =
            (self.progress.events(), now.saturating_duration_since(self.told).as_secs_f64());
        let published = events.saturating_sub(self.told_events);
        (self.told, self.told_events) = (now, events);
        if published == 0 {
            return;
        }
        messages::PUBLISH_RATE.log(format_args!(
            "dfESPclientObj::doRateProcessing(): Current publish rate: {:.6} events/sec",
            published as f64 / seconds
        ));
        let Some(log) = self.progress.log().filter(|log| log.estimate_s.is_none_or(|left| left > 0)) else {
            return;
        };
        let estimate = log.estimate_s.map_or_else(|| "unknown".to_owned(), |left| format!("{left} s"));
        messages::PUBLISHER_PROGRESS.log(format_args!(
            "{}/{}: at {} of {}, {} records/sec, time to the end: {estimate}",
            self.setup.window_path(),
            self.setup.name,
            log.position,
            log.end,
            log.rate
        ));
    }

    /// Says how far the input has been read, in bytes; the log tells of it now and then.
    pub fn advance(&mut self, bytes: u64, total: Option<u64>) {
        self.progress.set_bytes(bytes, total);
        let now = Instant::now();
        self.progress.note(now, None);
        if now.saturating_duration_since(self.told) >= PROGRESS_EVERY {
            self.tell_rate(now);
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
        let position = SourcePosition::new([1, -2, i64::MAX, 0]);
        let longer = SourcePosition { more: Some(Arc::from(&b"streams"[..])), ..position.clone() };
        for position in [position, longer] {
            assert_eq!(SourcePosition::from_bytes(&position.to_bytes()), Some(position));
        }
        assert_eq!(SourcePosition::from_bytes(&[0; 31]), None);
    }
}
