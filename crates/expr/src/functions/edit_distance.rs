//! `edit_distance`.

use crate::function::{Body, Function, Mark};
use crate::signature;

/// The Levenshtein distance in characters.
pub(crate) fn distance(a: &str, b: &str) -> i64 {
    let mut costs: Vec<i64> = (0..=b.chars().count() as i64).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i as i64;
        costs[0] = diagonal + 1;
        for (j, y) in b.chars().enumerate() {
            let substitute = diagonal + i64::from(x != y);
            diagonal = costs[j + 1];
            costs[j + 1] = substitute.min(costs[j] + 1).min(diagonal + 1);
        }
    }
    costs[costs.len() - 1]
}

/// `edit_distance(a, b)`.
pub(crate) static F: Function = Function {
    name: "edit_distance",
    category: "Strings",
    usage: "(a, b)",
    doc: r#"Number of corrections that turn a into b."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((a: &str, b: &str) -> i64, distance)]),
    examples: &[
        (r#"edit_distance("hello","hllo")"#, r#"1"#),
        (r#"edit_distance("kitten","sitting")"#, r#"3"#),
    ],
};
