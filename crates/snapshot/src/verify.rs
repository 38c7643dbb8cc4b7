//! From a directory to a snapshot that may be used: everything is checked before anything is handed out.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use tidegate_engine::state::StateError;
use tidegate_event::EngineTime;

use crate::error::{SnapshotError, WindowName};
use crate::layout::{MANIFEST, QUERIES, generation_dir};
use crate::manifest::{GateEntry, MAX_MANIFEST, Manifest, Positions, WindowEntry};
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
        let windows = snapshot.manifest.windows.iter().map(|w| (&w.file, w.length, w.digest));
        let gates = snapshot.manifest.gates.iter().map(|g| (&g.file, g.length, g.digest));
        windows
            .chain(gates)
            .try_for_each(|(file, length, digest)| snapshot.verify_file(file, length, digest))?;
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
        let file = self.path(&entry.file);
        SegmentReader::new(self.open_file(&file)?, file)
    }

    /// When it was saved, by the clock of the machine that saved it: microseconds since 1970-01-01 UTC.
    pub fn saved_at(&self) -> Option<i64> {
        self.manifest.saved_at
    }

    /// The output gates.
    pub fn gates(&self) -> &[GateEntry] {
        &self.manifest.gates
    }

    /// Begins to read the state of a gate of [`gates`](Self::gates). Call [`SegmentReader::finish`] at its end.
    ///
    /// # Errors
    /// When its file cannot be read.
    pub fn load_gate(&self, gate: &GateEntry) -> Result<SegmentReader, SnapshotError> {
        let file = self.path(&gate.file);
        SegmentReader::new(self.open_file(&file)?, file)
    }

    /// A gate does not take its state.
    pub fn gate_refused(&self, gate: &GateEntry, error: StateError) -> SnapshotError {
        let GateEntry { contquery, window, connector, .. } = gate;
        match SnapshotError::of_state(&WindowName::new(contquery, window), error) {
            SnapshotError::State { source, .. } => SnapshotError::corrupt(
                &self.path(&gate.file),
                0,
                format!("connector {contquery}/{window}/{connector}: {source}"),
            ),
            own => own,
        }
    }

    pub(crate) fn file_of(&self, name: &WindowName) -> String {
        let entry = self.manifest.windows.iter().find(|entry| entry.name() == *name);
        entry.map_or_else(String::new, |entry| self.path(&entry.file))
    }

    fn verify_file(&self, file: &str, expected: u64, expected_digest: [u8; 32]) -> Result<(), SnapshotError> {
        let file = self.path(file);
        let mut segments = Segments::new(self.open_file(&file)?, file.clone(), true)?;
        while segments.next()?.is_some() {}
        let (length, digest) = segments.totals();
        if length != expected {
            let reason = format!("expected {expected} bytes, found {length}");
            return Err(SnapshotError::corrupt(&file, length.min(expected), reason));
        }
        if digest != Some(expected_digest) {
            let expected = blake3::Hash::from_bytes(expected_digest);
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

    /// The path below the snapshot's directory of a file that the manifest names.
    fn path(&self, file: &str) -> String {
        format!("{QUERIES}/{}/{file}", generation_dir(self.manifest.generation))
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
