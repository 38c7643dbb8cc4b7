//! A compiled function.

use smallvec::SmallVec;
use tidegate_expr::FaultKind;

use crate::env::Env;
use crate::function::{Body, Function, Nulls};
use crate::value::{TEXT_BYTES_MAX, Value};

/// A compiled function, ready to be run over any event.
#[derive(Debug, Clone)]
pub enum Node {
    /// Always the same.
    Constant(Value),
    /// The current value of that name: a function's result, else the input field (functions.md 3.2).
    Name {
        /// Where a function's result of that name is kept.
        slot: Option<usize>,
        /// Per in-edge, the input field of that name.
        fields: Box<[Option<usize>]>,
    },
    /// The hit of the event loop as its `data` variable gives it.
    Item,
    /// The hit of the event loop as a document: `#_context`.
    Context,
    /// A property.
    Property(usize),
    /// A call.
    Call {
        /// The function.
        function: &'static Function,
        /// Its arguments.
        arguments: Box<[Self]>,
    },
}

impl Node {
    /// The value for the event at hand. A fault is counted, and the value null.
    pub fn eval(&self, env: &mut Env<'_>) -> Value {
        match self {
            Self::Constant(value) => value.clone(),
            Self::Name { slot, fields } => {
                if let Some(value) = slot.and_then(|slot| env.memory.slots[slot].as_ref()) {
                    return value.clone();
                }
                match fields.get(env.port).copied().flatten() {
                    Some(field) => Value::of_field(&env.row, field),
                    None => Value::Null,
                }
            }
            Self::Item => env.memory.item.clone(),
            Self::Context => env.memory.context.clone(),
            Self::Property(property) => env.memory.properties[*property].clone(),
            Self::Call { function, arguments } => Self::call(function, arguments, env),
        }
    }

    fn call(function: &'static Function, arguments: &[Self], env: &mut Env<'_>) -> Value {
        let outcome = match function.body {
            Body::Lazy(body) => body(arguments, env),
            Body::Eager(body) => {
                let values: SmallVec<[Value; 4]> = arguments.iter().map(|node| node.eval(env)).collect();
                if function.nulls == Nulls::Propagate && values.iter().any(Value::is_null) {
                    return Value::Null;
                }
                body(&values, env)
            }
        };
        match outcome {
            Ok(Value::Text(text)) if text.len() > TEXT_BYTES_MAX => env.fault(FaultKind::TextTooLong),
            Ok(value) => value,
            Err(kind) => env.fault(kind),
        }
    }

    /// Whether the same event always gives the same value.
    pub fn is_repeatable(&self) -> bool {
        match self {
            Self::Call { function, arguments } => {
                function.repeatable && arguments.iter().all(Self::is_repeatable)
            }
            _ => true,
        }
    }
}
