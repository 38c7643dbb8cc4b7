//! How fast a window's rows are persisted and restored: the request's time, and the bytes of the snapshot.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Instant;

use tidegate_harness::Engine;

use crate::Outcome;
use crate::control::{load, persist, restore, state, wait_for_rows};
use crate::feed::line;
use crate::figures::median;

/// How often each is done.
const TIMES: usize = 3;

/// Persists a window of so many rows, and restores it in engines that start for it.
pub fn run(rows: u64) -> Outcome {
    let folder = tempfile::Builder::new().prefix("tidegate-bench-").tempdir()?;
    let trades = folder.path().join("trades.csv");
    write_trades(&trades, rows)?;
    let text = fs::metadata(&trades)?.len() as f64 / 1e6;
    let trades = trades.display().to_string();
    let arguments = ["-TRADES", &trades, "-ROWS", &rows.to_string()].map(str::to_owned);
    let start = || Engine::start(folder.path(), &arguments);
    let model = include_str!("../persist.xml");

    let engine = start()?;
    load(&engine, model)?;
    state(&engine, "running")?;
    state(&engine, "connectorsStarted")?;
    wait_for_rows(&engine, "Kept", rows)?;
    state(&engine, "stopped")?;
    let (mut persisted, mut restored, mut bytes) = (Vec::new(), Vec::new(), 0);
    for time in 0..TIMES {
        let snapshot = folder.path().join(format!("snapshot-{time}"));
        let begin = Instant::now();
        persist(&engine, &snapshot)?;
        persisted.push(begin.elapsed().as_secs_f64());
        bytes = size(&snapshot)?;

        let other = start()?;
        load(&other, model)?;
        let begin = Instant::now();
        restore(&other, &snapshot)?;
        restored.push(begin.elapsed().as_secs_f64());
        wait_for_rows(&other, "Kept", rows)?;
    }
    let megabytes = bytes as f64 / 1e6;
    let shown = |what: &str, seconds: f64| {
        println!(
            "  {what}: {seconds:.3} s, {:.1} MB/s on disk, {:.1} MB/s as text, {:.2} million rows/s",
            megabytes / seconds,
            text / seconds,
            rows as f64 / seconds / 1e6
        );
    };
    println!("{rows} rows, {text:.1} MB as text, {megabytes:.1} MB on disk; median of {TIMES}:");
    shown("persist", median(&persisted));
    shown("restore", median(&restored));
    Ok(())
}

fn write_trades(path: &Path, rows: u64) -> Outcome {
    let mut file = BufWriter::new(fs::File::create(path)?);
    let mut text = String::new();
    for number in 0..rows {
        line(number, &mut text)?;
        file.write_all(text.as_bytes())?;
    }
    Ok(file.flush()?)
}

/// Bytes of all files below a folder.
fn size(folder: &Path) -> Outcome<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { size(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}
