//! An expression that has been read but not yet checked.

use crate::error::ExprError;
use crate::parser;
use crate::syntax::{Expr, ExprKind, Statement, StatementKind, UnaryOp};

/// The tree of one expression or small program.
#[derive(Debug, Clone)]
pub struct Expression {
    pub(crate) statements: Vec<Statement>,
}

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
    /// An integer literal, perhaps with a sign.
    Integer(i64),
    /// A literal with a fraction or exponent, perhaps with a sign.
    Real(f64),
    /// A text literal.
    String(String),
    /// Anything else.
    Other,
}

impl Arg {
    fn of(expr: &Expr) -> Self {
        match &expr.kind {
            ExprKind::Name(name) => Self::Field(name.clone()),
            ExprKind::Integer(value) => Self::Integer(*value),
            ExprKind::Real(value) => Self::Real(*value),
            ExprKind::Text(text) => Self::String(text.clone()),
            ExprKind::Unary(UnaryOp::Negate, inner) => match inner.kind {
                ExprKind::Integer(value) => Self::Integer(-value),
                ExprKind::Real(value) => Self::Real(-value),
                _ => Self::Other,
            },
            _ => Self::Other,
        }
    }
}

type Replace<'f> = dyn FnMut(&Call<'_>) -> Option<Result<String, String>> + 'f;

impl Expression {
    /// Reads an expression or a program.
    ///
    /// # Errors
    /// When the text does not follow the grammar of functions.md 1.7, or uses what is not supported (objects, arrays,
    /// labels). Reading stops at the first mistake.
    pub fn parse(source: &str) -> Result<Self, Vec<ExprError>> {
        parser::parse(source).map(|statements| Self { statements }).map_err(|error| vec![error])
    }

    /// Shows every call to `f`, inner ones first. `Some(Ok(name))` puts a reference to the field `name` in its place,
    /// `Some(Err(message))` is a mistake at the call, `None` leaves it.
    ///
    /// # Errors
    /// The mistakes that `f` found.
    pub fn replace_calls(&mut self, f: &mut Replace<'_>) -> Result<(), Vec<ExprError>> {
        let mut errors = Vec::new();
        for statement in &mut self.statements {
            in_statement(statement, f, &mut errors);
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

fn in_statement(statement: &mut Statement, f: &mut Replace<'_>, errors: &mut Vec<ExprError>) {
    match &mut statement.kind {
        StatementKind::Declare(..) | StatementKind::Return(None) => {}
        StatementKind::Assign(_, value)
        | StatementKind::Return(Some(value))
        | StatementKind::Value(value) => {
            in_expr(value, f, errors);
        }
        StatementKind::If(condition, yes, no) => {
            in_expr(condition, f, errors);
            in_statement(yes, f, errors);
            if let Some(no) = no {
                in_statement(no, f, errors);
            }
        }
        StatementKind::While(condition, body) => {
            in_expr(condition, f, errors);
            in_statement(body, f, errors);
        }
        StatementKind::For { from, to, step, body, .. } => {
            in_expr(from, f, errors);
            in_expr(to, f, errors);
            if let Some(step) = step {
                in_expr(step, f, errors);
            }
            in_statement(body, f, errors);
        }
        StatementKind::Block(statements) => {
            for statement in statements {
                in_statement(statement, f, errors);
            }
        }
    }
}

fn in_expr(expr: &mut Expr, f: &mut Replace<'_>, errors: &mut Vec<ExprError>) {
    match &mut expr.kind {
        ExprKind::Unary(_, inner) => in_expr(inner, f, errors),
        ExprKind::Binary(_, left, right) => {
            in_expr(left, f, errors);
            in_expr(right, f, errors);
        }
        ExprKind::Call(name, args) => {
            for arg in &mut *args {
                in_expr(arg, f, errors);
            }
            let args: Vec<Arg> = args.iter().map(Arg::of).collect();
            let call = Call { name, args: &args, line: expr.at.line, column: expr.at.column };
            match f(&call) {
                None => {}
                Some(Ok(field)) => expr.kind = ExprKind::Name(field),
                Some(Err(message)) => errors.push(expr.at.error(message)),
            }
        }
        _ => {}
    }
}
