//! What a gate holds of a record: its bytes in memory or, beyond `numbufferedmsgs`, in a file.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The bytes of a record.
#[derive(Debug, Clone)]
pub(super) enum Payload {
    /// In memory.
    Memory(Arc<[u8]>),
    /// In a file.
    Spilled {
        /// The file.
        file: Arc<SpillFile>,
        /// Where it begins.
        at: u64,
        /// How many bytes it has.
        len: usize,
    },
}

impl Payload {
    /// The bytes.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub(super) fn bytes(&self) -> io::Result<Arc<[u8]>> {
        match self {
            Self::Memory(bytes) => Ok(Arc::clone(bytes)),
            Self::Spilled { file, at, len } => {
                let mut bytes = vec![0; *len];
                file.file.read_exact_at(&mut bytes, *at)?;
                Ok(bytes.into())
            }
        }
    }
}

/// A file without a name that records are appended to. Its space is given back when the last of its records is
/// gone.
#[derive(Debug)]
pub(super) struct SpillFile {
    file: File,
    len: AtomicU64,
    /// Bytes of all files that are there.
    total: Arc<AtomicU64>,
}

impl SpillFile {
    /// An empty file in the directory for temporary files; `total` counts its bytes while it is there.
    ///
    /// # Errors
    /// When it cannot be made.
    pub(super) fn new(total: Arc<AtomicU64>) -> io::Result<Arc<Self>> {
        Ok(Arc::new(Self { file: tempfile::tempfile()?, len: AtomicU64::new(0), total }))
    }

    /// Appends a record. Only one thread appends to a file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn append(self: &Arc<Self>, bytes: &[u8]) -> io::Result<Payload> {
        let at = self.len.load(Ordering::Relaxed);
        self.file.write_all_at(bytes, at)?;
        self.len.store(at + bytes.len() as u64, Ordering::Relaxed);
        self.total.fetch_add(bytes.len() as u64, Ordering::SeqCst);
        Ok(Payload::Spilled { file: Arc::clone(self), at, len: bytes.len() })
    }

    /// Bytes in the file.
    pub(super) fn len(&self) -> u64 {
        self.len.load(Ordering::Relaxed)
    }
}

impl Drop for SpillFile {
    fn drop(&mut self) {
        self.total.fetch_sub(self.len(), Ordering::SeqCst);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spilled_records_read_back() {
        let total = Arc::new(AtomicU64::new(0));
        let file = SpillFile::new(Arc::clone(&total)).unwrap();
        let first = file.append(b"one").unwrap();
        let second = file.append(b"three").unwrap();
        assert_eq!((&*first.bytes().unwrap(), &*second.bytes().unwrap()), (&b"one"[..], &b"three"[..]));
        assert_eq!((file.len(), total.load(Ordering::SeqCst)), (8, 8));
        drop((file, first, second));
        assert_eq!(total.load(Ordering::SeqCst), 0, "the last record takes the file with it");
    }
}
