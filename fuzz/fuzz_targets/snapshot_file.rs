//! A snapshot one of whose files is made of the input: as it comes, and with its checksums put right, because
//! behind wrong ones nothing would be reached (docs/snapshot-format.md). What passes is loaded to its end.
#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use tidegate_engine::state::StateReader;
use tidegate_event::EngineTime;
use tidegate_snapshot::storage::Memory;
use tidegate_snapshot::{Contents, Part, UnverifiedSnapshot, write};

const DIR: &str = "/s";
const MANIFEST: &str = "/s/project.state";
const WINDOW: &str = "/s/queries/00000001/cq/windows/w.state";
/// Bytes of a manifest before its body.
const HEAD: usize = 24;
const DIGEST: usize = 32;
/// Bytes of a window file's header.
const FILE_HEADER: usize = 8;
/// Bytes of a segment's header, and where its checksum stands.
const SEGMENT: usize = 20;
const CRC: usize = 16;
/// Most bytes of state that are read: a few segments.
const ENOUGH: usize = 8 << 20;

fuzz_target!(|data: &[u8]| {
    let [choice, bytes @ ..] = data else { return };
    let storage = snapshot();
    match choice % 4 {
        0 => put(&storage, MANIFEST, bytes),
        1 => put(&storage, MANIFEST, &manifest_of(bytes)),
        2 => put_window(&storage, bytes),
        _ => put_window(&storage, &with_checksums(bytes)),
    }
    read(&storage);
});

/// One window, no input positions.
fn snapshot() -> Memory {
    let storage = Memory::new();
    let part = Part { contquery: "cq", window: "w", shape: "s", rows: 1, state: &b"state".to_vec() };
    let contents =
        Contents { project: "p", time: EngineTime::UNSET, input: 1, clock_started: true, saved_at: None, windows: vec![part], gates: &[] };
    write(&storage, Path::new(DIR), &contents, &[], &mut |_, _| {}).expect("memory takes a snapshot");
    storage
}

fn put(storage: &Memory, file: &str, bytes: &[u8]) {
    storage.put(Path::new(file), bytes).expect("the directory is there");
}

/// A manifest with this body.
fn manifest_of(body: &[u8]) -> Vec<u8> {
    let mut bytes = b"TGSNAPSH\x01\0\0\0".to_vec();
    bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
    bytes.extend_from_slice(&((HEAD + body.len() + DIGEST) as u64).to_le_bytes());
    bytes.extend_from_slice(body);
    let digest = blake3::hash(&bytes);
    bytes.extend_from_slice(digest.as_bytes());
    bytes
}

/// Puts the window's file, and its length and digest into the manifest: they end its only entry.
fn put_window(storage: &Memory, bytes: &[u8]) {
    let manifest = storage.bytes(Path::new(MANIFEST)).expect("the snapshot has a manifest");
    let mut body = manifest[HEAD..manifest.len() - DIGEST].to_vec();
    let no_positions = body.len() - 4;
    let digest_at = no_positions - DIGEST;
    body[digest_at..no_positions].copy_from_slice(blake3::hash(bytes).as_bytes());
    body[digest_at - 8..digest_at].copy_from_slice(&(bytes.len() as u64).to_le_bytes());
    put(storage, MANIFEST, &manifest_of(&body));
    put(storage, WINDOW, bytes);
}

/// Segments with the checksums that they should have, as far as lengths lead.
fn with_checksums(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let mut at = FILE_HEADER;
    while let Some(&[a, b, c, d]) = bytes.get(at + 8..at + 12) {
        let end = at + SEGMENT + u32::from_le_bytes([a, b, c, d]) as usize;
        if end > bytes.len() {
            break;
        }
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&bytes[at..at + CRC]);
        hasher.update(&bytes[at + SEGMENT..end]);
        bytes[at + CRC..at + SEGMENT].copy_from_slice(&hasher.finalize().to_le_bytes());
        at = end;
    }
    bytes
}

fn read(storage: &Memory) {
    let Ok(unverified) = UnverifiedSnapshot::open(storage, Path::new(DIR)) else { return };
    let Ok(snapshot) = unverified.verify() else { return };
    for window in snapshot.windows() {
        let Ok(mut reader) = snapshot.load_window(&window.contquery, &window.window) else { continue };
        let mut piece = vec![0; 64 << 10];
        let mut left = ENOUGH;
        while left > 0 && reader.get(&mut piece).is_ok() {
            left -= piece.len();
        }
        let _ = reader.finish();
    }
}
