//! Power cut after every single operation: the old or the new snapshot, whole.

use std::path::Path;

use crate::support::{read, save, saved};
use tidegate_snapshot::SnapshotError;
use tidegate_snapshot::storage::{FailAfter, Memory, Storage, Survival};

const DIR: &str = "/data/state";

/// More operations than a persist takes.
const MANY: u64 = 10_000;

fn operations(start: &Memory) -> u64 {
    let counting = FailAfter::new(start.copied(), MANY);
    save(&counting, Path::new(DIR), &saved(2)).unwrap();
    MANY - counting.left()
}

fn survivals() -> impl Iterator<Item = Survival> {
    let mixed = (0..64).map(Survival::Mixed);
    [Survival::Synced, Survival::Written, Survival::NamesOnly].into_iter().chain(mixed)
}

#[test]
fn a_crash_at_any_operation_leaves_the_old_or_the_new_snapshot() {
    let start = Memory::new();
    save(&start, Path::new(DIR), &saved(1)).unwrap();
    let total = operations(&start);
    let (mut old, mut new) = (0, 0);
    for operations in 0..=total {
        let disk = start.copied();
        let outcome = save(&FailAfter::new(disk.clone(), operations), Path::new(DIR), &saved(2));
        for survival in survivals() {
            let found = disk.after_crash(survival);
            let snapshot = read(&found, Path::new(DIR))
                .unwrap_or_else(|error| panic!("after {operations} of {total}, {survival:?}: {error}"));
            if snapshot == saved(1) {
                assert!(
                    outcome.is_err(),
                    "a write that was reported done is lost: {operations}, {survival:?}"
                );
                old += 1;
            } else {
                assert_eq!(snapshot, saved(2), "after {operations} of {total}, {survival:?}");
                new += 1;
            }
            // What the crash left is in nobody's way.
            save(&found, Path::new(DIR), &saved(3)).unwrap();
            assert_eq!(read(&found.after_crash(Survival::Synced), Path::new(DIR)).unwrap(), saved(3));
        }
    }
    assert!(old > 0 && new > 0, "both sides of the rename must have been seen: {old} old, {new} new");
}

#[test]
fn a_crash_in_the_first_persist_leaves_none_or_a_whole_one() {
    let total = operations(&Memory::new());
    for operations in 0..=total {
        let disk = Memory::new();
        let outcome = save(&FailAfter::new(disk.clone(), operations), Path::new(DIR), &saved(2));
        for survival in survivals() {
            match read(&disk.after_crash(survival), Path::new(DIR)) {
                Ok(snapshot) => assert_eq!(snapshot, saved(2)),
                Err(error) => {
                    assert!(
                        matches!(error, SnapshotError::NotFound { .. }),
                        "{operations}, {survival:?}: {error}"
                    );
                    assert!(outcome.is_err(), "a write that was reported done is lost: {survival:?}");
                }
            }
        }
    }
}

fn names(storage: &Memory, dir: &str) -> Vec<String> {
    storage.list(Path::new(dir)).unwrap().into_iter().map(|entry| entry.name).collect()
}

/// The failure passes, so the clean-up after the error goes through.
#[test]
fn a_failed_persist_leaves_the_old_snapshot_and_nothing_else() {
    let start = Memory::new();
    save(&start, Path::new(DIR), &saved(1)).unwrap();
    let (mut old, mut new, mut undecided, mut leftovers) = (0, 0, 0, 0);
    for operations in 0..operations(&start) {
        let disk = start.copied();
        let outcome = save(&FailAfter::once(disk.clone(), operations), Path::new(DIR), &saved(2));
        let snapshot = read(&disk, Path::new(DIR)).unwrap();
        match outcome {
            // The rename went through, the sync behind it did not: both generations must stay.
            Err(_) if snapshot == saved(2) => new += 1,
            // The rename itself failed: it may have gone through all the same, so nothing was removed.
            Err(_) if names(&disk, DIR).iter().any(|name| name == "project.state.new") => {
                assert_eq!(snapshot, saved(1), "after {operations}");
                undecided += 1;
            }
            Err(_) => {
                assert_eq!(snapshot, saved(1), "after {operations}");
                assert_eq!(names(&disk, DIR), ["project.state", "queries"], "after {operations}");
                assert_eq!(names(&disk, "/data/state/queries"), ["00000001"], "after {operations}");
                old += 1;
            }
            Ok(report) => {
                assert_eq!(snapshot, saved(2), "after {operations}");
                leftovers += usize::from(report.leftover.is_some());
            }
        }
        // Whatever was left, the next persist removes it.
        save(&disk, Path::new(DIR), &saved(3)).unwrap();
        assert_eq!(names(&disk, DIR), ["project.state", "queries"], "after {operations}");
        assert_eq!(names(&disk, "/data/state/queries").len(), 1, "after {operations}");
    }
    assert!(old > 0 && leftovers > 0, "{old} old, {leftovers} leftovers");
    assert_eq!((undecided, new), (1, 1), "one rename decides, and one sync makes it durable");
}
