//! Operators and conversions (functions.md 1.3 and 1.4).

use std::cmp::Ordering;
use std::fmt::Write;

use crate::faults::FaultKind;
use crate::function::{Days, Signature, Type};
use crate::signature;
use crate::syntax::BinaryOp;

fn divide(a: i64, b: i64) -> Result<i64, FaultKind> {
    if b == 0 { Err(FaultKind::DivisionByZero) } else { Ok(a.wrapping_div(b)) }
}

fn divide_real(a: f64, b: f64) -> Result<f64, FaultKind> {
    if b == 0.0 { Err(FaultKind::DivisionByZero) } else { Ok(a / b) }
}

fn modulo(a: i64, b: i64) -> Result<i64, FaultKind> {
    if b == 0 { Err(FaultKind::DivisionByZero) } else { Ok(a.wrapping_rem(b)) }
}

fn concatenate(a: &str, b: &str, out: &mut String) {
    out.push_str(a);
    out.push_str(b);
}

/// The operands' order when a text meets a number: as numbers when the text is one, else as texts.
fn mixed(text: &str, number: f64, number_text: &str) -> Option<Ordering> {
    match text.trim().parse::<f64>() {
        Ok(value) => value.partial_cmp(&number),
        Err(_) => Some(text.cmp(number_text)),
    }
}

static INTEGER: [Signature; 4] = [
    signature!((a: i64, b: i64) -> i64, i64::wrapping_mul),
    signature!((a: i64, b: i64) -> Result<i64, FaultKind>, divide),
    signature!((a: i64, b: i64) -> i64, i64::wrapping_add),
    signature!((a: i64, b: i64) -> i64, i64::wrapping_sub),
];
static REAL: [Signature; 4] = [
    signature!((a: f64, b: f64) -> f64, |a: f64, b: f64| a * b),
    signature!((a: f64, b: f64) -> Result<f64, FaultKind>, divide_real),
    signature!((a: f64, b: f64) -> f64, |a: f64, b: f64| a + b),
    signature!((a: f64, b: f64) -> f64, |a: f64, b: f64| a - b),
];
static MODULO: Signature = signature!((a: i64, b: i64) -> Result<i64, FaultKind>, modulo);
static CONCATENATE: Signature = signature!((a: &str, b: &str) -> text, concatenate);
static DATE_PLUS: Signature = signature!((a: Days, b: f64) -> Days, |a: Days, b: f64| Days(a.0 + b));
static DATE_MINUS: Signature = signature!((a: Days, b: f64) -> Days, |a: Days, b: f64| Days(a.0 - b));
static DATE_DIFFERENCE: Signature = signature!((a: Days, b: Days) -> f64, |a: Days, b: Days| a.0 - b.0);

macro_rules! comparisons {
    ($ty:ty) => {
        [
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a < b),
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a > b),
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a <= b),
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a >= b),
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a == b),
            signature!((a: $ty, b: $ty) -> bool, |a: $ty, b: $ty| a != b),
        ]
    };
}
static COMPARE_INTEGER: [Signature; 6] = comparisons!(i64);
static COMPARE_REAL: [Signature; 6] = comparisons!(f64);
static COMPARE_TEXT: [Signature; 6] = comparisons!(&str);

macro_rules! mixed_comparison {
    ($test:expr) => {
        signature!((a: &str, b: f64, c: &str) -> bool, |a: &str, b: f64, c: &str| mixed(a, b, c).is_some_and($test))
    };
}
static COMPARE_MIXED: [Signature; 6] = [
    mixed_comparison!(Ordering::is_lt),
    mixed_comparison!(Ordering::is_gt),
    mixed_comparison!(Ordering::is_le),
    mixed_comparison!(Ordering::is_ge),
    mixed_comparison!(Ordering::is_eq),
    signature!((a: &str, b: f64, c: &str) -> bool, |a: &str, b: f64, c: &str| mixed(a, b, c) != Some(Ordering::Equal)),
];

pub(crate) static NEGATE_INTEGER: Signature = signature!((a: i64) -> i64, i64::wrapping_neg);
pub(crate) static NEGATE_REAL: Signature = signature!((a: f64) -> f64, |a: f64| -a);
pub(crate) static NOT: Signature = signature!((a: bool) -> bool, |a: bool| !a);

/// An arithmetic operator over two integers, or over two reals.
pub(crate) fn arithmetic(op: BinaryOp, real: bool) -> &'static Signature {
    let table = if real { &REAL } else { &INTEGER };
    match op {
        BinaryOp::Multiply => &table[0],
        BinaryOp::Divide => &table[1],
        BinaryOp::Add => &table[2],
        BinaryOp::Subtract => &table[3],
        BinaryOp::Modulo => &MODULO,
        _ => &CONCATENATE,
    }
}

/// `+` and `-` with a date on the left: the signature takes days on the right, or a date.
pub(crate) fn date_arithmetic(op: BinaryOp, right: Type) -> Option<&'static Signature> {
    match (op, right) {
        (BinaryOp::Subtract, Type::Date) => Some(&DATE_DIFFERENCE),
        (BinaryOp::Add, right) if right != Type::Date => Some(&DATE_PLUS),
        (BinaryOp::Subtract, _) => Some(&DATE_MINUS),
        _ => None,
    }
}

fn comparison_number(op: BinaryOp) -> Option<usize> {
    Some(match op {
        BinaryOp::Less => 0,
        BinaryOp::Greater => 1,
        BinaryOp::LessEqual => 2,
        BinaryOp::GreaterEqual => 3,
        BinaryOp::Equal => 4,
        BinaryOp::NotEqual => 5,
        _ => return None,
    })
}

/// A comparison of two integers, reals or texts.
pub(crate) fn comparison(op: BinaryOp, ty: Type) -> Option<&'static Signature> {
    let table = match ty {
        Type::Integer => &COMPARE_INTEGER,
        Type::String => &COMPARE_TEXT,
        _ => &COMPARE_REAL,
    };
    comparison_number(op).map(|i| &table[i])
}

/// A comparison of a text with a number, given as a real and as text.
pub(crate) fn mixed_comparison(op: BinaryOp) -> Option<&'static Signature> {
    comparison_number(op).map(|i| &COMPARE_MIXED[i])
}

/// The same comparison with its sides exchanged.
pub(crate) fn mirrored(op: BinaryOp) -> BinaryOp {
    match op {
        BinaryOp::Less => BinaryOp::Greater,
        BinaryOp::Greater => BinaryOp::Less,
        BinaryOp::LessEqual => BinaryOp::GreaterEqual,
        BinaryOp::GreaterEqual => BinaryOp::LessEqual,
        other => other,
    }
}

/// Truncates toward zero.
pub(crate) fn real_to_integer(value: f64) -> Result<i64, FaultKind> {
    let value = value.trunc();
    // 2^63 is exact as a double; the range's end is not part of it.
    if (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&value) {
        Ok(value as i64)
    } else {
        Err(FaultKind::FailedCast)
    }
}

fn text_to_real(text: &str) -> Result<f64, FaultKind> {
    text.trim().parse().map_err(|_| FaultKind::FailedCast)
}

fn text_to_integer(text: &str) -> Result<i64, FaultKind> {
    match text.trim().parse() {
        Ok(value) => Ok(value),
        Err(_) => real_to_integer(text_to_real(text)?),
    }
}

fn text_to_boolean(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("yes")
}

fn write_text(value: impl std::fmt::Display, out: &mut String) {
    write!(out, "{value}").expect("writing to a string does not fail");
}

fn date_to_text(date: Days, out: &mut String) -> Result<(), FaultKind> {
    let c = date.civil().ok_or(FaultKind::FailedCast)?;
    write_text(
        format_args!(
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}",
            c.year, c.month, c.day, c.hour, c.minute, c.second
        ),
        out,
    );
    Ok(())
}

fn text_to_date(text: &str) -> Result<Days, FaultKind> {
    crate::types::parse_date(text).ok_or(FaultKind::FailedCast)
}

macro_rules! conversions {
    ($(($from:ident, $to:ident) => $signature:expr;)*) => {
        /// The conversion between two different types, if there is one.
        pub(crate) fn conversion(from: Type, to: Type) -> Option<&'static Signature> {
            match (from, to) {
                $((Type::$from, Type::$to) => {
                    static SIGNATURE: Signature = $signature;
                    Some(&SIGNATURE)
                })*
                _ => None,
            }
        }
    };
}

conversions! {
    (Integer, Real) => signature!((a: i64) -> f64, |a: i64| a as f64);
    (Integer, String) => signature!((a: i64) -> text, write_text);
    (Integer, Date) => signature!((a: i64) -> Days, |a: i64| Days(a as f64));
    (Integer, Boolean) => signature!((a: i64) -> bool, |a: i64| a != 0);
    (Real, Integer) => signature!((a: f64) -> Result<i64, FaultKind>, real_to_integer);
    (Real, String) => signature!((a: f64) -> text, |a: f64, out: &mut String| write_text(a + 0.0, out));
    (Real, Date) => signature!((a: f64) -> Days, Days);
    (Real, Boolean) => signature!((a: f64) -> bool, |a: f64| a != 0.0);
    (String, Integer) => signature!((a: &str) -> Result<i64, FaultKind>, text_to_integer);
    (String, Real) => signature!((a: &str) -> Result<f64, FaultKind>, text_to_real);
    (String, Date) => signature!((a: &str) -> Result<Days, FaultKind>, text_to_date);
    (String, Boolean) => signature!((a: &str) -> bool, text_to_boolean);
    (Date, Integer) => signature!((a: Days) -> Result<i64, FaultKind>, |a: Days| real_to_integer(a.0));
    (Date, Real) => signature!((a: Days) -> f64, |a: Days| a.0);
    (Date, String) => signature!((a: Days) -> text, date_to_text);
    (Date, Boolean) => signature!((a: Days) -> bool, |a: Days| a.0 != 0.0);
    (Boolean, Integer) => signature!((a: bool) -> i64, i64::from);
    (Boolean, Real) => signature!((a: bool) -> f64, |a: bool| f64::from(u8::from(a)));
    (Boolean, String) => signature!((a: bool) -> text, write_text);
    (Boolean, Date) => signature!((a: bool) -> Days, |a: bool| Days(f64::from(u8::from(a))));
}
