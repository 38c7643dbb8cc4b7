//! Sends one request to the server and prints the answer.

use std::process::ExitCode;

fn main() -> ExitCode {
    let args = std::env::args_os().skip(1).map(|arg| arg.to_string_lossy().into_owned());
    ExitCode::from(tidegate_cli::run(args, &mut std::io::stdout().lock(), &mut std::io::stderr().lock()))
}
