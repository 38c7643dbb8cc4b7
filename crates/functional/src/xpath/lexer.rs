//! Tokens of an expression.

use crate::error::FunctionError;

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name, perhaps with a prefix.
    Name(String),
    /// `p:*`.
    PrefixStar(String),
    Literal(String),
    Number(f64),
    /// An operator or a mark, as written.
    Sign(&'static str),
}

/// Longer signs before those that they begin with.
const SIGNS: &[&str] = &[
    "::", "//", "..", "!=", "<=", ">=", "(", ")", "[", "]", ".", "@", ",", "/", "|", "+", "-", "=", "<", ">",
    "*",
];

/// All tokens with their places.
pub(super) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, FunctionError> {
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (token, len) = if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        } else if matches!(first, '\'' | '"') {
            let Some(end) = rest[1..].find(first) else {
                return Err(FunctionError::new(at, "this quotation mark has no partner"));
            };
            (Token::Literal(rest[1..=end].to_owned()), end + 2)
        } else if first.is_ascii_digit()
            || first == '.' && rest[1..].starts_with(|c: char| c.is_ascii_digit())
        {
            let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(rest.len());
            let number = rest[..end]
                .parse()
                .map_err(|_| FunctionError::new(at, format!("'{}' is no number", &rest[..end])))?;
            (Token::Number(number), end)
        } else if is_name_start(first) {
            name(rest)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            let what = if first == '$' {
                "variables do not exist here".to_owned()
            } else {
                format!("'{first}' has no meaning here")
            };
            return Err(FunctionError::new(at, what));
        };
        tokens.push((at, token));
        at += len;
    }
    Ok(tokens)
}

/// A name with its prefix, or `p:*`; not the first half of `axis::`.
fn name(rest: &str) -> (Token, usize) {
    let end = part(rest);
    let behind = &rest[end..];
    if let Some(local) = behind.strip_prefix(':').filter(|local| !local.starts_with(':')) {
        if local.starts_with('*') {
            return (Token::PrefixStar(rest[..end].to_owned()), end + 2);
        }
        if local.starts_with(is_name_start) {
            let end = end + 1 + part(local);
            return (Token::Name(rest[..end].to_owned()), end);
        }
    }
    (Token::Name(rest[..end].to_owned()), end)
}

fn part(text: &str) -> usize {
    let is_part = |c: char| is_name_start(c) || c.is_numeric() || matches!(c, '-' | '.');
    text.find(|c| !is_part(c)).unwrap_or(text.len())
}

fn is_name_start(c: char) -> bool {
    c.is_alphabetic() || c == '_'
}
