//! Names of files and the numbers of the format (docs/snapshot-format.md).

use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The manifest, below the snapshot's directory.
pub(crate) const MANIFEST: &str = "project.state";
/// The manifest while it is written.
pub(crate) const NEW_MANIFEST: &str = "project.state.new";
/// Directory of the generations.
pub(crate) const QUERIES: &str = "queries";
/// Directory of a write in progress.
pub(crate) const PERSISTING: &str = "persisting";

/// The version that is written, and the highest that is read.
pub(crate) const VERSION: u32 = 2;
/// The highest generation: its directory has eight digits.
pub(crate) const MAX_GENERATION: u32 = 99_999_999;
/// Longest encoded name of a contquery or window, in bytes: file systems allow 255 with what is appended.
const MAX_NAME: usize = 150;

/// The directory of a generation, below `queries`.
pub(crate) fn generation_dir(generation: u32) -> String {
    format!("{generation:08}")
}

/// The generation whose directory has this name.
pub(crate) fn generation_of(name: &str) -> Option<u32> {
    let digits = name.len() == 8 && name.bytes().all(|byte| byte.is_ascii_digit());
    if digits { name.parse().ok() } else { None }
}

/// Gives windows their files, no two the same even where letter case does not count.
#[derive(Debug, Default)]
pub(crate) struct FileNames {
    taken: BTreeSet<String>,
    contqueries: Vec<(String, String)>,
}

impl FileNames {
    /// The directory of a contquery's windows, and the name of the window's file in it.
    pub(crate) fn give(&mut self, contquery: &str, window: &str) -> (String, String) {
        self.give_in(contquery, "windows", window)
    }

    /// The same for the output gate of a connector.
    pub(crate) fn give_gate(&mut self, contquery: &str, window: &str, connector: &str) -> (String, String) {
        self.give_in(contquery, "gates", &format!("{window}/{connector}"))
    }

    fn give_in(&mut self, contquery: &str, folder: &str, name: &str) -> (String, String) {
        let known = self.contqueries.iter().find(|(name, _)| name == contquery).map(|(_, dir)| dir.clone());
        let dir = known.unwrap_or_else(|| {
            let dir = self.free(String::new(), &encoded(contquery), "");
            self.contqueries.push((contquery.to_owned(), dir.clone()));
            dir
        });
        let file = self.free(format!("{dir}/{folder}/"), &encoded(name), ".state");
        (format!("{dir}/{folder}"), file)
    }

    fn free(&mut self, prefix: String, name: &str, suffix: &str) -> String {
        let mut path = format!("{prefix}{name}");
        while !self.taken.insert(path.to_ascii_lowercase()) {
            path.push_str("%+");
        }
        path.push_str(suffix);
        path
    }
}

fn encoded(name: &str) -> String {
    if name.is_empty() {
        return "%".to_owned();
    }
    let mut encoded = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-') {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").expect("writing into a string does not fail");
        }
    }
    if encoded.len() > MAX_NAME {
        encoded.truncate(MAX_NAME);
        encoded.push_str("%-");
        encoded.push_str(&blake3::hash(name.as_bytes()).to_hex()[..32]);
    }
    encoded
}

/// Whether a manifest may name this file: a broken or hostile one must not lead out of the snapshot.
pub(crate) fn is_inside(file: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-%+./".contains(&byte);
    file.bytes().all(allowed) && file.split('/').all(|part| !part.is_empty() && !part.starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_windows_are_plain_short_and_their_own() {
        let mut names = FileNames::default();
        assert_eq!(names.give("cq", "trades"), ("cq/windows".into(), "cq/windows/trades.state".into()));
        assert_eq!(names.give("cq", "Trades").1, "cq/windows/Trades%+.state");
        assert_eq!(names.give("CQ", "trades").1, "CQ%+/windows/trades.state");
        // An empty name made a hidden file, which the reader refused.
        assert_eq!(names.give("", "").1, "%/windows/%.state");
        assert_eq!(names.give("cq", "../ä").1, "cq/windows/%2E%2E%2F%C3%A4.state");
        let long = names.give("cq", &"w".repeat(5000)).1;
        assert!(long.len() < 220 && is_inside(&long), "{long}");
        assert_ne!(names.give("cq", &"w".repeat(5001)).1, long);
    }

    #[test]
    fn paths_that_lead_out_are_not_inside() {
        assert!(is_inside("cq/windows/a%2E.state"));
        for path in ["", "/etc/passwd", "cq/../x", "cq//x", ".hidden", "cq\\x", "cq/\u{e4}", "cq/"] {
            assert!(!is_inside(path), "{path}");
        }
    }

    #[test]
    fn generations_have_eight_digits() {
        assert_eq!(generation_of(&generation_dir(17)), Some(17));
        for name in ["1", "000000017", "+0000017", "cq"] {
            assert_eq!(generation_of(name), None);
        }
    }
}
