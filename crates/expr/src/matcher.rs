//! Regular expressions as objects (functions.md 1.10).
//!
//! Matching takes time in proportion to the text, whatever the pattern: there are no references back and no looking
//! around, which such matching cannot do.

use regex::{Regex, RegexBuilder};

/// The largest compiled form of a pattern, in bytes.
const PATTERN_BYTES_MAX: usize = 2 << 20;

/// A `regex`: its pattern, and where the last match of its last text is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Matcher {
    /// The pattern compiled last. It may be one of an evaluation before, see `ready`.
    regex: Option<Regex>,
    /// Whether the pattern holds.
    ready: bool,
    /// The text searched last; kept while it matches.
    text: String,
    /// Byte ranges of the match and of its groups; nothing without a match.
    spans: Vec<Option<(usize, usize)>>,
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        let state = |of: &Self| (of.pattern().map(str::to_owned), of.text.clone(), of.spans.clone());
        state(self) == state(other)
    }
}

/// Whether a pattern is none that any dialect knows, or one that this one does not (with what it uses).
pub(crate) fn unsupported(pattern: &str) -> Option<&'static str> {
    let error = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().err()?;
    let text = error.to_string();
    if text.contains("look-around") {
        Some("looking around ((?=, (?!, (?<) is not supported in patterns")
    } else if text.contains("backreference") {
        Some("references back (\\1) are not supported in patterns")
    } else {
        None
    }
}

impl Matcher {
    /// As if newly declared. What is compiled is kept, for the same pattern may come again.
    pub(crate) fn reset(&mut self) {
        self.ready = false;
        self.text.clear();
        self.spans.clear();
    }

    /// The pattern, once there is one.
    pub(crate) fn pattern(&self) -> Option<&str> {
        self.regex.as_ref().filter(|_| self.ready).map(Regex::as_str)
    }

    /// Whether `compile` with this pattern finds it compiled.
    pub(crate) fn has(&self, pattern: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.as_str() == pattern)
    }

    /// Takes a pattern; false when it is none.
    pub(crate) fn compile(&mut self, pattern: &str) -> bool {
        self.text.clear();
        self.spans.clear();
        if !self.has(pattern) {
            self.regex = RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build().ok();
        }
        self.ready = self.regex.is_some();
        self.ready
    }

    /// Searches a text; nothing without a pattern.
    pub(crate) fn find_first(&mut self, text: &str) -> Option<bool> {
        self.find(text, 0)
    }

    /// Searches on behind the last match; nothing without a pattern.
    pub(crate) fn find_next(&mut self, text: &str) -> Option<bool> {
        let Some(&Some((start, end))) = self.spans.first() else {
            return self.pattern().map(|_| false);
        };
        // Behind an empty match, at least one character is passed over.
        let end =
            if start == end { end + self.text[end..].chars().next().map_or(1, char::len_utf8) } else { end };
        let from = if text == self.text {
            end
        } else {
            let characters = self.text.get(..end).unwrap_or(&self.text).chars().count();
            text.char_indices().nth(characters).map_or(text.len(), |(at, _)| at)
        };
        self.find(text, from)
    }

    fn find(&mut self, text: &str, from: usize) -> Option<bool> {
        let regex = self.regex.as_ref().filter(|_| self.ready)?;
        self.spans.clear();
        let mut places = regex.capture_locations();
        if from <= text.len() && regex.captures_read_at(&mut places, text, from).is_some() {
            self.spans.extend((0..places.len()).map(|group| places.get(group)));
            if self.text != text {
                text.clone_into(&mut self.text);
            }
        } else {
            self.text.clear();
        }
        Some(!self.spans.is_empty())
    }

    /// Start from 1 and length of a group in characters; 0 is the whole match. Nothing when it did not take part.
    pub(crate) fn group(&self, group: usize) -> Option<(i64, i64)> {
        let (start, end) = self.spans.get(group).copied().flatten()?;
        let characters = |text: &str| text.chars().count() as i64;
        Some((characters(&self.text[..start]) + 1, characters(&self.text[start..end])))
    }

    /// The number of groups, the whole match counted; 0 without a match.
    pub(crate) fn groups(&self) -> i64 {
        self.spans.len() as i64
    }

    /// Appends `text` with every match replaced, as long as the result has at most `limit` bytes; nothing without a
    /// pattern. The replacement is taken as it is.
    pub(crate) fn replace(
        &self,
        text: &str,
        replacement: &str,
        limit: usize,
        out: &mut String,
    ) -> Option<()> {
        let regex = self.regex.as_ref().filter(|_| self.ready)?;
        let begin = out.len();
        let mut rest = 0;
        for found in regex.find_iter(text) {
            out.push_str(&text[rest..found.start()]);
            out.push_str(replacement);
            rest = found.end();
            if out.len() - begin > limit {
                return Some(());
            }
        }
        out.push_str(&text[rest..]);
        Some(())
    }

    /// Appends the saved form: a `u8` that is 1 with a pattern, then the pattern and the text, each with its `u32`
    /// length, and a `u32` number of groups with two `u32` each, both `u32::MAX` for one that did not take part.
    pub(crate) fn save(&self, out: &mut Vec<u8>) {
        let Some(pattern) = self.pattern() else { return out.push(0) };
        out.push(1);
        for text in [pattern, &self.text] {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
        out.extend_from_slice(&(self.spans.len() as u32).to_le_bytes());
        for span in &self.spans {
            let (start, end) = span.map_or((u32::MAX, u32::MAX), |(start, end)| (start as u32, end as u32));
            out.extend_from_slice(&start.to_le_bytes());
            out.extend_from_slice(&end.to_le_bytes());
        }
    }

    /// A matcher in this state; nothing when the parts do not fit each other.
    pub(crate) fn restored(pattern: &str, text: &str, spans: Vec<Option<(usize, usize)>>) -> Option<Self> {
        let mut matcher = Self::default();
        let groups =
            if matcher.compile(pattern) { matcher.regex.as_ref()?.captures_len() } else { return None };
        let fits = |&(start, end): &(usize, usize)| start <= end && text.get(start..end).is_some();
        if !spans.is_empty() && (spans.len() != groups || spans[0].is_none())
            || !spans.iter().flatten().all(fits)
        {
            return None;
        }
        text.clone_into(&mut matcher.text);
        matcher.spans = spans;
        Some(matcher)
    }
}
