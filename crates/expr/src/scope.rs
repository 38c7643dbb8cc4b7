//! What names mean in the expressions of one window.

use tidegate_event::{EngineTime, FieldType, Schema};

use crate::error::ExprError;
use crate::expression::Expression;
use crate::faults::Faults;
use crate::function::Function;
use crate::program::Program;
use crate::variables::Variables;

/// The names that a window's expressions may use: fields, persistent variables, user functions and functions.
///
/// Build it in this order: [`new`](Self::new), [`row`](Self::row) for each row source, [`event`](Self::event),
/// [`initialize`](Self::initialize), [`udf`](Self::udf) for each user function; then compile.
#[derive(Debug, Clone)]
pub struct Scope {
    functions: &'static [&'static Function],
}

impl Scope {
    /// A scope with these functions and no fields.
    pub fn new(functions: &'static [&'static Function]) -> Self {
        Self { functions }
    }

    /// Adds the fields of one more row, each under `prefix` and its name. The first call describes
    /// `EvalContext::rows[0]`, the next `rows[1]`.
    #[must_use]
    pub fn row(self, _prefix: &str, _schema: &Schema) -> Self {
        self
    }

    /// Whether `ESP_OPCODE` and `ESP_FLAGS` may be used.
    #[must_use]
    pub fn event(self, _available: bool) -> Self {
        self
    }

    /// The window's `exp-max-string`: longer texts are cut (bytes; 1024 unless set).
    #[must_use]
    pub fn max_string(self, _bytes: usize) -> Self {
        self
    }

    /// Takes a window's `expr-initialize/initializer`. Its variables are declared from here on.
    ///
    /// # Errors
    /// Mistakes in the source.
    pub fn initialize(&mut self, _ty: FieldType, _source: &str) -> Result<(), Vec<ExprError>> {
        Ok(())
    }

    /// Takes a user function. It may call itself and those before it.
    ///
    /// # Errors
    /// Mistakes in the source.
    pub fn udf(&mut self, _name: &str, _ty: FieldType, _source: &str) -> Result<(), Vec<ExprError>> {
        Ok(())
    }

    /// Runs the initializer, as when the window is created, and answers its variables.
    pub fn start(&self, _time: EngineTime, _faults: &mut Faults, _print: &mut dyn FnMut(&str)) -> Variables {
        Variables::default()
    }

    /// Compiles an expression whose value is converted to the type of a field.
    ///
    /// # Errors
    /// Unknown names, wrong numbers of arguments, types without a conversion, features that are refused.
    pub fn compile(&self, _expression: &Expression, _result: FieldType) -> Result<Program, Vec<ExprError>> {
        let _ = self.functions;
        Err(vec![ExprError {
            line: 1,
            column: 1,
            message: "expressions are not available yet".into(),
            hint: None,
        }])
    }

    /// Compiles a condition: the value by the truth rules of functions.md 1.3, null is false.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn compile_condition(&self, expression: &Expression) -> Result<Program, Vec<ExprError>> {
        self.compile(expression, FieldType::Int32)
    }

    /// Compiles an expression for an integer, such as a splitter's slot.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn compile_integer(&self, expression: &Expression) -> Result<Program, Vec<ExprError>> {
        self.compile(expression, FieldType::Int64)
    }
}
