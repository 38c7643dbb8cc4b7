//! Bytes of one block, taken from the front.

use crate::error::Cause;

/// Takes numbers and runs of bytes from a block; knows where it is, for errors.
#[derive(Debug)]
pub(super) struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
}

/// Where in the block something is wrong, and what.
pub(super) type Bad = (usize, Cause);

/// A refusal at this place.
pub(super) fn unexpected(at: usize, expected: impl ToString, found: impl ToString) -> Bad {
    (at, Cause::Unexpected { expected: expected.to_string(), found: found.to_string() })
}

impl<'b> Reader<'b> {
    pub(super) fn new(bytes: &'b [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> usize {
        self.bytes.len() - self.at
    }

    pub(super) fn take(&mut self, len: usize) -> Result<&'b [u8], Bad> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let taken = rest.get(..len).ok_or_else(|| {
            unexpected(self.at, format!("{len} bytes"), format!("{} before the checksum", rest.len()))
        })?;
        self.at += len;
        Ok(taken)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Bad> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    pub(super) fn u8(&mut self) -> Result<u8, Bad> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn u16(&mut self) -> Result<u16, Bad> {
        Ok(u16::from_le_bytes(self.array()?))
    }

    pub(super) fn u32(&mut self) -> Result<u32, Bad> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    pub(super) fn u64(&mut self) -> Result<u64, Bad> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    pub(super) fn i64(&mut self) -> Result<i64, Bad> {
        Ok(i64::from_le_bytes(self.array()?))
    }

    /// A length and as many bytes.
    pub(super) fn run(&mut self) -> Result<&'b [u8], Bad> {
        let len = self.u32()?;
        self.take(len as usize)
    }
}
