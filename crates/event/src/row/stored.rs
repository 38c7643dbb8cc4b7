//! A row as bytes, for snapshots: independent of how rows lie in memory.
//!
//! ```text
//! null bitmap       one u64 per 64 fields, bit f % 64 of word f / 64 set when field f is null
//! then per field that is not null, in schema order
//!   fixed size      8 bytes: integers sign-extended, doubles as their bits
//!   text, blob, array   u32 length in bytes, then the bytes
//! ```
//! All numbers are little-endian. The schema is not part of it.

use super::{RowBatch, RowView};

/// Why bytes are no row of the expected layout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoredRowError {
    /// The bytes end within a row.
    #[error("the data ends within a row")]
    Truncated,
    /// Text that is not UTF-8.
    #[error("field {0} holds text that is not UTF-8")]
    NotUtf8(usize),
    /// An `int32` beyond its range, or an array with a broken element.
    #[error("field {0} holds a value that its type does not allow")]
    BadValue(usize),
}

/// Appends `row` to `out`.
pub fn write_row(row: &RowView<'_>, out: &mut Vec<u8>) {
    let layout = row.layout();
    for word in &row.words()[..layout.null_words()] {
        out.extend_from_slice(&word.to_le_bytes());
    }
    for (field, ty) in layout.types().iter().enumerate() {
        if row.is_null(field) {
            continue;
        }
        if ty.is_variable() {
            let bytes = row.bytes(field);
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        } else {
            out.extend_from_slice(&row.word(field).to_le_bytes());
        }
    }
}

/// Takes a row off the front of `bytes` and adds it to `batch`.
///
/// # Errors
/// When the bytes are no row of the batch's layout. The batch is then as it was.
pub fn read_row(bytes: &mut &[u8], batch: &mut RowBatch) -> Result<(), StoredRowError> {
    let layout = batch.layout().clone();
    let mut nulls = [0; 16];
    let mut more = Vec::new();
    let nulls: &mut [u64] = if layout.null_words() <= nulls.len() {
        &mut nulls[..layout.null_words()]
    } else {
        more.resize(layout.null_words(), 0);
        &mut more
    };
    for word in nulls.iter_mut() {
        *word = u64::from_le_bytes(take(bytes)?);
    }
    let mut row = batch.push();
    for (field, ty) in layout.types().iter().enumerate() {
        if nulls[field / 64] >> (field % 64) & 1 == 1 {
            continue;
        }
        let filled = if ty.is_variable() {
            take(bytes).and_then(|len| take_slice(bytes, u32::from_le_bytes(len) as usize)).and_then(
                |value| {
                    if ty.is_text() {
                        row.set_text(
                            field,
                            std::str::from_utf8(value).map_err(|_| StoredRowError::NotUtf8(field))?,
                        );
                    } else if ty.element_bytes().is_some_and(|size| value.len() % size != 0) {
                        return Err(StoredRowError::BadValue(field));
                    } else {
                        row.set_bytes(field, value);
                    }
                    Ok(())
                },
            )
        } else {
            take(bytes).and_then(|word| {
                let value = i64::from_le_bytes(word);
                match ty {
                    crate::FieldType::Double => row.set_double(field, f64::from_bits(value.cast_unsigned())),
                    crate::FieldType::Int32 if i32::try_from(value).is_err() => {
                        return Err(StoredRowError::BadValue(field));
                    }
                    _ => row.set_int(field, value),
                }
                Ok(())
            })
        };
        if let Err(error) = filled {
            row.discard();
            return Err(error);
        }
    }
    Ok(())
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], StoredRowError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(StoredRowError::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

fn take_slice<'a>(bytes: &mut &'a [u8], len: usize) -> Result<&'a [u8], StoredRowError> {
    let (head, rest) = bytes.split_at_checked(len).ok_or(StoredRowError::Truncated)?;
    *bytes = rest;
    Ok(head)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Schema;

    #[test]
    fn rows_round_trip_and_every_cut_is_an_error() {
        let schema = Schema::parse("k*:int64,i:int32,d:double,s:string,z:array(i32),n:string").unwrap();
        let mut batch = RowBatch::new(schema.layout());
        let mut row = batch.push();
        row.set_int(0, -5);
        row.set_int(1, 7);
        row.set_double(2, 1.5);
        row.set_text(3, "longer than eight bytes");
        row.set_bytes(4, &[1, 0, 0, 0]);
        let mut bytes = Vec::new();
        write_row(&batch.row(0), &mut bytes);
        let mut copy = RowBatch::new(schema.layout());
        let mut rest = &bytes[..];
        read_row(&mut rest, &mut copy).unwrap();
        assert!(rest.is_empty());
        assert!((0..schema.len()).all(|f| copy.row(0).same(f, &batch.row(0), f)));
        for cut in 0..bytes.len() {
            assert_eq!(read_row(&mut &bytes[..cut], &mut copy), Err(StoredRowError::Truncated));
            assert_eq!(copy.len(), 1);
        }
    }
}
