//! The variables that a window's initializer declares: they keep their values from event to event.

use crate::function::{Texts, Type, Word};

/// Why stored variables cannot be taken over.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariablesError {
    /// The bytes end early, have bytes left over or hold a value that its type does not have.
    #[error("the stored variables are damaged at byte {0}")]
    Damaged(usize),
    /// The stored variables are not those of this window.
    #[error("the stored variables have other types than those of the initializer")]
    OtherVariables,
}

/// A variable's type and value. A text lies in a buffer of its own, which is used again.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Variable {
    ty: Type,
    word: Word,
    text: String,
}

impl Variable {
    pub(crate) fn new(ty: Type) -> Self {
        Self { ty, word: None, text: String::new() }
    }

    pub(crate) fn clear(&mut self, ty: Type) {
        self.ty = ty;
        self.word = None;
    }

    pub(crate) fn set(&mut self, word: Word, texts: &Texts) {
        self.word = word;
        if let (Type::String, Some(word)) = (self.ty, word) {
            self.text.clear();
            self.text.push_str(texts.get(word));
        }
    }

    pub(crate) fn get(&self, texts: &mut Texts) -> Word {
        match (self.ty, self.word) {
            (Type::String, Some(_)) => Some(texts.push(&self.text)),
            (_, word) => word,
        }
    }
}

/// Values of one window's persistent variables.
///
/// The saved form is little-endian: a `u32` count, then per variable a type byte (0 integer, 1 real, 2 string,
/// 3 date, 4 boolean), a byte that is 1 for null, and unless null the value: an `i64`, the bits of an `f64` (a date
/// is a number of days), a `u32` length with UTF-8 bytes, or for a boolean one byte.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables {
    pub(crate) values: Vec<Variable>,
}

const CODES: [Type; 5] = [Type::Integer, Type::Real, Type::String, Type::Date, Type::Boolean];

impl Variables {
    pub(crate) fn new(types: impl IntoIterator<Item = Type>) -> Self {
        Self { values: types.into_iter().map(Variable::new).collect() }
    }

    /// Whether the window has no persistent variables.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Appends the saved form to `out`.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        for variable in &self.values {
            let code = CODES.iter().position(|&ty| ty == variable.ty).unwrap_or(0);
            out.extend_from_slice(&[code as u8, u8::from(variable.word.is_none())]);
            match (variable.word, variable.ty) {
                (None, _) => {}
                (Some(_), Type::String) => {
                    out.extend_from_slice(&(variable.text.len() as u32).to_le_bytes());
                    out.extend_from_slice(variable.text.as_bytes());
                }
                (Some(word), Type::Boolean) => out.push(word as u8),
                (Some(word), _) => out.extend_from_slice(&word.to_le_bytes()),
            }
        }
    }

    /// Takes the values from their saved form. On an error the values stay as they were.
    ///
    /// # Errors
    /// When the bytes are damaged or belong to other variables.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), VariablesError> {
        let mut reader = Reader { bytes, at: 0 };
        let count = u32::from_le_bytes(reader.take()?);
        if count as usize != self.values.len() {
            return Err(VariablesError::OtherVariables);
        }
        let mut loaded = self.values.clone();
        for variable in &mut loaded {
            let [code, null] = reader.take()?;
            if CODES.get(usize::from(code)) != Some(&variable.ty) {
                return Err(VariablesError::OtherVariables);
            }
            variable.word = match (null, variable.ty) {
                (1, _) => None,
                (0, Type::String) => {
                    let len = u32::from_le_bytes(reader.take()?) as usize;
                    variable.text = reader.text(len)?.to_owned();
                    Some(0)
                }
                (0, Type::Boolean) => match reader.take()? {
                    [flag @ (0 | 1)] => Some(u64::from(flag)),
                    _ => return Err(VariablesError::Damaged(reader.at - 1)),
                },
                (0, _) => Some(u64::from_le_bytes(reader.take()?)),
                _ => return Err(VariablesError::Damaged(reader.at - 1)),
            };
        }
        if reader.at != bytes.len() {
            return Err(VariablesError::Damaged(reader.at));
        }
        self.values = loaded;
        Ok(())
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], VariablesError> {
        let taken = self.bytes[self.at..].first_chunk::<N>().ok_or(VariablesError::Damaged(self.at))?;
        self.at += N;
        Ok(*taken)
    }

    fn text(&mut self, len: usize) -> Result<&'a str, VariablesError> {
        let taken = self.bytes[self.at..].get(..len).ok_or(VariablesError::Damaged(self.at))?;
        let text = std::str::from_utf8(taken).map_err(|_| VariablesError::Damaged(self.at))?;
        self.at += len;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_bytes_change_nothing() {
        let mut variables = Variables::new([Type::Integer, Type::String]);
        let before = variables.clone();
        let mut saved = Vec::new();
        variables.save(&mut saved);
        assert_eq!(saved, [2, 0, 0, 0, 0, 1, 2, 1]);
        for len in 0..saved.len() {
            assert!(variables.load(&saved[..len]).is_err());
        }
        saved.push(0);
        assert_eq!(variables.load(&saved), Err(VariablesError::Damaged(8)));
        assert_eq!(variables, before);
    }
}
