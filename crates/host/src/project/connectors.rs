//! The connectors of a project: their states, their threads, their start and stop.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use tidegate_engine::WindowId;
use tidegate_model::{ConnectorType, Direction};

use super::inlet::{Inlet, ProjectState};
use super::subscription::{SubscribeOptions, WhenFull};
use super::{Breaker, WindowDetails, panic_text};
use crate::bad_events::BadEvents;
use crate::clock::Clock;
use crate::connector::{
    Connector, ConnectorClass, ConnectorError, ConnectorSetup, ConnectorState, ConnectorStatus,
    FailoverStatus, Gated, InputKind, OutputGate, Progress, PublishEnd, Publisher, StopSignal, Subscriber,
};
use crate::messages;
use crate::orchestration::{Action, Group, Orchestration};

/// How long connectors may take to stop.
const STOP_TIME: Duration = Duration::from_secs(10);
/// Blocks that a subscriber connector's queue holds.
const SUBSCRIBER_BLOCKS: usize = 256;

/// All connectors of a project.
#[derive(Clone)]
pub(crate) struct Connectors(Arc<Shared>);

struct Shared {
    entries: Vec<Entry>,
    /// Why no connector with a gate may start, if none may.
    broken: Option<String>,
    groups: Vec<Group>,
    inlet: Inlet,
    bad_events: BadEvents,
    live: Mutex<Live>,
    changed: Condvar,
}

/// What does not change about a connector.
struct Entry {
    setup: ConnectorSetup,
    class: &'static dyn ConnectorClass,
    class_name: String,
    window: WindowId,
    progress: Arc<Progress>,
    active: bool,
    /// Its output gate, for as long as the project is loaded.
    gate: Option<Arc<dyn OutputGate>>,
}

/// What changes, under the lock.
struct Live {
    connectors: Vec<LiveConnector>,
    /// The start-up at hand; none while the connectors are stopped.
    orchestration: Option<Orchestration>,
}

struct LiveConnector {
    state: ConnectorState,
    error: Option<String>,
    stop: StopSignal,
    subscription: Option<(u64, Breaker)>,
    /// Number of the run, so that a run that was given up cannot change the state of the next.
    run: u64,
}

impl Connectors {
    pub(super) fn new(
        model: &tidegate_model::Project,
        windows: &[WindowDetails],
        classes: &'static [&'static dyn ConnectorClass],
        date_format: Option<&str>,
        inlet: Inlet,
        bad_events: BadEvents,
        clock: &Arc<dyn Clock>,
    ) -> Self {
        let entries = entries(model, windows, classes, date_format, clock);
        let groups = groups(model, &entries);
        let broken = Self::one_input_broken(&entries);
        let connectors = entries.iter().map(|_| LiveConnector {
            state: ConnectorState::Uninitialized,
            error: None,
            stop: StopSignal::default(),
            subscription: None,
            run: 0,
        });
        let live = Mutex::new(Live { connectors: connectors.collect(), orchestration: None });
        let this = Self(Arc::new(Shared {
            groups,
            inlet,
            bad_events,
            live,
            changed: Condvar::new(),
            entries,
            broken,
        }));
        this.check_all();
        this
    }

    pub(super) fn len(&self) -> usize {
        self.0.entries.len()
    }

    /// The gates, and the windows whose output they are given: none when no connector with a gate may start.
    pub(super) fn gates(&self) -> Vec<(WindowId, Arc<dyn OutputGate>)> {
        let entries = self.0.entries.iter().filter(|_| self.0.broken.is_none());
        entries.filter_map(|entry| Some((entry.window, Arc::clone(entry.gate.as_ref()?)))).collect()
    }

    /// The gates with the numbers of their connectors.
    pub(super) fn gates_by_number(&self) -> Vec<(usize, Arc<dyn OutputGate>)> {
        let entries = self.0.entries.iter().enumerate();
        entries.filter_map(|(number, entry)| Some((number, Arc::clone(entry.gate.as_ref()?)))).collect()
    }

    /// Where the failovers of this project stand, by `contquery/window/connector`.
    pub(super) fn failovers(&self) -> Vec<(String, FailoverStatus)> {
        let entries = self.0.entries.iter();
        let failovers = entries.filter_map(|entry| {
            let ConnectorSetup { contquery, window, name, .. } = &entry.setup;
            Some((format!("{contquery}/{window}/{name}"), entry.gate.as_ref()?.status()?))
        });
        failovers.collect()
    }

    /// Why the project breaks the rule that all it does comes from one ordered log, when it has a gate that needs
    /// this and does (design.md 7, "One input").
    fn one_input_broken(entries: &[Entry]) -> Option<String> {
        let needs = |entry: &Entry| entry.gate.as_ref().is_some_and(|gate| gate.requires_one_input());
        if !entries.iter().any(needs) {
            return None;
        }
        let publishers: Vec<&Entry> =
            entries.iter().filter(|e| e.active && e.setup.direction == Direction::Pub).collect();
        match publishers[..] {
            [] => Some(
                "exactly one publisher connector is needed for a failover, the project has none".to_owned(),
            ),
            [one] => {
                let name = &one.setup.name;
                match one.class.input_kind(&one.setup) {
                    InputKind::OrderedLog { .. } => None,
                    InputKind::Unordered(why) => {
                        Some(format!("publisher connector {name} cannot feed a failover: {why}"))
                    }
                    InputKind::Other => Some(format!(
                        "publisher connector {name} of class {} cannot feed a failover: it must read one partition of \
                         a log",
                        one.class_name
                    )),
                }
            }
            [one, two, ..] => Some(format!(
                "exactly one publisher connector is allowed with a failover, the project has {}: {} and {}{}",
                publishers.len(),
                one.setup.name,
                two.setup.name,
                if publishers.len() > 2 { " and others" } else { "" }
            )),
        }
    }

    /// The connector whose gate lets nothing in but the records of the one log.
    pub(super) fn only_log_because_of(&self) -> Option<&str> {
        let needs = |entry: &&Entry| entry.gate.as_ref().is_some_and(|gate| gate.requires_one_input());
        self.0.entries.iter().find(needs).map(|entry| entry.setup.name.as_str())
    }

    /// Contquery, window and name of each connector, by its number.
    pub(super) fn paths(&self) -> Vec<(String, String, String)> {
        let path =
            |setup: &ConnectorSetup| (setup.contquery.clone(), setup.window.clone(), setup.name.clone());
        self.0.entries.iter().map(|entry| path(&entry.setup)).collect()
    }

    /// Has each class look at its connector's properties: from uninitialized to stopped, or failed.
    fn check_all(&self) {
        let mut live = self.0.live.lock();
        for (number, entry) in self.0.entries.iter().enumerate() {
            match entry.class.build(&entry.setup) {
                Ok(_) => self.0.set_state(&mut live, number, ConnectorState::Stopped),
                Err(error) => self.0.fail(&mut live, number, &error),
            }
        }
    }

    pub(super) fn statuses(&self) -> Vec<ConnectorStatus> {
        let live = self.0.live.lock();
        let both = self.0.entries.iter().zip(&live.connectors);
        both.map(|(entry, live)| ConnectorStatus {
            contquery: entry.setup.contquery.clone(),
            window: entry.setup.window.clone(),
            name: entry.setup.name.clone(),
            class: entry.class_name.clone(),
            group: entry.setup.group.clone(),
            direction: entry.setup.direction,
            state: live.state,
            events: entry.progress.events(),
            rate: entry.progress.rate(),
            log: entry.progress.log(),
            error: live.error.clone(),
        })
        .collect()
    }

    /// Starts all that do not run. Waits until those that start at once have started or failed.
    pub(super) fn start(&self) {
        let mut live = self.0.live.lock();
        let publisher = self.0.entries.iter().map(|e| e.setup.direction == Direction::Pub).collect();
        let startable: Vec<bool> = self.0.entries.iter().map(|entry| entry.active).collect();
        let mut orchestration = Orchestration::new(self.0.groups.clone(), publisher, &startable);
        let actions = orchestration.begin();
        live.orchestration = Some(orchestration);
        self.0.act(&mut live, actions);
    }

    /// Stops the publishers and waits for them.
    pub(super) fn stop_publishers(&self) {
        let mut live = self.0.live.lock();
        live.orchestration = None;
        for number in self.0.of(Direction::Pub) {
            live.connectors[number].stop.request();
        }
        self.0.wait_stopped(live, Direction::Pub);
    }

    /// Stops publishers, then, once what they injected is processed, subscribers.
    pub(super) fn stop(&self) {
        self.stop_publishers();
        let live = self.0.live.lock();
        for number in self.0.of(Direction::Sub) {
            live.connectors[number].stop.request();
            // What a gate holds stays in it.
            let Some((id, breaker)) = live.connectors[number].subscription.clone() else { continue };
            let window = self.0.entries[number].window;
            let inlet = self.0.inlet.clone();
            // The end of a subscription goes through the queue, behind everything accepted before. A queue that is
            // stuck must not hold up the stop, so another thread waits for it.
            let spawned = std::thread::Builder::new()
                .name("unsubscribe".to_owned())
                .spawn(move || inlet.call(move |core| core.outlet.unsubscribe(window, id)).is_ok());
            if spawned.is_err() {
                breaker.cut();
            }
        }
        self.0.wait_stopped(live, Direction::Sub);
    }

    /// Events that all subscribers have taken.
    pub(super) fn subscriber_events(&self) -> u64 {
        self.0.of(Direction::Sub).map(|n| self.0.entries[n].progress.events()).sum()
    }

    /// Ends the subscriptions of connectors that hold up the project.
    pub(super) fn cut_subscribers(&self) {
        let live = self.0.live.lock();
        for (_, breaker) in live.connectors.iter().filter_map(|connector| connector.subscription.as_ref()) {
            breaker.cut();
        }
        for gate in self.0.entries.iter().filter_map(|entry| entry.gate.as_ref()) {
            gate.close();
        }
    }

    /// Waits until no publisher runs. What a state change lets start has started when others see the change.
    pub(super) fn wait_until_publishers_finished(&self) {
        let mut live = self.0.live.lock();
        while self.0.of(Direction::Pub).any(|n| live.connectors[n].state == ConnectorState::Running)
            && self.0.inlet.state() != ProjectState::Failed
        {
            self.0.changed.wait_for(&mut live, Duration::from_millis(500));
        }
    }
}

impl Shared {
    fn of(&self, direction: Direction) -> impl Iterator<Item = usize> + '_ {
        (0..self.entries.len()).filter(move |&n| self.entries[n].setup.direction == direction)
    }

    fn wait_stopped(&self, mut live: MutexGuard<'_, Live>, direction: Direction) {
        let mut until = Instant::now() + STOP_TIME;
        let taken = || self.of(Direction::Sub).map(|n| self.entries[n].progress.events()).sum::<u64>();
        let mut taken_before = taken();
        let running = |live: &Live| -> Vec<usize> {
            self.of(direction).filter(|&n| live.connectors[n].state == ConnectorState::Running).collect()
        };
        while !running(&live).is_empty() {
            if self.changed.wait_until(&mut live, until).timed_out() {
                // Subscribers that still write what they were given have time.
                let now = taken();
                if direction == Direction::Pub || now == taken_before {
                    break;
                }
                taken_before = now;
                until = Instant::now() + STOP_TIME;
            }
        }
        for number in running(&live) {
            let live_connector = &mut live.connectors[number];
            live_connector.run += 1;
            if let Some((_, breaker)) = live_connector.subscription.take() {
                breaker.cut();
            }
            let setup = &self.entries[number].setup;
            messages::CONNECTOR_STUCK.log(format_args!(
                "connector {} of {} did not stop within {} seconds and was left behind",
                setup.name,
                setup.window_path(),
                STOP_TIME.as_secs()
            ));
            self.set_state(&mut live, number, ConnectorState::Failed);
        }
    }

    /// Carries out actions, and those that follow from them.
    fn act(self: &Arc<Self>, live: &mut Live, actions: Vec<Action>) {
        let mut actions = std::collections::VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Start(number) => actions.extend(self.start_one(live, number)),
                Action::NeverStarts { group, because } => {
                    let failed = &self.entries[because].setup;
                    messages::GROUP_NEVER_STARTS.log(format_args!(
                        "connector group {group} of project {} does not start: it waits for connector {}, which \
                         has failed",
                        failed.project, failed.name
                    ));
                }
            }
        }
        self.changed.notify_all();
    }

    fn start_one(self: &Arc<Self>, live: &mut Live, number: usize) -> Vec<Action> {
        if live.connectors[number].state != ConnectorState::Running {
            let connector = &mut live.connectors[number];
            connector.run += 1;
            connector.stop = StopSignal::default();
            connector.error = None;
            let (run, stop) = (connector.run, connector.stop.clone());
            match self.launch(live, number, run, stop) {
                Ok(()) => self.set_state(live, number, ConnectorState::Running),
                Err(error) => self.fail(live, number, &error),
            }
        }
        let state = live.connectors[number].state;
        live.orchestration.as_mut().map_or_else(Vec::new, |o| o.changed(number, state))
    }

    /// Opens the connector and starts its thread, which reports its end under the lock that is held here.
    fn launch(
        self: &Arc<Self>,
        live: &mut Live,
        number: usize,
        run: u64,
        stop: StopSignal,
    ) -> Result<(), ConnectorError> {
        let entry = &self.entries[number];
        let failed = |error: crate::HostError| ConnectorError::Inject(error.to_string());
        let work: Box<dyn FnOnce() -> Result<PublishEnd, ConnectorError> + Send> =
            match entry.class.build(&entry.setup)? {
                Connector::Publisher(mut connector) => {
                    let source = number as u32;
                    let begin = self.inlet.call(move |core| core.begin(source)).map_err(failed)?;
                    let mut publisher = Publisher::new(
                        entry.setup.clone(),
                        entry.window,
                        source,
                        self.inlet.clone(),
                        self.bad_events.clone(),
                        stop,
                        Arc::clone(&entry.progress),
                        begin,
                    );
                    connector.start(&publisher)?;
                    Box::new(move || connector.run(&mut publisher))
                }
                Connector::Subscriber(mut connector) => {
                    let options = SubscribeOptions {
                        snapshot: entry.setup.flag("snapshot")?,
                        blocks_max: SUBSCRIBER_BLOCKS,
                        events_max: usize::MAX,
                        when_full: WhenFull::Block,
                    };
                    let window = entry.window;
                    let subscription =
                        self.inlet.call(move |core| core.subscribe(window, options)).map_err(failed)?;
                    let (id, breaker) = (subscription.id(), subscription.breaker());
                    let mut subscriber =
                        Subscriber::new(entry.setup.clone(), subscription, stop, Arc::clone(&entry.progress));
                    connector.start(&subscriber)?;
                    live.connectors[number].subscription = Some((id, breaker));
                    Box::new(move || connector.run(&mut subscriber).map(|()| PublishEnd::Stopped))
                }
                Connector::Gated(mut connector) => {
                    if let Some(broken) = &self.broken {
                        return Err(ConnectorError::Other(broken.clone()));
                    }
                    let Some(gate) = &entry.gate else {
                        return Err(ConnectorError::Other("its class gave it no output gate".to_owned()));
                    };
                    let progress = Arc::clone(&entry.progress);
                    let mut gated = Gated::new(entry.setup.clone(), Arc::clone(gate), stop, progress);
                    connector.start(&gated)?;
                    Box::new(move || connector.run(&mut gated).map(|()| PublishEnd::Stopped))
                }
            };
        let this = Arc::clone(self);
        let thread = std::thread::Builder::new().name(format!("connector {}", entry.setup.name));
        let spawned = thread.spawn(move || {
            // The work owns connector and handle, so both are gone before the end is reported.
            let ended = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
                Err(ConnectorError::Other(format!("internal error: {}", panic_text(panic.as_ref()))))
            });
            this.ended(number, run, ended);
        });
        spawned.map(drop).map_err(ConnectorError::NoThread)
    }

    /// A connector's thread has ended.
    fn ended(self: &Arc<Self>, number: usize, run: u64, ended: Result<PublishEnd, ConnectorError>) {
        let mut live = self.live.lock();
        if live.connectors[number].run != run {
            return;
        }
        live.connectors[number].subscription = None;
        match ended {
            Ok(PublishEnd::Finished) => self.set_state(&mut live, number, ConnectorState::Finished),
            Ok(PublishEnd::Stopped) => self.set_state(&mut live, number, ConnectorState::Stopped),
            Err(error) => self.fail(&mut live, number, &error),
        }
        self.bad_events.flush();
        let state = live.connectors[number].state;
        let actions = live.orchestration.as_mut().map_or_else(Vec::new, |o| o.changed(number, state));
        self.act(&mut live, actions);
    }

    fn fail(&self, live: &mut Live, number: usize, error: &ConnectorError) {
        let setup = &self.entries[number].setup;
        messages::connector_error(error.id()).log(format_args!(
            "dfESPconnector: connector {} of {}: {error}",
            setup.name,
            setup.window_path()
        ));
        live.connectors[number].error = Some(error.to_string());
        self.set_state(live, number, ConnectorState::Failed);
    }

    fn set_state(&self, live: &mut Live, number: usize, state: ConnectorState) {
        let now = &mut live.connectors[number].state;
        debug_assert!(now.may_become(state), "{now} to {state}");
        *now = state;
        let setup = &self.entries[number].setup;
        messages::CONNECTOR_STATE.log(format_args!(
            "dfESPconnector::setState(): Connector {} in group {} has new state: {state}",
            setup.name, setup.group
        ));
    }
}

/// The property that says how dates are written.
const DATE_FORMAT: &str = "dateformat";

fn entries(
    model: &tidegate_model::Project,
    windows: &[WindowDetails],
    classes: &'static [&'static dyn ConnectorClass],
    date_format: Option<&str>,
    clock: &Arc<dyn Clock>,
) -> Vec<Entry> {
    let group_of = |contquery: &str, window: &str, connector: &str| {
        let group = model.connector_groups.iter().find(|group| {
            let mut entries = group.entries.iter();
            entries.any(|e| e.contquery == contquery && e.window == window && e.connector == connector)
        });
        group.map_or("default", |group| group.name.as_str()).to_owned()
    };
    let (failover, offset_ids) = (model.has_failover(), model.has_offset_ids());
    let mut entries = Vec::new();
    for query in &model.contqueries {
        for window in &query.windows {
            let details = windows.iter().find(|w| w.contquery == query.name && w.name == window.name);
            let Some(details) = details else { continue };
            for def in &window.connectors {
                // The model has refused classes that do not exist, unless the connector is never to start.
                let Some(class) = classes.iter().find(|class| class.spec().name == def.class) else {
                    continue;
                };
                let direction = match def.ty {
                    ConnectorType::Publisher => Direction::Pub,
                    ConnectorType::Subscriber => Direction::Sub,
                };
                let mut properties: BTreeMap<String, String> =
                    def.properties.iter().map(|p| (p.name.clone(), p.value.clone())).collect();
                let takes_dates = class.spec().params.iter().any(|param| param.name == DATE_FORMAT);
                if let Some(format) = date_format.filter(|_| takes_dates) {
                    properties.entry(DATE_FORMAT.to_owned()).or_insert_with(|| format.to_owned());
                }
                let setup = ConnectorSetup {
                    project: model.name.clone(),
                    contquery: query.name.clone(),
                    window: window.name.clone(),
                    name: def.name.clone(),
                    group: group_of(&query.name, &window.name, &def.name),
                    direction,
                    schema: Arc::clone(&details.schema),
                    autogen_key: window.element.value("autogen-key").is_some_and(|v| v == "true"),
                    log_clock: model.log_clock,
                    failover,
                    offset_ids,
                    clock: Arc::clone(clock),
                    spec: class.spec(),
                    properties,
                };
                // What is wrong with its properties, `build` says again.
                let gate = match direction {
                    Direction::Sub if def.active => class.gate(&setup).unwrap_or_default(),
                    _ => None,
                };
                entries.push(Entry {
                    setup,
                    class: *class,
                    class_name: def.class.clone(),
                    window: details.id,
                    progress: Arc::default(),
                    active: def.active,
                    gate,
                });
            }
        }
    }
    entries
}

fn groups(model: &tidegate_model::Project, entries: &[Entry]) -> Vec<Group> {
    let position = |name: &str| model.connector_groups.iter().position(|group| group.name == name);
    let after = |target: &str| {
        let edges = model.group_edges.iter().filter(|edge| edge.target == target);
        edges.filter_map(|edge| position(&edge.source)).collect()
    };
    let groups = model.connector_groups.iter().map(|group| {
        let members = group.entries.iter().filter_map(|member| {
            let number = entries.iter().position(|entry| {
                let setup = &entry.setup;
                entry.active
                    && setup.contquery == member.contquery
                    && setup.window == member.window
                    && setup.name == member.connector
            });
            Some((number?, member.state))
        });
        Group { name: group.name.clone(), members: members.collect(), after: after(&group.name) }
    });
    groups.collect()
}
