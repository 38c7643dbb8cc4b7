//! What names mean in the expressions of one window.

use std::sync::Arc;

use tidegate_event::{EngineTime, FieldType, Flags, Opcode, Schema};

use crate::check::Checker;
use crate::error::ExprError;
use crate::expression::Expression;
use crate::faults::Faults;
use crate::function::{Function, Type};
use crate::object::ObjectType;
use crate::program::{EvalContext, Inner, Program, Scratch};
use crate::row;
use crate::syntax::Statement;
use crate::typed::{Code, Load, NodeKind, Step, any_impure, formula};
use crate::variables::Variables;

/// The names that a window's expressions may use: fields, persistent variables, user functions and functions.
///
/// Build it in this order: [`new`](Self::new), [`row`](Self::row) for each row source, [`event`](Self::event),
/// [`initialize`](Self::initialize), [`udf`](Self::udf) for each user function; then compile.
#[derive(Debug, Clone)]
pub struct Scope {
    pub(crate) functions: &'static [&'static Function],
    pub(crate) fields: Vec<FieldName>,
    sources: usize,
    pub(crate) event: bool,
    max_string: usize,
    /// Persistent variables, with the largest length of a text.
    pub(crate) variables: Vec<(String, Type, Option<u32>)>,
    pub(crate) objects: Vec<(String, ObjectType)>,
    pub(crate) udfs: Vec<UserFunction>,
    initializer: Option<(Code, Vec<Code>)>,
}

#[derive(Debug, Clone)]
pub(crate) struct FieldName {
    pub(crate) name: String,
    pub(crate) ty: FieldType,
    pub(crate) source: usize,
    pub(crate) position: usize,
}

#[derive(Debug, Clone)]
pub(crate) struct UserFunction {
    pub(crate) name: String,
    pub(crate) result: Type,
    pub(crate) body: Vec<Statement>,
}

impl Scope {
    /// A scope with these functions and no fields.
    pub fn new(functions: &'static [&'static Function]) -> Self {
        Self {
            functions,
            fields: Vec::new(),
            sources: 0,
            event: false,
            max_string: 1024,
            variables: Vec::new(),
            objects: Vec::new(),
            udfs: Vec::new(),
            initializer: None,
        }
    }

    /// Adds the fields of one more row, each under `prefix` and its name. The first call describes
    /// `EvalContext::rows[0]`, the next `rows[1]`.
    #[must_use]
    pub fn row(mut self, prefix: &str, schema: &Schema) -> Self {
        let source = self.sources;
        self.sources += 1;
        self.fields.extend(schema.fields().iter().enumerate().map(|(position, field)| FieldName {
            name: format!("{prefix}{}", field.name),
            ty: field.ty,
            source,
            position,
        }));
        self
    }

    /// Whether `ESP_OPCODE` and `ESP_FLAGS` may be used.
    #[must_use]
    pub fn event(mut self, available: bool) -> Self {
        self.event = available;
        self
    }

    /// The window's `exp-max-string`: longer texts are cut (bytes; 1024 unless set).
    #[must_use]
    pub fn max_string(mut self, bytes: usize) -> Self {
        self.max_string = bytes;
        self
    }

    /// Takes a window's `expr-initialize/initializer`. Its variables are declared from here on.
    ///
    /// # Errors
    /// Mistakes in the source.
    pub fn initialize(&mut self, ty: FieldType, source: &str) -> Result<(), Vec<ExprError>> {
        let expression = Expression::parse(source)?;
        let mut checker = Checker::new(self);
        checker.declares_persistent = true;
        let code = checker.code(&expression.statements, result_type(ty)?);
        let variables = std::mem::take(&mut checker.variables);
        let objects = std::mem::take(&mut checker.objects);
        let udfs = checker.finish()?;
        self.variables = variables;
        self.objects = objects;
        self.initializer = Some((code, udfs));
        Ok(())
    }

    /// Takes a user function. It may call itself and those before it.
    ///
    /// # Errors
    /// Mistakes in the source.
    pub fn udf(&mut self, name: &str, ty: FieldType, source: &str) -> Result<(), Vec<ExprError>> {
        let body = Expression::parse(source)?.statements;
        let result = result_type(ty)?;
        self.udfs.push(UserFunction { name: name.to_owned(), result, body });
        let mut checker = Checker::new(self);
        checker.check_user_function(self.udfs.len() - 1);
        match checker.finish() {
            Ok(_) => Ok(()),
            Err(errors) => {
                self.udfs.pop();
                Err(errors)
            }
        }
    }

    /// Runs the initializer, as when the window is created, and answers its variables.
    pub fn start(&self, time: EngineTime, faults: &mut Faults, print: &mut dyn FnMut(&str)) -> Variables {
        let mut variables =
            Variables::new(self.variables.iter().map(|v| v.1), self.objects.iter().map(|o| o.1));
        if let Some((code, udfs)) = &self.initializer {
            let ctx = &mut EvalContext {
                rows: &[],
                opcode: Opcode::Insert,
                flags: Flags::NORMAL,
                time,
                variables: &mut variables,
                faults,
                print,
                scratch: &mut Scratch::default(),
            };
            row::run(code, udfs, self.max_string, ctx);
        }
        variables
    }

    /// Compiles an expression whose value is converted to the type of a field.
    ///
    /// # Errors
    /// Unknown names, wrong numbers of arguments, types without a conversion, features that are refused.
    pub fn compile(&self, expression: &Expression, result: FieldType) -> Result<Program, Vec<ExprError>> {
        self.compile_as(expression, result, result_type(result)?)
    }

    fn compile_as(
        &self,
        expression: &Expression,
        result: FieldType,
        ty: Type,
    ) -> Result<Program, Vec<ExprError>> {
        let mut checker = Checker::new(self);
        let code = checker.code(&expression.statements, ty);
        let udfs = checker.finish()?;
        let formula = formula(&code.steps, ty);
        let field = match formula.as_ref().map(|node| &node.kind) {
            Some(&NodeKind::Field { source, field, load }) => {
                let from =
                    self.fields.iter().find(|f| (f.source, f.position) == (source, field)).map(|f| f.ty);
                (from == Some(result) || load == Load::Text && result.is_text()).then_some((source, field))
            }
            _ => None,
        };
        let pure = !any_impure(&code.steps) && !udfs.iter().any(|udf| any_impure(&udf.steps));
        Ok(Program {
            inner: Arc::new(Inner { code, udfs, formula, result, max_string: self.max_string, pure, field }),
        })
    }

    /// Compiles a condition: the value by the truth rules of functions.md 1.3, null is false.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn compile_condition(&self, expression: &Expression) -> Result<Program, Vec<ExprError>> {
        self.compile_as(expression, FieldType::Int64, Type::Boolean)
    }

    /// Compiles an expression for an integer, such as a splitter's slot.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn compile_integer(&self, expression: &Expression) -> Result<Program, Vec<ExprError>> {
        self.compile_as(expression, FieldType::Int64, Type::Integer)
    }
}

fn result_type(ty: FieldType) -> Result<Type, Vec<ExprError>> {
    Type::of_field(ty).ok_or_else(|| {
        let message = format!("an expression cannot have a result of type {ty}");
        vec![ExprError { line: 1, column: 1, message, hint: None }]
    })
}

/// The height of code: bounds the recursion of its evaluation.
pub(crate) fn height(steps: &[Step]) -> usize {
    fn node(of: &crate::typed::Node) -> usize {
        1 + match &of.kind {
            NodeKind::Call(_, args) | NodeKind::User(_, args) | NodeKind::Method(_, _, args) => {
                args.iter().map(node).max().unwrap_or(0)
            }
            NodeKind::And(pair)
            | NodeKind::Or(pair)
            | NodeKind::Parse(pair, _)
            | NodeKind::ParseArray(pair, _) => pair.iter().map(node).max().unwrap_or(0),
            NodeKind::If(parts) => parts.iter().map(node).max().unwrap_or(0),
            NodeKind::Print(inner) => node(inner),
            _ => 0,
        }
    }
    steps
        .iter()
        .map(|step| {
            1 + match step {
                Step::Assign(_, n) | Step::Value(n) | Step::Return(n) | Step::Do(n) => node(n),
                Step::Label(_) | Step::Goto(_) | Step::Call(_) => 0,
                Step::If(n, yes, no) => node(n).max(height(yes)).max(height(no)),
                Step::While(n, body) => node(n).max(height(body)),
                Step::For(_, range, body) => range.iter().map(node).max().unwrap_or(0).max(height(body)),
            }
        })
        .max()
        .unwrap_or(0)
}
