//! Making an aggregate window from a model.

use std::sync::Arc;

use tidegate_event::row::RowLayout;
use tidegate_event::{Field, FieldType, RowBatch, Schema};
use tidegate_expr::{Column, Expression};
use tidegate_model::{IndexType, MistakeKind};

use super::{Aggregate, Cell, Formula};
use crate::aggregates::{Class, GroupRows, Spec, Target, bind, can_store, last_value};
use crate::build::BuildContext;
use crate::evaluator::Evaluator;
use crate::key::KeyFields;
use crate::retained::Retained;
use crate::step::Notice;
use crate::window::{BuiltWindow, Input, OutputStage, WindowType};

/// The type.
pub(in crate::windows) static AGGREGATE: WindowType = WindowType { element: "window-aggregate", build };

/// A call found in the model.
struct Call {
    accumulator: usize,
    part: u8,
    ty: FieldType,
    name: String,
}

/// What the expressions of a window ask for.
struct Wanted {
    specs: Vec<Spec>,
    calls: Vec<Call>,
    additive: bool,
}

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let mut reader = context.reader();
    let output = reader.required_child("output", context.mistakes);
    context.finish(reader);
    if !context.index.is_stateful() {
        context.mistake(
            MistakeKind::BadIndex,
            "an aggregate keeps its groups: the index pi_EMPTY (its own, or that of the query or project) cannot be",
        );
    }
    let schema = context.own_schema();
    let input = context.only_input()?;
    let schema = schema?;
    let keys = context.keys_from_input(&schema, &input);
    let elements = context.output_expressions(output?, &schema)?;
    let insert_only = input.resolved && input.insert_only;
    let mut wanted = Wanted { specs: Vec::new(), calls: Vec::new(), additive: input.resolved };
    let mut expressions = Vec::new();
    let mut shape = String::new();
    for (field, element) in schema.non_keys().zip(&elements) {
        shape.push_str(element.text.as_str().trim());
        shape.push(';');
        let Some(mut expression) = context.parse(element) else { continue };
        let functions = context.registry.aggregates;
        let replaced = expression.replace_calls(&mut |call| {
            bind(functions, call, &input.schema, insert_only).map(|bound| {
                let (function, plan) = bound?;
                wanted.additive &=
                    function.class == Class::Additive || function.class == Class::InsertOnly && insert_only;
                let arguments = format!("{:?}", call.args);
                Ok(wanted.add(format!("{}{arguments}", call.name), plan.spec, plan.part, plan.ty))
            })
        });
        if context.report(&element.text, replaced).is_some() {
            wanted.add_keys(&expression, &schema, &input.schema);
            expressions.push((field, *element, expression));
        }
    }
    let results_schema = wanted.schema();
    let scope = match &results_schema {
        Some(results) => context.window_scope(&[("", results)]),
        None => context.window_scope(&[]),
    };
    let mut plain = Vec::new();
    let mut formulas = Vec::new();
    let mut inner = Vec::new();
    let mut complete = expressions.len() == elements.len();
    for (field, element, expression) in &expressions {
        let compiled = scope.compile(expression, schema.ty(*field));
        let bare = bare_call(&scope, expression, &wanted);
        match bare.filter(|&call| can_store(wanted.calls[call].ty, schema.ty(*field))) {
            Some(call) => plain.push(wanted.calls[call].cell(schema.layout(), *field)),
            None => match context.report(&element.text, compiled) {
                Some(program) => formulas.push(Formula { program, field: *field }),
                None => complete = false,
            },
        }
    }
    if let Some(results) = results_schema.as_ref().filter(|_| !formulas.is_empty()) {
        let calls = wanted.calls.iter().enumerate();
        inner.extend(calls.map(|(field, call)| call.cell(results.layout(), field)));
    }
    let keys = keys?;
    if !complete || !context.index.is_stateful() {
        return None;
    }
    let group: Vec<usize> = keys.iter().map(|&(_, from)| from).collect();
    let lists = group_rows(&wanted.specs, &input, &group, insert_only);
    if insert_only {
        shape.push_str(" insert-only");
    }
    if !input.resolved {
        shape.push_str(" unresolved");
    }
    let results_schema = results_schema.filter(|_| !formulas.is_empty());
    let window = Aggregate {
        groups: Retained::new(&schema, context.index, None, false),
        probe: KeyFields::new(&input.schema, &group),
        keys,
        accumulators: wanted.specs.iter().map(Spec::build).collect(),
        plain,
        inner,
        formulas,
        results_schema,
        evaluator: Evaluator::new(scope),
        lists,
        resolver: (!input.resolved).then(|| Retained::new(&input.schema, IndexType::Hash, None, false)),
        states: Vec::new(),
        near: Vec::new(),
        changes: Vec::new(),
        touched: Vec::new(),
        living: Vec::new(),
        stub: RowBatch::new(schema.layout()),
        results: RowBatch::default(),
        events: Vec::new(),
        column: Column::default(),
    };
    Some(BuiltWindow {
        window: Box::new(window),
        schema,
        output: OutputStage::AsIs { resolved: true },
        insert_only: false,
        shape: shape.split_whitespace().collect::<Vec<_>>().join(" "),
        notices: if wanted.additive { vec![Notice::AdditiveAggregate] } else { Vec::new() },
    })
}

/// The rows that ordered functions look through.
fn group_rows(specs: &[Spec], input: &Input, group: &[usize], insert_only: bool) -> Option<GroupRows> {
    let needs: Vec<(usize, Option<usize>)> = specs.iter().filter_map(Spec::needs_rows).collect();
    let fields: Vec<usize> = needs.iter().map(|&(field, _)| field).collect();
    let reach = needs.iter().map(|&(_, reach)| reach).collect::<Option<Vec<usize>>>();
    let reach = reach.and_then(|all| all.into_iter().max());
    if needs.is_empty() { None } else { GroupRows::new(&input.schema, group, &fields, insert_only, reach) }
}

/// The call that is the whole of an expression.
fn bare_call(scope: &tidegate_expr::Scope, expression: &Expression, wanted: &Wanted) -> Option<usize> {
    // A call's reference compiles to a field of the results when the target has the call's own type.
    (0..wanted.calls.len()).find(|&call| {
        scope
            .compile(expression, wanted.calls[call].ty)
            .is_ok_and(|program| program.as_field() == Some((0, call)))
    })
}

impl Call {
    fn cell(&self, layout: &RowLayout, field: usize) -> Cell {
        Cell { accumulator: self.accumulator, part: self.part, target: Target::new(layout, field) }
    }
}

impl Wanted {
    /// The name of the field of results that stands for a call.
    fn add(&mut self, name: String, spec: Spec, part: u8, ty: FieldType) -> String {
        let found = self.specs.iter_mut().position(|other| other.share(&spec));
        let accumulator = found.unwrap_or_else(|| {
            self.specs.push(spec);
            self.specs.len() - 1
        });
        if !self.calls.iter().any(|call| call.name == name) {
            self.calls.push(Call { accumulator, part, ty, name: name.clone() });
        }
        name
    }

    /// Key fields that stand beside calls: every event of the group has them alike.
    fn add_keys(&mut self, expression: &Expression, schema: &Schema, input: &Schema) {
        for name in expression.names() {
            let keys = || schema.fields().iter().filter(|field| field.key);
            let found = keys().find(|field| field.name == name);
            let found = found.or_else(|| keys().find(|field| field.name.eq_ignore_ascii_case(&name)));
            let Some(field) = found else { continue };
            if let Some(position) = input.position(&field.name) {
                let plan = last_value(position, input.ty(position));
                self.add(field.name.clone(), plan.spec, plan.part, plan.ty);
            }
        }
    }

    fn schema(&self) -> Option<Arc<Schema>> {
        let fields = self.calls.iter().map(|call| Field::new(&call.name, call.ty)).collect();
        Schema::new(fields).ok().map(Arc::new)
    }
}
