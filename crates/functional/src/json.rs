//! JSON documents inside of events, and the paths into them (functions.md 3.3, `json`).

use serde_json::Value as Json;

use crate::number::Number;
use crate::value::{Text, Value};

/// A well-formed JSON document.
#[derive(Debug)]
pub struct JsonText {
    text: Text,
    root: Json,
}

impl JsonText {
    /// Reads a document; nothing when it is not well-formed, or nested more than 128 deep.
    pub fn parse(text: Text) -> Option<Self> {
        let root = serde_json::from_str(&text).ok()?;
        Some(Self { text, root })
    }

    /// The text that it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// A path: names with dots between them, `[n]`, `[*]` and `['name']`, perhaps after `$`. A name in the document may itself contain
/// dots. A path that goes through an array goes into all its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonPath {
    text: Text,
    steps: Vec<Step>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    /// A name; the following ones may belong to it.
    Name(String),
    /// A name in quotes.
    Exactly(String),
    Index(usize),
    Each,
}

/// Names and indexes in one path. Documents are no deeper than half of that.
const STEPS_MAX: usize = 256;

/// What a path leads to.
#[derive(Debug, Default)]
struct Hits<'a> {
    values: Vec<&'a Json>,
    /// Whether the way led into the elements of an array.
    through_array: bool,
}

impl JsonPath {
    /// Reads a path.
    ///
    /// # Errors
    /// When a bracket is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no JSON path");
        let mut steps = Vec::new();
        let trimmed = text.trim();
        let mut rest = match trimmed.strip_prefix('$') {
            Some(rest) if rest.is_empty() || rest.starts_with(['.', '[']) => rest,
            _ => trimmed,
        };
        while !rest.is_empty() {
            if steps.len() == STEPS_MAX {
                return Err(format!("a JSON path has more than {STEPS_MAX} steps"));
            }
            if let Some(inner) = rest.strip_prefix('[') {
                let quote = inner.chars().next().filter(|c| matches!(c, '\'' | '"'));
                let (step, behind) = if let Some(quote) = quote {
                    let (name, behind) = inner[1..].split_once(quote).ok_or_else(wrong)?;
                    (Step::Exactly(name.to_owned()), behind.strip_prefix(']').ok_or_else(wrong)?)
                } else {
                    let (index, behind) = inner.split_once(']').ok_or_else(wrong)?;
                    let step = match index.trim() {
                        "*" => Step::Each,
                        index => Step::Index(index.parse().map_err(|_| wrong())?),
                    };
                    (step, behind)
                };
                steps.push(step);
                rest = behind;
                continue;
            }
            rest = rest.strip_prefix('.').unwrap_or(rest);
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            if end == 0 {
                return Err(wrong());
            }
            steps.push(if &rest[..end] == "*" { Step::Each } else { Step::Name(rest[..end].to_owned()) });
            rest = &rest[end..];
        }
        Ok(Self { text: text.into(), steps })
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What is at the path: a number or text; an object or array as JSON text; values from the elements of an array joined by
    /// commas.
    pub(crate) fn value(&self, document: &JsonText) -> Value {
        let mut hits = Hits::default();
        find(&document.root, &self.steps, &mut hits);
        hits.values.retain(|value| !value.is_null());
        match hits.values.as_slice() {
            [] => Value::Null,
            [only] => value_of(only),
            _ => {
                let mut joined = String::new();
                for (position, hit) in hits.values.iter().enumerate() {
                    if position > 0 {
                        joined.push(',');
                    }
                    joined.push_str(&value_of(hit).as_text().unwrap_or_default());
                }
                Value::from(joined)
            }
        }
    }

    /// The hits of an event loop: what is at the path, and of an array its elements.
    pub fn hits(&self, document: &JsonText) -> Vec<Value> {
        let mut hits = Hits::default();
        find(&document.root, &self.steps, &mut hits);
        let mut items = Vec::new();
        for hit in hits.values {
            match hit {
                Json::Array(elements) => items.extend(elements.iter().map(value_of)),
                Json::Null => {}
                other => items.push(value_of(other)),
            }
        }
        items
    }
}

/// Follows a path; adds what it leads to and answers whether there is anything.
fn find<'a>(at: &'a Json, steps: &[Step], hits: &mut Hits<'a>) -> bool {
    let Some((step, rest)) = steps.split_first() else {
        hits.values.push(at);
        return true;
    };
    let into_each = |hits: &mut Hits<'a>, elements: &'a [Json], steps: &[Step]| {
        hits.through_array = true;
        // All elements are looked into, whatever the first ones give.
        elements.iter().fold(false, |found, element| find(element, steps, hits) | found)
    };
    match (step, at) {
        (Step::Name(name), Json::Object(members)) => {
            if members.get(name).is_some_and(|member| find(member, rest, hits)) {
                return true;
            }
            // A name with dots in it.
            let mut joined = name.clone();
            for (taken, step) in rest.iter().enumerate() {
                let Step::Name(part) = step else { break };
                joined.push('.');
                joined.push_str(part);
                if members.get(&joined).is_some_and(|member| find(member, &rest[taken + 1..], hits)) {
                    return true;
                }
            }
            false
        }
        (Step::Exactly(name), Json::Object(members)) => {
            members.get(name).is_some_and(|member| find(member, rest, hits))
        }
        (Step::Name(_) | Step::Exactly(_), Json::Array(elements)) => {
            if into_each(hits, elements, steps) {
                return true;
            }
            match step {
                Step::Name(name) => {
                    let index = name.parse().ok().and_then(|index: usize| elements.get(index));
                    index.is_some_and(|element| find(element, rest, hits))
                }
                _ => false,
            }
        }
        (Step::Index(index), Json::Array(elements)) => {
            elements.get(*index).is_some_and(|element| find(element, rest, hits))
        }
        (Step::Each, Json::Array(elements)) => into_each(hits, elements, rest),
        (Step::Each, Json::Object(members)) => {
            hits.through_array = true;
            members.values().fold(false, |found, member| find(member, rest, hits) | found)
        }
        _ => false,
    }
}

fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::from(if *value { "true" } else { "false" }),
        Json::Number(number) => match number.as_i64() {
            Some(whole) => Value::Int(whole),
            None => number.as_f64().map(Number::Double).map(Value::from).into(),
        },
        Json::String(text) => Value::from(text.as_str()),
        nested => Value::from(nested.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WEATHER: &str = r#"{"id":7,"main":{"temp":5.10,"ok":true},"rain.1h":0.5,"deep":{"a.b":{"c":"x"}},
        "weather":[{"description":"moderate rain"},{"description":"mist"},{"other":1}],
        "coordinates":[[-77.0,38.9],[1,2]],"nothing":null,"list":[]}"#;

    fn value(path: &str) -> Option<String> {
        let document = JsonText::parse(WEATHER.into()).unwrap();
        JsonPath::parse(path).unwrap().value(&document).as_text().map(|text| text.into_owned())
    }

    fn items(path: &str) -> Vec<String> {
        let document = JsonText::parse(WEATHER.into()).unwrap();
        let items = JsonPath::parse(path).unwrap().hits(&document);
        items.iter().map(|item| item.as_text().unwrap().into_owned()).collect()
    }

    #[test]
    fn values_at_paths() {
        assert_eq!(value("id").as_deref(), Some("7"));
        assert_eq!(value("main.temp").as_deref(), Some("5.1"));
        assert_eq!(value("main.ok").as_deref(), Some("true"));
        assert_eq!(value("rain.1h").as_deref(), Some("0.5"));
        assert_eq!(value("deep.a.b.c").as_deref(), Some("x"));
        assert_eq!(value("deep['a.b'].c").as_deref(), Some("x"));
        assert_eq!(value("weather.description").as_deref(), Some("moderate rain,mist"));
        assert_eq!(value("weather[1].description").as_deref(), Some("mist"));
        assert_eq!(value("weather.1.description").as_deref(), Some("mist"));
        assert_eq!(value("main").as_deref(), Some(r#"{"temp":5.1,"ok":true}"#));
        assert_eq!(value("coordinates").as_deref(), Some("[[-77.0,38.9],[1,2]]"));
        for missing in ["nothing", "none", "main.none", "id.x", "weather[9]", "weather.none"] {
            assert_eq!(value(missing), None, "{missing}");
        }
    }

    #[test]
    fn items_of_loops() {
        assert_eq!(items("weather").len(), 3);
        assert_eq!(items("$.weather")[1], r#"{"description":"mist"}"#);
        assert_eq!(items("coordinates[*]"), ["-77", "38.9", "1", "2"]);
        assert_eq!(items("$").len(), 1);
        assert_eq!(items("$[*]").len(), 9);
        assert_eq!(items("main.temp"), ["5.1"]);
        assert!(items("list").is_empty());
        assert!(items("nothing").is_empty());
        assert!(items("none").is_empty());
    }

    #[test]
    fn malformed_paths() {
        for path in ["a[", "a[x]", "a..b", "['a'", "."] {
            assert!(JsonPath::parse(path).is_err(), "{path}");
        }
    }
}
