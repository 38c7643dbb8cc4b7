//! Names of projects, queries, windows, fields, connectors and groups.

/// Whether `text` may be a name: a letter or underscore, then letters, digits and underscores, all ASCII (model-xml 0.3).
pub fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for good in ["a", "_", "Trades_2", "A1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "1a", "a b", "a/b", "a-b", "ä", "@A@"] {
            assert!(!is_name(bad), "{bad}");
        }
    }
}
