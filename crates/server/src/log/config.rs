//! `-logconfig FILE`: levels of loggers from an XML file.
//!
//! Read are `<logger name="N"><level value="L"/></logger>` and `<root><level value="L"/></root>`, wherever they stand, with or without a
//! namespace prefix. Lines go to standard output, whatever appenders a file has.

use std::path::Path;

use quick_xml::events::{BytesStart, Event};
use quick_xml::{Reader, XmlVersion};
use tidegate_host::LogLevel;

/// The logger at the root of all others.
const ROOT: &str = "DF.ESP";

/// Longest file that is read, in bytes.
const MAX_BYTES: u64 = 1 << 20;

/// The levels of a file, and what of it is ignored.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct LogConfig {
    pub(crate) levels: Vec<(String, LogLevel)>,
    pub(crate) warnings: Vec<String>,
}

/// Reads a file; the error says what is wrong with it and where.
pub(crate) fn read_config(path: &Path) -> Result<LogConfig, String> {
    let of_file = |why: &dyn std::fmt::Display| format!("the log configuration '{}': {why}", path.display());
    let length = std::fs::metadata(path).map_err(|error| of_file(&error))?.len();
    if length > MAX_BYTES {
        return Err(of_file(&format!("it has more than {MAX_BYTES} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|error| of_file(&error))?;
    let mut config = read(&text).map_err(|why| of_file(&why))?;
    config.warnings.iter_mut().for_each(|warning| *warning = of_file(warning));
    Ok(config)
}

fn read(text: &str) -> Result<LogConfig, String> {
    let mut reader = Reader::from_str(text);
    let mut config = LogConfig::default();
    // The logger within which the reader stands, and how deep.
    let mut logger: Option<(String, usize)> = None;
    let mut depth = 0_usize;
    let mut seen_root = false;
    loop {
        let at = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let line = || 1 + text.as_bytes()[..at.min(text.len())].iter().filter(|&&byte| byte == b'\n').count();
        let event = reader.read_event().map_err(|error| format!("line {}: {error}", line()))?;
        match event {
            Event::Start(element) => {
                depth += 1;
                seen_root = true;
                open(&element, depth, &mut logger, &mut config, line());
            }
            Event::Empty(element) => {
                seen_root = true;
                open(&element, depth + 1, &mut logger, &mut config, line());
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                if logger.as_ref().is_some_and(|&(_, within)| depth < within) {
                    logger = None;
                }
            }
            Event::Eof if depth > 0 => {
                return Err(format!("line {}: the file ends within an element", line()));
            }
            Event::Eof if !seen_root => return Err("it holds no element".to_owned()),
            Event::Eof => return Ok(config),
            _ => {}
        }
    }
}

fn open(
    element: &BytesStart<'_>,
    depth: usize,
    logger: &mut Option<(String, usize)>,
    config: &mut LogConfig,
    line: usize,
) {
    let name = element.local_name();
    match name.as_ref() {
        b"logger" => match attribute(element, "name") {
            Some(name) => *logger = Some((name, depth)),
            None => config.warnings.push(format!("line {line}: a logger without a name is ignored")),
        },
        b"root" => *logger = Some((ROOT.to_owned(), depth)),
        b"level" => {
            let value = attribute(element, "value").unwrap_or_default();
            match (logger.as_ref(), LogLevel::parse(&value)) {
                (Some((logger, _)), Some(level)) => config.levels.push((logger.clone(), level)),
                (Some(_), None) => {
                    config.warnings.push(format!("line {line}: '{value}' is no level and ignored"));
                }
                (None, _) => {}
            }
        }
        b"appender" => config
            .warnings
            .push(format!("line {line}: the appender is not applied: log lines go to standard output")),
        _ => {}
    }
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Option<String> {
    let attribute = element.try_get_attribute(name).ok()??;
    Some(attribute.normalized_value(XmlVersion::Implicit1_0).ok()?.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_of_loggers_and_of_the_root() {
        let text = "<?xml version='1.0'?>\n<logging:configuration xmlns:logging='x'>\n\
                    <appender name='a'><param name='level' value='x'/></appender>\n\
                    <logger name='esp.http'><level value='Debug'/></logger>\n\
                    <logger name='esp'>\n<appender-ref ref='a'/><level value='loud'/></logger>\n\
                    <root><level value='warn'/></root></logging:configuration>";
        let config = read(text).unwrap();
        let expected = [("esp.http", LogLevel::Debug), ("DF.ESP", LogLevel::Warn)];
        assert_eq!(config.levels, expected.map(|(name, level)| (name.to_owned(), level)));
        assert_eq!(
            config.warnings,
            [
                "line 3: the appender is not applied: log lines go to standard output",
                "line 6: 'loud' is no level and ignored"
            ]
        );
    }

    #[test]
    fn files_that_are_no_xml() {
        assert!(read("<a>\n<b></a>").unwrap_err().starts_with("line 2: "));
        assert_eq!(read("<a>\n").unwrap_err(), "line 2: the file ends within an element");
        assert_eq!(read("").unwrap_err(), "it holds no element");
    }
}
