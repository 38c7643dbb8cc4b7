//! `parse`, `aparse`.

use crate::function::{Body, Function, Mark};

/// `parse(s, delimiter, variable [, variable ...])`.
pub(crate) static F: Function = Function {
    name: "parse",
    category: "Strings",
    usage: "(s, delimiter, variable [, variable ...])",
    doc: r#"Puts the words of s into the variables, null into those left over; the number of all words. Of a delimiter of several characters the last counts."#,
    mark: Mark::Source,
    body: Body::Parse,
    examples: &[
        (r#"string a, b integer n n = parse("one:two:three",":",a,b) return n & a & b"#, r#"3onetwo"#),
        (r#"string a integer n n = parse("",":",a) return n & "<" & a & ">""#, r#"1<>"#),
        (r#"string a parse(null,":",a)"#, r#"null"#),
        (r#"integer a, b parse("7;x",",;",a,b) return a"#, r#"7"#),
        (r#"string a, b parse("one",":",a,b) return isnull(b)"#, r#"true"#),
    ],
};

/// `aparse(s, delimiter, array)`.
pub(crate) static APARSE: Function = Function {
    name: "aparse",
    category: "Strings",
    usage: "(s, delimiter, array)",
    doc: r#"Puts the words of s into the string array; their number. A null s is a fault."#,
    mark: Mark::Source,
    body: Body::ParseArray,
    examples: &[
        (r#"string array a aparse("one:two:three",":",a)"#, r#"3"#),
        (r#"string array a aparse("one:two:three",":",a) return a.get(1)"#, r#"one"#),
        (r#"string array a aparse("",":",a)"#, r#"1"#),
        (r#"string array a aparse(null,":",a)"#, r#"null"#),
    ],
};
