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
    /// When the text does not follow the grammar of functions.md 1.7, or uses what is not supported (objects of
    /// data jobs). Reading stops at the first mistake.
    pub fn parse(source: &str) -> Result<Self, Vec<ExprError>> {
        parser::parse(source).map(|statements| Self { statements }).map_err(|error| vec![error])
    }

    /// The names of fields and variables that the expression reads, in order, perhaps several times.
    pub fn names(&self) -> Vec<String> {
        let mut names = Vec::new();
        for statement in &self.statements {
            // The walk may change what it shows, so it gets a copy.
            walk_statement(&mut statement.clone(), &mut |expr: &mut Expr| {
                if let ExprKind::Name(name) = &expr.kind {
                    names.push(name.clone());
                }
            });
        }
        names
    }

    /// Shows every call to `f`, inner ones first. `Some(Ok(name))` puts a reference to the field `name` in its place,
    /// `Some(Err(message))` is a mistake at the call, `None` leaves it.
    ///
    /// # Errors
    /// The mistakes that `f` found.
    pub fn replace_calls(&mut self, f: &mut Replace<'_>) -> Result<(), Vec<ExprError>> {
        let mut errors = Vec::new();
        for statement in &mut self.statements {
            walk_statement(statement, &mut |expr: &mut Expr| {
                let ExprKind::Call(name, args) = &expr.kind else { return };
                let args: Vec<Arg> = args.iter().map(Arg::of).collect();
                let call = Call { name, args: &args, line: expr.at.line, column: expr.at.column };
                match f(&call) {
                    None => {}
                    Some(Ok(field)) => expr.kind = ExprKind::Name(field),
                    Some(Err(message)) => errors.push(expr.at.error(message)),
                }
            });
        }
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

/// Shows every expression of a statement to `f`, inner ones first.
fn walk_statement(statement: &mut Statement, f: &mut dyn FnMut(&mut Expr)) {
    match &mut statement.kind {
        StatementKind::Declare(..)
        | StatementKind::DeclareObject(..)
        | StatementKind::Label(_)
        | StatementKind::Goto(_)
        | StatementKind::Return(None) => {}
        StatementKind::Call(_, args) => args.iter_mut().for_each(|arg| walk(arg, f)),
        StatementKind::Assign(_, value)
        | StatementKind::Return(Some(value))
        | StatementKind::Value(value) => walk(value, f),
        StatementKind::If(condition, yes, no) => {
            walk(condition, f);
            walk_statement(yes, f);
            if let Some(no) = no {
                walk_statement(no, f);
            }
        }
        StatementKind::While(condition, body) => {
            walk(condition, f);
            walk_statement(body, f);
        }
        StatementKind::For { from, to, step, body, .. } => {
            walk(from, f);
            walk(to, f);
            if let Some(step) = step {
                walk(step, f);
            }
            walk_statement(body, f);
        }
        StatementKind::Block(statements) => statements.iter_mut().for_each(|s| walk_statement(s, f)),
    }
}

fn walk(expr: &mut Expr, f: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Unary(_, inner) => walk(inner, f),
        ExprKind::Binary(_, left, right) => {
            walk(left, f);
            walk(right, f);
        }
        ExprKind::Call(_, args) | ExprKind::Method(_, _, args) => {
            args.iter_mut().for_each(|arg| walk(arg, f));
        }
        _ => {}
    }
    f(expr);
}
