//! `tointeger`, `toreal`, `tostring`, `toboolean`, `todate`, `typeof`, `parameter`.

use crate::function::{Body, Days, Function, Mark};
use crate::signature;

/// `tointeger(x)`.
pub(crate) static TOINTEGER: Function = Function {
    name: "tointeger",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"x as an integer, truncated toward zero; null for a text that is no number."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((x: i64) -> i64, |x| x)]),
    examples: &[
        (r#"tointeger(3750.12345)"#, r#"3750"#),
        (r#"tointeger("x")"#, r#"null"#),
        (r#"tointeger(-1.9)"#, r#"-1"#),
    ],
};

/// `toreal(x)`.
pub(crate) static TOREAL: Function = Function {
    name: "toreal",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"x as a real."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((x: f64) -> f64, |x| x)]),
    examples: &[(r#"toreal("1.5")"#, r#"1.5"#)],
};

/// `tostring(x)`.
pub(crate) static TOSTRING: Function = Function {
    name: "tostring",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"x as text."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((x: &str) -> text, |x: &str, out: &mut String| out.push_str(x))]),
    examples: &[
        (r#"tostring(3750.12345)"#, r#"3750.12345"#),
        (r#"tostring(true)"#, r#"true"#),
        (r#""<" & 7 & ">""#, r#"<7>"#),
        (r#"tostring(#2010-02-12#)"#, r#"2010-02-12 00:00:00"#),
    ],
};

/// `toboolean(x)`.
pub(crate) static TOBOOLEAN: Function = Function {
    name: "toboolean",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"x as a boolean: not 0, or the text true or yes."#,
    mark: Mark::Manual,
    body: Body::Overloads(&[signature!((x: bool) -> bool, |x| x)]),
    examples: &[(r#"toboolean("YES")"#, r#"true"#), (r#"toboolean(0)"#, r#"false"#)],
};

/// `todate(x)`.
pub(crate) static TODATE: Function = Function {
    name: "todate",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"x as a date: a number of days since 31 December 1999, or a text month/day/year."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((x: Days) -> Days, |x| x)]),
    examples: &[
        (r#"formatdate(todate(3750),"DD MMMM YYYY")"#, r#"07 April 2010"#),
        (r#"todate("2/12/2010") == #2010-02-12#"#, r#"true"#),
    ],
};

/// `typeof(x)`.
pub(crate) static TYPEOF: Function = Function {
    name: "typeof",
    category: "Information and conversion",
    usage: "(x)",
    doc: r#"The name of the type of x."#,
    mark: Mark::Manual,
    body: Body::TypeOf,
    examples: &[
        (r#"typeof(1)"#, r#"integer"#),
        (r#"typeof(1.5)"#, r#"real"#),
        (r#"typeof("a")"#, r#"string"#),
        (r#"typeof(1 == 1)"#, r#"boolean"#),
    ],
};

/// `parameter(n)`.
pub(crate) static PARAMETER: Function = Function {
    name: "parameter",
    category: "Information and conversion",
    usage: "(n)",
    doc: r#"The n-th argument, in a user function."#,
    mark: Mark::Source,
    body: Body::Parameter,
    examples: &[],
};
