//! The variables that a window's initializer declares: they keep their values from event to event.

/// Why stored variables cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariablesError {
    /// The bytes end early or have bytes left over.
    #[error("the stored variables are damaged at byte {0}")]
    Damaged(usize),
    /// The stored variables are not those of this window.
    #[error("the stored variables have other types than those of the initializer")]
    OtherVariables,
}

/// Values of one window's persistent variables.
///
/// The saved form is little-endian: a `u32` count, then per variable a type byte (0 integer, 1 real, 2 string,
/// 3 date, 4 boolean), a byte that is 1 for null, and unless null the value: an `i64`, the bits of an `f64` (a date
/// is a number of days), a `u32` length with UTF-8 bytes, or for a boolean one byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables {}

impl Variables {
    /// Appends the saved form to `out`.
    pub fn save(&self, _out: &mut Vec<u8>) {}

    /// Takes the values from their saved form. On an error the values stay as they were.
    ///
    /// # Errors
    /// When the bytes are damaged or belong to other variables.
    pub fn load(&mut self, _bytes: &[u8]) -> Result<(), VariablesError> {
        Err(VariablesError::OtherVariables)
    }
}
