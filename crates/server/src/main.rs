//! The server program `dfesp_xml_server` (failover-and-server 4).
//!
//! ```text
//! options (command line) -> config (files, environment, -C) -> Settings -> start
//! ```

mod config;
mod listen;
mod log;
mod messages;
mod model;
mod options;
mod security;
mod signals;
mod start;
mod summary;
mod version;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use tidegate_host::Loggers;
use tracing_subscriber::layer::SubscriberExt as _;

use config::{Properties, Settings, settle};
use messages::CANNOT_START;
use options::{Options, Parsed};
use version::Version;

fn main() -> ExitCode {
    let Parsed { options, mut errors, mut warnings } = options::parse(std::env::args().skip(1));
    if options.help {
        return print(&options::help());
    }
    if options.version {
        return print(&format!(
            "Tidegate {}, for models of ESP {}\n",
            env!("CARGO_PKG_VERSION"),
            Version::default().text
        ));
    }
    let environment = environment();
    let properties = Properties::gather(&options.properties, &environment, &mut warnings);
    let properties = properties.unwrap_or_else(|error| {
        errors.push(error.to_string());
        Properties::default()
    });
    let (settings, remarks) = settle(&options, &properties);
    errors.extend(remarks.errors);
    warnings.extend(remarks.warnings);
    let loggers = loggers(&options, &settings, &mut errors, &mut warnings);
    let engine = settings.version.engine();
    let style = log::Style {
        format: settings.logformat,
        loggers: settings.version.logs_loggers(),
        engine: settings.version.logs_engine().then(|| engine.clone()),
    };
    // Only a second logger could make this fail, and there is none before.
    let _ = tracing::subscriber::set_global_default(
        tracing_subscriber::registry().with(log::LineLog::new(Arc::clone(&loggers), style)),
    );
    for warning in warnings {
        messages::ARGUMENT_IGNORED.log(format_args!("{warning}"));
    }
    let done = if errors.is_empty() {
        start::run(&options, &settings, &engine, environment, &loggers)
    } else {
        Err(errors)
    };
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

fn environment() -> BTreeMap<String, String> {
    let variables = std::env::vars_os();
    variables
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The loggers with the levels of `-logconfig`, over which those of `-loglevel` and the configuration win.
fn loggers(
    options: &Options,
    settings: &Settings,
    errors: &mut Vec<String>,
    warnings: &mut Vec<String>,
) -> Arc<Loggers> {
    let mut levels = Vec::new();
    if let Some(file) = &options.logconfig {
        match log::read_config(Path::new(file)) {
            Ok(config) => {
                levels = config.levels;
                warnings.extend(config.warnings);
            }
            Err(error) => errors.push(error),
        }
    }
    levels.extend(settings.loglevel.iter().cloned());
    Arc::new(Loggers::new(levels))
}
