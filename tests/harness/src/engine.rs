//! An engine: the server program as users run it, and its client.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::process::{Process, command};
use crate::{Answer, Error, PATIENCE, free_port, program, request, wait_until};

/// How many log lines an error shows.
const TAIL: usize = 25;

/// A running `dfesp_xml_server`; killed when dropped.
pub struct Engine {
    process: Process,
    log: Arc<Log>,
    http: u16,
    pubsub: u16,
}

#[derive(Default)]
struct Log {
    lines: Mutex<Lines>,
    grown: Condvar,
}

#[derive(Default)]
struct Lines {
    all: Vec<String>,
    /// Where the next [`Engine::wait_for_line`] begins.
    next: usize,
    /// Output streams that are still open.
    open: usize,
}

impl Engine {
    /// Starts this checkout's server in `folder` with free admin and publish/subscribe ports and with `arguments`, and waits
    /// until it answers.
    ///
    /// # Errors
    /// It cannot be built or started, ends, or does not answer in time.
    pub fn start<A: AsRef<OsStr>>(folder: &Path, arguments: &[A]) -> Result<Self, Error> {
        Self::start_program(&program("dfesp_xml_server")?, folder, arguments)
    }

    /// As [`start`](Self::start), with another server program.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn start_program<A: AsRef<OsStr>>(
        server: &Path,
        folder: &Path,
        arguments: &[A],
    ) -> Result<Self, Error> {
        let (http, pubsub) = (free_port(), free_port());
        let mut server = command(server);
        server.args(["-pubsub", &pubsub.to_string(), "-http", &http.to_string()]).args(arguments);
        server.current_dir(folder).stdin(Stdio::null());
        let log = Arc::new(Log::default());
        let (reader, writer) = std::io::pipe().map_err(Error::io("making a pipe"))?;
        let both = writer.try_clone().map_err(Error::io("sharing a pipe"))?;
        server.stdout(writer).stderr(both);
        log.follow(reader);
        let engine = Self { process: Process::start("dfesp_xml_server", server)?, log, http, pubsub };
        engine.wait_for_line("starting HTTP server on port")?;
        wait_until("the engine to answer", PATIENCE, || Ok(Some(engine.get("server")?)))?;
        Ok(engine)
    }

    /// Port of its admin interface.
    #[must_use]
    pub fn http_port(&self) -> u16 {
        self.http
    }

    /// Port of its publish/subscribe interface.
    #[must_use]
    pub fn pubsub_port(&self) -> u16 {
        self.pubsub
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// The URL of a path below `/SASESP`.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/SASESP/{path}", self.http)
    }

    /// `GET` of a path below `/SASESP`.
    ///
    /// # Errors
    /// As [`request`].
    pub fn get(&self, path: &str) -> Result<Answer, Error> {
        request("GET", &self.url(path), "")
    }

    /// A request for a path below `/SASESP`.
    ///
    /// # Errors
    /// As [`request`].
    pub fn request(&self, method: &str, path: &str, body: &str) -> Result<Answer, Error> {
        request(method, &self.url(path), body)
    }

    /// Asks for a path below `/SASESP` until `holds` says yes to the answer.
    ///
    /// # Errors
    /// Not in time, or the engine ended.
    pub fn wait_for_answer(
        &self,
        path: &str,
        patience: Duration,
        holds: impl Fn(&Answer) -> bool,
    ) -> Result<Answer, Error> {
        let mut last = None;
        let outcome = wait_until(&format!("GET {path}"), patience, || {
            self.still_runs()?;
            let answer = self.get(path)?;
            let held = holds(&answer);
            last = Some(answer.clone());
            Ok(held.then_some(answer))
        });
        outcome.map_err(|error| match (error, last) {
            (Error::TimedOut { what, seconds, .. }, Some(Answer { status, body })) => {
                Error::TimedOut { what, seconds, last: format!("the last answer is {status}, {body}") }
            }
            (error, _) => error,
        })
    }

    /// Runs `dfesp_xml_client -url URL ARGUMENTS` for a path below `/SASESP`; its exit code and output.
    ///
    /// # Errors
    /// The client cannot be built or started, or a signal ended it.
    pub fn client<A: AsRef<OsStr>>(&self, path: &str, arguments: &[A]) -> Result<(i32, String), Error> {
        let mut client = Command::new(program("dfesp_xml_client")?);
        client.arg("-url").arg(self.url(path)).args(arguments).stdin(Stdio::null());
        let output = client.output().map_err(Error::io("starting dfesp_xml_client"))?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        match output.status.code() {
            Some(code) => Ok((code, text)),
            None => {
                Err(Error::Ended { name: "dfesp_xml_client".to_owned(), status: output.status, log: text })
            }
        }
    }

    /// All log lines so far.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.log.lock().all.clone()
    }

    /// Waits for a log line that holds `text`, after the last line that was waited for.
    ///
    /// # Errors
    /// It does not come in [`PATIENCE`], or the engine ends without it.
    pub fn wait_for_line(&self, text: &str) -> Result<String, Error> {
        self.wait_for_line_within(text, PATIENCE)
    }

    /// As [`wait_for_line`](Self::wait_for_line), within `patience`.
    ///
    /// # Errors
    /// As [`wait_for_line`](Self::wait_for_line).
    pub fn wait_for_line_within(&self, text: &str, patience: Duration) -> Result<String, Error> {
        let start = Instant::now();
        let mut lines = self.log.lock();
        let mut looked = lines.next;
        loop {
            if let Some(at) = lines.all[looked..].iter().position(|line| line.contains(text)) {
                let at = looked + at;
                lines.next = at + 1;
                return Ok(lines.all[at].clone());
            }
            looked = lines.all.len();
            let left = patience.saturating_sub(start.elapsed());
            if lines.open == 0 {
                let log = tail(&lines.all);
                drop(lines);
                let status = self.process.wait(PATIENCE)?;
                return Err(Error::Ended { name: format!("the engine, without '{text}',"), status, log });
            }
            if left.is_zero() {
                let last = format!("the log ends:\n{}", tail(&lines.all));
                let what = format!("a log line with '{text}'");
                return Err(Error::TimedOut { what, seconds: start.elapsed().as_secs_f64(), last });
            }
            lines = self.log.grown.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether it has not ended.
    ///
    /// # Errors
    /// The operating system cannot say.
    pub fn runs(&self) -> Result<bool, Error> {
        Ok(self.process.ended()?.is_none())
    }

    /// SIGSTOP.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn pause(&self) -> Result<(), Error> {
        self.process.signal(Signal::STOP)
    }

    /// SIGCONT.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn resume(&self) -> Result<(), Error> {
        self.process.signal(Signal::CONT)
    }

    /// As `kill -9`; returns when it is gone. Its log can still be read.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(&self) -> Result<(), Error> {
        self.process.kill()
    }

    /// SIGTERM, and waits for its end.
    ///
    /// # Errors
    /// [`Error::NotRunning`], or it does not end in time.
    pub fn terminate(&self) -> Result<ExitStatus, Error> {
        self.process.signal(Signal::TERM)?;
        self.wait()
    }

    /// Waits until it ends by itself.
    ///
    /// # Errors
    /// Not in time.
    pub fn wait(&self) -> Result<ExitStatus, Error> {
        self.process.wait(PATIENCE)
    }

    fn still_runs(&self) -> Result<(), Error> {
        match self.process.ended()? {
            None => Ok(()),
            Some(status) => {
                Err(Error::Ended { name: "the engine".to_owned(), status, log: tail(&self.lines()) })
            }
        }
    }
}

impl Log {
    /// Reads a stream to its end, in a thread of its own.
    fn follow(self: &Arc<Self>, stream: impl Read + Send + 'static) {
        self.lock().open += 1;
        let log = Arc::clone(self);
        thread::spawn(move || {
            for line in BufReader::new(stream).split(b'\n').map_while(Result::ok) {
                let line = String::from_utf8_lossy(&line);
                log.lock().all.push(line.trim_end_matches('\r').to_owned());
                log.grown.notify_all();
            }
            log.lock().open -= 1;
            log.grown.notify_all();
        });
    }

    fn lock(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn tail(lines: &[String]) -> String {
    lines[lines.len().saturating_sub(TAIL)..].join("\n")
}
