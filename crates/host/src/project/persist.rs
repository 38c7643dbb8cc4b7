//! Saving a project and restoring it (failover-and-server 2; design.md 8).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_model::Mistakes;
use tidegate_snapshot::{
    Beside, Gate, Position, Snapshot, SnapshotError, UnverifiedSnapshot, load_project, write_project,
};

use super::transfer::{Transfer, TransferAction, TransferStatus, Watched};
use super::{Project, ProjectState};
use crate::connector::{OutputGate, SourcePosition};
use crate::error::HostError;
use crate::messages;

/// What was saved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Saved {
    /// Rows in all windows.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
    /// How long the project's thread was held up.
    pub pause: Duration,
}

/// What a snapshot has for a gate.
enum Loaded {
    /// A state that was read, and what puts it in place.
    State(Box<dyn FnOnce() + Send>),
    /// Nothing.
    Nothing(Arc<dyn OutputGate>),
}

/// A save or restore while it lasts.
struct UnderWay<'p> {
    project: &'p Project,
    storage: Watched,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        *self.project.transfer.lock() = None;
    }
}

impl Project {
    fn begin_transfer(&self, action: TransferAction, dir: &str) -> UnderWay<'_> {
        let transfer = Transfer::new(&self.name, action, dir);
        *self.transfer.lock() = Some(Arc::clone(&transfer));
        UnderWay { project: self, storage: Watched(transfer) }
    }

    /// How far a save or restore has come; none when there is none.
    pub fn transfer(&self) -> Option<TransferStatus> {
        self.transfer.lock().as_ref().map(|transfer| transfer.status())
    }

    /// Stops a save or restore that is under way, which ends with an error and leaves project and snapshot as they were; answers
    /// whether there was one.
    pub fn stop_transfer(&self) -> bool {
        let transfer = self.transfer.lock();
        if let Some(transfer) = &*transfer {
            transfer.stop();
        }
        transfer.is_some()
    }

    /// Saves the project into a directory, which is made if need be. A running project pauses between two steps only
    /// while its state is frozen, and goes on while it is written. What was there before stays whole until the new
    /// state is durable.
    ///
    /// # Errors
    /// When it is being saved or restored already, has failed, or the directory cannot be written.
    pub fn persist(&self, dir: &str) -> Result<Saved, HostError> {
        let Some(_saving) = self.saving.try_lock() else { return Err(HostError::Busy(self.name.clone())) };
        let under_way = self.begin_transfer(TransferAction::Saving, dir);
        let (paths, gates) = (self.connectors.paths(), self.connectors.gates_by_number());
        let (frozen, positions, states, pause) = self.inlet.call(move |core| {
            let begun = Instant::now();
            let frozen = core.freeze();
            let states: Vec<_> = gates.into_iter().map(|(number, gate)| (number, gate.freeze())).collect();
            (frozen, core.positions().to_vec(), states, begun.elapsed())
        })?;
        let gates = states.into_iter().map(|(number, state)| {
            let (contquery, window, connector) = paths[number].clone();
            Gate { contquery, window, connector, state }
        });
        let gates = gates.collect();
        let positions: Vec<Position> = (paths.into_iter().zip(positions))
            .filter_map(|((contquery, window, connector), position)| {
                let position = position?.to_bytes();
                Some(Position { contquery, window, connector, position })
            })
            .collect();
        let saved_at = Some(self.clock.now().micros());
        let beside = Beside { saved_at, positions, gates };
        let report = write_project(&under_way.storage, Path::new(dir), &frozen, &beside, &mut |_, _| {});
        let report = report.map_err(|error| HostError::NotSaved {
            project: self.name.clone(),
            path: dir.to_owned(),
            detail: error.to_string(),
        })?;
        if let Some(leftover) = &report.leftover {
            messages::SNAPSHOT_LEFTOVER.log(format_args!(
                "project {}: files of an earlier snapshot in {dir} could not be removed: {leftover}",
                self.name
            ));
        }
        *self.saved_at.lock() = saved_at;
        let saved = Saved { rows: report.rows, bytes: report.bytes, pause };
        messages::PROJECT_SAVED.log(format_args!(
            "project {} saved to {dir}: {} rows, {} bytes, events were held up for {} ms",
            self.name,
            saved.rows,
            saved.bytes,
            pause.as_millis()
        ));
        Ok(saved)
    }

    /// Takes over the state saved in a directory. All of it is verified and loaded before the project changes; on
    /// an error the project is as it was. Publishers go on where they stood when the state was saved.
    ///
    /// # Errors
    /// When the project runs, is being saved or restored already, or has failed; when there is no snapshot, or it is
    /// damaged, of another project, of a later format, or of a model that has changed.
    pub fn restore(&self, dir: &str) -> Result<(), HostError> {
        let Some(_saving) = self.saving.try_lock() else { return Err(HostError::Busy(self.name.clone())) };
        let _change = self.change.lock();
        match self.state() {
            ProjectState::Running => return Err(HostError::MustBeStopped(self.name.clone())),
            ProjectState::Failed => return Err(HostError::Failed(self.name.clone())),
            ProjectState::Loaded | ProjectState::Stopped => {}
        }
        let under_way = self.begin_transfer(TransferAction::Restoring, dir);
        let snapshot = UnverifiedSnapshot::open(&under_way.storage, Path::new(dir))
            .and_then(UnverifiedSnapshot::verify)
            .map_err(|error| self.not_restored(dir, &error))?;
        // The model was built once already, with or without what is unsupported; building it again for the same
        // registry cannot fail.
        let mut mistakes = Mistakes::allowing_unsupported();
        let built = tidegate_engine::build_project(&self.model, &self.registry, &mut mistakes);
        let Some((mut fresh, _)) = built else { return Err(HostError::Failed(self.name.clone())) };
        let saved = load_project(&snapshot, &mut fresh).map_err(|error| self.not_restored(dir, &error))?;
        let mut positions = Vec::new();
        for (contquery, window, connector) in self.connectors.paths() {
            let position = saved.iter().find(|position| {
                position.contquery == contquery
                    && position.window == window
                    && position.connector == connector
            });
            let position = position.map(|position| {
                SourcePosition::from_bytes(&position.position).ok_or_else(|| HostError::NotRestored {
                    project: self.name.clone(),
                    path: dir.to_owned(),
                    damaged: true,
                    details: vec![format!(
                        "the position of {contquery}/{window}/{connector} has a wrong length"
                    )],
                })
            });
            positions.push(position.transpose()?);
        }
        let gates = self.load_gates(&snapshot).map_err(|error| self.not_restored(dir, &error))?;
        let (input, saved_at) = (snapshot.input(), snapshot.saved_at());
        self.inlet.call(move |core| {
            core.replace(fresh, positions, saved_at);
            for gate in gates {
                match gate {
                    Loaded::State(put_in_place) => put_in_place(),
                    Loaded::Nothing(gate) => gate.reset(input),
                }
            }
        })?;
        *self.saved_at.lock() = saved_at;
        messages::PROJECT_RESTORED.log(format_args!("project {} restored from {dir}", self.name));
        Ok(())
    }

    /// Reads the states of all gates; none of them changes.
    fn load_gates(&self, snapshot: &Snapshot<'_>) -> Result<Vec<Loaded>, SnapshotError> {
        let paths = self.connectors.paths();
        let mut loaded = Vec::new();
        for (number, gate) in self.connectors.gates_by_number() {
            let (contquery, window, connector) = &paths[number];
            let entry = snapshot.gates().iter().find(|entry| {
                entry.contquery == *contquery && entry.window == *window && entry.connector == *connector
            });
            loaded.push(match entry {
                None => Loaded::Nothing(gate),
                Some(entry) => {
                    let mut reader = snapshot.load_gate(entry)?;
                    let state =
                        gate.load(&mut reader).map_err(|error| snapshot.gate_refused(entry, error))?;
                    reader.finish()?;
                    Loaded::State(state)
                }
            });
        }
        Ok(loaded)
    }

    fn not_restored(&self, dir: &str, error: &SnapshotError) -> HostError {
        let not_restored = |damaged, details| HostError::NotRestored {
            project: self.name.clone(),
            path: dir.to_owned(),
            damaged,
            details,
        };
        match error {
            SnapshotError::NotFound { .. } => HostError::NoSnapshot(dir.to_owned()),
            SnapshotError::OtherProject { found, .. } => {
                HostError::OtherProject { project: self.name.clone(), found: found.clone() }
            }
            SnapshotError::ModelChanged(changes) => not_restored(false, changes.lines()),
            SnapshotError::NewerFormat { .. } => not_restored(false, vec![error.to_string()]),
            _ => not_restored(true, vec![error.to_string()]),
        }
    }
}
