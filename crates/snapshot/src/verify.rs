//! From a directory to a snapshot that may be used: everything is checked before anything is handed out.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use tidegate_event::EngineTime;

use crate::error::{SnapshotError, WindowName};
use crate::layout::{MANIFEST, QUERIES, generation_dir};
use crate::manifest::{MAX_MANIFEST, Manifest, Positions, WindowEntry};
use crate::segment::{SegmentReader, Segments};
use crate::storage::Storage;

/// A directory with something that may be a snapshot. The only thing to do with it is to [`verify`](Self::verify) it.
pub struct UnverifiedSnapshot<'a> {
    storage: &'a dyn Storage,
    dir: PathBuf,
    manifest: Vec<u8>,
}

/// A snapshot all of whose bytes have been checked.
pub struct Snapshot<'a> {
    storage: &'a dyn Storage,
    dir: PathBuf,
    manifest: Manifest,
}

impl<'a> UnverifiedSnapshot<'a> {
    /// Finds the snapshot in a directory.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn open(storage: &'a dyn Storage, dir: &Path) -> Result<Self, SnapshotError> {
        let io = SnapshotError::io;
        let input = match storage.open(&dir.join(MANIFEST)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                return Err(SnapshotError::NotFound { dir: dir.display().to_string() });
            }
            input => input.map_err(io("opening", MANIFEST))?,
        };
        let mut manifest = Vec::new();
        input.take(MAX_MANIFEST + 1).read_to_end(&mut manifest).map_err(io("reading", MANIFEST))?;
        if manifest.len() as u64 > MAX_MANIFEST {
            let reason = format!("expected at most {MAX_MANIFEST} bytes, found more");
            return Err(SnapshotError::corrupt(MANIFEST, MAX_MANIFEST, reason));
        }
        Ok(Self { storage, dir: dir.to_owned(), manifest })
    }

    /// Checks every byte of every file.
    ///
    /// # Errors
    /// With the first file that is missing, damaged or of a newer format.
    pub fn verify(self) -> Result<Snapshot<'a>, SnapshotError> {
        let manifest = Manifest::decode(&self.manifest)?;
        let snapshot = Snapshot { storage: self.storage, dir: self.dir, manifest };
        snapshot.manifest.windows.iter().try_for_each(|entry| snapshot.verify_window(entry))?;
        Ok(snapshot)
    }
}

impl Snapshot<'_> {
    /// Name of the project that was saved.
    pub fn project(&self) -> &str {
        &self.manifest.project
    }

    /// Version of the engine that wrote the snapshot.
    pub fn engine_version(&self) -> &str {
        &self.manifest.engine_version
    }

    /// The engine time.
    pub fn time(&self) -> EngineTime {
        EngineTime::from_micros(self.manifest.time)
    }

    /// Input id of the last step.
    pub fn input(&self) -> i64 {
        self.manifest.input
    }

    /// Whether the project's clock had started.
    pub fn clock_started(&self) -> bool {
        self.manifest.clock_started
    }

    /// The windows.
    pub fn windows(&self) -> &[WindowEntry] {
        &self.manifest.windows
    }

    /// Where the inputs go on.
    pub fn positions(&self) -> &Positions {
        &self.manifest.positions
    }

    /// Begins to read a window's state. Call [`SegmentReader::finish`] at its end.
    ///
    /// # Errors
    /// When the snapshot has no such window, or its file cannot be read.
    pub fn load_window(&self, contquery: &str, window: &str) -> Result<SegmentReader, SnapshotError> {
        let entry = self
            .manifest
            .windows
            .iter()
            .find(|entry| entry.contquery == contquery && entry.window == window)
            .ok_or_else(|| {
                SnapshotError::corrupt(
                    MANIFEST,
                    0,
                    format!("expected window {contquery}/{window}, found none"),
                )
            })?;
        let file = self.file(entry);
        SegmentReader::new(self.open_file(&file)?, file)
    }

    pub(crate) fn file_of(&self, name: &WindowName) -> String {
        let entry = self.manifest.windows.iter().find(|entry| entry.name() == *name);
        entry.map_or_else(String::new, |entry| self.file(entry))
    }

    fn verify_window(&self, entry: &WindowEntry) -> Result<(), SnapshotError> {
        let file = self.file(entry);
        let mut segments = Segments::new(self.open_file(&file)?, file.clone(), true)?;
        while segments.next()?.is_some() {}
        let (length, digest) = segments.totals();
        if length != entry.length {
            let reason = format!("expected {} bytes, found {length}", entry.length);
            return Err(SnapshotError::corrupt(&file, length.min(entry.length), reason));
        }
        if digest != Some(entry.digest) {
            let expected = blake3::Hash::from_bytes(entry.digest);
            let found =
                digest.map(blake3::Hash::from_bytes).map_or_else(String::new, |hash| hash.to_string());
            return Err(SnapshotError::corrupt(
                &file,
                0,
                format!("expected the digest {expected}, found {found}"),
            ));
        }
        Ok(())
    }

    /// The path of a window's file below the snapshot's directory.
    fn file(&self, entry: &WindowEntry) -> String {
        format!("{QUERIES}/{}/{}", generation_dir(self.manifest.generation), entry.file)
    }

    fn open_file(&self, file: &str) -> Result<Box<dyn Read + Send>, SnapshotError> {
        match self.storage.open(&self.dir.join(file)) {
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
                Err(SnapshotError::corrupt(file, 0, "expected a file, found none"))
            }
            opened => opened.map_err(SnapshotError::io("opening", file)),
        }
    }
}
