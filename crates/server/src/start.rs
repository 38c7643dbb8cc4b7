//! The server at work: from its ports to its end.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use tidegate_api::ServerInfo;
use tidegate_connectors::kafka::metadata::MetadataService;
use tidegate_host::{BadEvents, ConnectorClass, Host, HostConfig, Loggers, Registry, SystemClock};
use tidegate_http::{AppState, CommandPort, HttpServer, Serving};
use tidegate_model::Tokens;

use crate::config::Settings;
use crate::messages::{ARGUMENT_IGNORED, FILES_OPEN, HTTP_STARTED, INITIALIZED, STARTED, STOPPING};
use crate::model::{self, ModelText};
use crate::options::Options;
use crate::security::{Guards, guards};
use crate::signals::{self, End};
use crate::{listen, summary};

/// Blocks that the queue of a project holds.
const QUEUE_BLOCKS: usize = 256;

/// The name of the file for bad events where `-badevents` names a directory.
const BAD_EVENTS_FILE: &str = "badevents.txt";

/// The ports that are open.
struct Ports {
    http: Option<TcpListener>,
    http_pubsub: Option<TcpListener>,
    pubsub: Option<TcpListener>,
    commands: Option<TcpListener>,
}

impl Ports {
    /// Opens them all; nothing is started before.
    fn open(settings: &Settings) -> Result<Self, Vec<String>> {
        let open = |option: &str, port: Option<u16>| {
            port.map(|port| listen::bind(option, settings.address, port)).transpose().map_err(|e| vec![e])
        };
        Ok(Self {
            http: open("http", settings.http)?,
            http_pubsub: open("http-pubsub", settings.http_pubsub)?,
            pubsub: open("pubsub", settings.pubsub)?,
            commands: open("server", settings.commands)?,
        })
    }
}

/// Runs the server until it is asked to stop; the errors say why it could not start.
pub(crate) fn run(
    options: &Options,
    settings: &Settings,
    engine: &str,
    environment: BTreeMap<String, String>,
    loggers: &Arc<Loggers>,
) -> Result<(), Vec<String>> {
    let (ends, ended) = channel();
    signals::watch(ends.clone()).map_err(|error| vec![format!("signals cannot be watched: {error}")])?;
    let guards = guards(&settings.security)?;
    let tokens = Tokens::new(options.tokens.clone(), environment);
    let model = model_text(options, settings)?;
    let settings = &with_ports_of_model(settings, model.as_ref(), &tokens);
    let ports = Ports::open(settings)?;
    let version = &settings.version.text;
    INITIALIZED.log(format_args!(
        "dfESPengine::initialize() dfESPengine version {version} completed initialization"
    ));
    let port = settings.pubsub.map_or_else(|| "none".to_owned(), |port| port.to_string());
    STARTED.log(format_args!("esp engine started, version {version}, pubsub: {port}"));

    let host = Arc::new(Host::new(host_config(options, settings, tokens)?));
    match (&model, &options.restore) {
        (None, _) => {}
        (Some(model), None) => model.load(&host)?,
        (Some(model), Some(directory)) => model.restore(&host, Path::new(directory))?,
    }
    match host.projects().len() {
        0 => STARTED.log(format_args!("starting esp server")),
        projects => STARTED.log(format_args!("starting esp server with {projects} project(s)")),
    }
    let metadata = MetadataService::start(&host)
        .map_err(|error| vec![format!("no thread for metadata questions: {error}")])?;
    let state = state(settings, engine, &host, loggers, model, &ends);
    let interface = Interface::start(ports, settings, guards, state)?;
    if options.exit {
        end_with_the_input(&host, ends)?;
    }
    wait(&ended);
    interface.stop();
    summary::log(&host);
    drop(metadata);
    host.shutdown();
    Ok(())
}

fn model_text(options: &Options, settings: &Settings) -> Result<Option<ModelText>, Vec<String>> {
    match (&settings.model, &options.restore) {
        (None, None) => Ok(None),
        (Some(source), None) => ModelText::read(source).map(Some).map_err(|error| vec![error]),
        (None, Some(directory)) => {
            ModelText::read_state(Path::new(directory)).map(Some).map_err(|error| vec![error])
        }
        (Some(_), Some(_)) => {
            Err(vec!["-restore brings its own models: it cannot be used with a model".to_owned()])
        }
    }
}

/// The settings with the ports that the model names for what nothing else does.
fn with_ports_of_model(settings: &Settings, model: Option<&ModelText>, tokens: &Tokens) -> Settings {
    let mut settings = settings.clone();
    if let Some(model) = model.filter(|_| settings.pubsub.is_none() || settings.http.is_none()) {
        let (pubsub, http) = model.ports(tokens);
        settings.pubsub = settings.pubsub.or(pubsub);
        settings.http = settings.http.or(http);
    }
    settings
}

/// What clients talk to.
struct Interface {
    servers: Vec<HttpServer>,
    commands: Option<CommandPort>,
}

impl Interface {
    fn start(
        ports: Ports,
        settings: &Settings,
        guards: Guards,
        mut state: AppState,
    ) -> Result<Self, Vec<String>> {
        if let Some(listener) = ports.pubsub {
            listen::close_clients(listener)
                .map_err(|error| vec![format!("no thread for -pubsub: {error}")])?;
        }
        state.authentication = guards.authentication;
        state.files = guards.files;
        state.set_ready(true);
        let state = Arc::new(state);
        let reachable = ports.http.is_some() || ports.http_pubsub.is_some() || ports.commands.is_some();
        let mut servers = Vec::new();
        let http = [(ports.http, "admin"), (ports.http_pubsub, "pubsub")];
        for (listener, kind) in http.into_iter().filter_map(|(listener, kind)| Some((listener?, kind))) {
            let port = listener.local_addr().map_or(0, |address| address.port());
            HTTP_STARTED.log(format_args!("starting HTTP server on port {port}, type={kind}"));
            let serving = Serving { tls: guards.tls.clone(), connections: settings.connections };
            let server = HttpServer::start_with(listener, Arc::clone(&state), serving);
            servers.push(server.map_err(|error| vec![format!("the HTTP server cannot start: {error}")])?);
        }
        let commands = match ports.commands {
            None => None,
            Some(listener) => {
                let port = listener.local_addr().map_or(0, |address| address.port());
                STARTED.log(format_args!("starting XML command server on port {port}"));
                let started = CommandPort::start(listener, Arc::clone(&state));
                Some(started.map_err(|error| vec![format!("the command server cannot start: {error}")])?)
            }
        };
        if reachable && state.files.is_anywhere() && !settings.address.is_loopback() {
            FILES_OPEN.log(format_args!(
                "clients of other machines may name any file of this one in their requests: \
                 security.files.directories bounds them, server.address=127.0.0.1 keeps them out"
            ));
        }
        Ok(Self { servers, commands })
    }

    /// Takes no more requests and lets those in progress end.
    fn stop(self) {
        self.servers.into_iter().for_each(HttpServer::stop);
        drop(self.commands);
    }
}

/// What requests are put to.
fn state(
    settings: &Settings,
    engine: &str,
    host: &Arc<Host>,
    loggers: &Arc<Loggers>,
    model: Option<ModelText>,
    ends: &Sender<End>,
) -> AppState {
    let asked = ends.clone();
    let stop = move || {
        // The receiver is gone only when the server is stopping anyway.
        let _ = asked.send(End::Requested);
    };
    let of = Arc::clone(host);
    let reload = move || model::reload(&of, model.as_ref());
    AppState::new(Arc::clone(host), info(settings, engine), stop)
        .with_loggers(Arc::clone(loggers))
        .with_reload(reload)
}

fn end_with_the_input(host: &Arc<Host>, ends: Sender<End>) -> Result<(), Vec<String>> {
    let host = Arc::clone(host);
    let wait = move || {
        host.wait_until_publishers_finished();
        // The receiver is gone only when the server is stopping anyway.
        let _ = ends.send(End::InputFinished);
    };
    let thread = std::thread::Builder::new().name("exit".to_owned()).spawn(wait);
    thread.map(drop).map_err(|error| vec![format!("no thread for -exit: {error}")])
}

fn wait(ended: &Receiver<End>) {
    // The sender that signals hold lives as long as the process.
    if ended.recv() == Ok(End::Requested) {
        STOPPING.log(format_args!("stopping esp server"));
    }
    signals::limit_stop();
}

fn host_config(options: &Options, settings: &Settings, tokens: Tokens) -> Result<HostConfig, Vec<String>> {
    Ok(HostConfig {
        registry: Registry {
            engine: tidegate_engine::Registry {
                algorithms: tidegate_analytics::ALGORITHMS,
                local_zone: jiff::tz::TimeZone::system,
                ..tidegate_engine::Registry::ENGINE
            },
            connectors: classes(&settings.excluded),
        },
        tokens,
        clock: Arc::new(SystemClock),
        bad_events: bad_events(settings.badevents.as_deref()).map_err(|error| vec![error])?,
        queue_blocks: QUEUE_BLOCKS,
        allow_unsupported: options.allow_unsupported,
        date_format: settings.dateformat.clone(),
    })
}

/// The connector classes without those that the configuration shuts out.
fn classes(excluded: &[String]) -> &'static [&'static dyn ConnectorClass] {
    let all = tidegate_connectors::CLASSES;
    let known = |name: &String| all.iter().any(|class| class.spec().name == name);
    if !excluded.iter().any(known) {
        return all;
    }
    for name in excluded.iter().filter(|name| known(name)) {
        ARGUMENT_IGNORED
            .log(format_args!("connectors of the class {name} are shut out by the configuration"));
    }
    let left = all.iter().filter(|class| !excluded.iter().any(|name| name == class.spec().name));
    // Made once and used as long as the process lives.
    Box::leak(left.copied().collect())
}

/// A directory gets a file of its own; scripts name either.
fn bad_events(place: Option<&str>) -> Result<BadEvents, String> {
    let Some(place) = place else { return Ok(BadEvents::default()) };
    let mut path = Path::new(place).to_owned();
    if path.is_dir() {
        path.push(BAD_EVENTS_FILE);
    }
    BadEvents::open(&path)
        .map_err(|error| format!("the bad events file '{}' cannot be opened: {error}", path.display()))
}

fn info(settings: &Settings, engine: &str) -> ServerInfo {
    ServerInfo {
        version: settings.version.text.clone(),
        engine: engine.to_owned(),
        analytics_license: true,
        primary_server: true,
        pubsub: settings.pubsub,
        properties: settings.effective.clone(),
        failovers: Vec::new(),
        snapshots: Vec::new(),
    }
}
