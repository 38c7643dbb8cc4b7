//! ESP's expression language (EEL): field expressions, filter conditions, splitters, initializers and user functions.
//!
//! Text becomes a program in four stages, one module each: `lexer` (tokens), `parser` (the tree of `syntax`),
//! `check` (names, types and overloads resolved: the tree of `typed`), and the two back ends that run the typed
//! tree: `block` (one loop per operation over all rows of a block) and `row` (statement by statement, for programs
//! with variables that live between events or with side effects). Operators, conversions and functions are all
//! [`function::Signature`]s over plain functions, and each carries both forms, so the back ends cannot differ
//! in what an operation computes.
//!
//! ```
//! use tidegate_event::{FieldType, Schema};
//! use tidegate_expr::{Expression, FUNCTIONS, Scope};
//!
//! let schema = Schema::parse("ID*:int32,price:double,quantity:int32")?;
//! let scope = Scope::new(FUNCTIONS).row("", &schema);
//! let program = scope.compile(&Expression::parse("price * quantity").unwrap(), FieldType::Double).unwrap();
//! assert!(program.is_pure());
//! # Ok::<(), tidegate_event::SchemaError>(())
//! ```

mod array;
mod binding;
mod block;
mod check;
mod error;
mod expression;
mod faults;
pub mod function;
mod functions;
mod lexer;
mod matcher;
mod object;
mod operators;
mod parser;
mod program;
mod row;
mod scope;
mod syntax;
mod typed;
mod types;
mod variables;

pub use error::ExprError;
pub use expression::{Arg, Call, Expression};
pub use faults::{FaultKind, Faults};
pub use function::Function;
pub use functions::FUNCTIONS;
pub use program::{BlockContext, Column, EvalContext, Program, Scratch};
pub use scope::Scope;
pub use variables::{Variables, VariablesError};

#[cfg(test)]
mod tests;
