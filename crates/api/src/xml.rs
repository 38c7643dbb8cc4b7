//! The XML form of an element tree.

use crate::node::{Content, Document, Layout, Node};

/// Renders `document`: one element per line, no prolog, every line ended by `\n`.
pub(crate) fn write(document: &Document) -> String {
    let mut out = String::new();
    write_node(&mut out, &document.root, document.layout, 0);
    out
}

fn write_node(out: &mut String, node: &Node, layout: Layout, depth: usize) {
    indent(out, layout, depth);
    out.push('<');
    out.push_str(&node.tag);
    for (name, value) in &node.attributes {
        out.push(' ');
        out.push_str(name);
        out.push_str("=\"");
        escape_attribute(out, value);
        out.push('"');
    }
    match &node.content {
        Content::Empty => out.push_str("/>\n"),
        Content::Text(text) => {
            out.push('>');
            escape_text(out, text);
            close(out, &node.tag);
        }
        Content::Elements(nodes) | Content::Members(nodes) if nodes.is_empty() => out.push_str("/>\n"),
        Content::Elements(nodes) | Content::Members(nodes) => {
            out.push_str(">\n");
            for child in nodes {
                write_node(out, child, layout, depth + 1);
            }
            indent(out, layout, depth);
            close(out, &node.tag);
        }
    }
}

fn close(out: &mut String, tag: &str) {
    out.push_str("</");
    out.push_str(tag);
    out.push_str(">\n");
}

fn indent(out: &mut String, layout: Layout, depth: usize) {
    if layout == Layout::Indented {
        out.extend(std::iter::repeat_n("  ", depth));
    }
}

/// Quotes stay as they are in text: ESP's messages contain them (`project 'P' …`).
fn escape_text(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(representable(c)),
        }
    }
}

/// Line ends and tabs are written as references, because a reader turns raw ones into blanks.
fn escape_attribute(out: &mut String, value: &str) {
    for c in value.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(representable(c)),
        }
    }
}

/// XML 1.0 has no way at all to write most control characters; they become U+FFFD, so that one odd field
/// does not make a whole answer unreadable.
fn representable(c: char) -> char {
    match c {
        '\t' | '\n' => c,
        '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => '\u{fffd}',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use quick_xml::events::Event;

    fn xml(root: Node, layout: Layout) -> String {
        write(&Document { root, layout })
    }

    #[test]
    fn an_empty_list_is_one_line() {
        assert_eq!(xml(Node::list("projects", vec![]), Layout::Indented), "<projects/>\n");
    }

    #[test]
    fn levels_are_two_spaces_apart() {
        let tree = Node::list("a", vec![Node::list("b", vec![Node::text("c", "1")]), Node::leaf("d")]);
        let expected = "<a>\n  <b>\n    <c>1</c>\n  </b>\n  <d/>\n</a>\n";
        assert_eq!(xml(tree.clone(), Layout::Indented), expected);
        assert_eq!(xml(tree, Layout::Flat), "<a>\n<b>\n<c>1</c>\n</b>\n<d/>\n</a>\n");
    }

    #[test]
    fn marks_are_escaped_and_quotes_kept_in_text() {
        let tree = Node::text("m", "'a' \"b\" <&> \u{1}").attribute("n", "\"<&>\"\n");
        let expected = "<m n=\"&quot;&lt;&amp;&gt;&quot;&#10;\">'a' \"b\" &lt;&amp;&gt; \u{fffd}</m>\n";
        assert_eq!(xml(tree, Layout::Flat), expected);
    }

    proptest! {
        #[test]
        fn another_reader_gets_text_and_attribute_back(text in "[^\\p{C}]{1,20}", value in "[ -~\n\t\r\u{e9}]{0,20}") {
            let out = xml(Node::text("t", text.clone()).attribute("a", value.clone()), Layout::Flat);
            let mut reader = quick_xml::Reader::from_str(&out);
            let mut read = String::new();
            loop {
                match reader.read_event().unwrap() {
                    Event::Start(start) => {
                        let attribute = start.attributes().next().unwrap().unwrap();
                        let got = quick_xml::escape::unescape(std::str::from_utf8(&attribute.value).unwrap()).unwrap().into_owned();
                        prop_assert_eq!(&got, &value);
                    }
                    Event::Text(part) => read.push_str(std::str::from_utf8(&part).unwrap()),
                    Event::GeneralRef(name) => {
                        let entity = format!("&{};", std::str::from_utf8(&name).unwrap());
                        read.push_str(&quick_xml::escape::unescape(&entity).unwrap());
                    }
                    Event::End(_) => break,
                    _ => {}
                }
            }
            prop_assert_eq!(read, text);
        }
    }
}
