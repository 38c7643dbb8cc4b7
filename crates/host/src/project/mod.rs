//! A project at run time: its thread, its queue, its connectors.

mod connectors;
mod core;
mod inlet;
mod outlet;
mod persist;
mod stats;
mod subscription;
mod transfer;

pub use inlet::{Input, ProjectState};
pub use persist::Saved;
pub use stats::{ProjectStats, WindowCounts};
pub use subscription::{Delivery, Receive, SubscribeOptions, Subscription, WhenFull};
pub use transfer::{TransferAction, TransferStatus};

pub(crate) use connectors::Connectors;
pub(crate) use core::panic_text;
pub(crate) use inlet::{Command, Inlet, NotSent, Step};
pub(crate) use subscription::Breaker;

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::bounded;
use parking_lot::Mutex;
use tidegate_engine::{Notice, WindowId};
use tidegate_event::{EngineTime, EventBlock, Schema};
use tidegate_model::IndexType;

use self::core::Core;
use self::outlet::Outlet;
use self::transfer::Transfer;
use crate::bad_events::BadEvents;
use crate::clock::Clock;
use crate::connector::{ConnectorClass, ConnectorStatus, FailoverStatus};
use crate::error::HostError;
use crate::messages;

/// What does not change about a window while its project is loaded.
#[derive(Debug, Clone)]
pub struct WindowDetails {
    /// The window.
    pub id: WindowId,
    /// Name of its contquery.
    pub contquery: String,
    /// Its name.
    pub name: String,
    /// Its element in the model, such as `window-copy`.
    pub element: &'static str,
    /// Its effective index.
    pub index: IndexType,
    /// Schema of its output.
    pub schema: Arc<Schema>,
    /// Whether this release cannot run it: it emits nothing ([`HostConfig::allow_unsupported`](crate::HostConfig)).
    pub unsupported: bool,
}

impl WindowDetails {
    /// Whether events may be injected into it.
    pub fn is_source(&self) -> bool {
        self.element == "window-source"
    }
}

/// A loaded project. All calls but [`state`](Self::state) and the getters may wait for the project's thread, which
/// first processes what is in its queue.
pub struct Project {
    name: String,
    model: tidegate_model::Project,
    /// What the model was built with, for building it again.
    registry: tidegate_engine::Registry,
    windows: Arc<[WindowDetails]>,
    inlet: Inlet,
    connectors: Connectors,
    /// Held while the project changes its state.
    change: Mutex<()>,
    /// The machine's clock, for telling when a snapshot was taken.
    clock: Arc<dyn Clock>,
    /// When the last snapshot that was written or restored was taken, in microseconds since 1970-01-01 UTC.
    saved_at: Mutex<Option<i64>>,
    /// Held while the project is saved or restored.
    saving: Mutex<()>,
    /// What is being saved or restored.
    transfer: Mutex<Option<Arc<Transfer>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// How long subscriber connectors may hold up a stop without taking a single event.
const STUCK_AFTER: Duration = Duration::from_secs(10);

/// What a project is made of.
pub(crate) struct Parts {
    pub(crate) model: tidegate_model::Project,
    pub(crate) engine: tidegate_engine::Project,
    pub(crate) registry: tidegate_engine::Registry,
    pub(crate) notices: Vec<(WindowId, Notice)>,
    pub(crate) classes: &'static [&'static dyn ConnectorClass],
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) bad_events: BadEvents,
    pub(crate) queue_blocks: usize,
    pub(crate) date_format: Option<String>,
}

impl Project {
    /// Starts the project's thread; the project is loaded, not started.
    pub(crate) fn new(parts: Parts) -> Result<Self, HostError> {
        let Parts { model, engine, registry, notices, classes, clock, bad_events, queue_blocks, date_format } =
            parts;
        let windows: Arc<[WindowDetails]> = engine.windows().map(details).collect();
        let mut outlet = Outlet::new(&model.name, Arc::clone(&windows), bad_events.clone());
        for (window, notice) in notices {
            outlet.tell(window, notice);
        }
        let (sender, commands) = bounded(queue_blocks.max(1));
        let inlet = Inlet::new(&model.name, sender);
        let connectors = Connectors::new(
            &model,
            &windows,
            classes,
            date_format.as_deref(),
            inlet.clone(),
            bad_events,
            &clock,
        );
        for (window, gate) in connectors.gates() {
            outlet.add_gate(window, gate);
        }
        let core = Core::new(engine, outlet, Arc::clone(&clock), model.log_clock, connectors.len());
        let name = model.name.clone();
        let thread = std::thread::Builder::new().name(format!("project {name}"));
        let (for_thread, of_project) = (inlet.clone(), name.clone());
        let thread = thread.spawn(move || core::run(core, commands, &for_thread, &of_project));
        let thread = thread.map_err(|cause| HostError::NoThread { project: name.clone(), cause })?;
        let (change, saving, thread) = (Mutex::new(()), Mutex::new(()), Mutex::new(Some(thread)));
        Ok(Self {
            name,
            model,
            registry,
            windows,
            inlet,
            connectors,
            change,
            clock,
            saved_at: Mutex::default(),
            saving,
            transfer: Mutex::default(),
            thread,
        })
    }

    /// The project's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model, under the name it was loaded with.
    pub fn model(&self) -> &tidegate_model::Project {
        &self.model
    }

    /// The project's state.
    pub fn state(&self) -> ProjectState {
        self.inlet.state()
    }

    /// The windows in order of declaration.
    pub fn windows(&self) -> &[WindowDetails] {
        &self.windows
    }

    /// The window of this name.
    ///
    /// # Errors
    /// When there is none.
    pub fn window(&self, contquery: &str, window: &str) -> Result<&WindowDetails, HostError> {
        let found = self.windows.iter().find(|w| w.contquery == contquery && w.name == window);
        found.ok_or_else(|| HostError::NoWindow(format!("{}/{contquery}/{window}", self.name)))
    }

    /// Lets events in. A project that runs already stays as it is.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn start(&self) -> Result<(), HostError> {
        let _change = self.change.lock();
        match self.state() {
            ProjectState::Running => return Ok(()),
            ProjectState::Failed => return Err(HostError::Failed(self.name.clone())),
            ProjectState::Loaded | ProjectState::Stopped => {}
        }
        self.inlet.call(|core| core.set_running(true))?;
        self.inlet.set_state(ProjectState::Running);
        self.inlet.open();
        messages::PROJECT_FINALIZED.log(format_args!(
            "dfESPproject::finalizeProject() for project {}: Returned immediately, project was already finalized",
            self.name
        ));
        Ok(())
    }

    /// Stops at a step boundary: publishers end, what was accepted is processed, subscribers write what they were
    /// given and end. The state of all windows stays. A project that does not run stays as it is.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn stop(&self) -> Result<(), HostError> {
        let _change = self.change.lock();
        if self.state() == ProjectState::Failed {
            self.connectors.stop();
            return Err(HostError::Failed(self.name.clone()));
        }
        if self.state() != ProjectState::Running {
            return Ok(());
        }
        self.connectors.stop_publishers();
        self.inlet.close();
        let mut progress = self.connectors.subscriber_events();
        let drained = self.inlet.call_watched(|core| core.set_running(false), STUCK_AFTER, &mut || {
            let now = self.connectors.subscriber_events();
            if now == progress {
                self.connectors.cut_subscribers();
            }
            progress = now;
        });
        self.connectors.stop();
        drained?;
        self.inlet.set_state(ProjectState::Stopped);
        Ok(())
    }

    /// Starts the connectors that do not run, in the order of their groups. A publisher goes on where it stood. A
    /// connector that fails is in state failed; the others go on.
    ///
    /// # Errors
    /// When the project does not run.
    pub fn start_connectors(&self) -> Result<(), HostError> {
        let _change = self.change.lock();
        match self.state() {
            ProjectState::Running => self.connectors.start(),
            ProjectState::Failed => return Err(HostError::Failed(self.name.clone())),
            ProjectState::Loaded | ProjectState::Stopped => {
                return Err(HostError::NotRunning(self.name.clone()));
            }
        }
        Ok(())
    }

    /// Stops the connectors: publishers first, then subscribers, which write what they were given.
    pub fn stop_connectors(&self) {
        let _change = self.change.lock();
        self.connectors.stop();
    }

    /// The connectors in order of declaration.
    pub fn connectors(&self) -> Vec<ConnectorStatus> {
        self.connectors.statuses()
    }

    /// Where the failovers of the project's connectors stand, by `contquery/window/connector`.
    pub fn failovers(&self) -> Vec<(String, FailoverStatus)> {
        self.connectors.failovers()
    }

    /// Age in seconds of the last snapshot that was written or restored, when that is known.
    pub fn snapshot_age_s(&self) -> Option<u64> {
        let saved_at = EngineTime::from_micros((*self.saved_at.lock())?);
        Some(u64::try_from(self.clock.now().micros_since(saved_at)).unwrap_or(0) / 1_000_000)
    }

    /// Injects a block, as a step of its own; waits at most `time` for room in the queue. It has not been processed
    /// yet when the call comes back: [`quiesce`](Self::quiesce) waits for that.
    ///
    /// # Errors
    /// When the project does not run, takes events from its input log alone, or the queue stayed full.
    pub fn inject(&self, input: Input, time: Duration) -> Result<(), HostError> {
        let window = &self.windows[input.window.0 as usize];
        if !window.is_source() {
            let path = format!("{}/{}/{}", self.name, window.contquery, window.name);
            return Err(HostError::NotSource(path));
        }
        if let Some(connector) = self.connectors.only_log_because_of() {
            return Err(HostError::OneInput { project: self.name.clone(), connector: connector.to_owned() });
        }
        self.inlet.send(Command::Input { input, source: None }, Some(time)).map_err(|error| match error {
            NotSent::Full(_) => HostError::Full(self.name.clone()),
            NotSent::Closed if self.state() == ProjectState::Failed => HostError::Failed(self.name.clone()),
            NotSent::Closed => HostError::NotRunning(self.name.clone()),
        })
    }

    /// Waits until everything injected so far has been processed.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn quiesce(&self) -> Result<(), HostError> {
        self.inlet.call(|_| ())
    }

    /// Subscribes to a window.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn subscribe(&self, window: WindowId, options: SubscribeOptions) -> Result<Subscription, HostError> {
        self.inlet.call(move |core| core.subscribe(window, options))
    }

    /// The window's content as inserts, in order.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn content(&self, window: WindowId) -> Result<Vec<Arc<EventBlock>>, HostError> {
        self.inlet.call(move |core| core.content(window))
    }

    /// Counters of the project and its windows.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn stats(&self) -> Result<ProjectStats, HostError> {
        self.inlet.call(|core| core.stats())
    }

    /// Waits until no publisher runs or can still start, and what they injected has been processed. Endless
    /// subscribers, and groups that wait for what cannot come, do not hold it up.
    ///
    /// # Errors
    /// When the project has failed.
    pub fn wait_until_publishers_finished(&self) -> Result<(), HostError> {
        self.connectors.wait_until_publishers_finished();
        self.quiesce()
    }

    /// Has the project's thread panic.
    #[cfg(test)]
    pub(crate) fn fail_for_test(&self) -> Result<(), HostError> {
        self.inlet.call(|_| panic!("told to panic"))
    }

    /// Stops the project and ends its thread.
    pub(crate) fn close(&self) {
        self.stop_transfer();
        // A failed project has nothing left to stop.
        let _failed = self.stop();
        self.inlet.end();
        if let Some(thread) = self.thread.lock().take() {
            // The thread catches its own panics.
            let _ended = thread.join();
        }
    }
}

fn details(window: tidegate_engine::WindowInfo<'_>) -> WindowDetails {
    WindowDetails {
        id: window.id,
        contquery: window.contquery.to_owned(),
        name: window.name.to_owned(),
        element: window.element,
        index: window.index,
        schema: Arc::clone(window.schema),
        unsupported: window.unsupported,
    }
}

impl fmt::Debug for Project {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Project")
            .field("name", &self.name)
            .field("state", &self.state())
            .finish_non_exhaustive()
    }
}
