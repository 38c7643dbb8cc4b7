//! The parameters of a query string (rest-api 2.1).

use percent_encoding::percent_decode_str;

/// Parameters by name. One that is present but empty counts as not given; of one given twice the last holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

/// Why a query string or one of its values cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// The bytes behind the percent signs are no text.
    #[error("query parameter '{0}' is not UTF-8")]
    NotUtf8(String),
    /// A Boolean that is neither `true` nor `false`.
    #[error("parameter '{name}' is '{value}', expected 'true' or 'false'")]
    NotBoolean {
        /// The parameter.
        name: String,
        /// What it was set to.
        value: String,
    },
    /// A number that is none.
    #[error("parameter '{name}' is '{value}', expected a number of 0 or more")]
    NotNumber {
        /// The parameter.
        name: String,
        /// What it was set to.
        value: String,
    },
}

impl Query {
    /// Reads the part of a URL behind its `?`. Percent sequences are decoded, malformed ones stay as they
    /// are, and `+` is a plus: clients write regular expressions unencoded.
    ///
    /// # Errors
    /// When a decoded name or value is not UTF-8.
    pub fn parse(text: &str) -> Result<Self, QueryError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for pair in text.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name, name)?;
            let value = decode(value, &name)?;
            if name.is_empty() {
                continue;
            }
            parameters.retain(|(earlier, _)| *earlier != name);
            if !value.is_empty() {
                parameters.push((name, value));
            }
        }
        Ok(Self { parameters })
    }

    /// The value of `name`, if given.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
    }

    /// Every parameter given, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A Boolean, `default` when not given.
    ///
    /// # Errors
    /// When it is neither `true` nor `false`.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, QueryError> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(value) => Err(QueryError::NotBoolean { name: name.to_owned(), value: value.to_owned() }),
        }
    }

    /// A whole number of 0 or more, if given.
    ///
    /// # Errors
    /// When it is no such number.
    pub fn number(&self, name: &str) -> Result<Option<u64>, QueryError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        match value.parse() {
            Ok(number) => Ok(Some(number)),
            Err(_) => Err(QueryError::NotNumber { name: name.to_owned(), value: value.to_owned() }),
        }
    }

    /// The items of a `|` list, none when not given. A `|` inside quotes or parentheses separates nothing:
    /// `match(name, "data|request")` is one filter. Blank items are left out.
    pub fn list(&self, name: &str) -> Vec<&str> {
        self.get(name).map(split_list).unwrap_or_default()
    }
}

fn decode(text: &str, name: &str) -> Result<String, QueryError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(decoded) => Ok(decoded.into_owned()),
        Err(_) => Err(QueryError::NotUtf8(name.to_owned())),
    }
}

fn split_list(text: &str) -> Vec<&str> {
    let mut items = Vec::new();
    let (mut start, mut depth, mut quote) = (0, 0_u32, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) => {
                if c == open {
                    quote = None;
                }
            }
            (None, '\'' | '"') => quote = Some(c),
            (None, '(') => depth += 1,
            (None, ')') => depth = depth.saturating_sub(1),
            (None, '|') if depth == 0 => {
                items.push(&text[start..at]);
                start = at + 1;
            }
            (None, _) => {}
        }
    }
    items.push(&text[start..]);
    items.retain(|item| !item.trim().is_empty());
    items
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[test]
    fn empty_means_not_given() {
        let q = query("name=&filter=match(name,%20'^.*UnitTest.*$')");
        assert_eq!(q.get("name"), None);
        assert_eq!(q.get("filter"), Some("match(name, '^.*UnitTest.*$')"));
        assert!(q.list("name").is_empty());
        assert_eq!(query("").iter().count(), 0);
    }

    #[test]
    fn plus_and_bad_percent_signs_stay() {
        assert_eq!(query("filter=match(a,'x+')").get("filter"), Some("match(a,'x+')"));
        assert_eq!(query("a=50%&b=%zz").iter().collect::<Vec<_>>(), [("a", "50%"), ("b", "%zz")]);
    }

    #[test]
    fn values_keep_their_equal_signs_and_slashes() {
        let q = query("value=injected&eventUrl=file:///home/x/input.xml?a=b");
        assert_eq!(q.get("eventUrl"), Some("file:///home/x/input.xml?a=b"));
    }

    #[test]
    fn lists_split_outside_quotes_and_parentheses() {
        assert_eq!(query("name=A%7CB|my%20c").list("name"), ["A", "B", "my c"]);
        let q = query("filter=match(name, \"data|request\")|eq(a,'x)|y')");
        assert_eq!(q.list("filter"), ["match(name, \"data|request\")", "eq(a,'x)|y')"]);
    }

    #[test]
    fn the_last_of_two_holds() {
        assert_eq!(query("a=1&a=2").get("a"), Some("2"));
        assert_eq!(query("a=1&a=").get("a"), None);
    }

    #[test]
    fn typed_values() {
        let q = query("start=false&limit=10&log=yes&n=-1");
        assert_eq!(q.flag("start", true), Ok(false));
        assert_eq!(q.flag("connectors", true), Ok(true));
        assert_eq!(
            q.flag("log", false).unwrap_err().to_string(),
            "parameter 'log' is 'yes', expected 'true' or 'false'"
        );
        assert_eq!(q.number("limit"), Ok(Some(10)));
        assert_eq!(q.number("none"), Ok(None));
        assert!(q.number("n").is_err());
        assert_eq!(Query::parse("a=%ff"), Err(QueryError::NotUtf8("a".to_owned())));
    }

    proptest! {
        #[test]
        fn encoded_pairs_come_back(value in "\\PC{1,20}") {
            let encoded = percent_encoding::utf8_percent_encode(&value, percent_encoding::NON_ALPHANUMERIC);
            let text = format!("v={encoded}");
            let read = query(&text);
            prop_assert_eq!(read.get("v"), Some(value.as_str()));
        }

        #[test]
        fn any_text_is_read_or_refused(text in ".*") {
            if let Ok(query) = Query::parse(&text) {
                for (name, _) in query.iter() {
                    let _ = query.list(name);
                }
            }
        }
    }
}
