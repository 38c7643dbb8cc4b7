//! An expression that has been read but not yet checked.

use crate::error::ExprError;

/// The tree of one expression or small program.
#[derive(Debug, Clone)]
pub struct Expression {}

/// A call in an expression, as shown to [`Expression::replace_calls`].
#[derive(Debug, Clone)]
pub struct Call<'a> {
    /// The function's name as written.
    pub name: &'a str,
    /// The arguments in order.
    pub args: &'a [Arg],
    /// Line of the name, from 1.
    pub line: u32,
    /// Column of the name, from 1.
    pub column: u32,
}

/// What an argument of a [`Call`] is.
#[derive(Debug, Clone, PartialEq)]
pub enum Arg {
    /// A bare name.
    Field(String),
    /// An integer literal.
    Integer(i64),
    /// A literal with a fraction or exponent.
    Real(f64),
    /// A text literal.
    String(String),
    /// Anything else.
    Other,
}

impl Expression {
    /// Reads an expression or a program.
    ///
    /// # Errors
    /// When the text does not follow the grammar of functions.md 1.7.
    pub fn parse(_source: &str) -> Result<Self, Vec<ExprError>> {
        Err(vec![ExprError {
            line: 1,
            column: 1,
            message: "expressions are not available yet".into(),
            hint: None,
        }])
    }

    /// Shows every call to `f`, inner ones first. `Some(Ok(name))` puts a reference to the field `name` in its place,
    /// `Some(Err(message))` is a mistake at the call, `None` leaves it.
    ///
    /// # Errors
    /// The mistakes that `f` found.
    pub fn replace_calls(
        &mut self,
        _f: &mut dyn FnMut(&Call<'_>) -> Option<Result<String, String>>,
    ) -> Result<(), Vec<ExprError>> {
        Ok(())
    }
}
