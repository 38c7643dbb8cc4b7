//! Text of a document that remembers where each character came from.

use super::Position;

/// Text whose characters can be traced to their place in the file, across entities, CDATA and expanded tokens.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SourceText {
    text: String,
    /// Offsets into `text`, ascending; between two marks the text is that of the file.
    marks: Vec<(usize, Position)>,
}

impl SourceText {
    /// Text that is that of the file from `position` on.
    pub fn new(text: impl Into<String>, position: Position) -> Self {
        Self { text: text.into(), marks: vec![(0, position)] }
    }

    /// The text as it stands.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The text without white space around it.
    pub fn trimmed(&self) -> &str {
        self.text.trim()
    }

    /// Where the first character that is not white space stands, or the text begins.
    pub fn position(&self) -> Position {
        self.position_at(self.text.len() - self.text.trim_start().len())
    }

    /// Where the byte at `offset` of the text stands in the file.
    pub fn position_at(&self, offset: usize) -> Position {
        let mark = self.marks.partition_point(|&(start, _)| start <= offset);
        let Some(&(start, mut position)) = mark.checked_sub(1).and_then(|i| self.marks.get(i)) else {
            return Position::START;
        };
        for (at, c) in self.text[start..].char_indices() {
            if start + at >= offset {
                break;
            }
            if c == '\n' {
                position = Position { line: position.line + 1, column: 1 };
            } else {
                position.column += 1;
            }
        }
        position
    }

    /// Where the character at `line` and `column` (both from 1) of the text stands in the file: how an error within an
    /// expression finds its place in the model.
    pub fn position_of(&self, line: u32, column: u32) -> Position {
        let lines_before = line.saturating_sub(1) as usize;
        let line_start = match lines_before {
            0 => 0,
            n => self.text.match_indices('\n').nth(n - 1).map_or(self.text.len(), |(at, _)| at + 1),
        };
        let rest = &self.text[line_start..];
        let in_line =
            rest.char_indices().nth(column.saturating_sub(1) as usize).map_or(rest.len(), |(at, _)| at);
        self.position_at(line_start + in_line)
    }

    /// Appends other text with its places.
    pub(crate) fn push(&mut self, other: &Self) {
        let base = self.text.len();
        self.marks.extend(other.marks.iter().map(|&(start, position)| (base + start, position)));
        self.text.push_str(&other.text);
    }

    /// Appends text of the file that stands at `position`.
    pub(crate) fn push_str(&mut self, text: &str, position: Position) {
        self.marks.push((self.text.len(), position));
        self.text.push_str(text);
    }

    /// The parts between marks: each part's text, and its place.
    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, Position)> {
        self.marks.iter().enumerate().map(|(i, &(start, position))| {
            let end = self.marks.get(i + 1).map_or(self.text.len(), |&(next, _)| next);
            (&self.text[start..end], position)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_survive_joins_and_line_breaks() {
        let mut text = SourceText::new("a\n bc", Position { line: 3, column: 9 });
        text.push_str("<", Position { line: 4, column: 4 });
        text.push_str("d", Position { line: 4, column: 8 });
        assert_eq!(text.as_str(), "a\n bc<d");
        assert_eq!(text.position_of(1, 1), Position { line: 3, column: 9 });
        assert_eq!(text.position_of(2, 2), Position { line: 4, column: 2 });
        assert_eq!(text.position_of(2, 4), Position { line: 4, column: 4 });
        assert_eq!(text.position_of(2, 5), Position { line: 4, column: 8 });
        assert_eq!(text.position_of(9, 9), Position { line: 4, column: 9 });
        assert_eq!(SourceText::default().position_of(2, 2), Position::START);
    }
}
