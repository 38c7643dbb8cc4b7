//! A project's state in memory.

use tidegate_engine::Project;
use tidegate_engine::state::{Frozen, StateError};
use tidegate_event::EngineTime;

use crate::run::Difference;

/// What a snapshot holds of a project.
pub(super) struct Saved {
    time: EngineTime,
    input: i64,
    clock_started: bool,
    windows: Vec<(String, String, Vec<u8>)>,
}

/// Freezes and writes the state.
pub(super) fn save(project: &mut Project) -> Result<Saved, Difference> {
    let frozen = project.freeze();
    let mut windows = Vec::new();
    for window in &frozen.windows {
        let mut bytes = Vec::new();
        window.write(&mut bytes).map_err(broken)?;
        windows.push((window.contquery.clone(), window.name.clone(), bytes));
    }
    Ok(Saved { time: frozen.time, input: frozen.input, clock_started: frozen.clock_started, windows })
}

/// Loads the state into a project just built; every byte must be used.
pub(super) fn load(saved: &Saved, project: &mut Project) -> Result<(), Difference> {
    for (contquery, window, bytes) in &saved.windows {
        let mut rest = bytes.as_slice();
        project.load_window(contquery, window, &mut rest).map_err(broken)?;
        if !rest.is_empty() {
            return Err(Difference::State(format!("{window}: {} bytes are left", rest.len())));
        }
    }
    project.resume(saved.time, saved.input, saved.clock_started);
    Ok(())
}

fn broken(error: StateError) -> Difference {
    Difference::State(error.to_string())
}
