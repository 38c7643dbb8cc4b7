//! What a function is.

use crate::env::Env;
use crate::node::Node;
use crate::value::{Outcome, Value};

/// How far the behaviour is known (functions.md, marks).
pub use tidegate_expr::function::Mark;

/// What null arguments do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// The result is null as soon as one is (functions.md 3.2).
    Propagate,
    /// The function looks at them itself.
    Seen,
}

/// What an argument is beyond a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular expression.
    Pattern,
    /// An XPath expression.
    XPath,
    /// A JSON path.
    JsonPath,
}

/// What a function does.
#[derive(Debug, Clone, Copy)]
pub enum Body {
    /// With all its arguments evaluated, from left to right.
    Eager(fn(&[Value], &mut Env<'_>) -> Outcome),
    /// Evaluating only those that it needs.
    Lazy(fn(&[Node], &mut Env<'_>) -> Outcome),
}

/// A function's text and the text of what it answers.
pub type Example = (&'static str, &'static str);

/// A function of the language.
#[derive(Debug)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// The heading under which the reference lists it.
    pub family: &'static str,
    /// Arguments as shown to people, such as `(s, start [, len])`.
    pub usage: &'static str,
    /// One line: what it answers.
    pub doc: &'static str,
    /// How far its behaviour is known.
    pub mark: Mark,
    /// Least and greatest number of arguments.
    pub arity: (usize, usize),
    /// What null arguments do.
    pub nulls: Nulls,
    /// Arguments of a special kind, by their position: constants there are compiled when the model is loaded.
    pub kinds: &'static [(usize, Kind)],
    /// Whether the same event always gives the same result: not so with counters, clocks and random numbers.
    pub repeatable: bool,
    /// What it does.
    pub body: Body,
    /// Texts with their results, from the specification or worked out by hand. They run as tests.
    pub examples: &'static [Example],
}

/// Any number of arguments.
pub(crate) const MANY: usize = usize::MAX;

impl Function {
    /// A repeatable function whose result is null when an argument is, to be completed with the functions below.
    pub(crate) const fn new(
        name: &'static str,
        family: &'static str,
        usage: &'static str,
        doc: &'static str,
        arity: (usize, usize),
        body: Body,
        examples: &'static [Example],
    ) -> Self {
        Self {
            name,
            family,
            usage,
            doc,
            mark: Mark::Manual,
            arity,
            nulls: Nulls::Propagate,
            kinds: &[],
            repeatable: true,
            body,
            examples,
        }
    }

    /// The function with another mark than "recalled from the manual".
    pub(crate) const fn mark(mut self, mark: Mark) -> Self {
        self.mark = mark;
        self
    }

    /// A function that looks at nulls itself.
    pub(crate) const fn sees_nulls(mut self) -> Self {
        self.nulls = Nulls::Seen;
        self
    }

    /// A function with arguments of special kinds.
    pub(crate) const fn kinds(mut self, kinds: &'static [(usize, Kind)]) -> Self {
        self.kinds = kinds;
        self
    }

    /// A function that may give the same event another result the next time.
    pub(crate) const fn varies(mut self) -> Self {
        self.repeatable = false;
        self
    }
}
