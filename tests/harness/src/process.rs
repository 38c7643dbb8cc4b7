//! Child processes that end with this one.

use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::{Error, wait_until};

/// A running child; killed when dropped, and by the kernel when this process ends in any way.
pub(crate) struct Process {
    name: String,
    child: Mutex<Child>,
}

impl Process {
    /// Starts `command` as `name`.
    pub(crate) fn start(name: &str, command: Command) -> Result<Self, Error> {
        let child = spawn(command).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => {
                Error::Missing { program: "setpriv or the program it starts", install: "install util-linux" }
            }
            _ => Error::Io { what: format!("starting {name}"), source },
        })?;
        Ok(Self { name: name.to_owned(), child: Mutex::new(child) })
    }

    /// Its process id, also once it has ended.
    pub(crate) fn id(&self) -> u32 {
        self.lock().id()
    }

    /// How it ended, or nothing while it runs.
    pub(crate) fn ended(&self) -> Result<Option<ExitStatus>, Error> {
        self.lock().try_wait().map_err(Error::io(format!("asking for {}", self.name)))
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) -> Result<(), Error> {
        let mut child = self.lock();
        let gone = || Error::NotRunning { name: self.name.clone() };
        // Once it has been waited for, its id may be another's.
        if child.try_wait().map_err(Error::io(format!("asking for {}", self.name)))?.is_some() {
            return Err(gone());
        }
        let id = Pid::from_raw(i32::try_from(child.id()).map_err(|_| gone())?).ok_or_else(gone)?;
        kill_process(id, signal)
            .map_err(|cause| Error::Io { what: format!("signalling {}", self.name), source: cause.into() })
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&self, patience: Duration) -> Result<ExitStatus, Error> {
        wait_until(&format!("the end of {}", self.name), patience, || self.ended())
    }

    /// As `kill -9`, also when it is stopped; returns when it is gone. Nothing is done to one that has ended.
    pub(crate) fn kill(&self) -> Result<(), Error> {
        let mut child = self.lock();
        child.kill().and_then(|()| child.wait()).map_err(Error::io(format!("killing {}", self.name)))?;
        Ok(())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // One that cannot be killed dies with this process.
        let _ = self.kill();
    }
}

/// A command that starts `program` so that the kernel kills it when this process is gone. It has a process group of its
/// own: Ctrl-C on the terminal reaches this process alone, which stops its children in order.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "--"]).arg(program).process_group(0);
    command
}

type Request = (Command, Sender<io::Result<Child>>);

/// The kernel takes the *thread* that started a child for its parent, and a test's thread ends before the servers that
/// the tests share. So one thread that lives as long as the process starts them all.
fn spawn(command: Command) -> io::Result<Child> {
    static SPAWNER: OnceLock<Mutex<Sender<Request>>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (requests, queue) = channel::<Request>();
        std::thread::spawn(move || {
            while let Ok((mut command, answer)) = queue.recv() {
                // The one who asked waits for the answer, so it is there to take it.
                let _ = answer.send(command.spawn());
            }
        });
        Mutex::new(requests)
    });
    let (answer, child) = channel();
    let gone = || io::Error::other("the thread that starts processes is gone");
    spawner.lock().unwrap_or_else(PoisonError::into_inner).send((command, answer)).map_err(|_| gone())?;
    child.recv().map_err(|_| gone())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PATIENCE;

    fn sleeper() -> Process {
        let mut command = command("sleep");
        command.arg("600");
        Process::start("sleeper", command).unwrap()
    }

    #[test]
    fn a_child_outlives_the_thread_that_asked_for_it_and_takes_signals() {
        let child = std::thread::spawn(sleeper).join().unwrap();
        assert!(child.ended().unwrap().is_none());
        child.signal(Signal::STOP).unwrap();
        child.signal(Signal::CONT).unwrap();
        child.signal(Signal::TERM).unwrap();
        assert!(child.wait(PATIENCE).unwrap().code().is_none());
        assert!(child.signal(Signal::TERM).is_err());
    }

    #[test]
    fn a_stopped_child_can_be_killed() {
        let child = sleeper();
        child.signal(Signal::STOP).unwrap();
        child.kill().unwrap();
        child.kill().unwrap();
    }
}
