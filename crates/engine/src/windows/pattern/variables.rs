//! Binding variables: which names of a pattern's conditions they are, what type they have, and where they are bound
//! (functions.md 4.3).

use tidegate_event::{Field, FieldType, Schema};
use tidegate_expr::{Expression, Scope};
use tidegate_model::SourceText;

use super::build::Sources;
use super::condition::{Bind, EventCondition, Part, Probe};
use crate::build::BuildContext;

/// The variables of one pattern, as fields of its instances' rows. The first field is none of them.
pub(super) struct VariableNames {
    pub(super) fields: Vec<Field>,
}

/// The sides of an equality that are names without a meaning in `scope`, each with the other side.
fn bindable<'e>(
    sides: &'e [Expression; 2],
    scope: &Scope,
) -> impl Iterator<Item = (&'e str, &'e Expression)> {
    let [left, right] = sides;
    let named = [(left.as_name(), right), (right.as_name(), left)];
    let known: [bool; 2] = named.map(|(name, _)| name.is_none_or(|name| scope.knows(name)));
    named.into_iter().zip(known).filter_map(|((name, other), known)| Some((name.filter(|_| !known)?, other)))
}

/// The type that holds values of both types.
fn join(a: FieldType, b: FieldType) -> FieldType {
    use FieldType::{Date, Double, Int32, Int64, Stamp, String};
    match (a, b) {
        _ if a == b => a,
        (Int32 | Int64, Int32 | Int64) => Int64,
        (Date | Stamp, Date | Stamp) => Stamp,
        _ if a.is_text() || b.is_text() => String,
        _ => Double,
    }
}

impl VariableNames {
    /// Finds the variables of conditions, each given with its source.
    pub(super) fn infer(conditions: &[(usize, &Expression)], sources: &Sources) -> Self {
        let mut names = Self { fields: vec![Field::key("#", FieldType::Int64)] };
        let equalities: Vec<(usize, [Expression; 2])> = conditions
            .iter()
            .flat_map(|(source, condition)| {
                condition.conjuncts().into_iter().map(move |part| (*source, part))
            })
            .filter_map(|(source, part)| Some((source, part.equality()?)))
            .collect();
        // A variable may get its value from another: go on until no more becomes known. Types only widen.
        loop {
            let before: Vec<FieldType> = names.fields.iter().map(|field| field.ty).collect();
            for (source, sides) in &equalities {
                let scope = &sources.scopes[*source];
                for (name, value) in bindable(sides, scope) {
                    let field =
                        value.as_name().and_then(|name| sources.inputs[*source].schema.position(name));
                    let ty = match field {
                        Some(field) => Some(sources.inputs[*source].schema.ty(field)),
                        None => names.scope(scope).field_type_of(value).ok().flatten(),
                    };
                    if let Some(ty) = ty {
                        names.add(name, ty);
                    }
                }
            }
            if before == names.fields.iter().map(|field| field.ty).collect::<Vec<_>>() {
                return names;
            }
        }
    }

    fn add(&mut self, name: &str, ty: FieldType) {
        match self.fields.iter_mut().find(|field| field.name == name) {
            Some(field) => field.ty = join(field.ty, ty),
            None => self.fields.push(Field::new(name, ty)),
        }
    }

    /// The names of a source together with the variables.
    pub(super) fn scope(&self, source: &Scope) -> Scope {
        match Schema::new(self.fields.clone()) {
            Ok(schema) => source.clone().row("", &schema),
            // The row of a pattern's values reports what is wrong with it.
            Err(_) => source.clone(),
        }
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| field.name == name)
    }
}

/// Compiles the conditions of one pattern.
pub(super) struct Conditions<'s> {
    pub(super) sources: &'s Sources,
    pub(super) names: &'s VariableNames,
}

impl Conditions<'_> {
    /// Compiles a condition over `source`; mistakes go to the context.
    pub(super) fn compile(
        &self,
        context: &mut BuildContext<'_>,
        source: usize,
        condition: &Expression,
        text: &SourceText,
    ) -> Option<EventCondition> {
        let event_only = &self.sources.scopes[source];
        let scope = self.names.scope(event_only);
        let mut compiled = EventCondition {
            source,
            filters: Vec::new(),
            parts: Vec::new(),
            probe: None,
            outputs: Vec::new(),
        };
        let mut complete = true;
        for part in condition.conjuncts() {
            let sides = part.equality();
            let binding = sides.iter().flat_map(|sides| bindable(sides, event_only)).next().is_some();
            if !binding
                && let Ok(program) = event_only.compile_condition(&part)
                && program.is_pure()
            {
                compiled.filters.push(program);
                continue;
            }
            let Some(test) = context.report(text, scope.compile_condition(&part)) else {
                complete = false;
                continue;
            };
            let mut binds = Vec::new();
            for (name, value) in sides.iter().flat_map(|sides| bindable(sides, event_only)) {
                let Some(variable) = self.names.position(name) else { continue };
                let ty = self.names.fields[variable].ty;
                match context.report(text, scope.compile(value, ty)) {
                    Some(value) => binds.push(Bind { variable, value }),
                    None => complete = false,
                }
            }
            compiled.probe = compiled.probe.or_else(|| self.probe(source, &binds));
            compiled.parts.push(Part { binds, test });
        }
        complete.then_some(compiled)
    }

    /// An equality of a variable with a field of its own type, whose values are equal where their words are.
    fn probe(&self, source: usize, binds: &[Bind]) -> Option<Probe> {
        let [Bind { variable, value }] = binds else { return None };
        let Some((0, field)) = value.as_field() else { return None };
        let ty = self.sources.inputs[source].schema.ty(field);
        let exact = ty == self.names.fields[*variable].ty && ty != FieldType::Double;
        exact.then_some(Probe { variable: *variable, field })
    }
}
