//! What was written is what is read.

use std::path::Path;

use crate::support::{Saved, Window, noise, read, save, saved, state};
use proptest::collection::vec;
use proptest::prelude::*;
use tidegate_engine::state::{StateError, StateReader};
use tidegate_snapshot::storage::Memory;
use tidegate_snapshot::{Files, Position, SnapshotError, Storage, UnverifiedSnapshot};

const DIR: &str = "/data/state";
/// Most raw bytes of a segment (docs/snapshot-format.md).
const SEGMENT: usize = 1 << 20;

fn window(name: &str, state: Vec<u8>) -> Window {
    Window { contquery: "cq".into(), window: name.into(), shape: String::new(), rows: 0, state }
}

fn names(storage: &dyn Storage, dir: &Path) -> Vec<String> {
    storage.list(dir).unwrap().into_iter().map(|entry| entry.name).collect()
}

#[test]
fn files_lie_where_the_format_says() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("new/deep");
    save(&Files, &dir, &saved(1)).unwrap();
    assert_eq!(names(&Files, &dir), ["project.state", "queries"]);
    assert!(dir.join("queries/00000001/cq/windows/trades.state").is_file());
    let report = save(&Files, &dir, &saved(2)).unwrap();
    assert_eq!(names(&Files, &dir.join("queries")), ["00000002"]);
    assert_eq!(read(&Files, &dir).unwrap(), saved(2));
    assert_eq!((report.windows, report.rows), (3, 6));
    assert!(report.leftover.is_none());
}

#[test]
fn the_same_state_gives_the_same_bytes() {
    let (a, b) = (Memory::new(), Memory::new());
    for storage in [&a, &b] {
        save(storage, Path::new(DIR), &saved(3)).unwrap();
    }
    for file in ["project.state", "queries/00000001/other/windows/noise.state"] {
        let path = Path::new(DIR).join(file);
        assert_eq!(a.bytes(&path).unwrap(), b.bytes(&path).unwrap());
    }
}

#[test]
fn state_of_any_size_is_cut_and_joined() {
    let sizes = [SEGMENT - 1, SEGMENT, SEGMENT + 1, 3 * SEGMENT];
    let windows = sizes.iter().enumerate().flat_map(|(i, &size)| {
        [window(&format!("noise{i}"), noise(i as u64, size)), window(&format!("zeros{i}"), vec![0; size])]
    });
    let project = Saved { windows: windows.collect(), ..saved(1) };
    let storage = Memory::new();
    let report = save(&storage, Path::new(DIR), &project).unwrap();
    assert_eq!(read(&storage, Path::new(DIR)).unwrap(), project);
    let raw: usize = 2 * sizes.iter().sum::<usize>();
    assert!(report.bytes < (raw as u64) * 52 / 100, "zeros take no room, noise its own");
}

#[test]
fn state_must_be_used_to_its_last_byte() {
    let storage = Memory::new();
    save(&storage, Path::new(DIR), &saved(1)).unwrap();
    let snapshot = UnverifiedSnapshot::open(&storage, Path::new(DIR)).unwrap().verify().unwrap();
    let mut reader = snapshot.load_window("cq", "trades").unwrap();
    reader.get(&mut [0; 299]).unwrap();
    let error = reader.finish().unwrap_err().to_string();
    assert!(error.contains("trades.state") && error.contains("found 1 bytes"), "{error}");
    let mut reader = snapshot.load_window("cq", "trades").unwrap();
    assert!(matches!(reader.get(&mut [0; 301]), Err(StateError::Truncated { missing: 1 })));
    assert!(state(&snapshot, "cq", "empty").unwrap().is_empty());
    assert!(snapshot.load_window("cq", "nowhere").is_err());
}

#[test]
fn a_name_that_comes_twice_is_refused() {
    let project = Saved { windows: vec![window("a", vec![1]), window("a", vec![2])], ..saved(1) };
    let error = save(&Memory::new(), Path::new(DIR), &project).unwrap_err();
    assert!(matches!(error, SnapshotError::NotRepresentable(_)), "{error}");
}

#[test]
fn where_nothing_was_persisted_there_is_no_snapshot() {
    let storage = Memory::new();
    for dir in ["/nowhere", "/"] {
        let error = UnverifiedSnapshot::open(&storage, Path::new(dir)).map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("no persisted project in '{dir}'"));
    }
}

#[test]
fn progress_counts_up_to_the_report() {
    let project = saved(1);
    let parts = project.windows.iter().map(|window| tidegate_snapshot::Part {
        contquery: &window.contquery,
        window: &window.window,
        shape: &window.shape,
        rows: window.rows,
        state: &window.state,
    });
    let contents = tidegate_snapshot::Contents {
        project: "p",
        time: tidegate_event::EngineTime::UNSET,
        input: 0,
        clock_started: false,
        saved_at: None,
        gates: &[],
        windows: parts.collect(),
    };
    let mut seen = vec![(0, 0)];
    let mut told = |bytes, windows| seen.push((bytes, windows));
    let report = tidegate_snapshot::write(&Memory::new(), Path::new(DIR), &contents, &[], &mut told).unwrap();
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(seen.last(), Some(&(report.bytes, report.windows)));
}

fn any_window() -> impl Strategy<Value = Window> {
    let state = prop_oneof![
        vec(any::<u8>(), 0..200),
        (any::<u64>(), 0..5000_usize).prop_map(|(seed, len)| noise(seed, len)),
        (any::<u8>(), 0..200_000_usize).prop_map(|(byte, len)| vec![byte; len]),
    ];
    ("[a-c]", ".{0,300}", ".{0,40}", any::<u64>(), state).prop_map(
        |(contquery, window, shape, rows, state)| {
            // The sum of the rows of all windows must be a number.
            Window { contquery, window, shape, rows: rows >> 8, state }
        },
    )
}

fn any_position() -> impl Strategy<Value = Position> {
    (".{0,8}", ".{0,8}", ".{0,8}", vec(any::<u8>(), 0..40)).prop_map(
        |(contquery, window, connector, position)| Position { contquery, window, connector, position },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_project_comes_back(
        project in ".{0,12}", time: i64, input: i64, clock_started: bool,
        windows in vec(any_window(), 0..6), positions in vec(any_position(), 0..4),
    ) {
        let mut windows = windows;
        windows.sort_by(|a, b| (&a.contquery, &a.window).cmp(&(&b.contquery, &b.window)));
        windows.dedup_by(|a, b| a.contquery == b.contquery && a.window == b.window);
        let saved = Saved { project, time, input, clock_started, windows, positions };
        let storage = Memory::new();
        save(&storage, Path::new(DIR), &saved).unwrap();
        prop_assert_eq!(read(&storage, Path::new(DIR)).unwrap(), saved);
    }
}
