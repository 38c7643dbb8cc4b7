//! Damage of any file is refused, with the file's name.

use std::path::{Path, PathBuf};

use crate::support::{read, save, saved};
use proptest::prelude::*;
use tidegate_snapshot::SnapshotError;
use tidegate_snapshot::storage::{Memory, Storage};

const DIR: &str = "/data/state";
const FILES: [&str; 4] = [
    "project.state",
    "queries/00000001/cq/windows/trades.state",
    "queries/00000001/cq/windows/empty.state",
    "queries/00000001/other/windows/noise.state",
];

fn written() -> Memory {
    let storage = Memory::new();
    save(&storage, Path::new(DIR), &saved(1)).unwrap();
    storage
}

fn path(file: &str) -> PathBuf {
    Path::new(DIR).join(file)
}

/// The refusal of a snapshot one of whose files has these bytes.
fn refusal(file: &str, bytes: &[u8]) -> SnapshotError {
    let storage = written();
    storage.put(&path(file), bytes).unwrap();
    match read(&storage, Path::new(DIR)) {
        Ok(_) => panic!("{file}: the damage was not seen"),
        Err(error) => error,
    }
}

fn assert_names(file: &str, error: &SnapshotError) {
    match error {
        SnapshotError::Corrupt { file: named, .. } => assert_eq!(named, file, "{error}"),
        other => panic!("{file}: {other}"),
    }
}

#[test]
fn every_flipped_bit_is_seen() {
    for file in FILES {
        let mut bytes = written().bytes(&path(file)).unwrap();
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_names(file, &refusal(file, &bytes));
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }
}

#[test]
fn every_truncation_and_trailing_bytes_are_seen() {
    for file in FILES {
        let mut bytes = written().bytes(&path(file)).unwrap();
        for length in 0..bytes.len() {
            assert_names(file, &refusal(file, &bytes[..length]));
        }
        bytes.push(0);
        assert_names(file, &refusal(file, &bytes));
    }
}

#[test]
fn a_missing_window_file_is_named() {
    for file in &FILES[1..] {
        let storage = written();
        storage.remove_file(&path(file)).unwrap();
        assert_names(file, &read(&storage, Path::new(DIR)).unwrap_err());
    }
}

/// Each file is whole in itself, but not the one that was written.
#[test]
fn a_file_of_another_snapshot_is_seen() {
    let other = Memory::new();
    save(&other, Path::new(DIR), &saved(2)).unwrap();
    for file in [FILES[1], FILES[3]] {
        assert_names(file, &refusal(file, &other.bytes(&path(file)).unwrap()));
    }
}

#[test]
fn a_newer_format_is_told_from_damage() {
    let mut bytes = written().bytes(&path(FILES[0])).unwrap();
    bytes[8] = 7;
    let crc = crc32fast::hash(&bytes[..12]);
    bytes[12..16].copy_from_slice(&crc.to_le_bytes());
    // Whatever a later version puts behind its first 16 bytes.
    bytes.truncate(40);
    let error = refusal(FILES[0], &bytes);
    assert!(matches!(error, SnapshotError::NewerFormat { found: 7, supported: 2, .. }), "{error}");
}

/// A manifest whose checksums fit, with other bytes at `at`.
fn forged(at: usize, with: &[u8]) -> Vec<u8> {
    let mut bytes = written().bytes(&path(FILES[0])).unwrap();
    bytes[at..at + with.len()].copy_from_slice(with);
    let body = bytes.len() - 32;
    let digest = blake3::hash(&bytes[..body]);
    bytes[body..].copy_from_slice(digest.as_bytes());
    bytes
}

#[test]
fn forged_lengths_and_paths_are_refused() {
    let bytes = written().bytes(&path(FILES[0])).unwrap();
    let huge = u32::MAX.to_le_bytes();
    // The first text, the engine version, stands behind the generation.
    assert_names(FILES[0], &refusal(FILES[0], &forged(28, &huge)));
    let text = b"cq/windows/trades.state";
    let at = bytes.windows(text.len()).position(|part| part == text).unwrap();
    assert_names(FILES[0], &refusal(FILES[0], &forged(at, b"../windows/trades.state")));
    assert_names(FILES[0], &refusal(FILES[0], &forged(at, b"/etc")));
    assert_names(FILES[0], &refusal(FILES[0], &forged(24, &[0; 4])));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_instead_of_a_file_are_refused(
        which in 0..FILES.len(), bytes in proptest::collection::vec(any::<u8>(), 0..600), keep in 0..400_usize,
    ) {
        let whole = written().bytes(&path(FILES[which])).unwrap();
        let mut damaged = whole[..keep.min(whole.len())].to_vec();
        damaged.extend(bytes);
        prop_assume!(damaged != whole);
        assert_names(FILES[which], &refusal(FILES[which], &damaged));
    }
}
