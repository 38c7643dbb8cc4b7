//! CSV as the connectors write it: quotes, `\"` and `\\` inside them, `\,` outside, blanks before a value dropped.

/// Text that follows a closing quote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("text after a closing quote in line {line}")]
pub(crate) struct RecordError {
    line: usize,
}

/// The records of `text`; an empty one stands for a blank line, which ends a step.
pub(crate) fn records(text: &str) -> Result<Vec<Vec<String>>, RecordError> {
    let mut records = Vec::new();
    let mut record = Vec::new();
    let mut chars = text.chars().peekable();
    while chars.peek().is_some() {
        while chars.next_if_eq(&' ').is_some() {}
        let mut value = String::new();
        if chars.next_if_eq(&'"').is_some() {
            while let Some(c) = chars.next_if(|c| *c != '"') {
                let escaped = (c == '\\').then(|| chars.next_if(|n| matches!(n, '"' | '\\'))).flatten();
                value.push(escaped.unwrap_or(c));
            }
            chars.next();
            while chars.next_if(|c| matches!(c, ' ' | '\r')).is_some() {}
            if chars.peek().is_some_and(|c| !matches!(c, ',' | '\n')) {
                return Err(RecordError { line: records.len() + 1 });
            }
        } else {
            while let Some(c) = chars.next_if(|c| !matches!(c, ',' | '\n')) {
                let escaped = (c == '\\').then(|| chars.next_if_eq(&',')).flatten();
                value.push(escaped.unwrap_or(c));
            }
            if chars.peek() != Some(&',') {
                value.truncate(value.trim_end_matches('\r').len());
            }
        }
        record.push(value);
        if chars.next() != Some(',') {
            let whole = std::mem::take(&mut record);
            records.push(if whole == [""] { Vec::new() } else { whole });
        } else if chars.peek().is_none() {
            record.push(String::new());
        }
    }
    if !record.is_empty() {
        records.push(record);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_quotes_and_steps() {
        let text = "I,N, a,\"b,\\\"c\\\"\"\r\n\nD,N,,x\\,y\n";
        assert_eq!(
            records(text).unwrap(),
            [vec!["I", "N", "a", "b,\"c\""], vec![], vec!["D", "N", "", "x,y"]]
        );
    }

    #[test]
    fn a_last_empty_value_counts() {
        assert_eq!(records("I,N,1,").unwrap(), [["I", "N", "1", ""]]);
        assert_eq!(records("I,N,1,\n").unwrap(), [["I", "N", "1", ""]]);
    }

    #[test]
    fn text_after_a_quote_is_an_error() {
        assert_eq!(records("\"a\"b\n"), Err(RecordError { line: 1 }));
    }
}
