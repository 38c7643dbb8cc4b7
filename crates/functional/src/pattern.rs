//! Regular expressions.

use std::sync::Arc;

use regex::{Captures, Regex, RegexBuilder};

use crate::value::Text;

/// A compiled regular expression may take this much memory.
const PROGRAM_BYTES_MAX: usize = 4 << 20;

/// A regular expression. Matching takes time linear in the text, hence no look-around and no back references in it.
#[derive(Debug)]
pub struct Pattern {
    text: Text,
    regex: Regex,
}

impl Pattern {
    /// Compiles a pattern.
    ///
    /// # Errors
    /// When it is none; the text is the last line of what the library says, which has the cause.
    pub fn new(text: &str) -> Result<Arc<Self>, String> {
        let compiled = RegexBuilder::new(text).size_limit(PROGRAM_BYTES_MAX).build();
        match compiled {
            Ok(regex) => Ok(Arc::new(Self { text: text.into(), regex })),
            Err(error) => {
                let all = error.to_string();
                let cause = all.lines().last().unwrap_or_default().trim();
                Err(format!("'{text}' is no regular expression: {}", cause.trim_start_matches("error: ")))
            }
        }
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The compiled expression.
    pub fn regex(&self) -> &Regex {
        &self.regex
    }

    /// Appends `replacement` with `$1` or `\1` replaced by what group 1 matched; `$0` and `\0` are the whole match, `\\` and `$$`
    /// the signs themselves.
    pub(crate) fn expand(captures: &Captures<'_>, replacement: &str, out: &mut String) {
        let mut chars = replacement.chars().peekable();
        while let Some(c) = chars.next() {
            match (c, chars.peek().copied()) {
                ('$' | '\\', Some(digit)) if digit.is_ascii_digit() => {
                    chars.next();
                    let group = digit as usize - '0' as usize;
                    out.push_str(captures.get(group).map_or("", |found| found.as_str()));
                }
                ('$', Some('$')) | ('\\', Some('\\')) => {
                    chars.next();
                    out.push(c);
                }
                _ => out.push(c),
            }
        }
    }
}
