//! A save or restore that is under way: how far it has come, and how it is stopped.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tidegate_snapshot::{Entry, Files, Storage, WriteFile};

use crate::messages;

/// What is done with a project's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferAction {
    /// It is written.
    Saving,
    /// It is read: once to verify it, and once more to load it.
    Restoring,
}

impl std::fmt::Display for TransferAction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Saving => "saving",
            Self::Restoring => "restoring",
        })
    }
}

/// How far a save or restore has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferStatus {
    /// What is done.
    pub action: TransferAction,
    /// The directory.
    pub dir: String,
    /// Bytes written or read so far.
    pub bytes: u64,
    /// Since when.
    pub elapsed: Duration,
}

/// How often the log tells how far it has come.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// A save or restore under way. It is the storage that the snapshot goes through: what passes is counted, and nothing
/// passes any more once it is to stop.
pub(crate) struct Transfer {
    project: String,
    action: TransferAction,
    dir: String,
    began: Instant,
    bytes: AtomicU64,
    told: Mutex<Instant>,
    stop: AtomicBool,
}

impl Transfer {
    pub(crate) fn new(project: &str, action: TransferAction, dir: &str) -> Arc<Self> {
        let began = Instant::now();
        Arc::new(Self {
            project: project.to_owned(),
            action,
            dir: dir.to_owned(),
            began,
            bytes: AtomicU64::new(0),
            told: Mutex::new(began),
            stop: AtomicBool::new(false),
        })
    }

    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    pub(crate) fn status(&self) -> TransferStatus {
        TransferStatus {
            action: self.action,
            dir: self.dir.clone(),
            bytes: self.bytes.load(Ordering::Relaxed),
            elapsed: self.began.elapsed(),
        }
    }

    fn may_go_on(&self) -> io::Result<()> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::new(io::ErrorKind::ConnectionAborted, "stopped on request"));
        }
        Ok(())
    }

    fn pass(&self, bytes: usize) {
        let all = self.bytes.fetch_add(bytes as u64, Ordering::Relaxed) + bytes as u64;
        let mut told = self.told.lock();
        if told.elapsed() >= TELL_EVERY {
            *told = Instant::now();
            let seconds = self.began.elapsed().as_secs_f64();
            messages::TRANSFER_PROGRESS.log(format_args!(
                "project {}: {} {} for {seconds:.0} s: {} MB, {:.0} MB/s",
                self.project,
                self.action,
                self.dir,
                all / 1_000_000,
                all as f64 / 1e6 / seconds
            ));
        }
    }
}

/// The storage of a transfer.
pub(crate) struct Watched(pub(crate) Arc<Transfer>);

struct Counted<F> {
    file: F,
    transfer: Arc<Transfer>,
}

impl WriteFile for Counted<Box<dyn WriteFile>> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.transfer.may_go_on()?;
        self.file.write(bytes)?;
        self.transfer.pass(bytes.len());
        Ok(())
    }

    fn sync(&mut self) -> io::Result<()> {
        self.transfer.may_go_on()?;
        self.file.sync()
    }
}

impl Read for Counted<Box<dyn Read + Send>> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.transfer.may_go_on()?;
        let read = self.file.read(out)?;
        self.transfer.pass(read);
        Ok(read)
    }
}

impl Storage for Watched {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        Files.create_dir(dir)
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.0.may_go_on()?;
        Ok(Box::new(Counted { file: Files.create(file)?, transfer: Arc::clone(&self.0) }))
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.0.may_go_on()?;
        Ok(Box::new(Counted { file: Files.open(file)?, transfer: Arc::clone(&self.0) }))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        Files.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        Files.rename(from, to)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        Files.remove_file(file)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        Files.remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        Files.list(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_passes_is_counted_until_it_is_to_stop() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let transfer = Transfer::new("p", TransferAction::Saving, "dir");
        let watched = Watched(Arc::clone(&transfer));
        let mut file = watched.create(&path).unwrap();
        file.write(b"12345").unwrap();
        assert_eq!(transfer.status().bytes, 5);
        let mut text = String::new();
        watched.open(&path).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), transfer.status().bytes), ("12345", 10));
        transfer.stop();
        assert_eq!(file.write(b"6").unwrap_err().to_string(), "stopped on request");
        assert!(watched.open(&path).is_err() && file.sync().is_err());
        assert_eq!(transfer.status().bytes, 10);
    }
}
