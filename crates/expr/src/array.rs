//! Arrays: values of one type by number, from 1 (functions.md 1.10).

use crate::faults::FaultKind;
use crate::function::{Texts, Type, Word};
use crate::variables::Variable;

/// The largest size of one array: its elements, at [`ELEMENT_BYTES`] each, and their texts.
pub(crate) const ARRAY_BYTES_MAX: usize = 16 << 20;
/// What an element counts without its text.
const ELEMENT_BYTES: usize = 64;

/// An array. It has no elements until it is given a size.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Array {
    pub(crate) ty: Type,
    pub(crate) cells: Vec<Variable>,
    /// Bytes of all texts.
    text_bytes: usize,
}

impl Array {
    pub(crate) fn new(ty: Type) -> Self {
        Self { ty, cells: Vec::new(), text_bytes: 0 }
    }

    pub(crate) fn reset(&mut self, ty: Type) {
        self.ty = ty;
        self.cells.clear();
        self.text_bytes = 0;
    }

    /// What the array counts against limits.
    pub(crate) fn bytes(&self) -> usize {
        self.cells.len() * ELEMENT_BYTES + self.text_bytes
    }

    /// Gives the array `size` elements; those that are there keep their values, new ones are null.
    pub(crate) fn resize(&mut self, size: i64) -> Result<(), FaultKind> {
        let size = usize::try_from(size).map_err(|_| FaultKind::BadArgument)?;
        if size > ARRAY_BYTES_MAX / ELEMENT_BYTES {
            return Err(FaultKind::BadArgument);
        }
        for cell in self.cells.get(size..).unwrap_or_default() {
            self.text_bytes -= cell.text_bytes();
        }
        self.cells.resize_with(size, || Variable::new(self.ty));
        Ok(())
    }

    fn place(&self, number: i64) -> Result<usize, FaultKind> {
        let place = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
        place.filter(|&place| place < self.cells.len()).ok_or(FaultKind::BadArgument)
    }

    pub(crate) fn get(&self, number: i64, texts: &mut Texts) -> Result<Word, FaultKind> {
        Ok(self.cells[self.place(number)?].get(texts))
    }

    /// Sets an element and answers what it was.
    pub(crate) fn set(&mut self, number: i64, word: Word, texts: &mut Texts) -> Result<Word, FaultKind> {
        let place = self.place(number)?;
        let old = self.cells[place].get(texts);
        self.put(place, word, texts)?;
        Ok(old)
    }

    fn put(&mut self, place: usize, word: Word, texts: &Texts) -> Result<(), FaultKind> {
        let cell = &mut self.cells[place];
        let before = cell.text_bytes();
        let coming = match (self.ty, word) {
            (Type::String, Some(word)) => texts.get(word).len(),
            _ => 0,
        };
        if self.text_bytes - before + coming > ARRAY_BYTES_MAX {
            return Err(FaultKind::BadArgument);
        }
        cell.set(word, texts);
        self.text_bytes = self.text_bytes - before + coming;
        Ok(())
    }

    /// Gives the array these texts, converted by nothing: its type is text. Answers how many there are.
    pub(crate) fn fill<'t>(
        &mut self,
        words: impl Iterator<Item = &'t str>,
        texts: &mut Texts,
    ) -> Result<i64, FaultKind> {
        self.reset(self.ty);
        for word in words {
            if self.bytes() + ELEMENT_BYTES > ARRAY_BYTES_MAX {
                return Err(FaultKind::BadArgument);
            }
            let mark = texts.arena.len();
            let text = texts.push(word);
            self.cells.push(Variable::new(self.ty));
            let put = self.put(self.cells.len() - 1, Some(text), texts);
            texts.arena.truncate(mark);
            put?;
        }
        Ok(self.cells.len() as i64)
    }

    /// An element in the order of loading, with the bytes of its text.
    pub(crate) fn push(&mut self, cell: Variable) {
        self.text_bytes += cell.text_bytes();
        self.cells.push(cell);
    }
}

/// The words of `text` between delimiters. Of a delimiter of several characters the last counts; without one the
/// whole text is one word (functions.md 1.8, `aparse`).
pub(crate) fn words<'t>(text: &'t str, delimiter: &str) -> impl Iterator<Item = &'t str> {
    let delimiter = delimiter.chars().next_back();
    text.split(move |c| Some(c) == delimiter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_the_page() {
        assert_eq!(words("one:two:three", ":").collect::<Vec<_>>(), ["one", "two", "three"]);
        assert_eq!(words("", ":").collect::<Vec<_>>(), [""]);
        assert_eq!(words("a:b,c", ",:").collect::<Vec<_>>(), ["a", "b,c"]);
        assert_eq!(words("a:b", "").collect::<Vec<_>>(), ["a:b"]);
        assert_eq!(words(":a:", ":").collect::<Vec<_>>(), ["", "a", ""]);
    }

    #[test]
    fn sizes_are_bounded() {
        let mut array = Array::new(Type::String);
        let mut texts = Texts::default();
        assert_eq!(array.resize(-1), Err(FaultKind::BadArgument));
        assert_eq!(array.resize(1 << 40), Err(FaultKind::BadArgument));
        array.resize(3).unwrap();
        let word = texts.push(&"x".repeat(6 << 20));
        assert_eq!(array.set(1, Some(word), &mut texts), Ok(None));
        assert_eq!(array.set(2, Some(word), &mut texts), Ok(None));
        assert_eq!(array.set(3, Some(word), &mut texts), Err(FaultKind::BadArgument));
        assert_eq!(array.get(4, &mut texts), Err(FaultKind::BadArgument));
        assert_eq!(array.get(0, &mut texts), Err(FaultKind::BadArgument));
        array.resize(1).unwrap();
        assert_eq!(array.bytes(), 64 + (6 << 20));
    }
}
