//! Writing a snapshot: beside its place, synced, renamed, so that a crash leaves the old or the new one whole.

use std::io::ErrorKind;
use std::path::Path;

use tidegate_engine::state::Frozen;
use tidegate_engine::{FrozenProject, FrozenWindow};
use tidegate_event::EngineTime;

use crate::error::{SnapshotError, WindowName};
use crate::layout::{
    FileNames, MANIFEST, MAX_GENERATION, NEW_MANIFEST, PERSISTING, QUERIES, generation_dir, generation_of,
};
use crate::manifest::{GateEntry, Manifest, Position, WindowEntry};
use crate::segment::{SegmentWriter, Written};
use crate::storage::{Entry, Storage, create_dirs, remove_file, remove_tree};

/// What is to be written: a project between two steps.
pub struct Contents<'a> {
    /// Name of the project.
    pub project: &'a str,
    /// The engine time.
    pub time: EngineTime,
    /// Input id of the last step.
    pub input: i64,
    /// Whether the project's clock had started.
    pub clock_started: bool,
    /// When it is saved, by the wall clock: microseconds since 1970-01-01 UTC.
    pub saved_at: Option<i64>,
    /// The windows; no pair of contquery and window comes twice.
    pub windows: Vec<Part<'a>>,
    /// The output gates; no triple of names comes twice.
    pub gates: &'a [Gate],
}

/// An output gate to be written.
pub struct Gate {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window whose output it takes.
    pub window: String,
    /// Name of the connector.
    pub connector: String,
    /// What it holds.
    pub state: Box<dyn Frozen>,
}

/// What is saved with a project besides its windows.
#[derive(Default)]
pub struct Beside {
    /// When it is saved, by the wall clock: microseconds since 1970-01-01 UTC.
    pub saved_at: Option<i64>,
    /// Where the inputs go on.
    pub positions: Vec<Position>,
    /// The output gates.
    pub gates: Vec<Gate>,
}

/// A window to be written.
pub struct Part<'a> {
    /// Name of the contquery.
    pub contquery: &'a str,
    /// Name of the window.
    pub window: &'a str,
    /// What the state depends on.
    pub shape: &'a str,
    /// Rows that the window lists as its content.
    pub rows: u64,
    /// The state.
    pub state: &'a dyn Frozen,
}

/// What was written.
#[derive(Debug)]
pub struct Report {
    /// Bytes of all files.
    pub bytes: u64,
    /// Number of windows.
    pub windows: u64,
    /// Rows of all windows.
    pub rows: u64,
    /// The snapshot is whole, but what stood there before could not be removed all.
    pub leftover: Option<SnapshotError>,
}

/// Writes a frozen project into the directory, in place of the snapshot that is there. `progress` is told the bytes
/// written and the windows done so far. Only one write at a time may go into a directory.
///
/// # Errors
/// When the storage fails or a window cannot be written; the snapshot that was there is whole then, unless the very
/// last rename or sync failed: then it or the new one is.
pub fn write_project(
    storage: &dyn Storage,
    dir: &Path,
    project: &FrozenProject,
    beside: &Beside,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, SnapshotError> {
    let contents = Contents {
        project: &project.name,
        time: project.time,
        input: project.input,
        clock_started: project.clock_started,
        saved_at: beside.saved_at,
        windows: project.windows.iter().map(part).collect(),
        gates: &beside.gates,
    };
    write(storage, dir, &contents, &beside.positions, progress)
}

fn part(window: &FrozenWindow) -> Part<'_> {
    Part {
        contquery: &window.contquery,
        window: &window.name,
        shape: &window.shape,
        rows: window.rows,
        state: window,
    }
}

/// As [`write_project`], of parts.
///
/// # Errors
/// As [`write_project`]; when a window's name comes twice.
pub fn write(
    storage: &dyn Storage,
    dir: &Path,
    contents: &Contents<'_>,
    positions: &[Position],
    progress: &mut dyn FnMut(u64, u64),
) -> Result<Report, SnapshotError> {
    check_names(contents)?;
    let queries = dir.join(QUERIES);
    create_dirs(storage, &queries).map_err(SnapshotError::io("creating", QUERIES))?;
    remove_attempt(storage, dir)?;
    let generation = next_generation(storage, &queries)?;
    let mut attempt = Attempt { storage, dir, generation, bytes: 0, windows: 0, progress };
    let before = |attempt: &mut Attempt<'_>| {
        let manifest = attempt.write_windows(contents, positions)?;
        attempt.move_into_place()?;
        attempt.write_manifest(&manifest)
    };
    if let Err(error) = before(&mut attempt) {
        // The error at hand says why; what cannot be removed now is removed by the next write.
        let _ = remove_attempt(storage, dir);
        let _ = remove_tree(storage, &queries.join(generation_dir(generation)));
        return Err(error);
    }
    rename(storage, dir, NEW_MANIFEST, MANIFEST)?;
    sync_dir(storage, dir, "")?;
    Ok(Report {
        bytes: attempt.bytes,
        windows: attempt.windows,
        rows: contents.windows.iter().fold(0, |rows, part| part.rows.saturating_add(rows)),
        leftover: remove_generations_except(storage, &queries, generation).err(),
    })
}

/// A write on its way to the rename of its manifest.
struct Attempt<'a> {
    storage: &'a dyn Storage,
    dir: &'a Path,
    generation: u32,
    bytes: u64,
    windows: u64,
    progress: &'a mut dyn FnMut(u64, u64),
}

impl Attempt<'_> {
    fn write_windows(
        &mut self,
        contents: &Contents<'_>,
        positions: &[Position],
    ) -> Result<Manifest, SnapshotError> {
        self.create_dir(PERSISTING)?;
        let mut names = FileNames::default();
        // A contquery's windows follow one another in a model, but nothing here relies on it.
        let mut folders: Vec<String> = Vec::new();
        let mut windows = Vec::with_capacity(contents.windows.len());
        for part in &contents.windows {
            let (folder, file) = names.give(part.contquery, part.window);
            self.create_folder(&mut folders, folder)?;
            windows.push(self.write_window(part, file)?);
            self.windows += 1;
            (self.progress)(self.bytes, self.windows);
        }
        let mut gates = Vec::with_capacity(contents.gates.len());
        for gate in contents.gates {
            let (folder, file) = names.give_gate(&gate.contquery, &gate.window, &gate.connector);
            self.create_folder(&mut folders, folder)?;
            gates.push(self.write_gate(gate, file)?);
        }
        // Folders were pushed from the top down.
        for folder in folders.iter().rev() {
            sync_dir(self.storage, self.dir, &format!("{PERSISTING}/{folder}"))?;
        }
        sync_dir(self.storage, self.dir, PERSISTING)?;
        Ok(Manifest {
            generation: self.generation,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            project: contents.project.to_owned(),
            time: contents.time.micros(),
            input: contents.input,
            clock_started: contents.clock_started,
            saved_at: contents.saved_at,
            windows,
            positions: positions.to_vec(),
            gates,
        })
    }

    /// Makes a folder below that of its contquery, and that one too, if they are not there yet.
    fn create_folder(&self, made: &mut Vec<String>, folder: String) -> Result<(), SnapshotError> {
        let contquery = folder.split('/').next().unwrap_or_default().to_owned();
        for folder in [contquery, folder] {
            if !made.contains(&folder) {
                self.create_dir(&format!("{PERSISTING}/{folder}"))?;
                made.push(folder);
            }
        }
        Ok(())
    }

    fn write_window(&mut self, part: &Part<'_>, file: String) -> Result<WindowEntry, SnapshotError> {
        let name = WindowName::new(part.contquery, part.window);
        let written = self.write_state(part.state, &name, &file)?;
        Ok(WindowEntry {
            contquery: name.contquery,
            window: name.window,
            shape: part.shape.to_owned(),
            rows: part.rows,
            file,
            length: written.length,
            digest: written.digest,
        })
    }

    fn write_gate(&mut self, gate: &Gate, file: String) -> Result<GateEntry, SnapshotError> {
        let name = WindowName::new(&gate.contquery, &gate.window);
        let written = self.write_state(&*gate.state, &name, &file)?;
        Ok(GateEntry {
            contquery: name.contquery,
            window: name.window,
            connector: gate.connector.clone(),
            file,
            length: written.length,
            digest: written.digest,
        })
    }

    fn write_state(
        &mut self,
        state: &dyn Frozen,
        name: &WindowName,
        file: &str,
    ) -> Result<Written, SnapshotError> {
        let path = format!("{PERSISTING}/{file}");
        let out = self.storage.create(&self.dir.join(&path)).map_err(SnapshotError::io("creating", &path))?;
        let (bytes, windows, progress) = (&mut self.bytes, self.windows, &mut self.progress);
        let mut told = |more| {
            *bytes += more;
            progress(*bytes, windows);
        };
        let mut writer = SegmentWriter::new(out, &path, &mut told)?;
        state.write(&mut writer).map_err(|error| SnapshotError::of_state(name, error))?;
        writer.finish()
    }

    fn move_into_place(&self) -> Result<(), SnapshotError> {
        let place = format!("{QUERIES}/{}", generation_dir(self.generation));
        rename(self.storage, self.dir, PERSISTING, &place)?;
        sync_dir(self.storage, self.dir, QUERIES)?;
        sync_dir(self.storage, self.dir, "")
    }

    fn write_manifest(&mut self, manifest: &Manifest) -> Result<(), SnapshotError> {
        let bytes = manifest.encode()?;
        let path = self.dir.join(NEW_MANIFEST);
        let mut file = self.storage.create(&path).map_err(SnapshotError::io("creating", NEW_MANIFEST))?;
        file.write(&bytes).map_err(SnapshotError::io("writing", NEW_MANIFEST))?;
        file.sync().map_err(SnapshotError::io("syncing", NEW_MANIFEST))?;
        self.bytes += bytes.len() as u64;
        (self.progress)(self.bytes, self.windows);
        Ok(())
    }

    fn create_dir(&self, name: &str) -> Result<(), SnapshotError> {
        self.storage.create_dir(&self.dir.join(name)).map_err(SnapshotError::io("creating", name))
    }
}

fn check_names(contents: &Contents<'_>) -> Result<(), SnapshotError> {
    let mut names: Vec<_> = contents.windows.iter().map(|part| (part.contquery, part.window)).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            Err(SnapshotError::NotRepresentable(format!("window {}/{} comes twice", pair[0].0, pair[0].1)))
        }
        None => Ok(()),
    }
}

fn remove_attempt(storage: &dyn Storage, dir: &Path) -> Result<(), SnapshotError> {
    remove_file(storage, &dir.join(NEW_MANIFEST)).map_err(SnapshotError::io("removing", NEW_MANIFEST))?;
    remove_tree(storage, &dir.join(PERSISTING)).map_err(SnapshotError::io("removing", PERSISTING))
}

fn generations(storage: &dyn Storage, queries: &Path) -> Result<Vec<(u32, Entry)>, SnapshotError> {
    let entries = storage.list(queries).map_err(SnapshotError::io("listing", QUERIES))?;
    let generation = |entry: Entry| Some((generation_of(&entry.name)?, entry));
    Ok(entries.into_iter().filter_map(generation).collect())
}

/// One more than the highest; once that is not possible any more, the lowest free one.
fn next_generation(storage: &dyn Storage, queries: &Path) -> Result<u32, SnapshotError> {
    let mut taken: Vec<u32> = generations(storage, queries)?.into_iter().map(|(number, _)| number).collect();
    taken.sort_unstable();
    let highest = taken.last().copied().unwrap_or(0);
    if highest < MAX_GENERATION {
        return Ok(highest + 1);
    }
    (1..=MAX_GENERATION)
        .find(|number| taken.binary_search(number).is_err())
        .ok_or_else(|| SnapshotError::NotRepresentable("all generations are taken".to_owned()))
}

fn remove_generations_except(storage: &dyn Storage, queries: &Path, kept: u32) -> Result<(), SnapshotError> {
    for (number, entry) in generations(storage, queries)? {
        if number == kept {
            continue;
        }
        let path = queries.join(&entry.name);
        let removed = if entry.is_dir { remove_tree(storage, &path) } else { remove_file(storage, &path) };
        removed.map_err(SnapshotError::io("removing", &format!("{QUERIES}/{}", entry.name)))?;
    }
    Ok(())
}

fn rename(storage: &dyn Storage, dir: &Path, from: &str, to: &str) -> Result<(), SnapshotError> {
    storage.rename(&dir.join(from), &dir.join(to)).map_err(SnapshotError::io("renaming", from))
}

fn sync_dir(storage: &dyn Storage, dir: &Path, name: &str) -> Result<(), SnapshotError> {
    let path = if name.is_empty() { dir.to_owned() } else { dir.join(name) };
    match storage.sync_dir(&path) {
        // Some network file systems cannot sync directories; they keep names durable themselves.
        Err(error) if matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::InvalidInput) => Ok(()),
        synced => synced.map_err(SnapshotError::io("syncing", if name.is_empty() { "." } else { name })),
    }
}
