//! Taking conditions apart for pattern windows, where a name that is no field is a *binding variable*: an equality
//! gives it its value (functions.md 4.3).

use tidegate_event::FieldType;

use crate::check::Checker;
use crate::error::ExprError;
use crate::expression::Expression;
use crate::function::Type;
use crate::scope::Scope;
use crate::syntax::{BinaryOp, Expr, ExprKind, Statement, StatementKind};

impl Expression {
    /// The parts of `a and b and c`, in order; the expression itself when it is no such chain.
    pub fn conjuncts(&self) -> Vec<Self> {
        fn split(expr: &Expr, into: &mut Vec<Expression>) {
            match &expr.kind {
                ExprKind::Binary(BinaryOp::And, left, right) => {
                    split(left, into);
                    split(right, into);
                }
                _ => into.push(Expression::of(expr)),
            }
        }
        let mut parts = Vec::new();
        match self.only_value() {
            Some(value) => split(value, &mut parts),
            None => parts.push(self.clone()),
        }
        parts
    }

    /// Both sides of an equality `a == b`.
    pub fn equality(&self) -> Option<[Self; 2]> {
        match &self.only_value()?.kind {
            ExprKind::Binary(BinaryOp::Equal, left, right) => Some([Self::of(left), Self::of(right)]),
            _ => None,
        }
    }

    /// The name, when the expression is nothing else.
    pub fn as_name(&self) -> Option<&str> {
        match &self.only_value()?.kind {
            ExprKind::Name(name) => Some(name),
            _ => None,
        }
    }

    fn only_value(&self) -> Option<&Expr> {
        match &self.statements[..] {
            [Statement { kind: StatementKind::Value(value) | StatementKind::Return(Some(value)), .. }] => {
                Some(value)
            }
            _ => None,
        }
    }

    fn of(expr: &Expr) -> Self {
        Self { statements: vec![Statement { at: expr.at, kind: StatementKind::Value(expr.clone()) }] }
    }
}

impl Scope {
    /// Whether `name` means something here: a field, a persistent variable, or what the event brings.
    pub fn knows(&self, name: &str) -> bool {
        let same = |other: &str| other.eq_ignore_ascii_case(name);
        self.fields.iter().any(|field| same(&field.name))
            || self.variables.iter().any(|variable| same(&variable.0))
            || self.event && ["ESP_OPCODE", "ESP_FLAGS"].contains(&name)
    }

    /// The type of field that holds an expression's values as they are: int64 for integers and booleans, stamp for
    /// dates. Nothing for `null`.
    ///
    /// # Errors
    /// As [`Scope::compile`].
    pub fn field_type_of(&self, expression: &Expression) -> Result<Option<FieldType>, Vec<ExprError>> {
        let Some(value) = expression.only_value() else { return Ok(None) };
        let mut checker = Checker::new(self);
        let ty = checker.type_of(value);
        checker.finish()?;
        Ok(match ty {
            Type::Integer | Type::Boolean => Some(FieldType::Int64),
            Type::Real => Some(FieldType::Double),
            Type::String => Some(FieldType::String),
            Type::Date => Some(FieldType::Stamp),
            _ => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use tidegate_event::Schema;

    use super::*;
    use crate::FUNCTIONS;

    #[test]
    fn a_chain_of_and_comes_apart_whatever_its_brackets() {
        let parts = Expression::parse("(a == b) and ((c < 3 or d == e) and e == c + 1)").unwrap().conjuncts();
        assert_eq!(parts.len(), 3);
        assert_eq!(parts[0].equality().unwrap().each_ref().map(Expression::as_name), [Some("a"), Some("b")]);
        assert!(parts[1].equality().is_none());
        assert_eq!(parts[2].equality().unwrap().each_ref().map(Expression::as_name), [Some("e"), None]);
    }

    #[test]
    fn values_have_types_to_be_kept_in() {
        let schema = Schema::parse("id*:int32,price:double,name:string,at:date").unwrap();
        let scope = Scope::new(FUNCTIONS).row("", &schema);
        let ty = |text: &str| scope.field_type_of(&Expression::parse(text).unwrap());
        assert_eq!(ty("id + 3"), Ok(Some(FieldType::Int64)));
        assert_eq!(ty("id * price"), Ok(Some(FieldType::Double)));
        assert_eq!(ty("name"), Ok(Some(FieldType::String)));
        assert_eq!(ty("at"), Ok(Some(FieldType::Stamp)));
        assert!(ty("nothing + 1").is_err());
        assert!(scope.knows("Price") && !scope.knows("nothing"));
    }
}
