//! Random expressions against an interpreter that only follows functions.md 1.3 to 1.5: no types before running, no
//! columns, no sharing of code with the operators and conversions.

use proptest::prelude::*;
use tidegate_event::FieldType;

use super::{Window, scope};
use crate::Expression;
use crate::syntax::{BinaryOp, Expr, ExprKind, StatementKind, UnaryOp};

#[derive(Debug, Clone, PartialEq)]
enum Value {
    Null,
    Integer(i64),
    Real(f64),
    Boolean(bool),
    Text(String),
}
use Value::{Boolean, Integer, Null, Real, Text};

/// Texts that stand for numbers and others; the fields are those of the first row of the tests.
fn any_source() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "i", "j", "x", "city", "null", "true", "false", "'12'", "'yes'", "''", "3", "0", "2.5", "-7", "0.1",
    ])
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 40, 2, |inner| {
        let operators =
            vec!["+", "-", "*", "/", "%", "&", "<", ">", "<=", ">=", "==", "!=", "<>", " and ", " or "];
        prop_oneof![
            4 => (inner.clone(), prop::sample::select(operators), inner.clone())
                .prop_map(|(a, o, b)| format!("({a}{o}{b})")),
            1 => (prop::sample::select(vec!["not ", "isnull", "isblank"]), inner.clone())
                .prop_map(|(f, a)| format!("({f}({a}))")),
            1 => inner.prop_map(|a| format!("(-({a}))")),
        ]
    })
}

/// The static type, which decides between integer and real arithmetic and how a comparison is made.
fn type_of(expr: &Expr) -> &'static str {
    match &expr.kind {
        ExprKind::Null => "null",
        ExprKind::Boolean(_) => "boolean",
        ExprKind::Integer(_) => "integer",
        ExprKind::Real(_) => "real",
        ExprKind::Text(_) => "string",
        ExprKind::Name(name) => match name.as_str() {
            "x" => "real",
            "city" => "string",
            _ => "integer",
        },
        ExprKind::Call(..) => "boolean",
        ExprKind::Unary(UnaryOp::Not, _) => "boolean",
        ExprKind::Unary(_, inner) => {
            if is_whole(type_of(inner)) {
                "integer"
            } else {
                "real"
            }
        }
        ExprKind::Binary(op, left, right) => match op {
            BinaryOp::Concatenate => "string",
            BinaryOp::Modulo => "integer",
            BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => {
                if is_whole(type_of(left)) && is_whole(type_of(right)) { "integer" } else { "real" }
            }
            _ => "boolean",
        },
        other => panic!("{other:?}"),
    }
}

fn is_whole(ty: &str) -> bool {
    ["integer", "boolean", "null"].contains(&ty)
}

fn real(value: &Value) -> Option<f64> {
    match value {
        Null => None,
        Integer(v) => Some(*v as f64),
        Real(v) => Some(*v),
        Boolean(v) => Some(if *v { 1.0 } else { 0.0 }),
        Text(v) => v.trim().parse().ok(),
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Integer(v) => Some(*v),
        Text(v) if v.trim().parse::<i64>().is_ok() => v.trim().parse().ok(),
        other => real(other).filter(|v| v.trunc().abs() < 9.2e18).map(|v| v as i64),
    }
}

fn text(value: &Value) -> Option<String> {
    Some(match value {
        Null => return None,
        Integer(v) => v.to_string(),
        Real(v) => (v + 0.0).to_string(),
        Boolean(v) => v.to_string(),
        Text(v) => v.clone(),
    })
}

fn truth(value: &Value) -> Option<bool> {
    match value {
        Null => None,
        Text(v) => Some(v.eq_ignore_ascii_case("true") || v.eq_ignore_ascii_case("yes")),
        other => real(other).map(|v| v != 0.0),
    }
}

fn run(expr: &Expr) -> Value {
    match &expr.kind {
        ExprKind::Null => Null,
        ExprKind::Boolean(v) => Boolean(*v),
        ExprKind::Integer(v) => Integer(*v),
        ExprKind::Real(v) => Real(*v),
        ExprKind::Text(v) => Text(v.clone()),
        ExprKind::Name(name) => match name.as_str() {
            "i" => Integer(7),
            "j" => Integer(0),
            "x" => Real(2.5),
            _ => Text("Apex".into()),
        },
        ExprKind::Call(name, args) => {
            let value = run(&args[0]);
            Boolean(match name.as_str() {
                "isnull" => value == Null,
                _ => text(&value).is_none_or(|text| text.trim().is_empty()),
            })
        }
        ExprKind::Unary(UnaryOp::Not, inner) => truth(&run(inner)).map_or(Null, |v| Boolean(!v)),
        ExprKind::Unary(_, inner) => {
            let value = run(inner);
            if is_whole(type_of(inner)) {
                integer(&value).map_or(Null, |v| Integer(v.wrapping_neg()))
            } else {
                real(&value).map_or(Null, |v| Real(-v))
            }
        }
        ExprKind::Binary(op, left, right) => binary(*op, left, right),
        other => panic!("{other:?}"),
    }
}

fn binary(op: BinaryOp, left: &Expr, right: &Expr) -> Value {
    let types = [type_of(left), type_of(right)];
    let (a, b) = (run(left), run(right));
    match op {
        BinaryOp::And | BinaryOp::Or => {
            let decisive = op == BinaryOp::Or;
            match (truth(&a), truth(&b)) {
                (Some(v), _) | (_, Some(v)) if v == decisive => Boolean(decisive),
                (Some(_), Some(_)) => Boolean(!decisive),
                _ => Null,
            }
        }
        BinaryOp::Concatenate => match (text(&a), text(&b)) {
            (Some(a), Some(b)) => Text(a + &b),
            _ => Null,
        },
        BinaryOp::Modulo => match (integer(&a), integer(&b)) {
            (Some(a), Some(b)) if b != 0 => Integer(a.wrapping_rem(b)),
            _ => Null,
        },
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide
            if types.iter().all(|ty| is_whole(ty)) =>
        {
            let (Some(a), Some(b)) = (integer(&a), integer(&b)) else { return Null };
            match op {
                BinaryOp::Add => Integer(a.wrapping_add(b)),
                BinaryOp::Subtract => Integer(a.wrapping_sub(b)),
                BinaryOp::Multiply => Integer(a.wrapping_mul(b)),
                _ if b == 0 => Null,
                _ => Integer(a.wrapping_div(b)),
            }
        }
        BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply | BinaryOp::Divide => {
            let (Some(a), Some(b)) = (real(&a), real(&b)) else { return Null };
            match op {
                BinaryOp::Add => Real(a + b),
                BinaryOp::Subtract => Real(a - b),
                BinaryOp::Multiply => Real(a * b),
                _ if b == 0.0 => Null,
                _ => Real(a / b),
            }
        }
        _ => {
            use std::cmp::Ordering;
            if a == Null || b == Null {
                return Null;
            }
            let texts = (text(&a), text(&b));
            let order = match types {
                ["string", "string" | "null"] | ["null", "string"] => texts.0.cmp(&texts.1).into(),
                // As numbers when the text is one; a boolean meets a text as a boolean.
                ["string", "boolean"] | ["boolean", "string"] => truth(&a).cmp(&truth(&b)).into(),
                ["string", _] | [_, "string"] => match (real(&a), real(&b)) {
                    (Some(a), Some(b)) => a.partial_cmp(&b),
                    _ => texts.0.cmp(&texts.1).into(),
                },
                _ if types.iter().all(|ty| is_whole(ty)) => integer(&a).cmp(&integer(&b)).into(),
                _ => real(&a).partial_cmp(&real(&b)),
            };
            Boolean(match op {
                BinaryOp::Less => order == Some(Ordering::Less),
                BinaryOp::Greater => order == Some(Ordering::Greater),
                BinaryOp::LessEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
                BinaryOp::GreaterEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
                BinaryOp::Equal => order == Some(Ordering::Equal),
                _ => order != Some(Ordering::Equal),
            })
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn both_back_ends_do_what_the_page_says(source in any_source()) {
        let tree = Expression::parse(&source).unwrap();
        let StatementKind::Value(expr) = &tree.statements[0].kind else { panic!("{source}") };
        let expected = text(&run(expr)).unwrap_or("null".into());
        prop_assert_eq!(Window::new(scope()).text(&source, FieldType::String, 0), expected, "{}", source);
    }
}
