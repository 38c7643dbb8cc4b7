//! What the project's thread owns, and its loop.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crossbeam_channel::{Receiver, RecvTimeoutError, TryRecvError};
use tidegate_engine::{FrozenProject, WindowId};
use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, MessageId};

use super::inlet::{Command, Inlet, Input, ProjectState, Step};
use super::outlet::Outlet;
use super::stats::{ProjectStats, WindowCounts};
use super::subscription::{Delivery, SubscribeOptions, Subscription};
use crate::clock::Clock;
use crate::connector::{Begin, SourcePosition, StepBlock, StepTime};
use crate::messages;

/// Rows of one block of a window's listed content.
const CONTENT_ROWS: usize = 256;

/// The engine's project with all that it is handed.
pub(crate) struct Core {
    pub(super) engine: tidegate_engine::Project,
    pub(super) outlet: Outlet,
    clock: Arc<dyn Clock>,
    /// Whether time comes with the records alone; then the clock is never asked.
    log_clock: bool,
    /// Where each publisher stands, by its number.
    positions: Vec<Option<SourcePosition>>,
    /// When the state that was restored was saved, by the wall clock.
    saved_at: Option<i64>,
    running: bool,
    input_blocks: u64,
    input_events: u64,
    /// When the first and the last block came.
    first_input: Option<EngineTime>,
    last_input: EngineTime,
}

impl Core {
    pub(super) fn new(
        engine: tidegate_engine::Project,
        outlet: Outlet,
        clock: Arc<dyn Clock>,
        log_clock: bool,
        sources: usize,
    ) -> Self {
        Self {
            engine,
            outlet,
            clock,
            log_clock,
            positions: vec![None; sources],
            saved_at: None,
            running: false,
            input_blocks: 0,
            input_events: 0,
            first_input: None,
            last_input: EngineTime::UNSET,
        }
    }

    /// Whether the clock runs.
    pub(super) fn set_running(&mut self, running: bool) {
        self.running = running;
    }

    fn process(&mut self, input: Input, source: Option<(u32, SourcePosition)>) {
        let Input { window, kind, client, block } = input;
        let now = self.arrived(StepTime::Arrival);
        self.input_blocks += 1;
        self.input_events += block.len() as u64;
        if !block.is_empty() {
            self.engine.begin_step(self.engine.input() + 1, now, &mut self.outlet);
            self.engine.inject(window, kind, client, block, &mut self.outlet);
            self.end_step();
        }
        if let Some((source, position)) = source {
            self.positions[source as usize] = Some(position);
        }
    }

    fn process_step(&mut self, step: Step, source: u32, position: SourcePosition) {
        let Step { window, id, time, blocks } = step;
        let time = self.arrived(time);
        let id = id.unwrap_or(self.engine.input() + 1);
        self.engine.begin_step(id, time, &mut self.outlet);
        for StepBlock { kind, client, block } in blocks {
            self.input_blocks += 1;
            self.input_events += block.len() as u64;
            if !block.is_empty() {
                self.engine.inject(window, kind, client, Arc::new(block), &mut self.outlet);
            }
        }
        self.positions[source as usize] = Some(position);
        self.end_step();
    }

    /// The time that input counts as arrived at. Unset changes nothing.
    fn arrived(&mut self, time: StepTime) -> EngineTime {
        let time = match time {
            StepTime::Log(Some(time)) if self.log_clock => time,
            _ if self.log_clock => EngineTime::UNSET,
            _ => self.clock.now(),
        };
        self.last_input = self.last_input.max(time);
        if self.last_input.is_set() {
            self.first_input.get_or_insert(self.last_input);
        }
        time
    }

    fn end_step(&self) {
        self.outlet.step_ended(self.engine.input(), self.engine.time());
    }

    /// Lets the clock advance without input, if something is due: a step of its own.
    fn heartbeat(&mut self) {
        let now = self.clock.now();
        if self.engine.next_heartbeat().is_some_and(|due| due <= now) {
            self.engine.begin_step(self.engine.input() + 1, now, &mut self.outlet);
            self.end_step();
        }
    }

    /// Where a run of a publisher begins.
    pub(super) fn begin(&self, source: u32) -> Begin {
        Begin { position: self.positions[source as usize].clone(), saved_at: self.saved_at }
    }

    pub(super) fn positions(&self) -> &[Option<SourcePosition>] {
        &self.positions
    }

    /// Takes a restored project in the place of the one at hand.
    pub(super) fn replace(
        &mut self,
        engine: tidegate_engine::Project,
        positions: Vec<Option<SourcePosition>>,
        saved_at: Option<i64>,
    ) {
        self.engine = engine;
        self.positions = positions;
        self.saved_at = saved_at;
    }

    pub(super) fn freeze(&mut self) -> FrozenProject {
        self.engine.freeze()
    }

    /// The window's content as inserts.
    pub(super) fn content(&self, window: WindowId) -> Vec<Arc<EventBlock>> {
        let mut blocks = Vec::new();
        self.engine.content(window, CONTENT_ROWS, &mut |block| blocks.push(block));
        blocks
    }

    pub(super) fn subscribe(&mut self, window: WindowId, options: SubscribeOptions) -> Subscription {
        let mut content = VecDeque::new();
        if options.snapshot {
            let header = |kind| BlockHeader {
                kind,
                id: MessageId::of_input(self.engine.input()),
                time: self.engine.time(),
            };
            let mut blocks = self.content(window);
            let schema = self.engine.window(window).schema;
            let last = blocks.pop().unwrap_or_else(|| Arc::new(EventBlock::empty(schema)));
            for block in blocks {
                content.push_back(Delivery { header: header(BlockKind::Snapshot), block });
            }
            content.push_back(Delivery { header: header(BlockKind::LastSnapshot), block: last });
        }
        self.outlet.subscribe(window, options, content)
    }

    pub(super) fn stats(&self) -> ProjectStats {
        let windows = self.engine.windows().map(|window| WindowCounts {
            contquery: window.contquery.to_owned(),
            window: window.name.to_owned(),
            element: window.element,
            emitted: window.stats.emitted,
            rejected: window.stats.rejected,
            faults: window.stats.faults.total(),
            rows: window.rows as u64,
        });
        let micros = self.first_input.map_or(0, |first| self.last_input.micros_since(first));
        ProjectStats {
            project: self.engine.name().to_owned(),
            input_blocks: self.input_blocks,
            input_events: self.input_events,
            input_micros: u64::try_from(micros).unwrap_or(0),
            windows: windows.collect(),
        }
    }
}

/// The project's thread: takes commands until it is told to end, or nobody can send any more. A panic fails the
/// project: its queue and all its subscriptions end.
pub(super) fn run(mut core: Core, commands: Receiver<Command>, inlet: &Inlet, project: &str) {
    let ended = catch_unwind(AssertUnwindSafe(|| take_commands(&mut core, &commands)));
    core.outlet.flush();
    if let Err(panic) = ended {
        inlet.set_state(ProjectState::Failed);
        let what = panic_text(panic.as_ref());
        messages::PROJECT_FAILED.log(format_args!("project {project} has failed: {what}"));
    }
}

/// The text of a panic.
pub(crate) fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("internal error")
}

fn take_commands(core: &mut Core, commands: &Receiver<Command>) {
    loop {
        let command = match commands.try_recv() {
            Ok(command) => command,
            Err(TryRecvError::Disconnected) => return,
            Err(TryRecvError::Empty) => match wait(core, commands) {
                Ok(command) => command,
                Err(RecvTimeoutError::Timeout) => {
                    core.heartbeat();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => return,
            },
        };
        match command {
            Command::Input { input, source } => core.process(input, source),
            Command::Step { step, source, position } => core.process_step(step, source, position),
            Command::Call(work) => work(core),
            Command::End => return,
        }
    }
}

/// Waits for a command, but not beyond the next heartbeat. The queue itself spins before it parks.
fn wait(core: &Core, commands: &Receiver<Command>) -> Result<Command, RecvTimeoutError> {
    core.outlet.flush();
    match core.engine.next_heartbeat().filter(|_| core.running && !core.log_clock) {
        Some(due) => commands.recv_timeout(core.clock.time_until(due)),
        None => commands.recv().map_err(|_| RecvTimeoutError::Disconnected),
    }
}
