//! What a window type's `build` works with.

use std::sync::Arc;

use tidegate_event::{FieldType, Schema};
use tidegate_expr::{ExprError, Expression, Program, Scope};
use tidegate_model::{
    Element, ExprInitialize, IndexType, Mistake, MistakeKind, Mistakes, Reader, SourceText, WindowDef,
};

use super::Registry;
use crate::window::Input;

/// A window's part of the model, its inputs, and where mistakes go.
#[derive(Debug)]
pub struct BuildContext<'a> {
    /// The window in the model.
    pub def: &'a WindowDef,
    /// Its inputs, by in-edge in order of declaration.
    pub inputs: Vec<Input>,
    /// Its effective index.
    pub index: IndexType,
    /// What this build knows.
    pub registry: &'a Registry,
    /// Where mistakes go.
    pub mistakes: &'a mut Mistakes,
    pub(super) own_schema: Option<Arc<Schema>>,
}

impl<'a> BuildContext<'a> {
    /// A reader of the window's element that knows what is common to all windows. To be given back to
    /// [`finish`](Self::finish).
    pub fn reader(&self) -> Reader<'a> {
        self.def.reader()
    }

    /// Warns about what the window type did not ask for.
    pub fn finish(&mut self, reader: Reader<'a>) {
        reader.finish(self.mistakes);
    }

    /// Notes a mistake at the window's element.
    pub fn mistake(&mut self, kind: MistakeKind, message: &str) {
        let message = format!("{} '{}': {message}", self.def.element.name, self.def.name);
        self.mistakes.add(self.def.position, kind, message);
    }

    /// The schema that the window declares; nothing when it is missing or wrong, which has been noted.
    pub fn own_schema(&self) -> Option<Arc<Schema>> {
        self.own_schema.clone()
    }

    /// The input of a window type that has one.
    pub fn only_input(&self) -> Option<Input> {
        self.inputs.first().cloned()
    }

    /// The key fields of `schema` with their places in the input: each must be there with the same type
    /// (model-xml 20, rule 52).
    pub fn keys_from_input(&mut self, schema: &Schema, input: &Input) -> Option<Vec<(usize, usize)>> {
        let mut keys = Some(Vec::new());
        for &key in schema.keys() {
            let field = &schema.fields()[key];
            match input.schema.position(&field.name).filter(|&at| input.schema.ty(at) == field.ty) {
                Some(at) => keys.iter_mut().for_each(|keys| keys.push((key, at))),
                None => {
                    keys = None;
                    let message = format!(
                        "the key field '{}' of type {} of {} '{}' is no field of its input '{}'",
                        field.name, field.ty, self.def.element.name, self.def.name, input.window
                    );
                    let names = input.schema.fields().iter().map(|f| f.name.as_str());
                    let mistake = Mistake::new(self.def.position, MistakeKind::KeyNotInInput, message);
                    self.mistakes.push(mistake.nearest(&field.name, names));
                }
            }
        }
        keys
    }

    /// The `field-expr` elements of an `output` list, one per non-key field (model-xml 20, rule 50).
    pub fn output_expressions(&mut self, output: &'a Element, schema: &Schema) -> Option<Vec<&'a Element>> {
        let mut reader = Reader::new(output);
        reader.refuse_child("field-plug", self.mistakes);
        let expressions = reader.children("field-expr");
        reader.finish(self.mistakes);
        let wanted = schema.non_keys().count();
        let given = expressions.len() + output.children_named("field-plug").count();
        if given != wanted {
            let message = format!(
                "{} '{}' has {wanted} fields that are no keys, but {given} outputs",
                self.def.element.name, self.def.name
            );
            self.mistakes.add(output.position, MistakeKind::OutputCount, message);
            return None;
        }
        (expressions.len() == wanted).then_some(expressions)
    }

    /// The names that the window's expressions see: these rows, the event's opcode and flags, and what its
    /// `expr-initialize` declares.
    pub fn window_scope(&mut self, rows: &[(&str, &Schema)]) -> Scope {
        let mut scope = Scope::new(self.registry.functions);
        for (prefix, schema) in rows {
            scope = scope.row(prefix, schema);
        }
        scope = scope.event(true).max_string(self.def.exp_max_string as usize);
        if let Some(initialize) = &self.def.expr_initialize {
            self.initialize(&mut scope, initialize);
        }
        scope
    }

    /// Adds what an `expr-initialize` declares.
    pub fn initialize(&mut self, scope: &mut Scope, initialize: &ExprInitialize) {
        if let Some(initializer) = &initialize.initializer {
            let done = scope.initialize(initializer.ty, initializer.source.as_str());
            self.report(&initializer.source, done);
        }
        for udf in &initialize.udfs {
            let done = scope.udf(&udf.name, udf.ty, udf.source.as_str());
            self.report(&udf.source, done);
        }
    }

    /// Reads the expression that is an element's text.
    pub fn parse(&mut self, element: &Element) -> Option<Expression> {
        self.report(&element.text, Expression::parse(element.text.as_str()))
    }

    /// Compiles the expression that is an element's text, for a field of type `ty`. An empty one is null: real models
    /// have them.
    pub fn compile(&mut self, scope: &Scope, element: &Element, ty: FieldType) -> Option<Program> {
        let expression = if element.text.trimmed().is_empty() {
            self.report(&element.text, Expression::parse("null"))?
        } else {
            self.parse(element)?
        };
        self.report(&element.text, scope.compile(&expression, ty))
    }

    /// Compiles the condition that is an element's text.
    pub fn compile_condition(&mut self, scope: &Scope, element: &Element) -> Option<Program> {
        let expression = self.parse(element)?;
        self.report(&element.text, scope.compile_condition(&expression))
    }

    /// Notes the errors of an expression at their places in the model.
    pub fn report<T>(&mut self, text: &SourceText, result: Result<T, Vec<ExprError>>) -> Option<T> {
        match result {
            Ok(done) => Some(done),
            Err(errors) => {
                for error in errors {
                    let position = text.position_of(error.line, error.column);
                    let message = format!(
                        "expression of {} '{}': {}",
                        self.def.element.name, self.def.name, error.message
                    );
                    let mistake = Mistake::new(position, MistakeKind::BadExpression, message);
                    self.mistakes.push(match error.hint {
                        Some(hint) => mistake.hint(hint),
                        None => mistake,
                    });
                }
                None
            }
        }
    }
}
