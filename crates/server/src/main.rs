//! The server program `dfesp_xml_server` (failover-and-server 4).

mod listen;
mod log;
mod messages;
mod options;
mod signals;
mod summary;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::mpsc::channel;

use tidegate_api::{FileUrl, ServerInfo};
use tidegate_connectors::kafka::metadata::MetadataService;
use tidegate_host::{BadEvents, Host, HostConfig, HostError, LoadOptions, Loggers, Registry, SystemClock};
use tidegate_http::{AppState, HttpServer};
use tidegate_model::Tokens;
use tracing_subscriber::layer::SubscriberExt as _;

use messages::{CANNOT_START, HTTP_STARTED, INITIALIZED, STARTED, STOPPING};
use options::{Options, Parsed};
use signals::End;

/// The version of ESP that clients are told (rest-api 3.2).
const ESP_VERSION: &str = "5.2";
/// Blocks that the queue of a project holds.
const QUEUE_BLOCKS: usize = 256;

fn main() -> ExitCode {
    let Parsed { options, errors, warnings } = options::parse(std::env::args().skip(1));
    if options.help {
        return print(&options::help());
    }
    if options.version {
        return print(&format!("Tidegate {}, for models of ESP {ESP_VERSION}\n", env!("CARGO_PKG_VERSION")));
    }
    let loggers = Arc::new(Loggers::new(options.loglevel.clone()));
    // Only a second logger could make this fail, and there is none before.
    let _ = tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(log::LineLog::new(Arc::clone(&loggers), options.logformat)),
    );
    for warning in warnings {
        messages::ARGUMENT_IGNORED.log(format_args!("{warning}"));
    }
    let done = if errors.is_empty() { run(&options, &loggers) } else { Err(errors) };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reasons) => {
            for reason in reasons {
                CANNOT_START.log(format_args!("{reason}"));
            }
            ExitCode::FAILURE
        }
    }
}

fn print(text: &str) -> ExitCode {
    match std::io::stdout().write_all(text.as_bytes()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Runs the server until it is asked to stop; the error says why it could not start.
fn run(options: &Options, loggers: &Arc<Loggers>) -> Result<(), Vec<String>> {
    let (ends, ended) = channel();
    signals::watch(ends.clone()).map_err(|error| vec![format!("signals cannot be watched: {error}")])?;
    let http = options.http.map(|port| listen::bind("http", port)).transpose().map_err(|e| vec![e])?;
    let pubsub = options.pubsub.map(|port| listen::bind("pubsub", port)).transpose().map_err(|e| vec![e])?;
    INITIALIZED.log(format_args!(
        "dfESPengine::initialize() dfESPengine version {ESP_VERSION} completed initialization"
    ));
    let port = options.pubsub.map_or_else(|| "none".to_owned(), |port| port.to_string());
    STARTED.log(format_args!("esp engine started, version {ESP_VERSION}, pubsub: {port}"));

    let host = Arc::new(Host::new(host_config(options)?));
    if let Some(model) = &options.model {
        load(&host, model)?;
    }
    match host.projects().len() {
        0 => STARTED.log(format_args!("starting esp server")),
        projects => STARTED.log(format_args!("starting esp server with {projects} project(s)")),
    }
    let metadata = MetadataService::start(&host)
        .map_err(|error| vec![format!("no thread for metadata questions: {error}")])?;
    if let Some(listener) = pubsub {
        listen::close_clients(listener).map_err(|error| vec![format!("no thread for -pubsub: {error}")])?;
    }
    let server = match http {
        None => None,
        Some(listener) => {
            let asked = ends.clone();
            let stop = move || {
                // The receiver is gone only when the server is stopping anyway.
                let _ = asked.send(End::Requested);
            };
            let state =
                AppState::new(Arc::clone(&host), info(options), stop).with_loggers(Arc::clone(loggers));
            state.set_ready(true);
            let port = options.http.unwrap_or_default();
            HTTP_STARTED.log(format_args!("starting HTTP server on port {port}, type=admin"));
            let started = HttpServer::start(listener, Arc::new(state));
            Some(started.map_err(|error| vec![format!("the HTTP server cannot start: {error}")])?)
        }
    };
    if options.exit {
        let (host, ends) = (Arc::clone(&host), ends);
        let wait = move || {
            host.wait_until_publishers_finished();
            // The receiver is gone only when the server is stopping anyway.
            let _ = ends.send(End::InputFinished);
        };
        let thread = std::thread::Builder::new().name("exit".to_owned()).spawn(wait);
        thread.map_err(|error| vec![format!("no thread for -exit: {error}")])?;
    }
    // The sender that signals hold lives as long as the process.
    if ended.recv() == Ok(End::Requested) {
        STOPPING.log(format_args!("stopping esp server"));
    }
    signals::limit_stop();
    if let Some(server) = server {
        server.stop();
    }
    summary::log(&host);
    drop(metadata);
    host.shutdown();
    Ok(())
}

fn host_config(options: &Options) -> Result<HostConfig, Vec<String>> {
    let bad_events = match &options.badevents {
        None => BadEvents::default(),
        Some(file) => BadEvents::open(Path::new(file))
            .map_err(|error| vec![format!("the bad events file '{file}' cannot be opened: {error}")])?,
    };
    Ok(HostConfig {
        registry: Registry {
            engine: tidegate_engine::Registry {
                algorithms: tidegate_analytics::ALGORITHMS,
                local_zone: jiff::tz::TimeZone::system,
                ..tidegate_engine::Registry::ENGINE
            },
            connectors: tidegate_connectors::CLASSES,
        },
        tokens: Tokens::new(
            options.tokens.clone(),
            std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
        ),
        clock: Arc::new(SystemClock),
        bad_events,
        queue_blocks: QUEUE_BLOCKS,
        allow_unsupported: options.allow_unsupported,
    })
}

/// Loads and starts the model of the command line, with its connectors.
fn load(host: &Host, model: &str) -> Result<(), Vec<String>> {
    let path = match FileUrl::parse(model) {
        Ok(FileUrl::Path(path)) => path,
        Ok(FileUrl::Http(url)) => {
            return Err(vec![format!("model '{url}': only files can be loaded at start yet")]);
        }
        Err(error) => return Err(vec![format!("model: {error}")]),
    };
    match host.load_file(&path, &LoadOptions::default()) {
        Ok(_) => Ok(()),
        Err(HostError::BadModel(mistakes)) => {
            for mistake in mistakes.sorted() {
                messages::MODEL_MISTAKE.log(format_args!("{}:{mistake}", path.display()));
            }
            Err(vec![format!("the model '{}' has {} mistake(s)", path.display(), mistakes.len())])
        }
        Err(error) => Err(vec![error.to_string()]),
    }
}

fn info(options: &Options) -> ServerInfo {
    let value = |value: &String| Some(value.clone()).filter(|value| !value.is_empty());
    ServerInfo {
        version: ESP_VERSION.to_owned(),
        engine: "esp".to_owned(),
        analytics_license: true,
        primary_server: true,
        pubsub: options.pubsub,
        properties: options.effective.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect(),
        failovers: Vec::new(),
        snapshots: Vec::new(),
    }
}
