//! The traits through which state is saved and loaded; the `snapshot` crate implements them over files.
//!
//! Saving has two halves (design.md 8). *Freezing* happens on the engine's thread at a step boundary and is
//! bounded: it shares pages instead of copying rows. *Writing* happens wherever the caller likes, while the
//! engine goes on. All numbers are little-endian and of fixed width.

use std::error::Error;

use tidegate_event::StoredRowError;

/// Why state could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The place it is written to or read from failed.
    #[error("{0}")]
    Medium(#[source] Box<dyn Error + Send + Sync>),
    /// The state ends before its time.
    #[error("the state ends {missing} bytes early")]
    Truncated {
        /// How many bytes were still wanted.
        missing: usize,
    },
    /// The state contradicts itself or the window it is loaded into.
    #[error("{0}")]
    Corrupt(String),
    /// A row is broken.
    #[error("a stored row is broken: {0}")]
    Row(#[from] StoredRowError),
}

impl StateError {
    /// State that contradicts itself, in these words.
    pub fn corrupt(reason: impl Into<String>) -> Self {
        Self::Corrupt(reason.into())
    }
}

/// Takes the state of one part, front to back.
pub trait StateWriter {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// When the medium fails.
    fn put(&mut self, bytes: &[u8]) -> Result<(), StateError>;

    /// Takes a number.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    fn put_u64(&mut self, value: u64) -> Result<(), StateError> {
        self.put(&value.to_le_bytes())
    }

    /// Takes a signed number.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    fn put_i64(&mut self, value: i64) -> Result<(), StateError> {
        self.put(&value.to_le_bytes())
    }

    /// Takes bytes together with their length.
    ///
    /// # Errors
    /// As [`put`](Self::put).
    fn put_bytes(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.put_u64(bytes.len() as u64)?;
        self.put(bytes)
    }
}

/// Gives the state of one part, front to back.
pub trait StateReader {
    /// Fills `bytes` with what comes next.
    ///
    /// # Errors
    /// When less is left, or the medium fails.
    fn get(&mut self, bytes: &mut [u8]) -> Result<(), StateError>;

    /// Gives a number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn get_u64(&mut self) -> Result<u64, StateError> {
        let mut bytes = [0; 8];
        self.get(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// Gives a signed number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    fn get_i64(&mut self) -> Result<i64, StateError> {
        Ok(self.get_u64()?.cast_signed())
    }

    /// Gives bytes that were written together with their length, which is at most `limit`.
    ///
    /// # Errors
    /// As [`get`](Self::get), and when the length is beyond the limit.
    fn get_bytes(&mut self, limit: usize, into: &mut Vec<u8>) -> Result<(), StateError> {
        let len = self.get_u64()?;
        if len > limit as u64 {
            return Err(StateError::corrupt(format!(
                "a length of {len} bytes where at most {limit} are allowed"
            )));
        }
        into.clear();
        // A broken length must not reserve memory that the data cannot fill.
        let mut left = len as usize;
        while left > 0 {
            let part = left.min(1 << 20);
            let start = into.len();
            into.resize(start + part, 0);
            self.get(&mut into[start..])?;
            left -= part;
        }
        Ok(())
    }
}

/// State as it was at a step boundary, ready to be written elsewhere.
pub trait Frozen: Send {
    /// Writes the state.
    ///
    /// # Errors
    /// When the medium fails.
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError>;
}

/// State that was small enough to be encoded when it was frozen.
impl Frozen for Vec<u8> {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        out.put(self)
    }
}

/// Several states one after the other.
impl Frozen for Vec<Box<dyn Frozen>> {
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        self.iter().try_for_each(|part| part.write(out))
    }
}

/// State in memory, for tests and for parts that are kept whole.
impl StateWriter for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) -> Result<(), StateError> {
        self.extend_from_slice(bytes);
        Ok(())
    }
}

impl StateReader for &[u8] {
    fn get(&mut self, bytes: &mut [u8]) -> Result<(), StateError> {
        let Some((head, rest)) = self.split_at_checked(bytes.len()) else {
            return Err(StateError::Truncated { missing: bytes.len() - self.len() });
        };
        bytes.copy_from_slice(head);
        *self = rest;
        Ok(())
    }
}
