//! Writing an element back: the echo of `GET projectXml` (rest-api 4.6).

use super::{Content, Element};

impl Element {
    /// The element as XML: the same elements, order, text, attributes, CDATA sections and comments as it was read from,
    /// with tokens expanded. Attribute values stand in double quotes.
    pub fn write_xml(&self, out: &mut String) {
        out.push('<');
        out.push_str(&self.name);
        for attribute in &self.attributes {
            out.push(' ');
            out.push_str(&attribute.name);
            out.push_str("=\"");
            escape(&attribute.value, true, out);
            out.push('"');
        }
        if self.empty_tag {
            out.push_str("/>");
            return;
        }
        out.push('>');
        let mut children = self.children.iter();
        for content in &self.content {
            match content {
                Content::Child => children.by_ref().take(1).for_each(|child| child.write_xml(out)),
                Content::Text { text, cdata: false } => escape(text.as_str(), false, out),
                Content::Text { text, cdata: true } => {
                    out.push_str("<![CDATA[");
                    // An expanded token may bring the one sequence that a section cannot hold.
                    out.push_str(&text.as_str().replace("]]>", "]]]]><![CDATA[>"));
                    out.push_str("]]>");
                }
                Content::Comment(text) => {
                    out.push_str("<!--");
                    out.push_str(text);
                    out.push_str("-->");
                }
            }
        }
        out.push_str("</");
        out.push_str(&self.name);
        out.push('>');
    }

    /// [`write_xml`](Self::write_xml) into a new string.
    pub fn to_xml(&self) -> String {
        let mut out = String::new();
        self.write_xml(&mut out);
        out
    }
}

fn escape(text: &str, attribute: bool, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' if attribute => out.push_str("&quot;"),
            '\n' if attribute => out.push_str("&#10;"),
            '\t' if attribute => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
