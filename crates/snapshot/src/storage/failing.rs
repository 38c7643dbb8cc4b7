//! A storage that fails for good after so many operations: a full disk, or power that goes.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{Entry, Storage, WriteFile};

/// Lets so many operations through to another storage and refuses all later ones.
#[derive(Debug)]
pub struct FailAfter<S> {
    storage: S,
    left: Arc<AtomicU64>,
}

impl<S: Storage> FailAfter<S> {
    /// Lets `operations` through to `storage`.
    pub fn new(storage: S, operations: u64) -> Self {
        Self { storage, left: Arc::new(AtomicU64::new(operations)) }
    }

    /// How many operations would still go through.
    pub fn left(&self) -> u64 {
        self.left.load(Ordering::Relaxed)
    }

    fn take(&self) -> io::Result<()> {
        take(&self.left)
    }
}

fn take(left: &AtomicU64) -> io::Result<()> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
        .map(|_| ())
        .map_err(|_| io::Error::other("the storage has failed"))
}

impl<S: Storage> Storage for FailAfter<S> {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.take()?;
        self.storage.create_dir(dir)
    }

    fn create(&self, file: &Path) -> io::Result<Box<dyn WriteFile>> {
        self.take()?;
        let file = self.storage.create(file)?;
        Ok(Box::new(FailingFile { file, left: Arc::clone(&self.left) }))
    }

    fn open(&self, file: &Path) -> io::Result<Box<dyn Read + Send>> {
        self.take()?;
        self.storage.open(file)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.take()?;
        self.storage.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.take()?;
        self.storage.rename(from, to)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        self.take()?;
        self.storage.remove_file(file)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.take()?;
        self.storage.remove_dir(dir)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>> {
        self.take()?;
        self.storage.list(dir)
    }
}

struct FailingFile {
    file: Box<dyn WriteFile>,
    left: Arc<AtomicU64>,
}

impl WriteFile for FailingFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        take(&self.left)?;
        self.file.write(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        take(&self.left)?;
        self.file.sync()
    }
}
