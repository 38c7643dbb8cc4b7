//! Events of a file into a window, or of a window into a file, over Kafka topics.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    ExitCode::from(tidegate_cli::adapter::run(args, &mut std::io::stderr()))
}
