//! Prints an answer with one XML element per line (failover-and-server 5.3).
//!
//! Scripts cut the output into lines, so each tag begins a line; the blanks a server put before a tag stay.
//! Tags and texts are copied as they came. What is not well-formed XML is printed untouched.

use std::io::{self, Write};

use quick_xml::Reader;
use quick_xml::events::Event;

/// Prints `body` and ends its last line; an empty body prints nothing.
pub(crate) fn print(body: &[u8], out: &mut dyn Write) -> io::Result<()> {
    let lines =
        std::str::from_utf8(body).ok().filter(|text| text.trim_start().starts_with('<')).and_then(lines);
    let text = lines.as_deref().map_or(body, str::as_bytes);
    out.write_all(text)?;
    if !text.is_empty() && !text.ends_with(b"\n") {
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// One element per line; none when `xml` is not well formed.
fn lines(xml: &str) -> Option<String> {
    let mut reader = Reader::from_str(xml);
    let mut out = String::with_capacity(xml.len() + xml.len() / 4);
    // What has been copied since the last line began, and whether an open tag waits for its text.
    let mut text = String::new();
    let mut leaf = false;
    let mut depth = 0_usize;
    let mut from = 0;
    loop {
        let event = reader.read_event().ok()?;
        let to = usize::try_from(reader.buffer_position()).ok()?;
        let token = xml.get(from..to)?;
        from = to;
        match event {
            Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => text.push_str(token),
            Event::End(_) => {
                depth = depth.checked_sub(1)?;
                if leaf {
                    out.push_str(&text);
                    text.clear();
                } else {
                    begin_line(&mut out, &mut text);
                }
                out.push_str(token);
                leaf = false;
            }
            Event::Eof => {
                let tail = std::mem::take(&mut text);
                return (depth == 0 && tail.trim().is_empty()).then(|| out + "\n");
            }
            other => {
                begin_line(&mut out, &mut text);
                out.push_str(token);
                leaf = matches!(other, Event::Start(_));
                depth += usize::from(leaf);
            }
        }
    }
}

/// Ends the line before and begins one with the text or the blanks between the two tags.
fn begin_line(out: &mut String, text: &mut String) {
    let between = std::mem::take(text);
    let content = between.trim();
    if !content.is_empty() {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(content);
    }
    if !out.is_empty() {
        out.push('\n');
    }
    if let Some((_, blanks)) = between.rsplit_once('\n').filter(|(_, blanks)| blanks.trim().is_empty()) {
        out.push_str(blanks);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(body: &str) -> String {
        let mut out = Vec::new();
        print(body.as_bytes(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn one_element_per_line() {
        assert_eq!(
            printed("<response><message>project 'p' &amp; q</message></response>"),
            "<response>\n<message>project 'p' &amp; q</message>\n</response>\n"
        );
        assert_eq!(
            printed("<message>load project p succeeded</message>"),
            "<message>load project p succeeded</message>\n"
        );
        assert_eq!(printed("<a><b x='1'/><c></c></a>"), "<a>\n<b x='1'/>\n<c></c>\n</a>\n");
    }

    #[test]
    fn lines_that_are_there_stay() {
        let body = "<windows>\n  <window-source name=\"w\" contquery=\"c\" project=\"p\" count=\"1\"/>\n</windows>\n";
        assert_eq!(printed(body), body);
        assert_eq!(printed("<windows/>"), "<windows/>\n");
    }

    #[test]
    fn text_of_a_leaf_is_untouched() {
        let body = "<m> two\nlines <![CDATA[<x>]]></m>\n";
        assert_eq!(printed(body), body);
    }

    #[test]
    fn other_bodies_are_printed_as_they_are() {
        assert_eq!(printed(""), "");
        assert_eq!(printed("{\"a\":[]}"), "{\"a\":[]}\n");
        assert_eq!(printed("<a><b></a>"), "<a><b></a>\n");
        assert_eq!(printed("<a><b/>"), "<a><b/>\n");
    }
}
