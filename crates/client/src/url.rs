//! URLs of the publish/subscribe interface (connectors-adapters 5.1).

use std::fmt;
use std::str::FromStr;

/// `dfESP://host:port[/project[/contquery[/window]]][?option=value...]`.
///
/// Options are joined by `?`, as ESP's clients write them; `&` is taken as well. Of an option given twice the last
/// holds. Written out, the URL has the scheme `dfESP` and options joined by `?`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DfespUrl {
    /// The host, as given.
    pub host: String,
    /// The port of the server's publish/subscribe interface.
    pub port: u16,
    /// The parts of the path: project, contquery, window; as many as there are.
    path: Vec<String>,
    /// The options in order.
    options: Vec<(String, String)>,
}

/// A text that is no URL of this kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{url}' is no URL of the form dfESP://host:port/project/contquery/window: {reason}")]
pub struct UrlError {
    /// The text.
    pub url: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

const SCHEME: &str = "dfESP://";

impl DfespUrl {
    /// The project, if the URL names one.
    pub fn project(&self) -> Option<&str> {
        self.path.first().map(String::as_str)
    }

    /// The contquery, if the URL names one.
    pub fn contquery(&self) -> Option<&str> {
        self.path.get(1).map(String::as_str)
    }

    /// The window, if the URL names one.
    pub fn window(&self) -> Option<&str> {
        self.path.get(2).map(String::as_str)
    }

    /// Project, contquery and window, if the URL names all three.
    pub fn window_path(&self) -> Option<[&str; 3]> {
        Some([self.project()?, self.contquery()?, self.window()?])
    }

    /// The value of an option; its name in any letter case.
    pub fn option(&self, name: &str) -> Option<&str> {
        let found = self.options.iter().rev().find(|(option, _)| option.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The names of the options in order.
    pub fn option_names(&self) -> impl Iterator<Item = &str> {
        self.options.iter().map(|(name, _)| name.as_str())
    }

    /// The same place, with this one option and no other.
    #[must_use]
    pub fn with_option(&self, name: &str, value: &str) -> Self {
        Self { options: vec![(name.to_owned(), value.to_owned())], ..self.clone() }
    }
}

impl FromStr for DfespUrl {
    type Err = UrlError;

    fn from_str(text: &str) -> Result<Self, UrlError> {
        let wrong = |reason| UrlError { url: text.to_owned(), reason };
        let rest = match text.get(..SCHEME.len()) {
            Some(scheme) if scheme.eq_ignore_ascii_case(SCHEME) => &text[SCHEME.len()..],
            _ => return Err(wrong("it does not begin with dfESP://")),
        };
        let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
        let (authority, path) = place.split_once('/').unwrap_or((place, ""));
        let (host, port) = authority.rsplit_once(':').ok_or_else(|| wrong("the port is missing"))?;
        if host.is_empty() || host.contains([' ', ':', '@']) {
            return Err(wrong("the host is no name or IPv4 address"));
        }
        let port = port.parse().map_err(|_| wrong("the port is no number up to 65535"))?;
        let path: Vec<String> = match path.trim_end_matches('/') {
            "" => Vec::new(),
            path => path.split('/').map(str::to_owned).collect(),
        };
        if path.len() > 3 {
            return Err(wrong("the path has more than three parts"));
        }
        if path.iter().any(String::is_empty) {
            return Err(wrong("a part of the path is empty"));
        }
        let options = options.split(['?', '&']).filter(|option| !option.is_empty()).map(|option| {
            let (name, value) = option.split_once('=').ok_or_else(|| wrong("an option is not name=value"))?;
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        });
        let options = options.collect::<Result<_, _>>()?;
        Ok(Self { host: host.to_owned(), port, path, options })
    }
}

impl fmt::Display for DfespUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}:{}", self.host, self.port)?;
        for part in &self.path {
            write!(f, "/{part}")?;
        }
        for (name, value) in &self.options {
            write!(f, "?{name}={value}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<DfespUrl, &'static str> {
        text.parse().map_err(|error: UrlError| error.reason)
    }

    #[test]
    fn forms_of_the_specification() {
        let url = parse("dfESP://iotdemo.na.sas.com:61001/kafka1/cq1/kafka_incoming").unwrap();
        assert_eq!((url.host.as_str(), url.port), ("iotdemo.na.sas.com", 61001));
        assert_eq!(url.window_path(), Some(["kafka1", "cq1", "kafka_incoming"]));
        assert_eq!(url.option("snapshot"), None);

        let url = parse("DFESP://h:1/p/cq/w?snapshot=true?collapse=true?rmretdel=false").unwrap();
        assert_eq!(url.option("SNAPSHOT"), Some("true"));
        assert_eq!(url.option("rmretdel"), Some("false"));
        assert_eq!(url.to_string(), "dfESP://h:1/p/cq/w?snapshot=true?collapse=true?rmretdel=false");
        assert_eq!(parse("dfESP://h:1/p/cq/w?a=b&c=d").unwrap().option("c"), Some("d"));

        let url = parse("dfESP://h:1?get=projects").unwrap();
        assert_eq!((url.project(), url.option("get")), (None, Some("projects")));
        let url = parse("dfESP://h:1/p?get=windows_sourceonly").unwrap();
        assert_eq!((url.project(), url.contquery(), url.window_path()), (Some("p"), None, None));
    }

    #[test]
    fn an_option_can_replace_the_others() {
        let url = parse("dfESP://h:1/p/cq/w?snapshot=true").unwrap();
        assert_eq!(url.with_option("get", "schema").to_string(), "dfESP://h:1/p/cq/w?get=schema");
    }

    #[test]
    fn mistakes() {
        assert_eq!(parse("http://h:1/p"), Err("it does not begin with dfESP://"));
        assert_eq!(parse("dfESP://h/p/cq/w"), Err("the port is missing"));
        assert_eq!(parse("dfESP://h:x/p"), Err("the port is no number up to 65535"));
        assert_eq!(parse("dfESP://h:70000/p"), Err("the port is no number up to 65535"));
        assert_eq!(parse("dfESP://:1/p"), Err("the host is no name or IPv4 address"));
        assert_eq!(parse("dfESP://h:1/p//w"), Err("a part of the path is empty"));
        assert_eq!(parse("dfESP://h:1/p/q/w/x"), Err("the path has more than three parts"));
        assert_eq!(parse("dfESP://h:1/p?snapshot"), Err("an option is not name=value"));
        assert_eq!(parse("d\u{fc}fESP"), Err("it does not begin with dfESP://"));
    }
}
