//! The command-line programs: the client `dfesp_xml_client` (failover-and-server 5: one request, its answer on stdout),
//! and the adapter `dfesp_fs_adapter` ([`adapter`]).

pub mod adapter;
mod arguments;
mod authinfo;
mod exchange;
mod legacy;
mod pretty;
mod request;

use std::io::Write;

pub use arguments::{Arguments, Invocation, Method};

/// Why no answer was received, in one line for stderr. The client then exits with 1.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The command line cannot be carried out.
    #[error("{0}")]
    Usage(String),
    /// The URL cannot be used.
    #[error("URL '{url}': {reason}")]
    Url {
        /// The URL as it was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file named on the command line cannot be read.
    #[error("cannot read '{path}': {cause}")]
    File {
        /// The file.
        path: String,
        /// The operating system's reason.
        cause: std::io::Error,
    },
    /// The server could not be reached, or broke off.
    #[error("{url}: {reason}")]
    Connection {
        /// The URL as it was given.
        url: String,
        /// What happened.
        reason: String,
    },
    /// The answer could not be printed.
    #[error("cannot write the answer: {0}")]
    Output(#[from] std::io::Error),
}

/// Runs the client with `args` (without the program's name) and returns its exit code: 0 for a status below
/// 400, 1 when no answer was received, 2 for a status of 400 and above, whose body is on `out` as well.
pub fn run(args: impl IntoIterator<Item = String>, out: &mut dyn Write, err: &mut dyn Write) -> u8 {
    match attempt(args, out) {
        Ok(code) => code,
        Err(error) => {
            // Nothing is left to do when stderr is closed too: the exit code tells.
            let _ = writeln!(err, "dfesp_xml_client: {error}");
            1
        }
    }
}

fn attempt(args: impl IntoIterator<Item = String>, out: &mut dyn Write) -> Result<u8, ClientError> {
    let arguments = match Arguments::parse(args)? {
        Invocation::Help => {
            out.write_all(arguments::HELP.as_bytes())?;
            return Ok(0);
        }
        Invocation::Legacy { server, file } => {
            pretty::print(&legacy::send(&server, &file)?, out)?;
            out.flush()?;
            return Ok(0);
        }
        Invocation::Request(arguments) => arguments,
    };
    let request = request::build(&arguments)?;
    let answer = exchange::send(&arguments.url, request)?;
    if arguments.method == Method::Head {
        out.write_all(answer.head.as_bytes())?;
    } else {
        pretty::print(&answer.body, out)?;
    }
    out.flush()?;
    Ok(if answer.status < 400 { 0 } else { 2 })
}
