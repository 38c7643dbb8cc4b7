//! Snapshots of made-up parts: written, read back whole, compared.

use std::path::Path;

use tidegate_engine::state::StateReader;
use tidegate_event::EngineTime;
use tidegate_snapshot::{
    Contents, Part, Position, Report, Snapshot, SnapshotError, Storage, UnverifiedSnapshot, write,
};

/// A window's name, shape, rows and state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) contquery: String,
    pub(crate) window: String,
    pub(crate) shape: String,
    pub(crate) rows: u64,
    pub(crate) state: Vec<u8>,
}

/// All of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Saved {
    pub(crate) project: String,
    pub(crate) time: i64,
    pub(crate) input: i64,
    pub(crate) clock_started: bool,
    pub(crate) windows: Vec<Window>,
    pub(crate) positions: Vec<Position>,
}

/// Bytes that do not compress, the same in every run (xorshift).
pub(crate) fn noise(seed: u64, len: usize) -> Vec<u8> {
    let mut state = seed | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    (0..len).map(|_| next()).collect()
}

/// A small project; `n` makes it differ.
pub(crate) fn saved(n: u8) -> Saved {
    let window = |contquery: &str, window: &str, state: Vec<u8>| Window {
        contquery: contquery.to_owned(),
        window: window.to_owned(),
        shape: format!("window-source index=pi_HASH schema=id*:int64,n:int32 {window}"),
        rows: u64::from(n),
        state,
    };
    Saved {
        project: "trades".to_owned(),
        time: 1_700_000_000_000_000 + i64::from(n),
        input: 4711 + i64::from(n),
        clock_started: n % 2 == 1,
        windows: vec![
            window("cq", "trades", vec![n; 300]),
            window("cq", "empty", Vec::new()),
            window("other", "noise", noise(u64::from(n), 500)),
        ],
        positions: vec![Position {
            contquery: "cq".to_owned(),
            window: "trades".to_owned(),
            connector: "pub".to_owned(),
            position: vec![n, 1, 2, 3],
        }],
    }
}

fn part(window: &Window) -> Part<'_> {
    Part {
        contquery: &window.contquery,
        window: &window.window,
        shape: &window.shape,
        rows: window.rows,
        state: &window.state,
    }
}

/// Writes a snapshot.
pub(crate) fn save(storage: &dyn Storage, dir: &Path, saved: &Saved) -> Result<Report, SnapshotError> {
    let contents = Contents {
        project: &saved.project,
        time: EngineTime::from_micros(saved.time),
        input: saved.input,
        clock_started: saved.clock_started,
        saved_at: None,
        gates: &[],
        windows: saved.windows.iter().map(part).collect(),
    };
    write(storage, dir, &contents, &saved.positions, &mut |_, _| {})
}

/// Reads everything.
pub(crate) fn read(storage: &dyn Storage, dir: &Path) -> Result<Saved, SnapshotError> {
    let snapshot = UnverifiedSnapshot::open(storage, dir)?.verify()?;
    let window = |entry: &tidegate_snapshot::WindowEntry| {
        Ok(Window {
            contquery: entry.contquery.clone(),
            window: entry.window.clone(),
            shape: entry.shape.clone(),
            rows: entry.rows,
            state: state(&snapshot, &entry.contquery, &entry.window)?,
        })
    };
    Ok(Saved {
        project: snapshot.project().to_owned(),
        time: snapshot.time().micros(),
        input: snapshot.input(),
        clock_started: snapshot.clock_started(),
        windows: snapshot.windows().iter().map(window).collect::<Result<_, SnapshotError>>()?,
        positions: snapshot.positions().clone(),
    })
}

/// All bytes of a window's state.
pub(crate) fn state(
    snapshot: &Snapshot<'_>,
    contquery: &str,
    window: &str,
) -> Result<Vec<u8>, SnapshotError> {
    let mut reader = snapshot.load_window(contquery, window)?;
    let mut state = Vec::new();
    let mut byte = [0];
    while reader.get(&mut byte).is_ok() {
        state.push(byte[0]);
    }
    reader.finish()?;
    Ok(state)
}
