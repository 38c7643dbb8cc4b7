//! Trees, places and refusals of the parser.

use super::*;

fn tree(text: &str) -> Element {
    parse(text, &Limits::MODEL).unwrap()
}

fn refusal(text: &str) -> String {
    parse(text, &Limits::MODEL).unwrap_err().to_string()
}

#[test]
fn places_of_elements_attributes_and_text() {
    let root = tree(
        "<?xml version=\"1.0\"?>\r\n<a>\r\n  <b  x='1'\r\n     y=\"ä&lt;\n\">t&amp;<![CDATA[<u>]]></b></a>\n",
    );
    assert_eq!(root.position, Position { line: 2, column: 1 });
    let b = &root.children[0];
    assert_eq!(b.position, Position { line: 3, column: 3 });
    assert_eq!(b.attributes[0].position, Position { line: 3, column: 7 });
    assert_eq!(b.attributes[1].position, Position { line: 4, column: 6 });
    assert_eq!(b.attributes[1].value, "ä< ");
    assert_eq!(b.text.as_str(), "t&<u>");
    assert_eq!(b.text.position_of(1, 1), Position { line: 5, column: 3 });
    assert_eq!(b.text.position_of(1, 2), Position { line: 5, column: 4 });
    assert_eq!(b.text.position_of(1, 4), Position { line: 5, column: 19 });
}

#[test]
fn the_echo_is_what_was_read() {
    let text =
        "<a x=\"1 &amp; &quot;2&quot;\" y=\"\">\n  <!-- c --><b/>mixed &lt; <![CDATA[a && b]]><c></c>\n</a>";
    assert_eq!(tree(text).to_xml(), text);
}

#[test]
fn an_expanded_section_end_is_split() {
    let mut root = tree("<a><![CDATA[x]]></a>");
    root.content = vec![Content::Text { text: SourceText::new("1]]>2", Position::START), cdata: true }];
    assert_eq!(tree(&root.to_xml()).text.as_str(), "1]]>2");
}

#[test]
fn refusals_have_a_place() {
    for (text, expected) in [
        ("", "1:1: the document has no element"),
        ("<a>\n<b></c></a>", "2:4: the element 'b' is closed by 'c'"),
        ("<a>\n <b>", "2:2: the element 'b' is not closed"),
        ("</a>", "1:1: 'a' is closed but was never opened"),
        ("<a/>\n<b/>", "2:1: the document has a second root element"),
        ("<a/>x", "1:5: there is text outside the root element"),
        ("<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "1:1: a DOCTYPE is not allowed in a model"),
    ] {
        assert_eq!(refusal(text), expected, "{text}");
    }
    assert!(refusal("<a>\n&e;</a>").starts_with("2:1: '&e;' is not known"));
    assert!(refusal("<a\nx='1' x='2'/>").contains("an attribute is wrong"));
    assert!(refusal("<a x='<'/>").starts_with("1:4: an attribute's value holds '<'"));
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes: 40, depth: 3, elements: 4 };
    assert!(parse("<a><b><c/></b></a>", &limits).is_ok());
    assert_eq!(parse("<a><b><c><d/></c></b></a>", &limits).unwrap_err().kind, MistakeKind::TooLarge);
    assert_eq!(parse("<a><b/><b/><b/><b/></a>", &limits).unwrap_err().kind, MistakeKind::TooLarge);
    assert_eq!(
        parse(&format!("<a>{}</a>", " ".repeat(40)), &limits).unwrap_err().kind,
        MistakeKind::TooLarge
    );
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "(<|>|/|a|b|=|\"|'|&|;|#|x|!|-|\\[|\\]|CDATA|\\?|\n|ä| ){0,60}") {
        if let Ok(root) = parse(&text, &Limits::MODEL) {
            // What is written reads as the same tree.
            let again = parse(&root.to_xml(), &Limits::MODEL).unwrap();
            proptest::prop_assert_eq!(again.to_xml(), root.to_xml());
        }
    }
}
