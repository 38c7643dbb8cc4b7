//! `abs`, `ceil`, `floor`, `pow`, `max`, `min`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn either<T>(a: Option<T>, b: Option<T>, choose: fn(T, T) -> T) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(choose(a, b)),
        (a, b) => a.or(b),
    }
}

/// `abs(x)`.
pub(crate) static ABS: Function = Function {
    name: "abs",
    category: "Mathematics",
    usage: "(x)",
    doc: r#"x without its sign."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((x: i64) -> i64, i64::wrapping_abs),
        signature!((x: f64) -> f64, f64::abs),
    ]),
    examples: &[(r#"abs(-3)"#, r#"3"#), (r#"abs(-1.5)"#, r#"1.5"#)],
};

/// `ceil(x)`.
pub(crate) static CEIL: Function = Function {
    name: "ceil",
    category: "Mathematics",
    usage: "(x)",
    doc: r#"The smallest whole number that is not less than x, as a real."#,
    mark: Mark::Verified,
    body: Body::Overloads(&[signature!((x: f64) -> f64, |x: f64| x.ceil() + 0.0)]),
    examples: &[
        (r#"ceil(3.5)"#, r#"4"#),
        (r#"ceil(-3.5)"#, r#"-3"#),
        (r#"ceil(59 / 60)"#, r#"0"#),
        (r#"ceil(60 / 60)"#, r#"1"#),
    ],
};

/// `floor(x)`.
pub(crate) static FLOOR: Function = Function {
    name: "floor",
    category: "Mathematics",
    usage: "(x)",
    doc: r#"The largest whole number that is not greater than x, as a real."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((x: f64) -> f64, |x: f64| x.floor() + 0.0)]),
    examples: &[(r#"floor(-3.5)"#, r#"-4"#)],
};

/// `pow(x, y)`.
pub(crate) static POW: Function = Function {
    name: "pow",
    category: "Mathematics",
    usage: "(x, y)",
    doc: r#"x to the power of y."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((x: f64, y: f64) -> f64, f64::powf)]),
    examples: &[(r#"pow(5,2)"#, r#"25"#), (r#"pow(5,-2)"#, r#"0.04"#), (r#"pow(16,0.5)"#, r#"4"#)],
};

/// `max(x1 [, x2 ...])`.
pub(crate) static MAX: Function = Function {
    name: "max",
    category: "Mathematics",
    usage: "(x1 [, x2 ...])",
    doc: r#"The largest; null arguments are passed over."#,
    mark: Mark::Manual,
    body: Body::Fold(&[
        signature!((a: Option<i64>, b: Option<i64>) -> Option<i64>, |a: Option<i64>, b: Option<i64>| a.max(b)),
        signature!((a: Option<f64>, b: Option<f64>) -> Option<f64>, |a, b| either(a, b, f64::max)),
    ]),
    examples: &[
        (r#"max(1,3,2)"#, r#"3"#),
        (r#"max(null,2)"#, r#"2"#),
        (r#"max(1,2.5)"#, r#"2.5"#),
        (r#"max(null)"#, r#"null"#),
    ],
};

/// `min(x1 [, x2 ...])`.
pub(crate) static MIN: Function = Function {
    name: "min",
    category: "Mathematics",
    usage: "(x1 [, x2 ...])",
    doc: r#"The smallest; null arguments are passed over."#,
    mark: Mark::Manual,
    body: Body::Fold(&[
        signature!((a: Option<i64>, b: Option<i64>) -> Option<i64>, |a, b| either(a, b, i64::min)),
        signature!((a: Option<f64>, b: Option<f64>) -> Option<f64>, |a, b| either(a, b, f64::min)),
    ]),
    examples: &[(r#"min(3,1,2)"#, r#"1"#), (r#"min(null,2)"#, r#"2"#)],
};
