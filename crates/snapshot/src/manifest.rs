//! The manifest: what a snapshot holds, and how to know that it holds it still.

use crate::error::{SnapshotError, WindowName};
use crate::layout::{MANIFEST, MAX_GENERATION, VERSION, is_inside};

const MAGIC: [u8; 8] = *b"TGSNAPSH";
/// Where the crc of magic and version stands.
const CRC_AT: usize = 12;
const LENGTH_AT: usize = 16;
const BODY_AT: usize = 24;
/// Bytes of the digest at the end.
const DIGEST: usize = 32;
/// The longest manifest that is read, in bytes: a million windows with shapes of 1 KiB.
pub(crate) const MAX_MANIFEST: u64 = 1 << 30;

/// A window of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowEntry {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub window: String,
    /// What the state depends on; it may be loaded into a window of equal shape.
    pub shape: String,
    /// Rows that the window listed as its content.
    pub rows: u64,
    /// The file, below the generation's directory.
    pub file: String,
    /// Bytes of the file.
    pub length: u64,
    /// BLAKE3 of the file.
    pub digest: [u8; 32],
}

impl WindowEntry {
    /// The window's name.
    pub fn name(&self) -> WindowName {
        WindowName::new(&self.contquery, &self.window)
    }
}

/// An output gate of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateEntry {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window whose output it takes.
    pub window: String,
    /// Name of the connector.
    pub connector: String,
    /// The file, below the generation's directory.
    pub file: String,
    /// Bytes of the file.
    pub length: u64,
    /// BLAKE3 of the file.
    pub digest: [u8; 32],
}

/// Where the input of a publisher connector goes on after the saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the source window.
    pub window: String,
    /// Name of the connector.
    pub connector: String,
    /// What the connector's class makes of it.
    pub position: Vec<u8>,
}

/// The positions of all inputs.
pub type Positions = Vec<Position>;

/// All that the manifest says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) generation: u32,
    pub(crate) engine_version: String,
    pub(crate) project: String,
    /// Engine time in microseconds.
    pub(crate) time: i64,
    pub(crate) input: i64,
    pub(crate) clock_started: bool,
    /// When it was saved, by the wall clock in microseconds.
    pub(crate) saved_at: Option<i64>,
    pub(crate) windows: Vec<WindowEntry>,
    pub(crate) positions: Positions,
    pub(crate) gates: Vec<GateEntry>,
}

/// BLAKE3 over contquery, window and shape of the windows in order.
pub(crate) fn model_hash(windows: &[WindowEntry]) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    for window in windows {
        for text in [&window.contquery, &window.window, &window.shape] {
            // Longer texts are refused before they are written, and cannot be read.
            hasher.update(&(text.len() as u32).to_le_bytes());
            hasher.update(text.as_bytes());
        }
    }
    *hasher.finalize().as_bytes()
}

impl Manifest {
    /// The bytes of the file.
    pub(crate) fn encode(&self) -> Result<Vec<u8>, SnapshotError> {
        let mut out = Vec::new();
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out.extend_from_slice(&[0; 8]);
        out.extend_from_slice(&self.generation.to_le_bytes());
        put_bytes(&mut out, self.engine_version.as_bytes())?;
        put_bytes(&mut out, self.project.as_bytes())?;
        out.extend_from_slice(&model_hash(&self.windows));
        out.extend_from_slice(&self.time.to_le_bytes());
        out.extend_from_slice(&self.input.to_le_bytes());
        out.push(u8::from(self.clock_started));
        out.extend_from_slice(&self.saved_at.unwrap_or(i64::MIN).to_le_bytes());
        put_count(&mut out, self.windows.len())?;
        for window in &self.windows {
            put_bytes(&mut out, window.contquery.as_bytes())?;
            put_bytes(&mut out, window.window.as_bytes())?;
            put_bytes(&mut out, window.shape.as_bytes())?;
            out.extend_from_slice(&window.rows.to_le_bytes());
            put_bytes(&mut out, window.file.as_bytes())?;
            out.extend_from_slice(&window.length.to_le_bytes());
            out.extend_from_slice(&window.digest);
        }
        put_count(&mut out, self.positions.len())?;
        for position in &self.positions {
            put_bytes(&mut out, position.contquery.as_bytes())?;
            put_bytes(&mut out, position.window.as_bytes())?;
            put_bytes(&mut out, position.connector.as_bytes())?;
            put_bytes(&mut out, &position.position)?;
        }
        put_count(&mut out, self.gates.len())?;
        for gate in &self.gates {
            put_bytes(&mut out, gate.contquery.as_bytes())?;
            put_bytes(&mut out, gate.window.as_bytes())?;
            put_bytes(&mut out, gate.connector.as_bytes())?;
            put_bytes(&mut out, gate.file.as_bytes())?;
            out.extend_from_slice(&gate.length.to_le_bytes());
            out.extend_from_slice(&gate.digest);
        }
        let length = (out.len() + DIGEST) as u64;
        if length > MAX_MANIFEST {
            return Err(SnapshotError::NotRepresentable(format!(
                "its manifest would have {length} bytes, at most {MAX_MANIFEST} can be read"
            )));
        }
        out[LENGTH_AT..BODY_AT].copy_from_slice(&length.to_le_bytes());
        let digest = blake3::hash(&out);
        out.extend_from_slice(digest.as_bytes());
        Ok(out)
    }

    /// Checks and reads the file.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, SnapshotError> {
        let (version, body) = checked_body(bytes)?;
        let mut from = Cursor { bytes: body, at: BODY_AT };
        let generation = from.u32()?;
        if !(1..=MAX_GENERATION).contains(&generation) {
            return Err(
                from.wrong(format!("expected a generation of 1 to {MAX_GENERATION}, found {generation}"))
            );
        }
        let engine_version = from.text()?;
        let project = from.text()?;
        let hash_at = from.at;
        let hash: [u8; 32] = from.array()?;
        let time = from.i64()?;
        let input = from.i64()?;
        let clock_started = match from.array::<1>()? {
            [0] => false,
            [1] => true,
            [other] => return Err(from.wrong(format!("expected 0 or 1, found {other}"))),
        };
        let saved_at = if version < 2 { None } else { Some(from.i64()?).filter(|&at| at != i64::MIN) };
        let windows = from.list(Cursor::window)?;
        let positions = from.list(Cursor::position)?;
        let gates = if version < 2 { Vec::new() } else { from.list(Cursor::gate)? };
        if from.at != body.len() {
            return Err(from.wrong(format!("expected the end, found {} bytes", body.len() - from.at)));
        }
        if model_hash(&windows) != hash {
            return Err(corrupt(hash_at, "the model hash is not that of the windows listed"));
        }
        no_duplicates(&windows)?;
        no_duplicate_gates(&gates)?;
        Ok(Self {
            generation,
            engine_version,
            project,
            time,
            input,
            clock_started,
            saved_at,
            windows,
            positions,
            gates,
        })
    }
}

/// The version, and the bytes before the digest, once everything about them fits.
fn checked_body(bytes: &[u8]) -> Result<(u32, &[u8]), SnapshotError> {
    let mut head = Cursor { bytes, at: 0 };
    let magic: [u8; 8] = head.array()?;
    if magic != MAGIC {
        return Err(corrupt(0, format!("expected {MAGIC:02x?}, found {magic:02x?}")));
    }
    let version = head.u32()?;
    let crc = head.u32()?;
    let expected = crc32fast::hash(&bytes[..CRC_AT]);
    if crc != expected {
        return Err(corrupt(CRC_AT, format!("expected the checksum {expected:08x}, found {crc:08x}")));
    }
    if version > VERSION {
        return Err(SnapshotError::NewerFormat {
            file: MANIFEST.to_owned(),
            found: version,
            supported: VERSION,
        });
    }
    if version == 0 {
        return Err(corrupt(8, "expected a format version from 1, found 0"));
    }
    let length = head.u64()?;
    if length != bytes.len() as u64 {
        return Err(corrupt(
            LENGTH_AT,
            format!("expected {length} bytes in the file, found {}", bytes.len()),
        ));
    }
    let Some((body, digest)) = bytes.split_last_chunk::<DIGEST>().filter(|(body, _)| body.len() >= BODY_AT)
    else {
        return Err(corrupt(bytes.len(), "the file ends before its digest"));
    };
    let expected = blake3::hash(body);
    if expected.as_bytes() != digest {
        let found = blake3::Hash::from_bytes(*digest);
        return Err(corrupt(body.len(), format!("expected the digest {expected}, found {found}")));
    }
    Ok((version, body))
}

fn no_duplicates(windows: &[WindowEntry]) -> Result<(), SnapshotError> {
    let mut names: Vec<_> = windows.iter().map(|entry| (&entry.contquery, &entry.window)).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(corrupt(BODY_AT, format!("window {}/{} is listed twice", pair[0].0, pair[0].1))),
        None => Ok(()),
    }
}

fn no_duplicate_gates(gates: &[GateEntry]) -> Result<(), SnapshotError> {
    let mut names: Vec<_> =
        gates.iter().map(|gate| (&gate.contquery, &gate.window, &gate.connector)).collect();
    names.sort_unstable();
    match names.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => {
            let (contquery, window, connector) = pair[0];
            Err(corrupt(BODY_AT, format!("the gate of {contquery}/{window}/{connector} is listed twice")))
        }
        None => Ok(()),
    }
}

fn corrupt(at: usize, reason: impl Into<String>) -> SnapshotError {
    SnapshotError::corrupt(MANIFEST, at as u64, reason)
}

fn put_count(out: &mut Vec<u8>, count: usize) -> Result<(), SnapshotError> {
    let count = u32::try_from(count).map_err(|_| {
        SnapshotError::NotRepresentable(format!("{count} of something, at most {}", u32::MAX))
    })?;
    out.extend_from_slice(&count.to_le_bytes());
    Ok(())
}

fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), SnapshotError> {
    put_count(out, bytes.len())?;
    out.extend_from_slice(bytes);
    Ok(())
}

/// Reads front to back; nothing is reserved that the bytes do not fill.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn wrong(&self, reason: impl Into<String>) -> SnapshotError {
        corrupt(self.at, reason)
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], SnapshotError> {
        let left = self.bytes.len() - self.at;
        if length > left {
            return Err(self.wrong(format!("expected {length} bytes, found {left}")));
        }
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], SnapshotError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, SnapshotError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, SnapshotError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn i64(&mut self) -> Result<i64, SnapshotError> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    fn byte_string(&mut self) -> Result<&'a [u8], SnapshotError> {
        let length = self.u32()?;
        self.take(length as usize)
    }

    fn text(&mut self) -> Result<String, SnapshotError> {
        let at = self.at;
        let bytes = self.byte_string()?;
        let text = str::from_utf8(bytes).map_err(|cause| corrupt(at, format!("expected UTF-8: {cause}")))?;
        Ok(text.to_owned())
    }

    fn list<T>(&mut self, item: fn(&mut Self) -> Result<T, SnapshotError>) -> Result<Vec<T>, SnapshotError> {
        let count = self.u32()?;
        let mut items = Vec::new();
        for _ in 0..count {
            items.push(item(self)?);
        }
        Ok(items)
    }

    fn window(&mut self) -> Result<WindowEntry, SnapshotError> {
        let contquery = self.text()?;
        let window = self.text()?;
        let shape = self.text()?;
        let rows = self.u64()?;
        let file = self.path()?;
        Ok(WindowEntry { contquery, window, shape, rows, file, length: self.u64()?, digest: self.array()? })
    }

    fn path(&mut self) -> Result<String, SnapshotError> {
        let at = self.at;
        let file = self.text()?;
        if !is_inside(&file) {
            return Err(corrupt(at, format!("expected a plain path of a file, found {file:?}")));
        }
        Ok(file)
    }

    fn gate(&mut self) -> Result<GateEntry, SnapshotError> {
        Ok(GateEntry {
            contquery: self.text()?,
            window: self.text()?,
            connector: self.text()?,
            file: self.path()?,
            length: self.u64()?,
            digest: self.array()?,
        })
    }

    fn position(&mut self) -> Result<Position, SnapshotError> {
        Ok(Position {
            contquery: self.text()?,
            window: self.text()?,
            connector: self.text()?,
            position: self.byte_string()?.to_vec(),
        })
    }
}
