//! The real programs, for tests that use them as scripts do.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// How long anything may take before the test fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running `dfesp_xml_server`; killed when dropped.
pub(crate) struct Server {
    child: Child,
    lines: Receiver<String>,
    /// Port of its admin interface.
    pub(crate) http: u16,
}

/// A port that is free now.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}

/// The server program.
pub(crate) fn server_command() -> Command {
    Command::new(env!("CARGO_BIN_EXE_dfesp_xml_server"))
}

impl Server {
    /// Starts a server with an admin and a publish/subscribe port in `folder`, and waits until it answers.
    pub(crate) fn start(folder: &Path, arguments: &[&str]) -> Self {
        let (http, pubsub) = (free_port(), free_port());
        let child = server_command()
            .args(["-pubsub", &pubsub.to_string(), "-http", &http.to_string()])
            .args(arguments)
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn();
        let mut child = child.expect("the server starts");
        let lines = follow(child.stdout.take().expect("its output"));
        let server = Self { child, lines, http };
        server.wait_for_line("starting HTTP server on port");
        server
    }

    /// Waits for a log line that holds `text`.
    pub(crate) fn wait_for_line(&self, text: &str) -> String {
        let until = Instant::now() + PATIENCE;
        let mut seen = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
            if line.contains(text) {
                return line;
            }
            seen.push(line);
        }
        panic!("no line with '{text}' among:\n{}", seen.join("\n"));
    }

    /// The URL of a path below `/SASESP`.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://localhost:{}/SASESP/{path}", self.http)
    }

    /// Runs `dfesp_xml_client -url URL ARGUMENTS` and answers its exit code and output.
    pub(crate) fn client(&self, path: &str, arguments: &[&str]) -> (i32, String) {
        let output = Command::new(client_program()).arg("-url").arg(self.url(path)).args(arguments).output();
        let output = output.expect("the client runs");
        let text = String::from_utf8(output.stdout).expect("its output is text");
        (output.status.code().expect("its exit code"), text)
    }

    /// Waits for the server to end by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        wait(&mut self.child)
    }

    /// As `kill -9`.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("it can be killed");
        self.child.wait().expect("it ends");
    }

    /// As `kill`, and waits for the end.
    pub(crate) fn terminate(mut self) -> ExitStatus {
        let status = Command::new("kill").arg(self.child.id().to_string()).status().expect("kill runs");
        assert!(status.success());
        wait(&mut self.child)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits for the end of a process.
pub(crate) fn wait(child: &mut Child) -> ExitStatus {
    let until = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = child.try_wait().expect("the process can be asked") {
            return status;
        }
        assert!(Instant::now() < until, "the process has not ended");
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn follow(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    lines
}

/// The client program, which lies beside the server; built if it is not there yet.
fn client_program() -> PathBuf {
    let server = Path::new(env!("CARGO_BIN_EXE_dfesp_xml_server"));
    let folder = server.parent().expect("a folder");
    let program = folder.join("dfesp_xml_client");
    if !program.exists() {
        let target = folder.parent().expect("the target folder");
        let built = Command::new(env!("CARGO"))
            .args(["build", "-q", "-p", "tidegate-cli", "--bin", "dfesp_xml_client", "--target-dir"])
            .arg(target)
            .status();
        assert!(built.expect("cargo runs").success(), "the client cannot be built");
    }
    program
}
