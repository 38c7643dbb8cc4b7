//! Snapshots of every format version, as they were written then. All must read for ever: what fails here is never
//! mended by writing the files anew.

use std::path::PathBuf;

use tidegate_engine::state::StateReader as _;
use tidegate_event::EngineTime;
use tidegate_snapshot::{Contents, Files, Gate, Part, Position, UnverifiedSnapshot, write};

use crate::support::{Saved, Window, noise, read, save};

fn folder(version: u32) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/v{version}"))
}

/// What lies in `golden/v1`: windows with no state, little, state of two segments, and names that files cannot have.
fn v1() -> Saved {
    let window = |contquery: &str, window: &str, shape: &str, rows, state| Window {
        contquery: contquery.to_owned(),
        window: window.to_owned(),
        shape: shape.to_owned(),
        rows,
        state,
    };
    let mut long = vec![7; (1 << 20) + 1000];
    long[1 << 20..].copy_from_slice(&noise(99, 1000));
    Saved {
        project: "Börse 1".to_owned(),
        time: 1_764_022_800_123_456,
        input: -3,
        clock_started: true,
        windows: vec![
            window("cq", "trades", "window-source index=pi_EMPTY schema=id*:int64", 0, Vec::new()),
            window("cq", "Trades", "window-copy index=pi_RBTREE schema=id*:int64", 2, b"two rows".to_vec()),
            window("a/b", "..", "window-compute index=pi_HASH schema=id*:int64", u64::MAX >> 1, long),
        ],
        positions: vec![
            Position {
                contquery: "cq".to_owned(),
                window: "trades".to_owned(),
                connector: "pub".to_owned(),
                position: vec![0, 255, 16],
            },
            Position {
                contquery: "cq".to_owned(),
                window: "trades".to_owned(),
                connector: "second".to_owned(),
                position: Vec::new(),
            },
        ],
    }
}

#[test]
fn version_1_reads() {
    assert_eq!(read(&Files, &folder(1)).unwrap(), v1());
}

/// How `golden/v1` was made. A new version of the format gets a folder and a writer of its own.
#[test]
#[ignore = "writes files that must never change once they are released"]
fn write_version_1() {
    assert!(!folder(1).exists(), "the golden snapshot of version 1 is there, and stays as it is");
    save(&Files, &folder(1), &v1()).unwrap();
}

/// When `golden/v2` says that it was saved.
const SAVED_AT: i64 = 1_764_043_200_654_321;

/// Connectors and what their gates hold in `golden/v2`, all of window `cq/trades`.
fn gates_of_v2() -> [(&'static str, Vec<u8>); 2] {
    [("out", noise(7, 3000)), ("zweiter Ausgang/2", Vec::new())]
}

/// Version 2 has output gates, and says when it was saved. The rest is as in version 1.
#[test]
fn version_2_reads() {
    assert_eq!(read(&Files, &folder(2)).unwrap(), v1());
    let folder = folder(2);
    let snapshot = UnverifiedSnapshot::open(&Files, &folder).unwrap().verify().unwrap();
    assert_eq!(snapshot.saved_at(), Some(SAVED_AT));
    assert_eq!(snapshot.gates().len(), gates_of_v2().len());
    for (gate, (connector, state)) in snapshot.gates().iter().zip(gates_of_v2()) {
        assert_eq!((gate.contquery.as_str(), gate.window.as_str()), ("cq", "trades"));
        assert_eq!(gate.connector, connector);
        let mut reader = snapshot.load_gate(gate).unwrap();
        let mut held = vec![0; state.len()];
        reader.get(&mut held).unwrap();
        reader.finish().unwrap();
        assert_eq!(held, state);
    }
}

fn part(window: &Window) -> Part<'_> {
    let Window { contquery, window, shape, rows, state } = window;
    Part { contquery, window, shape, rows: *rows, state }
}

#[test]
#[ignore = "writes files that must never change once they are released"]
fn write_version_2() {
    assert!(!folder(2).exists(), "the golden snapshot of version 2 is there, and stays as it is");
    let saved = v1();
    let gates = gates_of_v2().map(|(connector, state)| Gate {
        contquery: "cq".to_owned(),
        window: "trades".to_owned(),
        connector: connector.to_owned(),
        state: Box::new(state),
    });
    let contents = Contents {
        project: &saved.project,
        time: EngineTime::from_micros(saved.time),
        input: saved.input,
        clock_started: saved.clock_started,
        saved_at: Some(SAVED_AT),
        gates: &gates,
        windows: saved.windows.iter().map(part).collect(),
    };
    write(&Files, &folder(2), &contents, &saved.positions, &mut |_, _| {}).unwrap();
}
