//! Logic and choice.

use std::cmp::Ordering;

use crate::env::Env;
use crate::function::{Body, Function, MANY, Mark};
use crate::node::Node;
use crate::value::{Outcome, Value};

const FAMILY: &str = "Logic";

/// Whether two values are the same: as numbers when both are, else as text.
fn order(a: &Value, b: &Value) -> Option<Ordering> {
    if a.is_null() || b.is_null() {
        return None;
    }
    if let (Some(a), Some(b)) = (a.as_number(), b.as_number()) {
        return Some(a.order(b));
    }
    Some(a.as_text()?.cmp(&b.as_text()?))
}

fn comparison(arguments: &[Value], holds: fn(Ordering) -> bool) -> Outcome {
    Ok(order(&arguments[0], &arguments[1]).map(holds).into())
}

fn and(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    Ok(Value::Bool(arguments.iter().all(|argument| argument.eval(env).truth())))
}

fn or(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    Ok(Value::Bool(arguments.iter().any(|argument| argument.eval(env).truth())))
}

fn choose(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    let chosen = if arguments[0].eval(env).truth() { arguments.get(1) } else { arguments.get(2) };
    Ok(chosen.map_or(Value::Null, |node| node.eval(env)))
}

fn if_next(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    for pair in arguments.chunks(2) {
        match pair {
            [condition, value] if condition.eval(env).truth() => return Ok(value.eval(env)),
            [default] => return Ok(default.eval(env)),
            _ => {}
        }
    }
    Ok(Value::Null)
}

fn switch(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    let chosen = arguments[0].eval(env);
    if chosen.is_null() {
        return Ok(Value::Null);
    }
    for pair in arguments[1..].chunks(2) {
        match pair {
            [key, value] => {
                let key = key.eval(env);
                if order(&chosen, &key) == Some(Ordering::Equal) {
                    return Ok(value.eval(env));
                }
            }
            [default] => return Ok(default.eval(env)),
            _ => {}
        }
    }
    Ok(Value::Null)
}

fn interval(arguments: &[Node], env: &mut Env<'_>) -> Outcome {
    let Some(number) = arguments[0].eval(env).number()? else { return Ok(Value::Null) };
    for pair in arguments[1..].chunks(2) {
        match pair {
            [bound, value] => {
                let Some(bound) = bound.eval(env).number()? else { return Ok(Value::Null) };
                if number.order(bound) == Ordering::Less {
                    return Ok(value.eval(env));
                }
            }
            [default] => return Ok(default.eval(env)),
            _ => {}
        }
    }
    Ok(Value::Null)
}

/// `and`.
pub(crate) static AND: Function = Function::new(
    "and",
    FAMILY,
    "(a, b ...)",
    "Whether all are true. What follows a false one is not evaluated.",
    (1, MANY),
    Body::Lazy(and),
    &[("and(1,true(),'x')", "1"), ("and(1,0)", "0"), ("and($nothing,1)", "0")],
);

/// `or`.
pub(crate) static OR: Function = Function::new(
    "or",
    FAMILY,
    "(a, b ...)",
    "Whether any is true. What follows a true one is not evaluated.",
    (1, MANY),
    Body::Lazy(or),
    &[("or(0,'false',2)", "1"), ("or(0,'')", "0"), ("or($nothing,1)", "1")],
)
.mark(Mark::Source);

/// `not`.
pub(crate) static NOT: Function = Function::new(
    "not",
    FAMILY,
    "(a)",
    "Whether a is not true.",
    (1, 1),
    Body::Eager(|arguments, _| Ok(Value::Bool(!arguments[0].truth()))),
    &[("not(0)", "1"), ("not(equals(1,1))", "0"), ("not($nothing)", "1")],
)
.sees_nulls();

/// `true`.
pub(crate) static TRUE: Function = Function::new(
    "true",
    FAMILY,
    "()",
    "True, which prints as 1.",
    (0, 0),
    Body::Eager(|_, _| Ok(Value::Bool(true))),
    &[("true()", "1")],
);

/// `false`.
pub(crate) static FALSE: Function = Function::new(
    "false",
    FAMILY,
    "()",
    "False, which prints as 0.",
    (0, 0),
    Body::Eager(|_, _| Ok(Value::Bool(false))),
    &[("false()", "0")],
);

/// `boolean`.
pub(crate) static BOOLEAN: Function = Function::new(
    "boolean",
    FAMILY,
    "(x)",
    "Whether x counts as true: not null, '', 'false' or a zero.",
    (1, 1),
    Body::Eager(|arguments, _| Ok(Value::Bool(arguments[0].truth()))),
    &[
        ("boolean('yes')", "1"),
        ("boolean('false')", "0"),
        ("boolean(0.0)", "0"),
        ("boolean('')", "0"),
        ("boolean($nothing)", "0"),
    ],
)
.sees_nulls();

/// `isNull`.
pub(crate) static IS_NULL: Function = Function::new(
    "isNull",
    FAMILY,
    "(x)",
    "Whether x is null.",
    (1, 1),
    Body::Eager(|arguments, _| Ok(Value::Bool(arguments[0].is_null()))),
    &[("isNull($nothing)", "1"), ("isNull(0)", "0")],
)
.mark(Mark::Source)
.sees_nulls();

const fn is_not_null(name: &'static str, examples: &'static [(&'static str, &'static str)]) -> Function {
    Function::new(
        name,
        FAMILY,
        "(x)",
        "Whether x is not null.",
        (1, 1),
        Body::Eager(|arguments, _| Ok(Value::Bool(!arguments[0].is_null()))),
        examples,
    )
    .sees_nulls()
}

/// `isNotNull`.
pub(crate) static IS_NOT_NULL: Function = is_not_null("isNotNull", &[("isNotNull($nothing)", "0")]);

/// `notNull`.
pub(crate) static NOT_NULL: Function = is_not_null("notNull", &[("notNull('x')", "1")]);

/// `equals`.
pub(crate) static EQUALS: Function = Function::new(
    "equals",
    FAMILY,
    "(a, b)",
    "Whether a and b are the same: as numbers when both are numbers, else as text.",
    (2, 2),
    Body::Eager(|arguments, _| comparison(arguments, Ordering::is_eq)),
    &[
        ("equals('party','party')", "1"),
        ("equals('1.0',1)", "1"),
        ("equals('a','A')", "0"),
        ("integer(equals(input(),'source'))", "1"),
        ("equals($nothing,1)", "null"),
    ],
)
.mark(Mark::Source);

/// `between`.
pub(crate) static BETWEEN: Function = Function::new(
    "between",
    FAMILY,
    "(x, lo, hi)",
    "Whether x lies from lo to hi, both included.",
    (3, 3),
    Body::Eager(|arguments, _| {
        let low = order(&arguments[0], &arguments[1]).map(Ordering::is_ge);
        let high = order(&arguments[0], &arguments[2]).map(Ordering::is_le);
        Ok(low.zip(high).map(|(low, high)| low && high).into())
    }),
    &[("between(5,1,10)", "1"), ("between(10,1,10)", "1"), ("between(0,1,10)", "0")],
);

/// `gt`.
pub(crate) static GT: Function = Function::new(
    "gt",
    FAMILY,
    "(a, b)",
    "Whether a is greater than b.",
    (2, 2),
    Body::Eager(|arguments, _| comparison(arguments, Ordering::is_gt)),
    &[("gt(10,9)", "1"), ("gt('10','9')", "1"), ("gt('b','a')", "1"), ("gt(1,1)", "0")],
);

/// `ge`.
pub(crate) static GE: Function = Function::new(
    "ge",
    FAMILY,
    "(a, b)",
    "Whether a is greater than b or the same.",
    (2, 2),
    Body::Eager(|arguments, _| comparison(arguments, Ordering::is_ge)),
    &[("ge(1,1)", "1"), ("ge(0,1)", "0")],
);

/// `lt`.
pub(crate) static LT: Function = Function::new(
    "lt",
    FAMILY,
    "(a, b)",
    "Whether a is less than b.",
    (2, 2),
    Body::Eager(|arguments, _| comparison(arguments, Ordering::is_lt)),
    &[("lt(9,10)", "1"), ("lt(1,1)", "0")],
);

/// `le`.
pub(crate) static LE: Function = Function::new(
    "le",
    FAMILY,
    "(a, b)",
    "Whether a is less than b or the same.",
    (2, 2),
    Body::Eager(|arguments, _| comparison(arguments, Ordering::is_le)),
    &[("le(1,1)", "1"), ("le(2,1)", "0")],
);

/// `compare`.
pub(crate) static COMPARE: Function = Function::new(
    "compare",
    FAMILY,
    "(a, b)",
    "-1 when a is less than b, 0 when they are the same, 1 when it is greater.",
    (2, 2),
    Body::Eager(|arguments, _| {
        Ok(order(&arguments[0], &arguments[1]).map(|order| i64::from(order as i8)).into())
    }),
    &[("compare(1,2)", "-1"), ("compare('a','a')", "0"), ("compare('b','a')", "1"), ("compare(10,9)", "1")],
);

/// `if`.
pub(crate) static IF: Function = Function::new(
    "if",
    FAMILY,
    "(c, a [, b])",
    "a when c is true, else b, or null without b. Only the chosen one is evaluated.",
    (2, 3),
    Body::Lazy(choose),
    &[
        ("if (equals(input(),'source'),1)", "1"),
        ("if (equals(input(),'party'),1)", "null"),
        ("if(0,'a','b')", "b"),
        ("if($nothing,'a','b')", "b"),
    ],
)
.mark(Mark::Verified);

/// `ifNext`.
pub(crate) static IF_NEXT: Function = Function::new(
    "ifNext",
    FAMILY,
    "(c1, v1, c2, v2 ... [, default])",
    "The value behind the first condition that is true.",
    (2, MANY),
    Body::Lazy(if_next),
    &[("ifNext(0,'a',1,'b',1,'c')", "b"), ("ifNext(0,'a')", "null"), ("ifNext(0,'a','z')", "z")],
);

/// `switch`.
pub(crate) static SWITCH: Function = Function::new(
    "switch",
    FAMILY,
    "(x, k1, v1, k2, v2 ... [, default])",
    "The value behind the first key that equals x.",
    (3, MANY),
    Body::Lazy(switch),
    &[
        ("switch(2,1,'one',2,'two','many')", "two"),
        ("switch(3,1,'one',2,'two','many')", "many"),
        ("switch(3,1,'one')", "null"),
    ],
);

/// `interval`.
pub(crate) static INTERVAL: Function = Function::new(
    "interval",
    FAMILY,
    "(x, b1, v1, b2, v2 ... [, default])",
    "The value behind the first bound above x.",
    (3, MANY),
    Body::Lazy(interval),
    &[
        ("interval(85,60,'F',70,'D',80,'C',90,'B','A')", "B"),
        ("interval(90,60,'F',70,'D',80,'C',90,'B','A')", "A"),
        ("interval(5,1,'x')", "null"),
    ],
);
