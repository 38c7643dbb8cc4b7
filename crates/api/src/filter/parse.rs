//! From text to a checked [`Term`].

use regex::{Regex, RegexBuilder};

use super::{FilterError, Function, MAX_DEPTH, SIGNATURES, Term};

/// Bounds the memory of one compiled expression, in bytes.
const PATTERN_SIZE_LIMIT: usize = 1 << 20;

pub(super) fn filter(text: &str) -> Result<Term, FilterError> {
    let mut parser = Parser { text, at: 0 };
    parser.skip_blanks();
    let start = parser.at;
    let term = parser.term(0)?;
    if !matches!(term, Term::Call(..) | Term::Match(..)) {
        parser.at = start;
        return Err(parser.expected("a function call"));
    }
    match parser.peek() {
        None => Ok(term),
        Some(_) => Err(parser.expected("the end of the filter")),
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    /// Reads a term and the blanks around it.
    fn term(&mut self, depth: usize) -> Result<Term, FilterError> {
        self.skip_blanks();
        let term = match self.peek() {
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            Some('$') => {
                self.at += 1;
                let name = self.word();
                if name.is_empty() {
                    return Err(self.expected("a field name"));
                }
                Term::Field(name.to_owned())
            }
            _ => {
                let start = self.at;
                let word = self.word();
                if word.is_empty() {
                    return Err(self.expected("a function, a name, a text or a number"));
                }
                self.skip_blanks();
                match self.peek() {
                    Some('(') => self.call(word, start, depth)?,
                    _ if word.parse::<f64>().is_ok() => Term::Literal(word.to_owned()),
                    _ => Term::Word(word.to_owned()),
                }
            }
        };
        self.skip_blanks();
        Ok(term)
    }

    fn call(&mut self, name: &str, start: usize, depth: usize) -> Result<Term, FilterError> {
        let at = self.position(start);
        if depth >= MAX_DEPTH {
            return Err(FilterError::TooDeep { at });
        }
        let signature = SIGNATURES
            .iter()
            .find(|signature| signature.names.iter().any(|known| known.eq_ignore_ascii_case(name)))
            .ok_or_else(|| FilterError::UnknownFunction { at, name: name.to_owned() })?;
        self.at += 1;
        let mut arguments = Vec::new();
        self.skip_blanks();
        if self.peek() == Some(')') {
            self.at += 1;
        } else {
            loop {
                arguments.push(self.term(depth + 1)?);
                match self.peek() {
                    Some(',') => self.at += 1,
                    Some(')') => break self.at += 1,
                    _ => return Err(self.expected("',' or ')'")),
                }
            }
        }
        if arguments.len() < signature.min || arguments.len() > signature.max {
            return Err(FilterError::Arguments {
                at,
                name: signature.names[0],
                expected: signature.expected,
                found: arguments.len(),
            });
        }
        match (signature.function, <[Term; 2]>::try_from(arguments)) {
            (Function::Match, Ok([value, Term::Literal(pattern)])) => match compile(&pattern) {
                Some(regex) => Ok(Term::Match(Box::new(value), regex)),
                None => Err(FilterError::Pattern { at, pattern }),
            },
            (function, Ok(two)) => Ok(Term::Call(function, two.into())),
            (function, Err(arguments)) => Ok(Term::Call(function, arguments)),
        }
    }

    /// A text in quotes. There is no escape: a text with one kind of quote is put in the other.
    fn quoted(&mut self, quote: char) -> Result<Term, FilterError> {
        self.at += 1;
        let rest = &self.text[self.at..];
        match rest.find(quote) {
            Some(end) => {
                self.at += end + 1;
                Ok(Term::Literal(rest[..end].to_owned()))
            }
            None => {
                self.at = self.text.len();
                Err(self.expected("a closing quote"))
            }
        }
    }

    /// A run of characters that cannot be punctuation; blanks inside it count, those at its end do not.
    fn word(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let end = rest.find(['(', ')', ',', '\'', '"']).unwrap_or(rest.len());
        let word = rest[..end].trim_end();
        self.at += word.len();
        word
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = &self.text[self.at..];
        self.at += rest.len() - rest.trim_start().len();
    }

    fn position(&self, at: usize) -> usize {
        self.text[..at].chars().count() + 1
    }

    fn expected(&self, expected: &'static str) -> FilterError {
        let found = match self.peek() {
            Some(c) => format!("'{c}'"),
            None => "the end".to_owned(),
        };
        FilterError::Syntax { at: self.position(self.at), expected, found }
    }
}

/// `match` searches: it is not anchored.
pub(super) fn compile(pattern: &str) -> Option<Regex> {
    RegexBuilder::new(pattern).size_limit(PATTERN_SIZE_LIMIT).build().ok()
}
