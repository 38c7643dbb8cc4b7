//! `<timestamp>; <level>; <thread>; <logger>; (<file>:<line>); <text>`.

use jiff::Zoned;
use tidegate_host::LogLevel;

use super::layer::Style;
use super::record::Record;

/// The logger that every line of ESP 5.2 shows.
const SHOWN_LOGGER: &str = "DF.ESP";

/// One line, without its line break. A line break within the text would break the format, and with it those who read it.
pub(super) fn line(now: &Zoned, record: &Record, style: &Style) -> String {
    let time = now.strftime("%Y-%m-%dT%H:%M:%S");
    let millis = now.millisecond();
    let id = if record.id.is_empty() { String::new() } else { format!("[{}] ", record.id) };
    let text = record.text.replace('\n', "\\n").replace('\r', "\\r");
    let Record { thread, file, line, level, .. } = record;
    let logger = if style.loggers { record.logger.as_str() } else { SHOWN_LOGGER };
    let engine = style.engine.as_ref().map(|engine| format!("{{{engine}}}")).unwrap_or_default();
    format!(
        "{time},{millis:03}; {}; {thread:08}; {logger}; ({file}:{line}); {engine}{id}{text}",
        label(*level)
    )
}

/// A level, padded to five characters.
fn label(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO ",
        LogLevel::Warn => "WARN ",
        LogLevel::Error => "ERROR",
        LogLevel::Fatal | LogLevel::Off => "FATAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The samples of failover-and-server 4.6.
    #[test]
    fn a_line_has_the_form_that_scripts_parse() {
        let now: Zoned = "2019-01-17T13:22:37.292[UTC]".parse().unwrap();
        let record = Record {
            id: "XMLServer0001".to_owned(),
            logger: "esp.server".to_owned(),
            file: "Esp.cpp".to_owned(),
            line: 791,
            text: "starting esp server".to_owned(),
            ..Record::new(LogLevel::Info, 4)
        };
        assert_eq!(
            line(&now, &record, &Style::default()),
            "2019-01-17T13:22:37,292; INFO ; 00000004; DF.ESP; (Esp.cpp:791); [XMLServer0001] starting esp server"
        );
        let style = Style { loggers: true, engine: Some("551f981c".to_owned()), ..Style::default() };
        assert_eq!(
            line(&now, &record, &style),
            "2019-01-17T13:22:37,292; INFO ; 00000004; esp.server; (Esp.cpp:791); {551f981c}[XMLServer0001] starting esp server"
        );
    }
}
