//! `isnull`, `isblank`, `isalpha`, `isnumber`.

use crate::function::{Body, Days, Function, Mark};
use crate::signature;

/// `isnull(x)`.
pub(crate) static F: Function = Function {
    name: "isnull",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"Whether x is null; never null itself."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((x: Option<i64>) -> bool, |x: Option<i64>| x.is_none()),
        signature!((x: Option<f64>) -> bool, |x: Option<f64>| x.is_none()),
        signature!((x: Option<&str>) -> bool, |x: Option<&str>| x.is_none()),
        signature!((x: Option<Days>) -> bool, |x: Option<Days>| x.is_none()),
        signature!((x: Option<bool>) -> bool, |x: Option<bool>| x.is_none()),
    ]),
    examples: &[
        (r#"isnull(null)"#, r#"true"#),
        (r#"isnull(1)"#, r#"false"#),
        (r#"isnull("")"#, r#"false"#),
        (r#"isnull(1/0)"#, r#"true"#),
    ],
};

/// `isblank(s)`.
pub(crate) static ISBLANK: Function = Function {
    name: "isblank",
    category: "Information and conversion",
    usage: "(s)",
    doc: r#"Whether s is null, empty or only blanks."#,
    mark: Mark::Source,
    body: Body::Overloads(&[
        signature!((s: Option<&str>) -> bool, |s: Option<&str>| s.is_none_or(|s| s.trim().is_empty())),
    ]),
    examples: &[
        (r#"isblank(null)"#, r#"true"#),
        (r#"isblank("  ")"#, r#"true"#),
        (r#"isblank("a")"#, r#"false"#),
    ],
};

/// `isalpha(s)`.
pub(crate) static ISALPHA: Function = Function {
    name: "isalpha",
    category: "Information and conversion",
    usage: "(s)",
    doc: r#"Whether s has letters only, and some; false for null."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: Option<&str>) -> bool, |s: Option<&str>| s.is_some_and(|s| !s.is_empty() && s.chars().all(char::is_alphabetic))),
    ]),
    examples: &[
        (r#"isalpha("ab")"#, r#"true"#),
        (r#"isalpha("a1")"#, r#"false"#),
        (r#"isalpha(null)"#, r#"false"#),
    ],
};

/// `isnumber(s)`.
pub(crate) static ISNUMBER: Function = Function {
    name: "isnumber",
    category: "Information and conversion",
    usage: "(s)",
    doc: r#"Whether s is the text of a number; false for null."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[
        signature!((s: Option<&str>) -> bool, |s: Option<&str>| s.is_some_and(|s| s.trim().parse::<f64>().is_ok_and(f64::is_finite))),
    ]),
    examples: &[
        (r#"isnumber("1.5")"#, r#"true"#),
        (r#"isnumber("x")"#, r#"false"#),
        (r#"isnumber(null)"#, r#"false"#),
    ],
};
