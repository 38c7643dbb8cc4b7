//! The tree of an expression as written.

use crate::error::Position;

/// An expression with its place.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub(crate) at: Position,
    pub(crate) kind: ExprKind,
    /// Height of this tree, so that no later stage recurses deeper than the parser allows.
    pub(crate) height: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ExprKind {
    Null,
    Boolean(bool),
    Integer(i64),
    Real(f64),
    Text(String),
    /// Days, see `types`.
    Date(f64),
    Name(String),
    Call(String, Vec<Expr>),
    /// Object, method, arguments.
    Method(String, String, Vec<Expr>),
    Unary(UnaryOp, Box<Expr>),
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Negate,
    Plus,
    Not,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BinaryOp {
    Multiply,
    Divide,
    Modulo,
    Add,
    Subtract,
    Concatenate,
    Less,
    Greater,
    LessEqual,
    GreaterEqual,
    Equal,
    NotEqual,
    And,
    Or,
}

impl BinaryOp {
    /// The operator of a symbol or word, with its rank: a higher one binds tighter (functions.md 1.4).
    pub(crate) fn of(symbol: &str) -> Option<(Self, u8)> {
        Some(match symbol {
            "*" => (Self::Multiply, 7),
            "/" => (Self::Divide, 7),
            "%" => (Self::Modulo, 7),
            "+" => (Self::Add, 6),
            "-" => (Self::Subtract, 6),
            "&" => (Self::Concatenate, 5),
            "<" => (Self::Less, 4),
            ">" => (Self::Greater, 4),
            "<=" => (Self::LessEqual, 4),
            ">=" => (Self::GreaterEqual, 4),
            "==" => (Self::Equal, 3),
            "!=" | "<>" => (Self::NotEqual, 3),
            "and" => (Self::And, 2),
            "or" => (Self::Or, 1),
            _ => return None,
        })
    }
}

/// A type that a variable can be declared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredType {
    Integer,
    Real,
    /// With the largest length in characters, if bounded.
    Text(Option<u32>),
    Date,
    Boolean,
}

/// What an object can be declared as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeclaredObject {
    Array(DeclaredType),
    Regex,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Statement {
    pub(crate) at: Position,
    pub(crate) kind: StatementKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum StatementKind {
    Declare(DeclaredType, Vec<(Position, String)>),
    DeclareObject(DeclaredObject, Vec<(Position, String)>),
    Assign(String, Expr),
    If(Expr, Box<Statement>, Option<Box<Statement>>),
    While(Expr, Box<Statement>),
    For {
        variable: String,
        from: Expr,
        to: Expr,
        step: Option<Expr>,
        body: Box<Statement>,
    },
    Block(Vec<Statement>),
    Return(Option<Expr>),
    Value(Expr),
    Label(String),
    Goto(String),
    /// Of a label, or of a user function with its arguments.
    Call(String, Vec<Expr>),
}
