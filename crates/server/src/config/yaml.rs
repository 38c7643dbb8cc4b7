//! A YAML file as properties: nested keys become one dotted key (failover-and-server 4.4).

use saphyr_parser::{Event, Parser};

/// A property with the line that it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) value: String,
    pub(super) line: usize,
}

/// Why a file is no list of properties.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub(super) struct YamlError {
    /// From 1.
    pub(super) line: usize,
    pub(super) reason: String,
}

/// Mappings within mappings at most.
const MAX_DEPTH: usize = 32;

/// One mapping, or list, that is open.
#[derive(Debug)]
enum Level {
    /// A mapping, and the key whose value comes next.
    Mapping(Option<String>),
    /// A list: its items are joined with commas.
    List { key: String, items: Vec<String>, line: usize },
}

/// The properties of a file in its order. A list of plain values is one property with the values joined by commas.
pub(super) fn read(text: &str) -> Result<Vec<Entry>, YamlError> {
    let mut entries = Vec::new();
    let mut levels: Vec<Level> = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event
            .map_err(|error| YamlError { line: error.marker().line(), reason: error.info().to_owned() })?;
        let line = span.start.line();
        let wrong = |reason: &str| Err(YamlError { line, reason: reason.to_owned() });
        match event {
            Event::MappingStart(..) => {
                if levels.len() == MAX_DEPTH {
                    return wrong("the keys are nested too deeply");
                }
                if matches!(levels.last(), Some(Level::List { .. } | Level::Mapping(None))) {
                    return wrong("a list may hold plain values only");
                }
                levels.push(Level::Mapping(None));
            }
            Event::SequenceStart(..) => match levels.last() {
                Some(Level::Mapping(Some(_))) => {
                    levels.push(Level::List { key: path(&levels), items: Vec::new(), line });
                }
                _ => return wrong("a list needs a key"),
            },
            Event::Scalar(text, ..) => match levels.last_mut() {
                Some(Level::Mapping(key @ None)) => *key = Some(text.into_owned()),
                Some(Level::Mapping(Some(_))) => {
                    entries.push(Entry { key: path(&levels), value: plain(&text), line });
                    end_value(&mut levels);
                }
                Some(Level::List { items, .. }) => items.push(text.into_owned()),
                None if text.trim().is_empty() => {}
                None => return wrong("expected 'key: value'"),
            },
            Event::MappingEnd => {
                levels.pop();
                end_value(&mut levels);
            }
            Event::SequenceEnd => {
                if let Some(Level::List { key, items, line }) = levels.pop() {
                    entries.push(Entry { key, value: items.join(","), line });
                }
                end_value(&mut levels);
            }
            Event::Alias(_) => return wrong("aliases are not supported"),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => {}
        }
    }
    Ok(entries)
}

/// `~` and `null` mean no value.
fn plain(text: &str) -> String {
    if matches!(text, "~" | "null") { String::new() } else { text.to_owned() }
}

fn path(levels: &[Level]) -> String {
    let keys = levels.iter().filter_map(|level| match level {
        Level::Mapping(key) => key.as_deref(),
        Level::List { .. } => None,
    });
    keys.collect::<Vec<_>>().join(".")
}

/// The value of the innermost key is complete.
fn end_value(levels: &mut [Level]) {
    if let Some(Level::Mapping(key)) = levels.last_mut() {
        *key = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(text: &str) -> Result<Vec<(String, String)>, String> {
        let entries = read(text).map_err(|error| error.to_string())?;
        Ok(entries.into_iter().map(|entry| (entry.key, entry.value)).collect())
    }

    #[test]
    fn nested_keys_become_dotted() {
        let text = "# ports\nserver:\n    http: 31415\n    pubsub: '31416'\n    model: file:///data/m.xml\n\
                    connectors:\n  excluded:\n    mq: true\n    kafka: false\nserver.loglevel: \"esp=info\"\n\
                    security:\n  server:\n    internal_paths: [metrics, healthz]\n  empty:\nlast: ~\n";
        let expected = [
            ("server.http", "31415"),
            ("server.pubsub", "31416"),
            ("server.model", "file:///data/m.xml"),
            ("connectors.excluded.mq", "true"),
            ("connectors.excluded.kafka", "false"),
            ("server.loglevel", "esp=info"),
            ("security.server.internal_paths", "metrics,healthz"),
            ("security.empty", ""),
            ("last", ""),
        ];
        assert_eq!(properties(text), Ok(expected.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec()));
        assert_eq!(read(text).unwrap()[3].line, 8);
    }

    #[test]
    fn empty_files() {
        assert_eq!(properties(""), Ok(Vec::new()));
        assert_eq!(properties("# nothing\n---\n"), Ok(Vec::new()));
    }

    #[test]
    fn mistakes_have_their_line() {
        for (text, line) in [
            ("server:\n  http: 1\n pubsub: 2\n", 3),
            ("server:\n  http: [1\n", 3),
            ("a: 1\nb: &x 2\nc: *x\n", 3),
            ("just text\n", 1),
            ("a:\n- b: 1\n", 2),
            ("- a\n", 1),
        ] {
            let error = read(text).unwrap_err();
            assert_eq!(error.line, line, "{text:?}: {error}");
        }
    }
}
