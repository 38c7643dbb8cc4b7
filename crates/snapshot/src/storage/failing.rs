//! A storage that fails after so many operations, for good (power that goes) or once (a disk full for a moment).

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Entry, Storage, WriteFile};

/// Lets so many operations through to another storage and refuses all later ones, or the next one alone.
#[derive(Debug)]
pub struct FailAfter<S> {
    storage: S,
    countdown: Countdown,
}

#[derive(Debug, Clone)]
struct Countdown {
    left: Arc<AtomicU64>,
    /// What is left after a failure: nothing, or more than will ever be asked for.
    then: u64,
}

impl<S: Storage> FailAfter<S> {
    /// Lets `operations` through to `storage`, then none.
    pub fn new(storage: S, operations: u64) -> Self {
        Self { storage, countdown: Countdown { left: Arc::new(AtomicU64::new(operations)), then: 0 } }
    }

    /// Lets `operations` through to `storage`, refuses one, then lets all through.
    pub fn once(storage: S, operations: u64) -> Self {
        Self { storage, countdown: Countdown { left: Arc::new(AtomicU64::new(operations)), then: u64::MAX } }
    }

    /// How many operations would still go through before one fails.
    pub fn left(&self) -> u64 {
        self.countdown.left.load(Ordering::Relaxed)
    }
}

impl Countdown {
    fn take(&self) -> io::Result<()> {
        let before = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                Some(left.checked_sub(1).unwrap_or(self.then))
            })
            .unwrap_or_default();
        if before == 0 { Err(io::Error::other("the storage has failed")) } else { Ok(()) }
    }
}

impl<S: Storage> Storage for FailAfter<S> {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.countdown.take()?;
        self.storage.create_dir(dir)
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.countdown.take()?;
        let file = self.storage.create(file)?;
        Ok(Box::new(FailingFile { file, countdown: self.countdown.clone() }))
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.countdown.take()?;
        self.storage.open(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.countdown.take()?;
        self.storage.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.countdown.take()?;
        self.storage.rename(from, to)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        self.countdown.take()?;
        self.storage.remove_file(file)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.countdown.take()?;
        self.storage.remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.countdown.take()?;
        self.storage.list(dir)
    }
}

struct FailingFile {
    file: Box<dyn WriteFile>,
    countdown: Countdown,
}

impl WriteFile for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.countdown.take()?;
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.countdown.take()?;
        self.file.sync()
    }
}
