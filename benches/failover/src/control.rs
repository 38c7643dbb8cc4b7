//! Requests to an engine's admin interface.

use std::path::Path;

use tidegate_harness::{Engine, wait_until};

use crate::Outcome;
use std::time::Duration;

/// How long a project may take to get somewhere.
const PATIENCE: Duration = Duration::from_secs(180);

/// Loads a model's text without starting it.
pub fn load(engine: &Engine, model: &str) -> Outcome {
    put(engine, "projects/bench?start=false", model)
}

/// Changes the project's state.
pub fn state(engine: &Engine, state: &str) -> Outcome {
    put(engine, &format!("projects/bench/state?value={state}"), "")
}

/// Persists the project into a folder.
pub fn persist(engine: &Engine, folder: &Path) -> Outcome {
    state(engine, &format!("persisted&path={}", folder.display()))
}

/// Restores the project from a folder.
pub fn restore(engine: &Engine, folder: &Path) -> Outcome {
    state(engine, &format!("restored&path={}", folder.display()))
}

fn put(engine: &Engine, path: &str, body: &str) -> Outcome {
    let answer = engine.request("PUT", path, body)?;
    if answer.status < 300 {
        Ok(())
    } else {
        Err(format!("{path}: {} {}", answer.status, answer.body).into())
    }
}

/// Waits until a window holds so many rows.
pub fn wait_for_rows(engine: &Engine, window: &str, rows: u64) -> Outcome {
    let held = || Ok(held(&engine.get("windows?count=true")?.body, window).filter(|held| *held >= rows));
    wait_until(&format!("{window} to hold {rows} rows"), PATIENCE, held)?;
    Ok(())
}

/// `<window-copy name="W" ... count="N"/>`.
fn held(body: &str, window: &str) -> Option<u64> {
    let name = format!(" name=\"{window}\"");
    let line = body.lines().find(|line| line.contains(&name))?;
    line.split(" count=\"").nth(1)?.split('"').next()?.parse().ok()
}
