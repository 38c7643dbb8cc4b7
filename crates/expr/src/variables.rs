//! The variables and objects that a window's initializer declares: they keep their values from event to event.

use crate::array::{ARRAY_BYTES_MAX, Array};
use crate::function::{Texts, Type, Word};
use crate::matcher::Matcher;
use crate::object::{Object, ObjectType};

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

    /// Bytes of its text.
    pub(crate) fn text_bytes(&self) -> usize {
        if self.ty == Type::String && self.word.is_some() { self.text.len() } else { 0 }
    }

    fn save(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.word.is_none()));
        match (self.word, self.ty) {
            (None, _) => {}
            (Some(_), Type::String) => {
                out.extend_from_slice(&(self.text.len() as u32).to_le_bytes());
                out.extend_from_slice(self.text.as_bytes());
            }
            (Some(word), Type::Boolean) => out.push(word as u8),
            (Some(word), _) => out.extend_from_slice(&word.to_le_bytes()),
        }
    }

    fn load(ty: Type, reader: &mut Reader<'_>) -> Result<Self, VariablesError> {
        let mut variable = Self::new(ty);
        let [null] = reader.take()?;
        variable.word = match (null, ty) {
            (1, _) => None,
            (0, Type::String) => {
                reader.text()?.clone_into(&mut variable.text);
                Some(0)
            }
            (0, Type::Boolean) => match reader.take()? {
                [flag @ (0 | 1)] => Some(u64::from(flag)),
                _ => return Err(VariablesError::Damaged(reader.at - 1)),
            },
            (0, _) => Some(u64::from_le_bytes(reader.take()?)),
            _ => return Err(VariablesError::Damaged(reader.at - 1)),
        };
        Ok(variable)
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
            // The place in the arena means nothing later.
            self.word = Some(0);
        }
    }

    pub(crate) fn get(&self, texts: &mut Texts) -> Word {
        match (self.ty, self.word) {
            (Type::String, Some(_)) => Some(texts.push(&self.text)),
            (_, word) => word,
        }
    }
}

/// Values of one window's persistent variables and objects.
///
/// The saved form is little-endian: a `u32` count of variables, then per variable a type byte (0 integer, 1 real,
/// 2 string, 3 date, 4 boolean) and its value: a byte that is 1 for null, and unless null an `i64`, the bits of an `f64`
/// (a date is a number of days), a `u32` length with UTF-8 bytes, or for a boolean one byte. Then, where the window has
/// objects, a `u32` count of them and per object a type byte: 5 for a `regex`, in the form of its own; 8 and the byte of
/// their type for an array, then a `u32` count of elements and their values.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Variables {
    pub(crate) values: Vec<Variable>,
    pub(crate) objects: Vec<Object>,
}

const CODES: [Type; 5] = [Type::Integer, Type::Real, Type::String, Type::Date, Type::Boolean];
const REGEX: u8 = 5;
const ARRAY: u8 = 8;

fn code(ty: Type) -> u8 {
    CODES.iter().position(|&other| other == ty).unwrap_or(0) as u8
}

impl Variables {
    pub(crate) fn new(
        types: impl IntoIterator<Item = Type>,
        objects: impl IntoIterator<Item = ObjectType>,
    ) -> Self {
        Self {
            values: types.into_iter().map(Variable::new).collect(),
            objects: objects.into_iter().map(Object::new).collect(),
        }
    }

    /// Whether the window has no persistent variables and objects.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty() && self.objects.is_empty()
    }

    /// Appends the saved form to `out`.
    pub fn save(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&(self.values.len() as u32).to_le_bytes());
        for variable in &self.values {
            out.push(code(variable.ty));
            variable.save(out);
        }
        if self.objects.is_empty() {
            return;
        }
        out.extend_from_slice(&(self.objects.len() as u32).to_le_bytes());
        for object in &self.objects {
            match object {
                Object::Regex(matcher) => {
                    out.push(REGEX);
                    matcher.save(out);
                }
                Object::Array(array) => {
                    out.push(ARRAY + code(array.ty));
                    out.extend_from_slice(&(array.cells.len() as u32).to_le_bytes());
                    array.cells.iter().for_each(|cell| cell.save(out));
                }
            }
        }
    }

    /// Takes the values from their saved form. On an error the values stay as they were.
    ///
    /// # Errors
    /// When the bytes are damaged or belong to other variables.
    pub fn load(&mut self, bytes: &[u8]) -> Result<(), VariablesError> {
        let mut reader = Reader { bytes, at: 0 };
        let mut loaded = Self::default();
        if reader.number()? != self.values.len() {
            return Err(VariablesError::OtherVariables);
        }
        for variable in &self.values {
            let [ty] = reader.take()?;
            if ty != code(variable.ty) {
                return Err(VariablesError::OtherVariables);
            }
            loaded.values.push(Variable::load(variable.ty, &mut reader)?);
        }
        if !self.objects.is_empty() && reader.number()? != self.objects.len() {
            return Err(VariablesError::OtherVariables);
        }
        for object in &self.objects {
            loaded.objects.push(reader.object(object)?);
        }
        if reader.at != bytes.len() {
            return Err(VariablesError::Damaged(reader.at));
        }
        *self = loaded;
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

    fn number(&mut self) -> Result<usize, VariablesError> {
        Ok(u32::from_le_bytes(self.take()?) as usize)
    }

    fn text(&mut self) -> Result<&'a str, VariablesError> {
        let len = self.number()?;
        let taken = self.bytes[self.at..].get(..len).ok_or(VariablesError::Damaged(self.at))?;
        let text = std::str::from_utf8(taken).map_err(|_| VariablesError::Damaged(self.at))?;
        self.at += len;
        Ok(text)
    }

    /// An object of the same type as `like`.
    fn object(&mut self, like: &Object) -> Result<Object, VariablesError> {
        let [code_byte] = self.take()?;
        match like {
            Object::Regex(_) if code_byte == REGEX => Ok(Object::Regex(Box::new(self.matcher()?))),
            Object::Array(array) if code_byte == ARRAY + code(array.ty) => {
                let mut loaded = Array::new(array.ty);
                for _ in 0..self.number()? {
                    loaded.push(Variable::load(array.ty, self)?);
                    if loaded.bytes() > 2 * ARRAY_BYTES_MAX {
                        return Err(VariablesError::Damaged(self.at));
                    }
                }
                Ok(Object::Array(loaded))
            }
            _ => Err(VariablesError::OtherVariables),
        }
    }

    fn matcher(&mut self) -> Result<Matcher, VariablesError> {
        let at = self.at;
        match self.take()? {
            [0] => return Ok(Matcher::default()),
            [1] => {}
            _ => return Err(VariablesError::Damaged(at)),
        }
        let (pattern, text) = (self.text()?, self.text()?);
        let mut spans = Vec::new();
        for _ in 0..self.number()? {
            let (start, end) = (self.number()?, self.number()?);
            spans.push(((start, end) != (u32::MAX as usize, u32::MAX as usize)).then_some((start, end)));
        }
        Matcher::restored(pattern, text, spans).ok_or(VariablesError::Damaged(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_bytes_change_nothing() {
        let mut variables = Variables::new([Type::Integer, Type::String], []);
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
