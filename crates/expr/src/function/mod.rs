//! Functions: what a name in front of parentheses means.

pub(crate) mod kernel;

pub use crate::types::{Days, Type};
pub use kernel::{Answer, Argument, Run, Selection, Signature, Texts, Word, Words};

/// How far the behaviour is known (functions.md, marks).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// A real output shows it.
    Verified,
    /// A source states it.
    Source,
    /// Recalled from the manual.
    Manual,
}

impl Mark {
    /// The mark as printed.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Verified => "[V]",
            Self::Source => "[S]",
            Self::Manual => "[M]",
        }
    }
}

/// What a function does.
#[derive(Debug)]
pub enum Body {
    /// One of these, by the types of the arguments.
    Overloads(&'static [Signature]),
    /// A signature of two arguments over one or more, from left to right.
    Fold(&'static [Signature]),
    /// `today()`: the engine time.
    Today,
    /// `print(s)`.
    Print,
    /// `parameter(n)`.
    Parameter,
    /// `typeof(x)`, known when compiled.
    TypeOf,
    /// `parse(s, delimiter, variable, ...)`.
    Parse,
    /// `aparse(s, delimiter, array)`.
    ParseArray,
    /// Known, but refused with this reason.
    Refused(&'static str),
}

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name in lower case.
    pub name: &'static str,
    /// The heading under which the reference lists it.
    pub category: &'static str,
    /// Arguments as shown to people, such as `(s, part [, n])`.
    pub usage: &'static str,
    /// One line: what it answers.
    pub doc: &'static str,
    /// How far its behaviour is known.
    pub mark: Mark,
    /// What it does.
    pub body: Body,
    /// Expressions with their results as text, `null` for null. They run as tests.
    pub examples: &'static [(&'static str, &'static str)],
}
