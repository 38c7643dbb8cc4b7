//! The adapter `dfesp_fs_adapter` (connectors-adapters 3): the events of a file into a window, or of a window into a
//! file, over Kafka topics. It never talks to an engine's ports: what it needs to know it asks over the metadata topic.

mod arguments;
mod bus;
mod error;
mod input;
mod log;
mod options;
mod parameters;
mod publish;
mod stop;
mod subscribe;
mod transport_file;

use std::io::Write;

pub use error::{AdapterError, Reason};
use options::{Job, Options};

/// Runs `dfesp_fs_adapter` with `args` (without the program's name) and returns its exit code: 0 when the input was
/// published whole and acknowledged, or after SIGINT or SIGTERM; 1 otherwise, with the reason on `err`. Log lines go to
/// standard error.
pub fn run(args: impl IntoIterator<Item = String>, err: &mut dyn Write) -> u8 {
    let mut args = args.into_iter().peekable();
    // Nothing is left to do when stderr is closed: the exit code tells.
    if args.peek().is_none() {
        let _ = err.write_all(arguments::USAGE.as_bytes());
        return 1;
    }
    match attempt(args) {
        Ok(()) => 0,
        Err(error) => {
            let _ = writeln!(err, "dfesp_fs_adapter: {error}");
            1
        }
    }
}

fn attempt(args: impl IntoIterator<Item = String>) -> Result<(), AdapterError> {
    let stop = stop::Stop::on_signals()?;
    let options = Options::new(arguments::parse(args)?)?;
    log::start(options.level);
    for warning in &options.warnings {
        tracing::warn!("{warning}");
    }
    match &options.job {
        Job::Publish(job) => publish::run(&options, job, &stop),
        Job::Subscribe(encode) => subscribe::run(&options, encode, &stop),
    }
}
