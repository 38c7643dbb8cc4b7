//! Where a model, a body or an event file lies (failover-and-server 4.3).

use std::path::{Path, PathBuf};

/// A place named in one of the many spellings that scripts use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileUrl {
    /// A file: absolute, or relative to the working directory.
    Path(PathBuf),
    /// An `http://` or `https://` URL.
    Http(String),
}

/// Why a text names no place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FileUrlError {
    /// Nothing behind the scheme.
    #[error("'{0}' names no file")]
    Empty(String),
    /// A scheme that is neither `file`, `http` nor `https`.
    #[error("'{0}' has an unknown scheme, expected file:, http:// or https://")]
    UnknownScheme(String),
}

impl FileUrl {
    /// Reads a place. `file:` and then one `//` are dropped; what is left is a path, absolute when it begins
    /// with `/` (repeated slashes at its head count once). Without a scheme the whole text is a path, also a
    /// Windows one (`C:\…`). Nothing is percent-decoded: shell scripts pass names as they are.
    ///
    /// # Errors
    /// When no name is left, or the scheme is an unknown one.
    pub fn parse(text: &str) -> Result<Self, FileUrlError> {
        let lower = text.get(..8).unwrap_or(text).to_ascii_lowercase();
        if lower.starts_with("http://") || lower.starts_with("https://") {
            return Ok(Self::Http(text.to_owned()));
        }
        let name = if lower.starts_with("file:") {
            let rest = &text["file:".len()..];
            rest.strip_prefix("//").unwrap_or(rest)
        } else if text.contains("://") && !text.starts_with(['/', '.']) {
            return Err(FileUrlError::UnknownScheme(text.to_owned()));
        } else {
            text
        };
        let bare = name.trim_start_matches('/');
        if bare.is_empty() {
            return Err(FileUrlError::Empty(text.to_owned()));
        }
        let path = if name.starts_with('/') { Path::new("/").join(bare) } else { PathBuf::from(name) };
        Ok(Self::Path(path))
    }

    /// Whether `text` is written with the scheme `file:`, as a body argument must be to name a file.
    pub fn has_file_scheme(text: &str) -> bool {
        text.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("file:"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_scripts() {
        let cases = [
            ("file:///abs/model.xml", "/abs/model.xml"),
            ("file:////abs/model.xml", "/abs/model.xml"),
            ("file:/abs/model.xml", "/abs/model.xml"),
            ("file://///abs//model.xml", "/abs//model.xml"),
            ("file:rel.xml", "rel.xml"),
            ("file://rel.xml", "rel.xml"),
            ("file://./trades.xml", "./trades.xml"),
            ("file://sample/x.xml", "sample/x.xml"),
            ("FILE://rel.xml", "rel.xml"),
            ("/abs/model.xml", "/abs/model.xml"),
            ("rel.xml", "rel.xml"),
            ("C:\\Users\\me\\model.xml", "C:\\Users\\me\\model.xml"),
            ("file://a b%20c.xml", "a b%20c.xml"),
        ];
        for (text, expected) in cases {
            let found = FileUrl::parse(text);
            assert_eq!(found, Ok(FileUrl::Path(PathBuf::from(expected))), "{text}");
        }
        // PathBuf compares by component; what the user sees must be clean as well.
        let Ok(FileUrl::Path(path)) = FileUrl::parse("file:////abs/m.xml") else { panic!("not a path") };
        assert_eq!(path.to_str(), Some("/abs/m.xml"));
    }

    #[test]
    fn other_schemes() {
        assert_eq!(FileUrl::parse("http://h/m.xml"), Ok(FileUrl::Http("http://h/m.xml".to_owned())));
        assert_eq!(FileUrl::parse("HTTPS://h/m.xml"), Ok(FileUrl::Http("HTTPS://h/m.xml".to_owned())));
        assert_eq!(FileUrl::parse("ftp://h/m"), Err(FileUrlError::UnknownScheme("ftp://h/m".to_owned())));
        for empty in ["", "file:", "file://", "file:///"] {
            assert_eq!(FileUrl::parse(empty), Err(FileUrlError::Empty(empty.to_owned())));
        }
    }
}
