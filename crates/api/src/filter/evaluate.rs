//! Whether something passes a filter.

use std::cmp::Ordering;

use super::parse::compile;
use super::{Function, Property, Term};

type Lookup<'a> = &'a dyn Fn(&str) -> Property;

/// A term as a condition: true, or a number other than 0. A null is false.
pub(super) fn truth(term: &Term, lookup: Lookup<'_>) -> bool {
    match term {
        Term::Match(value, regex) => text(value, lookup).is_some_and(|value| regex.is_match(&value)),
        Term::Call(function, arguments) => call(*function, arguments, lookup),
        Term::Literal(_) | Term::Word(_) | Term::Field(_) => match text(term, lookup) {
            Some(value) if value.eq_ignore_ascii_case("true") => true,
            Some(value) => value.trim().parse::<f64>().is_ok_and(|number| number != 0.0),
            None => false,
        },
    }
}

/// A term as a text; none when it is null. A condition is `1` or `0`.
fn text(term: &Term, lookup: Lookup<'_>) -> Option<String> {
    match term {
        Term::Literal(text) => Some(text.clone()),
        Term::Word(word) => match lookup(word) {
            Property::Value(value) => Some(value),
            Property::Null => None,
            Property::Unknown => Some(word.clone()),
        },
        Term::Field(name) => match lookup(name) {
            Property::Value(value) => Some(value),
            Property::Null | Property::Unknown => None,
        },
        Term::Match(..) | Term::Call(..) => Some(if truth(term, lookup) { "1" } else { "0" }.to_owned()),
    }
}

fn call(function: Function, arguments: &[Term], lookup: Lookup<'_>) -> bool {
    let compared =
        |accept: fn(Ordering) -> bool| both(arguments, lookup, |a, b| compare(a, b).is_some_and(accept));
    match function {
        Function::And => arguments.iter().all(|argument| truth(argument, lookup)),
        Function::Or => arguments.iter().any(|argument| truth(argument, lookup)),
        Function::Not => !truth(&arguments[0], lookup),
        Function::IsNull => text(&arguments[0], lookup).is_none(),
        Function::Eq => compared(Ordering::is_eq),
        Function::Neq => compared(Ordering::is_ne),
        Function::Gt => compared(Ordering::is_gt),
        Function::Gte => compared(Ordering::is_ge),
        Function::Lt => compared(Ordering::is_lt),
        Function::Lte => compared(Ordering::is_le),
        Function::Contains => both(arguments, lookup, |value, part| value.contains(part)),
        Function::StartsWith => both(arguments, lookup, |value, part| value.starts_with(part)),
        Function::EndsWith => both(arguments, lookup, |value, part| value.ends_with(part)),
        // The expression comes from the thing itself; one that does not compile matches nothing.
        Function::Match => both(arguments, lookup, |value, pattern| {
            compile(pattern).is_some_and(|regex| regex.is_match(value))
        }),
        Function::In => text(&arguments[0], lookup).is_some_and(|value| {
            arguments[1..]
                .iter()
                .filter_map(|argument| text(argument, lookup))
                .any(|candidate| compare(&value, &candidate) == Some(Ordering::Equal))
        }),
        Function::Between => text(&arguments[0], lookup).is_some_and(|value| {
            let bound = |argument: &Term, accept: fn(Ordering) -> bool| {
                text(argument, lookup).and_then(|bound| compare(&value, &bound)).is_some_and(accept)
            };
            bound(&arguments[1], Ordering::is_ge) && bound(&arguments[2], Ordering::is_le)
        }),
    }
}

/// Applies `test` to the first two arguments unless one is null.
fn both(arguments: &[Term], lookup: Lookup<'_>, test: impl Fn(&str, &str) -> bool) -> bool {
    match (text(&arguments[0], lookup), text(&arguments[1], lookup)) {
        (Some(a), Some(b)) => test(&a, &b),
        _ => false,
    }
}

/// Whole numbers compare exactly, other numbers as doubles, anything else as text; none with a NaN.
fn compare(a: &str, b: &str) -> Option<Ordering> {
    if let (Ok(a), Ok(b)) = (a.trim().parse::<i64>(), b.trim().parse::<i64>()) {
        return Some(a.cmp(&b));
    }
    match (a.trim().parse::<f64>(), b.trim().parse::<f64>()) {
        (Ok(a), Ok(b)) => a.partial_cmp(&b),
        _ => Some(a.cmp(b)),
    }
}
