//! Text into tokens (functions.md 1.2).

use crate::error::{ExprError, Position};
use crate::types;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum TokenKind {
    /// A name or word as written.
    Word(String),
    /// A name in backquotes: never a word of the language.
    Quoted(String),
    Integer(i64),
    Real(f64),
    Text(String),
    /// Days, see `types`.
    Date(f64),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Token {
    pub(crate) at: Position,
    pub(crate) kind: TokenKind,
}

const SYMBOLS: [&str; 21] = [
    "==", "!=", "<>", "<=", ">=", "<", ">", "=", "+", "-", "*", "/", "%", "&", "(", ")", ",", ";", ":", ".",
    "!",
];

struct Lexer<'a> {
    rest: &'a str,
    at: Position,
}

impl<'a> Lexer<'a> {
    fn advance(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        for c in taken.chars() {
            if c == '\n' {
                self.at = Position { line: self.at.line + 1, column: 1 };
            } else {
                self.at.column += 1;
            }
        }
        self.rest = rest;
        taken
    }

    fn skip_blanks(&mut self) -> Result<(), ExprError> {
        loop {
            self.advance(self.rest.len() - self.rest.trim_start().len());
            if self.rest.starts_with("//") {
                self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
            } else if self.rest.starts_with("/*") {
                let Some(end) = self.rest.find("*/") else {
                    return Err(self.at.error("the comment is not closed by */"));
                };
                self.advance(end + 2);
            } else {
                return Ok(());
            }
        }
    }

    /// The text between the delimiter that `rest` begins with and the next one.
    fn delimited(&mut self, delimiter: char, what: &str) -> Result<&'a str, ExprError> {
        let width = delimiter.len_utf8();
        let Some(end) = self.rest[width..].find(delimiter) else {
            return Err(self.at.error(format!("the {what} is not closed by {delimiter}")));
        };
        let taken = self.advance(end + 2 * width);
        Ok(&taken[width..taken.len() - width])
    }

    fn number(&mut self) -> Result<TokenKind, ExprError> {
        let at = self.at;
        let bytes = self.rest.as_bytes();
        let digits = |mut i: usize| {
            while bytes.get(i).is_some_and(u8::is_ascii_digit) {
                i += 1;
            }
            i
        };
        let mut end = digits(0);
        let mut real = false;
        if bytes.get(end) == Some(&b'.') {
            real = true;
            end = digits(end + 1);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                real = true;
                end = exponent;
            }
        }
        let text = self.advance(end);
        if real {
            return text
                .parse()
                .map(TokenKind::Real)
                .map_err(|_| at.error(format!("'{text}' is not a number")));
        }
        text.parse()
            .map(TokenKind::Integer)
            .map_err(|_| at.error(format!("the integer {text} does not fit 64 bits")))
    }

    fn next(&mut self) -> Result<Token, ExprError> {
        self.skip_blanks()?;
        let at = self.at;
        let Some(first) = self.rest.chars().next() else {
            return Ok(Token { at, kind: TokenKind::End });
        };
        let kind = match first {
            '"' | '\'' => TokenKind::Text(self.delimited(first, "text")?.to_owned()),
            '`' => TokenKind::Quoted(self.delimited('`', "field name")?.to_owned()),
            '#' => {
                let text = self.delimited('#', "date")?;
                let days = types::parse_date_literal(text).ok_or_else(|| {
                    at.error(format!("#{text}# is not a date"))
                        .hint(Some("write #2010-02-12# or #12-February-2010#".into()))
                })?;
                TokenKind::Date(days)
            }
            _ if first.is_ascii_digit()
                || first == '.' && self.rest[1..].starts_with(|c: char| c.is_ascii_digit()) =>
            {
                self.number()?
            }
            _ if first.is_alphabetic() || first == '_' => {
                let end =
                    self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
                TokenKind::Word(self.advance(end).to_owned())
            }
            _ => match SYMBOLS.iter().find(|symbol| self.rest.starts_with(**symbol)) {
                Some(symbol) => {
                    self.advance(symbol.len());
                    TokenKind::Symbol(symbol)
                }
                None => return Err(at.error(format!("the character {first:?} has no meaning here"))),
            },
        };
        Ok(Token { at, kind })
    }
}

/// The tokens of `source`, with [`TokenKind::End`] last.
pub(crate) fn tokens(source: &str) -> Result<Vec<Token>, ExprError> {
    let mut lexer = Lexer { rest: source, at: Position { line: 1, column: 1 } };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.next()?;
        let end = token.kind == TokenKind::End;
        tokens.push(token);
        if end {
            return Ok(tokens);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(source: &str) -> Vec<TokenKind> {
        tokens(source).unwrap().into_iter().map(|t| t.kind).collect()
    }

    #[test]
    fn every_kind_of_token() {
        use TokenKind::{Date, End, Integer, Quoted, Real, Symbol, Text, Word};
        assert_eq!(
            kinds("a1 `my field` 12 1.5 .10 1e3 \"x'\" 'y\"' <> // gone\n/* gone */ & #2010-02-12#"),
            [
                Word("a1".into()),
                Quoted("my field".into()),
                Integer(12),
                Real(1.5),
                Real(0.1),
                Real(1000.0),
                Text("x'".into()),
                Text("y\"".into()),
                Symbol("<>"),
                Symbol("&"),
                Date(3696.0),
                End
            ]
        );
    }

    #[test]
    fn both_date_forms_are_equal() {
        assert_eq!(kinds("#2010-02-12#"), kinds("#12-February-2010#"));
    }

    #[test]
    fn mistakes_have_their_place() {
        let error = tokens("a\n  \"b").unwrap_err();
        assert_eq!((error.line, error.column), (2, 3));
        assert!(tokens("#2010-02-31#").is_err());
        assert!(tokens("99999999999999999999").is_err());
        assert!(tokens("/* open").is_err());
        assert!(tokens("a ? b").is_err());
    }
}
