//! Bearer tokens in a file.

use std::collections::BTreeSet;
use std::path::Path;

use super::AuthError;

/// Hashes of the tokens that are accepted: the time of a look-up tells nothing about a token.
#[derive(Debug)]
pub struct Tokens(BTreeSet<[u8; 32]>);

impl Tokens {
    /// Reads a file with one token per line. Empty lines and those that begin with `#` do not count.
    ///
    /// # Errors
    /// When it cannot be read, a token has a blank within, or there is none.
    pub fn from_file(path: &Path) -> Result<Self, AuthError> {
        Self::parse(&std::fs::read_to_string(path)?)
    }

    fn parse(text: &str) -> Result<Self, AuthError> {
        let mut tokens = BTreeSet::new();
        for (line, token) in text.lines().map(str::trim).enumerate() {
            if token.is_empty() || token.starts_with('#') {
                continue;
            }
            if token.contains(char::is_whitespace) {
                return Err(AuthError::Line { line: line + 1, reason: "a token holds no blanks".to_owned() });
            }
            tokens.insert(*blake3::hash(token.as_bytes()).as_bytes());
        }
        if tokens.is_empty() { Err(AuthError::Empty) } else { Ok(Self(tokens)) }
    }

    /// Whether the token is one of them.
    pub(super) fn accept(&self, token: &str) -> bool {
        self.0.contains(blake3::hash(token.as_bytes()).as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_of_a_file() {
        let tokens = Tokens::parse("# tokens\nabc\n\n  def  \n").unwrap();
        assert!(tokens.accept("abc") && tokens.accept("def") && !tokens.accept("ab") && !tokens.accept(""));
        assert_eq!(Tokens::parse("#\n").unwrap_err().to_string(), "it holds no entry");
        assert_eq!(Tokens::parse("a\nb c").unwrap_err().to_string(), "line 2: a token holds no blanks");
    }
}
