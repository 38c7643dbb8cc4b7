//! The real programs, for tests that use them as scripts do: [`Engine`] without its errors, which fail the test.

use std::path::Path;
use std::process::{Child, Command, ExitStatus};

pub(crate) use tidegate_harness::free_port;
use tidegate_harness::{Engine, PATIENCE, wait_until};

/// The server program of this build.
const SERVER: &str = env!("CARGO_BIN_EXE_dfesp_xml_server");

/// A running `dfesp_xml_server`; killed when dropped.
pub(crate) struct Server(Engine);

/// The server program.
pub(crate) fn server_command() -> Command {
    Command::new(SERVER)
}

impl Server {
    /// Starts a server with an admin and a publish/subscribe port in `folder`, and waits until it answers.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        Self(Engine::start_program(Path::new(SERVER), folder, arguments).expect("the server starts"))
    }

    /// Runs `dfesp_xml_client -url URL ARGUMENTS` and answers its exit code and output.
    pub(crate) fn client(&self, path: &str, arguments: &[&str]) -> (i32, String) {
        self.0.client(path, arguments).expect("the client runs")
    }

    /// Waits for the server to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.0.wait().expect("the server ends")
    }

    /// As `kill -9`.
    pub(crate) fn kill(self) {
        self.0.kill().expect("it can be killed");
    }

    /// As `kill`, and waits for the end.
    pub(crate) fn terminate(self) -> ExitStatus {
        self.0.terminate().expect("the server ends")
    }
}

/// Waits for the end of a process.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let ended = || {
        child.try_wait().map_err(|source| tidegate_harness::Error::Io { what: "waiting".to_owned(), source })
    };
    wait_until("the end of a process", PATIENCE, ended).expect("the process ends")
}
