//! The transport configuration file (connectors-adapters 3.3): groups of `key = value`.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::AdapterError;

/// The settings of a file, by group and key. Of a key given twice the last holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct TransportFile(BTreeMap<(String, String), String>);

impl TransportFile {
    /// Reads the file.
    pub(super) fn open(path: &Path) -> Result<Self, AdapterError> {
        let text = std::fs::read_to_string(path).map_err(|cause| AdapterError::File {
            what: "read",
            path: path.to_owned(),
            cause,
        })?;
        Self::parse(&text).map_err(|(line, text)| AdapterError::TransportFile {
            path: path.to_owned(),
            line,
            text,
        })
    }

    /// The value of a key; an empty one counts as none.
    pub(super) fn get(&self, group: &str, key: &str) -> Option<&str> {
        let value = self.0.get(&(group.to_owned(), key.to_owned()))?.trim();
        Some(value).filter(|value| !value.is_empty())
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut file = Self::default();
        let mut scanner = Scanner { rest: text.strip_prefix('\u{feff}').unwrap_or(text), line: 1 };
        while let Some(group) = scanner.word()? {
            scanner.take_any(&[':', '=']);
            scanner.expect('{', &format!("'{{' behind the group '{group}'"))?;
            while !scanner.take_any(&['}']) {
                let Some(key) = scanner.word()? else {
                    return Err((scanner.line, format!("the group '{group}' is not closed by '}}'")));
                };
                scanner.expect('=', &format!("'=' behind '{key}'"))?;
                let value = scanner.value()?;
                scanner.take_any(&[';', ',']);
                file.0.insert((group.clone(), key), value);
            }
        }
        Ok(file)
    }
}

struct Scanner<'a> {
    rest: &'a str,
    line: usize,
}

impl Scanner<'_> {
    fn advance(&mut self, bytes: usize) {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
    }

    fn skip_blanks_and_comments(&mut self) {
        loop {
            let blanks = self.rest.len() - self.rest.trim_start().len();
            self.advance(blanks);
            if !self.rest.starts_with('#') {
                return;
            }
            self.advance(self.rest.find('\n').unwrap_or(self.rest.len()));
        }
    }

    fn take_any(&mut self, marks: &[char]) -> bool {
        self.skip_blanks_and_comments();
        let taken = self.rest.starts_with(marks);
        if taken {
            self.advance(1);
        }
        taken
    }

    fn expect(&mut self, mark: char, what: &str) -> Result<(), (usize, String)> {
        if self.take_any(&[mark]) {
            return Ok(());
        }
        let found = self.rest.split_whitespace().next().unwrap_or("the end of the file");
        Err((self.line, format!("expected {what}, found {found}")))
    }

    /// A name; nothing at the end of the text.
    fn word(&mut self) -> Result<Option<String>, (usize, String)> {
        self.skip_blanks_and_comments();
        let is_part = |c: char| c.is_alphanumeric() || "_.-".contains(c);
        let len = self.rest.find(|c| !is_part(c)).unwrap_or(self.rest.len());
        if len == 0 && !self.rest.is_empty() {
            let found = self.rest.split_whitespace().next().unwrap_or_default();
            return Err((self.line, format!("expected a name, found {found}")));
        }
        let word = self.rest[..len].to_owned();
        self.advance(len);
        Ok(Some(word).filter(|word| !word.is_empty()))
    }

    /// A text in double quotes, or what stands bare up to the end of the line.
    fn value(&mut self) -> Result<String, (usize, String)> {
        let blanks = self.rest.len() - self.rest.trim_start_matches([' ', '\t']).len();
        self.advance(blanks);
        if !self.rest.starts_with('"') {
            let len = self.rest.find(['\n', '#', ';', '}']).unwrap_or(self.rest.len());
            let value = self.rest[..len].trim().to_owned();
            self.advance(len);
            return Ok(value);
        }
        let mut value = String::new();
        let mut characters = self.rest.char_indices().skip(1);
        let end = loop {
            match characters.next() {
                None | Some((_, '\n')) => break None,
                Some((at, '"')) => break Some(at + 1),
                Some((_, '\\')) => match characters.next() {
                    Some((_, c @ ('"' | '\\'))) => value.push(c),
                    Some((_, '\n')) | None => break None,
                    Some((_, c)) => value.extend(['\\', c]),
                },
                Some((_, c)) => value.push(c),
            }
        };
        let end = end.ok_or_else(|| (self.line, "a double quote is not closed on its line".to_owned()))?;
        self.advance(end);
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of connectors-adapters 3.3.
    #[test]
    fn example_of_the_specification() {
        let file = TransportFile::parse(
            r#"kafka
{
hostport = "broker:9092"
globalconfig = "enable.sparse.connections=false"
partition = "0"
initialoffset = "smallest"
#groupid = "mygroup"
metatopic="ESPAdapterMetapub"
}
sas
{
hotfailover=false
zookeeperhostport="zk:2181"
failovergroup="ESPadaptergroup1"
numbufferedmsgs="1000"
dateformat="%Y-%m-%d %H:%M:%S"
}
"#,
        )
        .unwrap();
        assert_eq!(file.get("kafka", "hostport"), Some("broker:9092"));
        assert_eq!(file.get("kafka", "globalconfig"), Some("enable.sparse.connections=false"));
        assert_eq!(file.get("kafka", "groupid"), None);
        assert_eq!(file.get("kafka", "metatopic"), Some("ESPAdapterMetapub"));
        assert_eq!(file.get("sas", "hotfailover"), Some("false"));
        assert_eq!(file.get("sas", "dateformat"), Some("%Y-%m-%d %H:%M:%S"));
        assert_eq!(file.0.len(), 10);
    }

    #[test]
    fn other_spellings() {
        let file = TransportFile::parse(
            "kafka { hostport = a:1,b:2  # two\n globalconfig = \"p=\\\"x;y\\\"\"; } sas {}\r\nother: {a=1}",
        )
        .unwrap();
        assert_eq!(file.get("kafka", "hostport"), Some("a:1,b:2"));
        assert_eq!(file.get("kafka", "globalconfig"), Some("p=\"x;y\""));
        assert_eq!(file.get("other", "a"), Some("1"));
        assert_eq!(TransportFile::parse(" # nothing"), Ok(TransportFile::default()));
    }

    #[test]
    fn mistakes_name_their_line() {
        let line = |text| TransportFile::parse(text).unwrap_err();
        assert_eq!(
            line("kafka\n\nhostport=1"),
            (3, "expected '{' behind the group 'kafka', found hostport=1".into())
        );
        assert_eq!(line("kafka {\na = 1\n"), (3, "the group 'kafka' is not closed by '}'".into()));
        assert_eq!(line("kafka {\na 1 }"), (2, "expected '=' behind 'a', found 1".into()));
        assert_eq!(line("kafka {\n\na = \"x\n}"), (3, "a double quote is not closed on its line".into()));
        assert_eq!(line("{"), (1, "expected a name, found {".into()));
    }
}
