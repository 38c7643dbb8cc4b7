//! A function's text as a tree (functions.md 3.2).

use crate::error::FunctionError;

/// Calls within calls.
const DEPTH_MAX: usize = 64;

/// A function's text, read but not yet understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Syntax {
    /// `name(argument, ...)`.
    Call {
        /// The function's name.
        name: String,
        /// Byte of the text at which it stands.
        at: usize,
        /// What stands between the parentheses.
        arguments: Vec<Self>,
    },
    /// `$name`.
    Field {
        /// The name.
        name: String,
        /// Byte of the text at which it stands.
        at: usize,
    },
    /// `#name`.
    Property {
        /// The name.
        name: String,
        /// Byte of the text at which it stands.
        at: usize,
    },
    /// Quoted or bare text.
    Constant {
        /// The text.
        text: String,
        /// Byte of the text at which it stands.
        at: usize,
    },
    /// No text at all: null.
    Nothing,
}

impl Syntax {
    /// Reads a function's text. What is no call, reference or quoted text is a constant, be it a whole sentence: `is_function` tells
    /// whether a name is a function's, which decides whether text that begins like a call but goes on otherwise is a mistake.
    ///
    /// # Errors
    /// When a call is not complete, or calls are nested too deeply.
    pub fn parse(text: &str, is_function: &dyn Fn(&str) -> bool) -> Result<Self, FunctionError> {
        let start = text.len() - text.trim_start().len();
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Ok(Self::Nothing);
        }
        let mut parser = Parser { text: &text[..start + trimmed.len()], at: start };
        let quoted = parser.quoted_to(|parser| parser.rest().trim().is_empty());
        if let Some(constant) = quoted {
            return Ok(constant);
        }
        if let Some(reference) = reference(trimmed, start) {
            return Ok(reference);
        }
        if let Some(name) = parser.call_name() {
            let is_known = is_function(&name);
            match parser.call(name, start, 0) {
                Ok(call) if parser.rest().trim().is_empty() => return Ok(call),
                Ok(_) if is_known => {
                    let message = format!("'{}' stands behind the end of the call", parser.rest().trim());
                    return Err(FunctionError::new(parser.at, message));
                }
                Err(error) if is_known => return Err(error),
                _ => {}
            }
        }
        Ok(Self::Constant { text: trimmed.to_owned(), at: start })
    }
}

/// `$name` or `#name`, when that is the whole text.
fn reference(text: &str, at: usize) -> Option<Syntax> {
    let (name, is_field) = match text.strip_prefix('$') {
        Some(name) => (name, true),
        None => (text.strip_prefix('#')?, false),
    };
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || !name.chars().all(is_name) {
        return None;
    }
    let name = name.to_owned();
    Some(if is_field { Syntax::Field { name, at } } else { Syntax::Property { name, at } })
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// A name with an opening parenthesis behind it, perhaps after blanks. Afterwards the parenthesis is next.
    fn call_name(&mut self) -> Option<String> {
        let rest = self.rest();
        let is_start = rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_'))?;
        let (name, behind) = rest.split_at(end);
        if !is_start || !behind.trim_start().starts_with('(') {
            return None;
        }
        self.at += end;
        self.skip_blanks();
        Some(name.to_owned())
    }

    /// The arguments of a call; the opening parenthesis is next.
    fn call(&mut self, name: String, at: usize, depth: usize) -> Result<Syntax, FunctionError> {
        if depth >= DEPTH_MAX {
            return Err(FunctionError::new(at, format!("calls are nested more than {DEPTH_MAX} deep")));
        }
        let opened = self.at;
        self.at += 1;
        let mut arguments = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek() {
                Some(')') => {
                    self.at += 1;
                    return Ok(Syntax::Call { name, at, arguments });
                }
                None => {
                    let message = format!("the parenthesis of '{name}' is not closed");
                    return Err(FunctionError::new(opened, message));
                }
                Some(_) => {}
            }
            arguments.push(self.argument(depth)?);
            self.skip_blanks();
            match self.peek() {
                Some(',') => self.at += 1,
                Some(')') | None => {}
                Some(_) => {
                    let message = format!("after this argument of '{name}' a comma or ')' is missing");
                    return Err(FunctionError::new(self.at, message));
                }
            }
        }
    }

    fn argument(&mut self, depth: usize) -> Result<Syntax, FunctionError> {
        let ends = |parser: &Parser<'_>| {
            let rest = parser.rest().trim_start();
            rest.is_empty() || rest.starts_with([',', ')'])
        };
        let at = self.at;
        if self.peek() == Some(',') {
            return Ok(Syntax::Nothing);
        }
        if let Some(constant) = self.quoted_to(ends) {
            return Ok(constant);
        }
        if matches!(self.peek(), Some('\'' | '"')) && self.quoted_end().is_none() {
            return Err(FunctionError::new(at, "this quotation mark has no partner"));
        }
        if let Some(name) = self.call_name() {
            return self.call(name, at, depth + 1);
        }
        let bare = self.bare();
        Ok(match reference(bare, at) {
            Some(reference) => reference,
            None => Syntax::Constant { text: bare.to_owned(), at },
        })
    }

    /// Bare text up to a comma or parenthesis that is not part of it: parentheses inside must pair.
    fn bare(&mut self) -> &'a str {
        let rest = self.rest();
        let mut depth = 0_usize;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            match c {
                '(' => depth += 1,
                ')' if depth > 0 => depth -= 1,
                ')' => {
                    end = at;
                    break;
                }
                ',' if depth == 0 => {
                    end = at;
                    break;
                }
                _ => {}
            }
        }
        self.at += end;
        rest[..end].trim_end()
    }

    /// How many bytes the quoted text that is next takes, with its marks.
    fn quoted_end(&self) -> Option<usize> {
        let rest = self.rest();
        let mark = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
        rest[1..].find(mark).map(|end| end + 2)
    }

    /// A quoted text, when it is next and `follows` accepts what comes behind it; else the place does not change.
    fn quoted_to(&mut self, follows: impl Fn(&Self) -> bool) -> Option<Syntax> {
        let at = self.at;
        let end = self.quoted_end()?;
        let text = self.rest()[1..end - 1].to_owned();
        self.at += end;
        if follows(self) {
            return Some(Syntax::Constant { text, at });
        }
        self.at = at;
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> String {
        fn show(syntax: &Syntax) -> String {
            match syntax {
                Syntax::Call { name, arguments, .. } => {
                    let arguments: Vec<String> = arguments.iter().map(show).collect();
                    format!("{name}({})", arguments.join(","))
                }
                Syntax::Field { name, .. } => format!("${name}"),
                Syntax::Property { name, .. } => format!("#{name}"),
                Syntax::Constant { text, .. } => format!("<{text}>"),
                Syntax::Nothing => "-".to_owned(),
            }
        }
        match Syntax::parse(text, &|name| matches!(name, "f" | "if")) {
            Ok(syntax) => show(&syntax),
            Err(error) => format!("{}: {error}", error.offset),
        }
    }

    #[test]
    fn what_models_write() {
        assert_eq!(parse("if (f(g(),'party'),1)"), "if(f(g(),<party>),<1>)");
        assert_eq!(parse(" f(\n #a , $b,\n ) "), "f(#a,$b)");
        assert_eq!(parse("f(x(#data,'./paid_assessors/text()'),)"), "f(x(#data,<./paid_assessors/text()>))");
        assert_eq!(parse("f('{\"email\":\"',$email,'\"}')"), "f(<{\"email\":\">,$email,<\"}>)");
        assert_eq!(parse("f($a,.10)"), "f($a,<.10>)");
        assert_eq!(parse("f(x,'[],','   ')"), "f(<x>,<[],>,<   >)");
        assert_eq!(parse("f(a b , c)"), "f(<a b>,<c>)");
    }

    #[test]
    fn constants_and_references() {
        assert_eq!(parse("1"), "<1>");
        assert_eq!(parse("$a"), "$a");
        assert_eq!(parse("#rain.1h"), "#rain.1h");
        assert_eq!(parse("'f(x)'"), "<f(x)>");
        assert_eq!(parse("  "), "-");
        assert_eq!(parse("some words, (in) a row"), "<some words, (in) a row>");
        assert_eq!(parse("Alert (level 2) raised"), "<Alert (level 2) raised>");
        assert_eq!(parse("'a' and 'b'"), "<'a' and 'b'>");
        assert_eq!(parse("f(,1)"), "f(-,<1>)");
    }

    #[test]
    fn mistakes_have_a_place() {
        assert_eq!(parse("f(1"), "1: the parenthesis of 'f' is not closed");
        assert_eq!(parse("f('a"), "2: this quotation mark has no partner");
        assert_eq!(parse("f('a' b)"), "f(<'a' b>)");
        assert_eq!(parse("f(1) 2"), "4: '2' stands behind the end of the call");
        let deep = "f(".repeat(70) + &")".repeat(70);
        assert_eq!(parse(&deep), "128: calls are nested more than 64 deep");
    }
}
