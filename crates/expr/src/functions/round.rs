//! `round`.

use crate::function::{Body, Function, Mark};
use crate::signature;

fn round(x: f64, places: i64) -> f64 {
    // Beyond this many places a double has no digits to lose, or none to keep.
    let scale = 10_f64.powi(places.clamp(-308, 308).unsigned_abs() as i32);
    let rounded = if places < 0 { (x / scale).round() * scale } else { (x * scale).round() / scale };
    if rounded.is_finite() { rounded + 0.0 } else { x }
}

/// `round(x [, d])`.
pub(crate) static F: Function = Function {
    name: "round",
    category: "Mathematics",
    usage: "(x [, d])",
    doc: r#"x rounded to d places (0), halves away from zero; left of the point when d is negative."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((x: f64) -> f64, |x: f64| x.round() + 0.0),
        signature!((x: f64, d: i64) -> f64, round),
    ]),
    examples: &[
        (r#"round(1.2345,1)"#, r#"1.2"#),
        (r#"round(1.449,2)"#, r#"1.45"#),
        (r#"round(9.8765,1)"#, r#"9.9"#),
        (r#"round(9.8765)"#, r#"10"#),
        (r#"round(1234,-2)"#, r#"1200"#),
        (r#"round(-2.5)"#, r#"-3"#),
    ],
};
