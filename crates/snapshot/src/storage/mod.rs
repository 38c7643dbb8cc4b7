//! Where snapshots lie: a trait of few operations, real files, and bodies that tests and simulations crash.

mod failing;
mod files;
mod memory;

use std::io;
use std::path::Path;

pub use failing::FailAfter;
pub use files::Files;
pub use memory::{Memory, Survival};

/// A tree of files and directories that tells written from durable: what was written survives a crash for certain
/// once the file has been synced, and its name once the directory has been.
pub trait Storage: Send + Sync {
    /// Makes one directory, whose parent exists.
    ///
    /// # Errors
    /// `AlreadyExists` when the name is taken, `NotFound` when the parent is missing; what the medium reports.
    fn create_dir(&self, dir: &Path) -> io::Result<()>;

    /// Makes a file, empty also if it existed.
    ///
    /// # Errors
    /// What the medium reports.
    fn create(&self, file: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Opens a file for reading, front to back.
    ///
    /// # Errors
    /// `NotFound`; what the medium reports.
    fn open(&self, file: &Path) -> io::Result<Box<dyn io::Read + Send>>;

    /// Makes the names in a directory durable.
    ///
    /// # Errors
    /// What the medium reports.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;

    /// Renames a file, in one step taking the place of a file of the new name, or a directory to a free name.
    ///
    /// # Errors
    /// What the medium reports.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`; what the medium reports.
    fn remove_file(&self, file: &Path) -> io::Result<()>;

    /// Removes an empty directory.
    ///
    /// # Errors
    /// `NotFound`; what the medium reports.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;

    /// What is in a directory, by name.
    ///
    /// # Errors
    /// `NotFound`; what the medium reports.
    fn list(&self, dir: &Path) -> io::Result<Vec<Entry>>;
}

/// A file being written.
pub trait WriteFile: Send {
    /// Appends bytes, all of them.
    ///
    /// # Errors
    /// What the medium reports.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Makes what was written durable.
    ///
    /// # Errors
    /// What the medium reports.
    fn sync(&mut self) -> io::Result<()>;
}

/// A name in a directory.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name; bytes that are no UTF-8 are replaced.
    pub name: String,
    /// Whether it is a directory.
    pub is_dir: bool,
}

/// Makes a directory with those above it, and the names durable. What exists stays.
pub(crate) fn create_dirs(storage: &dyn Storage, dir: &Path) -> io::Result<()> {
    match storage.create_dir(dir) {
        Ok(()) => sync_parent(storage, dir),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let Some(parent) = dir.parent().filter(|parent| !parent.as_os_str().is_empty()) else {
                return Err(error);
            };
            create_dirs(storage, parent)?;
            match storage.create_dir(dir) {
                Ok(()) => sync_parent(storage, dir),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                Err(error) => Err(error),
            }
        }
        Err(error) => Err(error),
    }
}

fn sync_parent(storage: &dyn Storage, dir: &Path) -> io::Result<()> {
    match dir.parent() {
        Some(parent) if parent.as_os_str().is_empty() => storage.sync_dir(Path::new(".")),
        Some(parent) => storage.sync_dir(parent),
        None => Ok(()),
    }
}

/// Removes a directory with all that is in it. That it does not exist is no error.
pub(crate) fn remove_tree(storage: &dyn Storage, dir: &Path) -> io::Result<()> {
    let entries = match storage.list(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = dir.join(&entry.name);
        if entry.is_dir {
            remove_tree(storage, &path)?;
        } else {
            storage.remove_file(&path)?;
        }
    }
    storage.remove_dir(dir)
}

/// Removes a file. That it does not exist is no error.
pub(crate) fn remove_file(storage: &dyn Storage, file: &Path) -> io::Result<()> {
    match storage.remove_file(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}
