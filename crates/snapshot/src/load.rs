//! Loading a snapshot into a project just built.

use std::collections::BTreeMap;

use tidegate_engine::Project;
use tidegate_engine::state::StateError;

use crate::error::{Changes, SnapshotError, WindowName};
use crate::manifest::Positions;
use crate::verify::Snapshot;

/// Loads the state of all windows into a project just built from its model, and takes over clock and ids. Answers
/// where the inputs go on. After an error the project is half loaded: drop it.
///
/// # Errors
/// When the snapshot is of another project or its model has changed; both are found before anything is loaded.
/// When a window does not take its state to the last byte.
pub fn load_project(snapshot: &Snapshot<'_>, project: &mut Project) -> Result<Positions, SnapshotError> {
    check_project(snapshot, project)?;
    for entry in snapshot.windows() {
        let mut reader = snapshot.load_window(&entry.contquery, &entry.window)?;
        project
            .load_window(&entry.contquery, &entry.window, &mut reader)
            .map_err(|error| in_file(snapshot, &entry.name(), error))?;
        reader.finish()?;
    }
    project.resume(snapshot.time(), snapshot.input(), snapshot.clock_started());
    Ok(snapshot.positions().clone())
}

/// Whether the snapshot fits the project, without loading anything.
///
/// # Errors
/// When the snapshot is of another project or its model has changed.
pub fn check_project(snapshot: &Snapshot<'_>, project: &Project) -> Result<(), SnapshotError> {
    if snapshot.project() != project.name() {
        return Err(SnapshotError::OtherProject {
            expected: project.name().to_owned(),
            found: snapshot.project().to_owned(),
        });
    }
    let changes = changes(snapshot, project.shape());
    if changes.is_empty() { Ok(()) } else { Err(SnapshotError::ModelChanged(changes)) }
}

/// What differs, by name: the order of declaration is no difference.
fn changes(snapshot: &Snapshot<'_>, now: Vec<(String, String, String)>) -> Changes {
    let mut now: BTreeMap<WindowName, String> = now
        .into_iter()
        .map(|(contquery, window, shape)| (WindowName::new(contquery, window), shape))
        .collect();
    let mut changes = Changes::default();
    for entry in snapshot.windows() {
        match now.remove(&entry.name()) {
            None => changes.removed.push(entry.name()),
            Some(shape) if shape != entry.shape => {
                changes.changed.push((entry.name(), entry.shape.clone(), shape));
            }
            Some(_) => {}
        }
    }
    changes.added = now.into_keys().collect();
    changes
}

/// State that a window refuses is damage of its file: the snapshot's checksums vouch for what was written only.
fn in_file(snapshot: &Snapshot<'_>, window: &WindowName, error: StateError) -> SnapshotError {
    match SnapshotError::of_state(window, error) {
        SnapshotError::State { source, .. } => {
            SnapshotError::corrupt(&snapshot.file_of(window), 0, format!("window {window}: {source}"))
        }
        own => own,
    }
}
