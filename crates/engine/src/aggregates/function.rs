//! Descriptors of aggregate functions, and how a call in a model is bound to one.

use tidegate_event::{FieldType, Schema};
use tidegate_expr::{Arg, Call};
use tidegate_model::nearest;

use super::accumulator::Accumulator;
use super::column::is_number;
use super::{counts, extremes, lists, recent, sums, timed, weighted};

/// An aggregate function: one line in [`super::AGGREGATES`].
#[derive(Debug)]
pub struct AggregateFunction {
    /// Its name.
    pub name: &'static str,
    /// How a call looks, for messages and the reference.
    pub usage: &'static str,
    /// What it gives.
    pub doc: &'static str,
    /// What it needs to follow a group.
    pub class: Class,
    /// What its arguments must be.
    pub(crate) arguments: &'static [Shape],
    /// Which accumulator it reads.
    pub(crate) plan: fn(&Arguments) -> Plan,
}

/// What a function needs to follow a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Accumulators that survive insert, update and delete.
    Additive,
    /// Accumulators while rows only come; else the group's values.
    InsertOnly,
    /// The group's values.
    Ordered,
}

/// What an argument must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// An input field of type int32, int64, double or money.
    Number,
    /// An input field that can be ordered: no blob and no array.
    Ordered,
    /// Any input field.
    Any,
    /// As `Any`, or left out.
    Optional,
    /// An input field whose values have a text.
    Printable,
    /// A literal number in a range.
    Integer(i64, i64),
    /// A literal number of seconds above 0.
    Seconds,
    /// A literal text.
    Text,
}

/// A call's arguments, checked.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    /// Input fields with their types.
    pub(crate) fields: Vec<Argument>,
    /// The literal number, in microseconds for seconds.
    pub(crate) number: i64,
    /// The literal text.
    pub(crate) text: String,
    /// Whether rows only come.
    pub(crate) insert_only: bool,
}

/// An input field as an argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Argument {
    /// Its position in the input.
    pub(crate) field: usize,
    /// Its type.
    pub(crate) ty: FieldType,
}

/// Which accumulator a call reads, which result of it, and the result's type.
#[derive(Debug)]
pub(crate) struct Plan {
    /// The accumulator.
    pub(crate) spec: Spec,
    /// Which of its results.
    pub(crate) part: u8,
    /// Type of the result.
    pub(crate) ty: FieldType,
}

/// An accumulator to be made; equal ones are shared.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Spec {
    /// What needs no state beyond the block and the number of rows.
    Current(Option<usize>),
    /// Values that are not null.
    NonNull(usize),
    /// Events by opcode.
    Opcodes,
    /// Sum, and sum of squares if `squares`.
    Sums { of: Argument, squares: bool },
    /// Weighted sum: weight, value.
    Weighted(Argument, Argument),
    /// The values; only the outermost where `ends_only`; whether `distinct` ones are counted.
    Values { of: Argument, ends_only: bool, distinct: bool },
    /// The first value.
    First(Argument),
    /// The last value that came.
    LastAdded(Argument),
    /// Values of a period.
    Timed { of: Option<Argument>, micros: i64 },
    /// The group's rows: field.
    Rows { of: Argument, reach: Option<usize>, separator: String },
}

impl Spec {
    /// Makes this accumulator do what `other` does, too, if one can do both.
    pub(crate) fn share(&mut self, other: &Self) -> bool {
        match (&mut *self, other) {
            (Self::Sums { of, squares }, Self::Sums { of: other, squares: more }) if of == other => {
                *squares |= more;
                true
            }
            (
                Self::Values { of, ends_only, distinct },
                Self::Values { of: other, ends_only: also, distinct: counted },
            ) if of == other => {
                *ends_only &= also;
                *distinct |= counted;
                true
            }
            _ => *self == *other,
        }
    }

    /// The accumulator.
    pub(crate) fn build(&self) -> Box<dyn Accumulator> {
        match self {
            Self::Current(field) => Box::new(counts::Current::new(*field)),
            Self::NonNull(field) => Box::new(counts::NonNull::new(*field)),
            Self::Opcodes => Box::new(counts::Opcodes::default()),
            Self::Sums { of, squares } => Box::new(sums::Sums::new(*of, *squares)),
            Self::Weighted(weight, value) => Box::new(weighted::Weighted::new(weight.field, value.field)),
            Self::Values { of, ends_only, distinct } => extremes::build(*of, *ends_only, *distinct),
            Self::First(of) => Box::new(recent::Kept::new(*of, true)),
            Self::LastAdded(of) => Box::new(recent::Kept::new(*of, false)),
            Self::Timed { of, micros } => Box::new(timed::Timed::new(*of, *micros)),
            Self::Rows { of, separator, .. } => Box::new(lists::Listed::new(*of, separator)),
        }
    }

    /// The field that the group's rows are needed for, and how many of the last rows suffice while rows only come.
    pub(crate) fn needs_rows(&self) -> Option<(usize, Option<usize>)> {
        match self {
            Self::Rows { of, reach, .. } => Some((of.field, *reach)),
            _ => None,
        }
    }
}

/// A call bound to its function; nothing for a name that is none of an aggregate function.
pub(crate) fn bind(
    functions: &'static [&'static AggregateFunction],
    call: &Call<'_>,
    input: &Schema,
    insert_only: bool,
) -> Option<Result<(&'static AggregateFunction, Plan), String>> {
    if call.name.starts_with("USER_") {
        return Some(Err(format!("{} is a function of native code, which is not supported", call.name)));
    }
    if !call.name.starts_with("ESP_a") {
        return None;
    }
    let Some(function) = functions.iter().copied().find(|f| f.name == call.name) else {
        let mut message = format!("there is no aggregate function '{}'", call.name);
        if let Some(near) = nearest(call.name, functions.iter().map(|f| f.name)) {
            message.push_str(&format!("; did you mean {near}?"));
        }
        return Some(Err(message));
    };
    let bound = arguments(function, call, input, insert_only).map(|a| (function, (function.plan)(&a)));
    Some(bound.map_err(|what| format!("{what} in {}; it is used as {}", call.name, function.usage)))
}

fn arguments(
    function: &AggregateFunction,
    call: &Call<'_>,
    input: &Schema,
    insert_only: bool,
) -> Result<Arguments, String> {
    let needed = function.arguments.iter().filter(|&&shape| shape != Shape::Optional).count();
    if call.args.len() < needed || call.args.len() > function.arguments.len() {
        return Err(format!("{} arguments", call.args.len()));
    }
    let mut bound = Arguments { insert_only, ..Arguments::default() };
    for (arg, &shape) in call.args.iter().zip(function.arguments) {
        match (shape, arg) {
            (Shape::Integer(from, to), &Arg::Integer(value)) if (from..=to).contains(&value) => {
                bound.number = value;
            }
            (Shape::Integer(from, to), _) => return Err(format!("no literal number from {from} to {to}")),
            (Shape::Seconds, &Arg::Integer(value)) if (1..=1_000_000_000).contains(&value) => {
                bound.number = value * 1_000_000;
            }
            (Shape::Seconds, &Arg::Real(value)) if (1e-6..=1e9).contains(&value) => {
                bound.number = (value * 1e6).round() as i64;
            }
            (Shape::Seconds, _) => return Err("no literal number of seconds above 0".to_owned()),
            (Shape::Text, Arg::String(text)) => bound.text.clone_from(text),
            (Shape::Text, _) => return Err("no literal text".to_owned()),
            (_, Arg::Field(name)) => bound.fields.push(field(name, shape, input)?),
            _ => return Err("an argument that is no input field".to_owned()),
        }
    }
    Ok(bound)
}

fn field(name: &str, shape: Shape, input: &Schema) -> Result<Argument, String> {
    let Some(field) = input.position(name) else {
        let mut message = format!("'{name}' is no input field");
        if let Some(near) = nearest(name, input.fields().iter().map(|f| f.name.as_str())) {
            message.push_str(&format!(" (did you mean '{near}'?)"));
        }
        return Err(message);
    };
    let ty = input.ty(field);
    let fits = match shape {
        Shape::Number => is_number(ty),
        Shape::Ordered => !ty.is_array() && ty != FieldType::Blob,
        Shape::Printable => !ty.is_array() && ty != FieldType::Blob,
        _ => true,
    };
    if fits { Ok(Argument { field, ty }) } else { Err(format!("'{name}' of type {ty} cannot be used")) }
}
