//! The release of ESP that the server passes for: clients and log readers of each generation want their own (rest-api 3.2 and 9.4,
//! failover-and-server 4.6).

use std::time::{SystemTime, UNIX_EPOCH};

/// The release that is reported unless the configuration says otherwise.
const DEFAULT: &str = "5.2";

/// A release of ESP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    /// As clients are told, such as `5.2` or `2021.1.1(7.13)`.
    pub(crate) text: String,
    numbers: (u32, u32),
}

impl Default for Version {
    fn default() -> Self {
        Self { text: DEFAULT.to_owned(), numbers: (5, 2) }
    }
}

impl Version {
    /// Reads `X.Y`, or any text with `(X.Y)` in it; 5.2 or later.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let inner = text.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| inner);
        let (major, minor) = inner.unwrap_or(text).split_once('.')?;
        let numbers = (major.parse().ok()?, minor.parse().ok()?);
        let readable = !text.contains([',', ';', '"', '\n']);
        (readable && numbers >= (5, 2)).then(|| Self { text: text.to_owned(), numbers })
    }

    /// The engine's name: `esp`, from 6.1 on an id that is new with each start.
    pub(crate) fn engine(&self) -> String {
        if self.numbers < (6, 1) { "esp".to_owned() } else { guid() }
    }

    /// Whether log lines show the loggers themselves.
    pub(crate) fn logs_loggers(&self) -> bool {
        self.numbers >= (6, 0)
    }

    /// Whether log lines begin their text with the engine's id.
    pub(crate) fn logs_engine(&self) -> bool {
        self.numbers >= (6, 2)
    }
}

/// An id that no other start has: it says nothing and is compared with nothing but itself.
fn guid() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_nanos());
    let hash = blake3::hash(format!("{} {since}", std::process::id()).as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_bytes()[..16]);
    // The marks of a random UUID.
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let number = u128::from_be_bytes(bytes);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        number >> 96,
        number >> 80 & 0xffff,
        number >> 64 & 0xffff,
        number >> 48 & 0xffff,
        number & 0xffff_ffff_ffff
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations() {
        let old = Version::parse("5.2").unwrap();
        assert_eq!(old, Version::default());
        assert_eq!((old.engine().as_str(), old.logs_loggers(), old.logs_engine()), ("esp", false, false));
        let middle = Version::parse("6.1").unwrap();
        assert_eq!((middle.engine().len(), middle.logs_loggers(), middle.logs_engine()), (36, true, false));
        let new = Version::parse("2021.1.1(7.13)").unwrap();
        assert_eq!((new.text.as_str(), new.logs_engine()), ("2021.1.1(7.13)", true));
        for wrong in ["", "7", "5.1", "x.y", "7.1;", "7.1.2"] {
            assert_eq!(Version::parse(wrong), None, "{wrong}");
        }
    }
}
