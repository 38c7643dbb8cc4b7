//! Functional filters: `match(name, "data|request")` (rest-api 2.8).
//!
//! A filter is one function call; arguments are calls, quoted texts, numbers, `$field` or bare words. A bare
//! word is a property or field if one of that name exists, otherwise a text. Two texts that both read as
//! numbers compare as numbers. A comparison with a null is false; only `isNull` sees it.

mod evaluate;
mod parse;
#[cfg(test)]
mod tests;

use regex::Regex;

/// What a filter's name resolves to in the thing that is filtered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Property {
    /// It has this value, in text form.
    Value(String),
    /// It exists and is null.
    Null,
    /// There is no such property or field.
    Unknown,
}

/// Why a text is no filter; `at` counts characters from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something else stands where `expected` must.
    #[error("filter, character {at}: expected {expected}, found {found}")]
    Syntax {
        /// Where.
        at: usize,
        /// What the grammar asks for.
        expected: &'static str,
        /// What is there.
        found: String,
    },
    /// A function that does not exist.
    #[error("filter, character {at}: unknown function '{name}'")]
    UnknownFunction {
        /// Where.
        at: usize,
        /// The name.
        name: String,
    },
    /// A wrong number of arguments.
    #[error("filter, character {at}: '{name}' takes {expected} arguments, found {found}")]
    Arguments {
        /// Where.
        at: usize,
        /// The function.
        name: &'static str,
        /// How many it takes.
        expected: &'static str,
        /// How many there are.
        found: usize,
    },
    /// A regular expression that does not compile.
    #[error("filter, character {at}: invalid regular expression '{pattern}'")]
    Pattern {
        /// Where.
        at: usize,
        /// The expression.
        pattern: String,
    },
    /// Calls nested deeper than [`MAX_DEPTH`].
    #[error("filter, character {at}: calls are nested deeper than {MAX_DEPTH}")]
    TooDeep {
        /// Where.
        at: usize,
    },
}

/// How deep calls may be nested.
pub const MAX_DEPTH: usize = 64;

/// A parsed filter.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Term,
}

impl Filter {
    /// Reads a filter.
    ///
    /// # Errors
    /// When the text does not follow the grammar, or names a function, a number of arguments or a regular
    /// expression that does not exist.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        parse::filter(text).map(|root| Self { root })
    }

    /// Whether the thing whose properties `lookup` knows passes.
    pub fn matches(&self, lookup: &dyn Fn(&str) -> Property) -> bool {
        evaluate::truth(&self.root, lookup)
    }
}

/// One argument, or the filter itself.
#[derive(Debug, Clone)]
enum Term {
    /// A quoted text or a number.
    Literal(String),
    /// A bare word.
    Word(String),
    /// `$name`.
    Field(String),
    /// A function and its arguments, whose number has been checked.
    Call(Function, Vec<Term>),
    /// `match` with a constant expression, compiled once.
    Match(Box<Term>, Regex),
}

/// The functions. Names are read in any letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Function {
    Match,
    In,
    Eq,
    Neq,
    Gt,
    Gte,
    Lt,
    Lte,
    Between,
    Contains,
    StartsWith,
    EndsWith,
    IsNull,
    And,
    Or,
    Not,
}

/// A function's names (the first one is its own), how few and how many arguments it takes, and that in words.
struct Signature {
    function: Function,
    names: &'static [&'static str],
    min: usize,
    max: usize,
    expected: &'static str,
}

const fn signature(function: Function, names: &'static [&'static str], min: usize, max: usize) -> Signature {
    let expected = match (min, max) {
        (1, 1) => "1",
        (2, 2) => "2",
        (3, 3) => "3",
        (1, _) => "1 or more",
        _ => "2 or more",
    };
    Signature { function, names, min, max, expected }
}

const SIGNATURES: &[Signature] = &[
    signature(Function::Match, &["match"], 2, 2),
    signature(Function::In, &["in"], 2, usize::MAX),
    signature(Function::Eq, &["eq"], 2, 2),
    signature(Function::Neq, &["neq", "ne"], 2, 2),
    signature(Function::Gt, &["gt"], 2, 2),
    signature(Function::Gte, &["gte", "ge"], 2, 2),
    signature(Function::Lt, &["lt"], 2, 2),
    signature(Function::Lte, &["lte", "le"], 2, 2),
    signature(Function::Between, &["between"], 3, 3),
    signature(Function::Contains, &["contains"], 2, 2),
    signature(Function::StartsWith, &["startsWith"], 2, 2),
    signature(Function::EndsWith, &["endsWith"], 2, 2),
    signature(Function::IsNull, &["isNull"], 1, 1),
    signature(Function::And, &["and"], 1, usize::MAX),
    signature(Function::Or, &["or"], 1, usize::MAX),
    signature(Function::Not, &["not"], 1, 1),
];
