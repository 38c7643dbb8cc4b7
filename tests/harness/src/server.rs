//! One broker or ZooKeeper: a process with a data folder and a port that it keeps over restarts.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::process::Signal;

use crate::process::{Process, command};
use crate::{Error, PATIENCE, wait_until};

/// How many lines of the end of its log an error shows.
const TAIL: usize = 15;

/// How many lines with causes before that; a broker says why it ends long before its last line.
const CAUSES: usize = 20;

/// Whether a server is ready for its clients; an error that passes means no.
type Ready = Box<dyn Fn() -> Result<bool, Error> + Send + Sync>;

/// A broker or ZooKeeper server; killed when dropped.
pub struct Server {
    name: String,
    address: String,
    folder: PathBuf,
    arguments: Vec<std::ffi::OsString>,
    ready: Ready,
    process: Mutex<Option<Process>>,
}

impl Server {
    /// A server that is not started yet: `java` with `arguments` in `folder`, which holds its log, `NAME.log`.
    pub(crate) fn new(
        name: String,
        address: String,
        folder: PathBuf,
        arguments: Vec<std::ffi::OsString>,
        ready: Ready,
    ) -> Self {
        Self { name, address, folder, arguments, ready, process: Mutex::new(None) }
    }

    /// `host:port` for its clients.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Its process id; nothing when it is down.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.lock().as_ref().map(Process::id)
    }

    /// Stops it in its tracks (SIGSTOP): connections stay, nothing answers.
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn pause(&self) -> Result<(), Error> {
        self.signal(Signal::STOP)
    }

    /// Lets it go on (SIGCONT).
    ///
    /// # Errors
    /// [`Error::NotRunning`].
    pub fn resume(&self) -> Result<(), Error> {
        self.signal(Signal::CONT)
    }

    /// As `kill -9`; returns when it is gone.
    ///
    /// # Errors
    /// It cannot be killed.
    pub fn kill(&self) -> Result<(), Error> {
        self.lock().take().map_or(Ok(()), |process| process.kill())
    }

    /// Ends it in order (SIGTERM; it is resumed first) and waits for its end.
    ///
    /// # Errors
    /// It does not end in time.
    pub fn stop(&self) -> Result<(), Error> {
        self.terminate()?;
        self.wait_for_end()
    }

    /// Starts it again with its data and its port, killing it first if it runs, and waits until it is ready.
    ///
    /// # Errors
    /// It ends, or is not ready in time.
    pub fn restart(&self) -> Result<(), Error> {
        self.kill()?;
        self.start()?;
        self.wait_until_ready()
    }

    /// Sends SIGTERM; nothing happens to one that is down.
    pub(crate) fn terminate(&self) -> Result<(), Error> {
        let process = self.lock();
        let Some(process) = process.as_ref().filter(|process| matches!(process.ended(), Ok(None))) else {
            return Ok(());
        };
        process.signal(Signal::TERM)?;
        process.signal(Signal::CONT)
    }

    /// Waits for the end that [`terminate`](Self::terminate) has begun.
    pub(crate) fn wait_for_end(&self) -> Result<(), Error> {
        let Some(process) = self.lock().take() else { return Ok(()) };
        process.wait(PATIENCE).map(|_| ())
    }

    /// Starts the process and does not wait.
    pub(crate) fn start(&self) -> Result<(), Error> {
        let log = File::options().create(true).append(true).open(self.log());
        let log = log.map_err(Error::io(format!("opening {}", self.log().display())))?;
        let both = log.try_clone().map_err(Error::io("sharing the log"))?;
        let mut java: Command = command("java");
        java.args(&self.arguments).current_dir(&self.folder);
        java.stdin(Stdio::null()).stdout(log).stderr(both);
        *self.lock() = Some(Process::start(&self.name, java)?);
        Ok(())
    }

    /// Waits until its clients can use it.
    pub(crate) fn wait_until_ready(&self) -> Result<(), Error> {
        wait_until(&format!("{} to be ready", self.name), PATIENCE, || {
            self.still_runs()?;
            Ok((self.ready)()?.then_some(()))
        })
    }

    fn still_runs(&self) -> Result<(), Error> {
        let process = self.lock();
        let process = process.as_ref().ok_or_else(|| Error::NotRunning { name: self.name.clone() })?;
        match process.ended()? {
            None => Ok(()),
            Some(status) => Err(Error::Ended { name: self.name.clone(), status, log: self.log_tail() }),
        }
    }

    /// The causes and the end of what it wrote.
    pub(crate) fn log_tail(&self) -> String {
        let text = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        excerpt(&text)
    }

    fn signal(&self, signal: Signal) -> Result<(), Error> {
        let process = self.lock();
        process.as_ref().ok_or_else(|| Error::NotRunning { name: self.name.clone() })?.signal(signal)
    }

    fn log(&self) -> PathBuf {
        self.folder.join(format!("{}.log", self.name))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first lines that name different causes, and the last lines.
fn excerpt(log: &str) -> String {
    let lines: Vec<&str> = log.lines().collect();
    let (before, end) = lines.split_at(lines.len().saturating_sub(TAIL));
    let mut shown: Vec<&str> = Vec::new();
    for line in before.iter().filter(|line| line.contains("Exception: ")) {
        if shown.len() < CAUSES && !shown.contains(line) {
            shown.push(line);
        }
    }
    shown.extend(end);
    shown.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_holds_each_cause_once_and_the_end() {
        let cause = "Caused by: java.net.BindException: Address already in use\n";
        let log = format!("start\n{cause}\tat a\n{cause}{}last", "shutting down\n".repeat(100));
        let excerpt = excerpt(&log);
        assert_eq!(excerpt.matches("Address already in use").count(), 1);
        assert_eq!(excerpt.lines().count(), 1 + TAIL);
        assert!(excerpt.ends_with("last"));
        assert!(!excerpt.contains("start"));
    }
}
