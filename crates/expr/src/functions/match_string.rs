//! `match_string`.

use crate::faults::FaultKind;
use crate::function::{Body, Function, Mark};
use crate::signature;

fn match_string(s: &str, pattern: &str) -> Result<bool, FaultKind> {
    let (open_start, pattern) = match pattern.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, pattern),
    };
    let (open_end, pattern) = match pattern.strip_suffix('*') {
        // An odd number of backslashes in front takes the star literally.
        Some(rest) if rest.bytes().rev().take_while(|&b| b == b'\\').count() % 2 == 0 => (true, rest),
        _ => (open_start && pattern.is_empty(), pattern),
    };
    let mut escaped = false;
    for c in pattern.chars() {
        if !escaped && c == '*' {
            return Err(FaultKind::BadArgument);
        }
        escaped = !escaped && c == '\\';
    }
    let mut starts = s.char_indices().map(|(at, _)| at).chain([s.len()]);
    let matches = |at: usize| prefix(&s[at..], pattern).is_some_and(|rest| open_end || rest.is_empty());
    Ok(if open_start { starts.any(matches) } else { matches(0) })
}

/// What is left of `s` behind the pattern, when it begins with it.
fn prefix<'s>(s: &'s str, pattern: &str) -> Option<&'s str> {
    let (mut s, mut pattern) = (s.chars(), pattern.chars());
    while let Some(p) = pattern.next() {
        let c = s.next()?;
        let wanted = if p == '\\' { pattern.next().unwrap_or(p) } else { p };
        if wanted != c && p != '?' {
            return None;
        }
    }
    Some(s.as_str())
}

/// `match_string(s, pattern)`.
pub(crate) static F: Function = Function {
    name: "match_string",
    category: "Strings",
    usage: "(s, pattern)",
    doc: r#"Whether s matches: `*` at an end of the pattern any text, `?` one character, `\\` takes the next literally."#,
    mark: Mark::Source,
    body: Body::Overloads(&[signature!((s: &str, p: &str) -> Result<bool, FaultKind>, match_string)]),
    examples: &[
        (r#"match_string("Apex","Apex")"#, r#"true"#),
        (r#"match_string("Cary","Apex")"#, r#"false"#),
        (r#"match_string("xABC","*AB*")"#, r#"true"#),
        (r#"match_string("ABx","A?x")"#, r#"true"#),
        (r#"match_string("abc","*bc")"#, r#"true"#),
        (r#"match_string("a","A*BC")"#, r#"null"#),
        (r#"match_string("a*","a\*")"#, r#"true"#),
        (r#"match_string(null,"a")"#, r#"null"#),
        (r#"match_string("", "*")"#, r#"true"#),
    ],
};
