//! How a plain function is called: on the values of one row, or in a loop over the columns of a block.

use crate::faults::{FaultKind, Faults};
use crate::types::{Days, Type};

/// A value without its type: an integer, the bits of a real or a date, 0 or 1, or a text's place and length in its
/// text buffer (high and low half); none is null.
pub type Word = Option<u64>;

/// The most arguments that a signature has.
pub(crate) const MAX_ARGS: usize = 4;

/// What a running kernel may reach besides its arguments.
#[derive(Debug)]
pub struct Run<'a> {
    /// Counts what goes wrong.
    pub faults: &'a mut Faults,
    /// `exp-max-string` in bytes.
    pub max_string: usize,
}

/// Texts of row-by-row evaluation: arguments lie in `arena`; a result is made in `scratch` and then moved there.
#[derive(Debug, Default)]
pub struct Texts {
    pub(crate) arena: String,
    pub(crate) scratch: String,
}

impl Texts {
    pub(crate) fn get(&self, word: u64) -> &str {
        text_of(word, &self.arena)
    }

    pub(crate) fn push(&mut self, text: &str) -> u64 {
        let start = self.arena.len();
        self.arena.push_str(text);
        pack(start, text.len())
    }
}

pub(crate) fn pack(start: usize, len: usize) -> u64 {
    (start as u64) << 32 | len as u64
}

pub(crate) fn text_of(word: u64, buffer: &str) -> &str {
    let start = (word >> 32) as usize;
    &buffer[start..start + word as u32 as usize]
}

/// Values by position, with the buffer of their texts.
#[derive(Debug, Default, Clone)]
pub struct Words {
    pub(crate) words: Vec<u64>,
    pub(crate) nulls: Vec<bool>,
    pub(crate) text: String,
}

impl Words {
    pub(crate) fn prepare(&mut self, len: usize) {
        self.words.resize(len, 0);
        self.nulls.resize(len, false);
        self.text.clear();
    }

    /// The value at `i`.
    #[inline]
    pub fn word(&self, i: usize) -> Word {
        if self.nulls[i] { None } else { Some(self.words[i]) }
    }

    /// Sets the value at `i`.
    #[inline]
    pub fn put(&mut self, i: usize, word: Word) {
        self.nulls[i] = word.is_none();
        self.words[i] = word.unwrap_or(0);
    }
}

/// Which positions of a block an operation runs over.
#[derive(Debug, Clone, Copy)]
pub enum Selection<'a> {
    /// All of so many.
    All(usize),
    /// These, ascending.
    List(&'a [u32]),
}

impl Selection<'_> {
    /// Runs `f` for each position.
    #[inline]
    pub fn each(self, mut f: impl FnMut(usize)) {
        match self {
            Self::All(len) => (0..len).for_each(f),
            Self::List(list) => list.iter().for_each(|&i| f(i as usize)),
        }
    }
}

/// A type of argument of plain functions. `Option` of one also takes null.
pub trait Argument<'a>: Sized {
    /// The language's type.
    const TYPE: Type;
    /// The argument; none when it is null and must not be.
    fn read(word: Word, text: &'a str) -> Option<Self>;
}

impl<'a> Argument<'a> for i64 {
    const TYPE: Type = Type::Integer;
    #[inline]
    fn read(word: Word, _: &'a str) -> Option<Self> {
        word.map(u64::cast_signed)
    }
}

impl<'a> Argument<'a> for f64 {
    const TYPE: Type = Type::Real;
    #[inline]
    fn read(word: Word, _: &'a str) -> Option<Self> {
        word.map(f64::from_bits)
    }
}

impl<'a> Argument<'a> for bool {
    const TYPE: Type = Type::Boolean;
    #[inline]
    fn read(word: Word, _: &'a str) -> Option<Self> {
        word.map(|w| w != 0)
    }
}

impl<'a> Argument<'a> for Days {
    const TYPE: Type = Type::Date;
    #[inline]
    fn read(word: Word, _: &'a str) -> Option<Self> {
        word.map(|w| Self(f64::from_bits(w)))
    }
}

impl<'a> Argument<'a> for &'a str {
    const TYPE: Type = Type::String;
    #[inline]
    fn read(word: Word, text: &'a str) -> Option<Self> {
        word.map(|w| text_of(w, text))
    }
}

impl<'a, T: Argument<'a>> Argument<'a> for Option<T> {
    const TYPE: Type = T::TYPE;
    #[inline]
    fn read(word: Word, text: &'a str) -> Option<Self> {
        Some(T::read(word, text))
    }
}

/// What a plain function may answer: a value, or perhaps null (`Option`), or a fault (`Result`).
pub trait Answer {
    /// The language's type.
    const TYPE: Type;
    /// The value; a fault is counted and is null.
    fn word(self, run: &mut Run<'_>) -> Word;
}

impl Answer for i64 {
    const TYPE: Type = Type::Integer;
    #[inline]
    fn word(self, _: &mut Run<'_>) -> Word {
        Some(self.cast_unsigned())
    }
}

impl Answer for f64 {
    const TYPE: Type = Type::Real;
    #[inline]
    fn word(self, _: &mut Run<'_>) -> Word {
        Some(self.to_bits())
    }
}

impl Answer for bool {
    const TYPE: Type = Type::Boolean;
    #[inline]
    fn word(self, _: &mut Run<'_>) -> Word {
        Some(u64::from(self))
    }
}

impl Answer for Days {
    const TYPE: Type = Type::Date;
    #[inline]
    fn word(self, _: &mut Run<'_>) -> Word {
        Some(self.0.to_bits())
    }
}

/// The answer of a function that writes its text into a buffer.
impl Answer for () {
    const TYPE: Type = Type::String;
    #[inline]
    fn word(self, _: &mut Run<'_>) -> Word {
        Some(0)
    }
}

impl<T: Answer> Answer for Option<T> {
    const TYPE: Type = T::TYPE;
    #[inline]
    fn word(self, run: &mut Run<'_>) -> Word {
        self.and_then(|value| value.word(run))
    }
}

impl<T: Answer> Answer for Result<T, FaultKind> {
    const TYPE: Type = T::TYPE;
    #[inline]
    fn word(self, run: &mut Run<'_>) -> Word {
        match self {
            Ok(value) => value.word(run),
            Err(kind) => {
                run.faults.add(kind);
                None
            }
        }
    }
}

/// Ends the text that was begun at `start`: cuts it to the limit and answers its place, or takes it back.
pub(crate) fn end_text(buffer: &mut String, start: usize, answer: Word, run: &mut Run<'_>) -> Word {
    if answer.is_none() {
        buffer.truncate(start);
        return None;
    }
    if buffer.len() - start > run.max_string {
        let end = buffer.floor_char_boundary(start + run.max_string);
        buffer.truncate(end);
        run.faults.add(FaultKind::TextTooLong);
    }
    Some(pack(start, buffer.len() - start))
}

/// One overload: types, and the function in both forms.
#[derive(Debug)]
pub struct Signature {
    /// Types of the arguments.
    pub args: &'static [Type],
    /// Type of the result.
    pub result: Type,
    pub(crate) row: fn(&[Word], &mut Texts, &mut Run<'_>) -> Word,
    pub(crate) block: fn(&[Words], Selection<'_>, &mut Words, &mut Run<'_>),
}

/// Makes a [`Signature`] of a plain function.
///
/// `signature!((s: &str, n: i64) -> text, left)` for `fn left(s: &str, n: i64, out: &mut String)`, which may answer
/// nothing, an `Option` or a `Result`; `signature!((x: f64) -> f64, floor)` for one that answers a value.
#[macro_export]
macro_rules! signature {
    (($($name:ident: $ty:ty),*) -> text, $f:expr) => {
        $crate::function::Signature {
            args: &[$(<$ty as $crate::function::Argument<'_>>::TYPE),*],
            result: $crate::function::Type::String,
            row: |args, texts, run| {
                let [$($name),*] = args else { return None };
                texts.scratch.clear();
                $(let $name = <$ty as $crate::function::Argument<'_>>::read(*$name, &texts.arena)?;)*
                let answer = $crate::function::Answer::word($f($($name,)* &mut texts.scratch), run);
                $crate::function::kernel::end_text(&mut texts.scratch, 0, answer, run)?;
                let start = texts.arena.len();
                texts.arena.push_str(&texts.scratch);
                Some($crate::function::kernel::pack(start, texts.scratch.len()))
            },
            block: |args, selection, out, run| {
                let [$($name),*] = args else { return };
                selection.each(|i| {
                    $(let Some($name) = <$ty as $crate::function::Argument<'_>>::read($name.word(i), &$name.text)
                    else {
                        out.put(i, None);
                        return;
                    };)*
                    let start = out.text.len();
                    let answer = $crate::function::Answer::word($f($($name,)* &mut out.text), run);
                    let word = $crate::function::kernel::end_text(&mut out.text, start, answer, run);
                    out.put(i, word);
                });
            },
        }
    };
    (($($name:ident: $ty:ty),*) -> $result:ty, $f:expr) => {
        $crate::function::Signature {
            args: &[$(<$ty as $crate::function::Argument<'_>>::TYPE),*],
            result: <$result as $crate::function::Answer>::TYPE,
            row: |args, texts, run| {
                let [$($name),*] = args else { return None };
                $(let $name = <$ty as $crate::function::Argument<'_>>::read(*$name, &texts.arena)?;)*
                let answer: $result = $f($($name),*);
                $crate::function::Answer::word(answer, run)
            },
            block: |args, selection, out, run| {
                let [$($name),*] = args else { return };
                selection.each(|i| {
                    $(let Some($name) = <$ty as $crate::function::Argument<'_>>::read($name.word(i), &$name.text)
                    else {
                        out.put(i, None);
                        return;
                    };)*
                    let answer: $result = $f($($name),*);
                    let word = $crate::function::Answer::word(answer, run);
                    out.put(i, word);
                });
            },
        }
    };
}
