//! How fast a restored standby reads what it has missed.

use std::fs;
use std::time::Instant;

use crate::Outcome;
use crate::control::{load, persist, restore, state, wait_for_rows};
use crate::feed::fill;
use crate::rig::{Index, Mode, Rig, Run};

/// Records that are part of the snapshot.
const BEFORE: u64 = 100_000;

/// Persists a standby, kills it, writes `events` records, and restores it elsewhere.
pub fn run(mode: Mode, events: u64, brokers: usize) -> Outcome {
    let rig = Rig::start(brokers)?;
    // The source keeps its rows, and their number is the standby's progress.
    let run = Run { name: "catchup".to_owned(), mode, input: "catchup.I".to_owned(), index: Index::Hash };
    rig.topic(&run.input, &[])?;
    rig.topic(&run.output(), &[])?;
    let active = rig.engine(&run)?;
    active.wait_for_line("switched to active")?;
    let standby = rig.engine(&run)?;
    standby.wait_for_line("Watching zookeeper node")?;
    fill(rig.cluster.bootstrap(), &run.input, 0, BEFORE)?;
    wait_for_rows(&standby, "Trades", BEFORE)?;
    let snapshot = rig.folder.path().join("snapshot");
    state(&standby, "stopped")?;
    persist(&standby, &snapshot)?;
    standby.kill()?;
    fill(rig.cluster.bootstrap(), &run.input, BEFORE, BEFORE + events)?;
    wait_for_rows(&active, "Trades", BEFORE + events)?;

    let restored = rig.bare_engine(&run)?;
    load(&restored, &fs::read_to_string(rig.model())?)?;
    restore(&restored, &snapshot)?;
    state(&restored, "running")?;
    let begin = Instant::now();
    state(&restored, "connectorsStarted")?;
    wait_for_rows(&restored, "Trades", BEFORE + events)?;
    let seconds = begin.elapsed().as_secs_f64();
    println!(
        "{}: {events} records missed, in sync after {seconds:.2} s: {:.0} records/s, {brokers} broker(s)",
        mode.name(),
        events as f64 / seconds
    );
    Ok(())
}
