//! Metadata questions and answers over a bus (connectors-adapters 5.1 and 6.2; docs/metadata-topic.md).
//!
//! A question is a record on the metadata topic: its key the topic for the reply, its value the URL with `?get=QUERY`.
//! The answer is a record on that topic: its key the question's value, its value a JSON array of strings, or `null` when
//! there is nothing of that name.

use crate::url::DfespUrl;

/// What can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetadataQuery {
    /// Names of projects.
    Projects,
    /// Names of the contqueries of a project.
    Queries,
    /// Names of the windows of a project or contquery.
    Windows,
    /// Names of the source windows of a project or contquery.
    SourceWindows,
    /// The schema of a window, as one string.
    Schema,
    /// Names of the windows behind a window.
    Edges,
}

/// Every spelling. What cannot be published or subscribed to has no place in answers anyway, so the forms with
/// `_pubsubonly` are the plain ones.
const NAMES: &[(&str, MetadataQuery)] = &[
    ("projects", MetadataQuery::Projects),
    ("projects_pubsubonly", MetadataQuery::Projects),
    ("queries", MetadataQuery::Queries),
    ("queries_pubsubonly", MetadataQuery::Queries),
    ("windows", MetadataQuery::Windows),
    ("windows_pubsubonly", MetadataQuery::Windows),
    ("windows_sourceonly", MetadataQuery::SourceWindows),
    ("schema", MetadataQuery::Schema),
    ("edges", MetadataQuery::Edges),
];

impl MetadataQuery {
    /// What a URL asks for in its option `get`; none when it asks for nothing that is known.
    pub fn of(url: &DfespUrl) -> Option<Self> {
        let asked = url.option("get")?;
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(asked)).map(|&(_, query)| query)
    }

    /// The value of `get` that asks for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Projects => "projects",
            Self::Queries => "queries",
            Self::Windows => "windows",
            Self::SourceWindows => "windows_sourceonly",
            Self::Schema => "schema",
            Self::Edges => "edges",
        }
    }
}

/// The answer to a question: strings, or nothing when there is nothing of that name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer(pub Option<Vec<String>>);

/// Bytes that are no answer.
#[derive(Debug, thiserror::Error)]
#[error("expected a JSON array of strings, or null: {0}")]
pub struct AnswerError(#[from] serde_json::Error);

impl Answer {
    /// As the value of a record.
    pub fn to_json(&self) -> String {
        self.0.as_ref().map_or_else(
            || "null".to_owned(),
            |strings| serde_json::Value::from(strings.as_slice()).to_string(),
        )
    }

    /// Reads the value of a record.
    ///
    /// # Errors
    /// When it is neither an array of strings nor `null`.
    pub fn from_json(bytes: &[u8]) -> Result<Self, AnswerError> {
        Ok(Self(serde_json::from_slice(bytes)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_by_name() {
        let query = |url: &str| MetadataQuery::of(&url.parse().unwrap());
        assert_eq!(query("dfESP://h:1?get=projects"), Some(MetadataQuery::Projects));
        assert_eq!(query("dfESP://h:1/p/c/w?snapshot=true?get=Schema"), Some(MetadataQuery::Schema));
        assert_eq!(query("dfESP://h:1/p?get=windows_sourceonly"), Some(MetadataQuery::SourceWindows));
        assert_eq!(query("dfESP://h:1/p?get=weather"), None);
        assert_eq!(query("dfESP://h:1/p"), None);
        for &(_, query) in NAMES {
            assert!(NAMES.contains(&(query.name(), query)));
        }
    }

    #[test]
    fn answers_are_arrays_of_strings_or_null() {
        let schema = Answer(Some(vec!["id*:int64,name:string".to_owned()]));
        assert_eq!(schema.to_json(), r#"["id*:int64,name:string"]"#);
        assert_eq!(Answer::from_json(br#" ["id*:int64,name:string"] "#).unwrap(), schema);
        assert_eq!(Answer(None).to_json(), "null");
        assert_eq!(Answer::from_json(b"null").unwrap(), Answer(None));
        assert_eq!(Answer::from_json(b"[]").unwrap(), Answer(Some(Vec::new())));
        assert!(Answer::from_json(b"[1]").is_err());
        assert!(Answer::from_json(b"{").is_err());
    }
}
