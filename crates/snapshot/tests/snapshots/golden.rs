//! Snapshots of every format version, as they were written then. All must read for ever: what fails here is never
//! mended by writing the files anew.

use std::path::PathBuf;

use tidegate_snapshot::{Files, Position};

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
