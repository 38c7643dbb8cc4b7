//! Arithmetic.

use std::cmp::Ordering;

use tidegate_expr::FaultKind;

use crate::env::Env;
use crate::function::{Body, Function, MANY, Mark};
use crate::number::Number;
use crate::value::{Outcome, Value};

const FAMILY: &str = "Numbers";

/// A double that a calculation gave: what is no finite number is a fault.
fn finite(value: f64) -> Result<Number, FaultKind> {
    if value.is_finite() { Ok(Number::Double(value)) } else { Err(FaultKind::BadArgument) }
}

/// Whole numbers stay whole as long as they fit.
fn exact(
    a: Number,
    b: Number,
    whole: fn(i64, i64) -> Option<i64>,
    real: fn(f64, f64) -> f64,
) -> Result<Number, FaultKind> {
    if let (Number::Int(a), Number::Int(b)) = (a, b)
        && let Some(value) = whole(a, b)
    {
        return Ok(Number::Int(value));
    }
    finite(real(a.double(), b.double()))
}

/// Folds the arguments from left to right; null when one is blank.
fn fold(arguments: &[Value], f: impl Fn(Number, Number) -> Result<Number, FaultKind>) -> Outcome {
    let mut result: Option<Number> = None;
    for argument in arguments {
        let Some(number) = argument.number()? else { return Ok(Value::Null) };
        result = Some(match result {
            None => number,
            Some(so_far) => f(so_far, number)?,
        });
    }
    Ok(result.into())
}

fn one(value: &Value, f: impl FnOnce(Number) -> Result<Number, FaultKind>) -> Outcome {
    value.number()?.map(f).transpose().map(Value::from)
}

/// A rounding of doubles.
fn rounded(arguments: &[Value], f: fn(f64) -> f64) -> Outcome {
    one(&arguments[0], |number| {
        Ok(match number {
            Number::Int(_) => number,
            Number::Double(value) => Number::of_whole(f(value)),
        })
    })
}

fn add(a: Number, b: Number) -> Result<Number, FaultKind> {
    exact(a, b, i64::checked_add, |a, b| a + b)
}

fn subtract(a: Number, b: Number) -> Result<Number, FaultKind> {
    exact(a, b, i64::checked_sub, |a, b| a - b)
}

fn sum(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    fold(arguments, add)
}

fn quotient(a: Number, b: Number) -> Result<Number, FaultKind> {
    if b.double() == 0.0 {
        return Err(FaultKind::DivisionByZero);
    }
    if let (Number::Int(a), Number::Int(b)) = (a, b)
        && a.checked_rem(b) == Some(0)
        && let Some(value) = a.checked_div(b)
    {
        return Ok(Number::Int(value));
    }
    finite(a.double() / b.double())
}

fn modulo(a: Number, b: Number) -> Result<Number, FaultKind> {
    if b.double() == 0.0 {
        return Err(FaultKind::DivisionByZero);
    }
    exact(a, b, |a, b| Some(a.wrapping_rem(b)), |a, b| a % b)
}

fn mean(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let total = sum(arguments, env)?;
    one(&total, |total| quotient(total, Number::Int(arguments.len() as i64)))
}

fn precision(arguments: &[Value], _: &mut Env<'_>) -> Outcome {
    let Some(digits) = super::whole(&arguments[1])? else { return Ok(Value::Null) };
    if !(0..=15).contains(&digits) {
        return Err(FaultKind::BadArgument);
    }
    one(&arguments[0], |number| match number {
        Number::Int(_) => Ok(number),
        Number::Double(value) => {
            let scale = 10_f64.powi(digits as i32);
            let scaled = value * scale;
            // Beyond the digits of a double there is nothing to round.
            if scaled.abs() < 9e15 { finite(scaled.round() / scale) } else { Ok(number) }
        }
    })
}

fn random(arguments: &[Value], env: &mut Env<'_>) -> Outcome {
    let low = arguments.first().map_or(Ok(Some(Number::Int(0))), Value::number)?;
    let high = arguments.get(1).map_or(Ok(Some(Number::Int(1))), Value::number)?;
    let (Some(low), Some(high)) = (low, high) else { return Ok(Value::Null) };
    let (low, high) = (low.double(), high.double());
    finite(low + env.random.unit() * (high - low)).map(Value::from)
}

macro_rules! function {
    ($(#[$doc:meta])* $id:ident, $name:literal, $usage:literal, $about:literal, $arity:expr, $body:expr, $examples:expr) => {
        $(#[$doc])*
        pub(crate) static $id: Function =
            Function::new($name, FAMILY, $usage, $about, $arity, Body::Eager($body), $examples);
    };
}

function!(
    /// `abs`.
    ABS, "abs", "(x)", "x without its sign.", (1, 1),
    |arguments, _| one(&arguments[0], |number| match number {
        Number::Int(value) => value.checked_abs().map_or_else(|| finite((value as f64).abs()), |v| Ok(Number::Int(v))),
        Number::Double(value) => Ok(Number::Double(value.abs())),
    }),
    &[("abs(-2.5)", "2.5"), ("abs(3)", "3")]
);

function!(
    /// `ceiling`.
    CEILING, "ceiling", "(x)", "The least whole number that is not below x.", (1, 1),
    |arguments, _| rounded(arguments, f64::ceil),
    &[("ceiling(1.2)", "2"), ("ceiling(-1.2)", "-1"), ("ceiling(7)", "7")]
);

function!(
    /// `floor`.
    FLOOR, "floor", "(x)", "The greatest whole number that is not above x.", (1, 1),
    |arguments, _| rounded(arguments, f64::floor),
    &[("floor(1.8)", "1"), ("floor(-1.2)", "-2")]
);

function!(
    /// `round`.
    ROUND, "round", "(x)", "x rounded to a whole number, halves away from zero.", (1, 1),
    |arguments, _| rounded(arguments, f64::round),
    &[("round(2.5)", "3"), ("round(-2.5)", "-3"), ("round(2.4)", "2")]
);

function!(
    /// `decrement`.
    DECREMENT, "decrement", "(x)", "x less 1.", (1, 1),
    |arguments, _| one(&arguments[0], |number| subtract(number, Number::Int(1))),
    &[("decrement(5)", "4"), ("decrement(0.5)", "-0.5")]
);

function!(
    /// `increment`.
    INCREMENT, "increment", "(x)", "x and 1.", (1, 1),
    |arguments, _| one(&arguments[0], |number| add(number, Number::Int(1))),
    &[("increment(5)", "6"), ("increment('1.5')", "2.5")]
);

function!(
    /// `negate`.
    NEGATE, "negate", "(x)", "x with the other sign.", (1, 1),
    |arguments, _| one(&arguments[0], |number| subtract(Number::Int(0), number)),
    &[("negate(5)", "-5"), ("negate(-0.5)", "0.5")]
);

function!(
    /// `max`.
    MAX, "max", "(a, b ...)", "The greatest.", (1, MANY),
    |arguments, _| fold(arguments, |a, b| Ok(if b.order(a) == Ordering::Greater { b } else { a })),
    &[("max(3,10,2)", "10"), ("max(1.5,1)", "1.5")]
);

function!(
    /// `min`.
    MIN, "min", "(a, b ...)", "The least.", (1, MANY),
    |arguments, _| fold(arguments, |a, b| Ok(if b.order(a) == Ordering::Less { b } else { a })),
    &[("min(3,10,2)", "2"), ("min(-1,1)", "-1")]
);

function!(
    /// `mean`.
    MEAN, "mean", "(a, b ...)", "The sum divided by the number of arguments.", (1, MANY), mean,
    &[("mean(1,2,3,4)", "2.5"), ("mean(2,4)", "3")]
);

function!(
    /// `mod`.
    MOD, "mod", "(a, b)", "What is left of a after division by b, with the sign of a; null when b is 0.", (2, 2),
    |arguments, _| fold(arguments, modulo),
    &[("mod(7,3)", "1"), ("mod(-7,3)", "-1"), ("mod(7.5,2)", "1.5"), ("mod(1,0)", "null")]
);

function!(
    /// `precision`.
    PRECISION, "precision", "(x, digits)", "x rounded to so many digits behind the point, at most 15.", (2, 2), precision,
    &[("precision(3.14159,2)", "3.14"), ("precision(2.5,0)", "3"), ("precision(7,2)", "7")]
);

function!(
    /// `sqrt`.
    SQRT, "sqrt", "(x)", "The square root; null below 0.", (1, 1),
    |arguments, _| one(&arguments[0], |number| finite(number.double().sqrt())),
    &[("sqrt(9)", "3"), ("sqrt(2.25)", "1.5"), ("sqrt(-1)", "null")]
);

/// `diff`.
pub(crate) static DIFF: Function = Function::new(
    "diff",
    FAMILY,
    "(a, b ...)",
    "a less all that follows.",
    (1, MANY),
    Body::Eager(|arguments, _| fold(arguments, subtract)),
    &[("diff(10,3)", "7"), ("diff(0,0.5)", "-0.5"), ("diff(10,1,2)", "7")],
)
.mark(Mark::Source);

/// `product`.
pub(crate) static PRODUCT: Function = Function::new(
    "product",
    FAMILY,
    "(a, b ...)",
    "The product.",
    (1, MANY),
    Body::Eager(|arguments, _| fold(arguments, |a, b| exact(a, b, i64::checked_mul, |a, b| a * b))),
    &[("string(product(4, '2.5'))", "10"), ("product(3,4)", "12"), ("product(3,x)", "null")],
)
.mark(Mark::Source);

/// `quotient`.
pub(crate) static QUOTIENT: Function = Function::new(
    "quotient",
    FAMILY,
    "(a, b ...)",
    "a divided by b; null when b is 0.",
    (2, MANY),
    Body::Eager(|arguments, _| fold(arguments, quotient)),
    &[("quotient(7,2)", "3.5"), ("quotient(6,2)", "3"), ("quotient(1,0)", "null")],
)
.mark(Mark::Source);

/// `random`.
pub(crate) static RANDOM: Function = Function::new(
    "random",
    FAMILY,
    "(lo, hi)",
    "A double from lo to hi, from the block's message id: a replay gives the same.",
    (0, 2),
    Body::Eager(random),
    &[("random(3,3)", "3"), ("between(random(-1,1),-1,1)", "1")],
)
.mark(Mark::Source)
.varies();

/// `sum`.
pub(crate) static SUM: Function = Function::new(
    "sum",
    FAMILY,
    "(a, b ...)",
    "The sum.",
    (1, MANY),
    Body::Eager(sum),
    &[
        ("sum(889.20,1716.90,0.00,)", "2606.1"),
        ("sum(1,2)", "3"),
        ("sum(9223372036854775807,1)", "9223372036854776000"),
        ("sum(1,$nothing)", "null"),
        ("sum(1,'')", "null"),
    ],
)
.mark(Mark::Verified);
