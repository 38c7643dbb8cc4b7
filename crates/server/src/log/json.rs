//! One JSON object per line, with the keys that readers of ESP 7 and those of containers use (failover-and-server 4.6).

use jiff::Zoned;
use serde_json::json;
use tidegate_host::LogLevel;

use super::record::Record;

/// One line, without its line break.
pub(super) fn line(now: &Zoned, record: &Record) -> String {
    let Record { logger, thread, file, line, text, .. } = record;
    let id = if record.id.is_empty() { String::new() } else { format!("[{}] ", record.id) };
    let content = format!("{id}{text}");
    json!({
        "_timestamp": now.strftime("%Y-%m-%dT%H:%M:%S%.3f%:z").to_string(),
        "level": label(record.level),
        "message": content.as_str(),
        "logger": logger,
        "loggerLevel": label(record.level),
        "thread": format!("{thread:08}"),
        "messageContent": content.as_str(),
        "messageFile": file,
        "messageLine": line,
    })
    .to_string()
}

fn label(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARN",
        LogLevel::Error => "ERROR",
        LogLevel::Fatal | LogLevel::Off => "FATAL",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_one_object() {
        let now: Zoned = "2019-01-17T13:22:37.292[UTC]".parse().unwrap();
        let record = Record {
            id: "XMLServer0001".to_owned(),
            logger: "esp.server".to_owned(),
            file: "Esp.cpp".to_owned(),
            line: 791,
            text: "two\nlines; \"quoted\"".to_owned(),
            ..Record::new(LogLevel::Warn, 4)
        };
        assert_eq!(
            line(&now, &record),
            concat!(
                r#"{"_timestamp":"2019-01-17T13:22:37.292+00:00","level":"WARN","#,
                r#""message":"[XMLServer0001] two\nlines; \"quoted\"","logger":"esp.server","loggerLevel":"WARN","#,
                r#""thread":"00000004","messageContent":"[XMLServer0001] two\nlines; \"quoted\"","#,
                r#""messageFile":"Esp.cpp","messageLine":791}"#
            )
        );
    }
}
