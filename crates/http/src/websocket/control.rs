//! Control messages of a subscriber socket (websocket-api 4.6). What is none of them is ignored: clients send free text.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

/// Longest control message that is looked at.
const MAX_BYTES: usize = 64 << 10;

/// Which page is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WantedPage {
    Current,
    First,
    Last,
    Next,
    Previous,
}

/// What a client wants changed. Texts are as they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Changes {
    pub(super) mode: Option<String>,
    pub(super) page_size: Option<String>,
    pub(super) sort: Option<String>,
    pub(super) interval: Option<String>,
    pub(super) separator: Option<String>,
    /// A filter, or none at all.
    pub(super) filter: Option<Option<String>>,
}

/// A message of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Control {
    Change(Changes),
    /// A page, after a change of the filter.
    Load(WantedPage, Changes),
    Play,
    Pause,
}

impl Control {
    /// Reads a message; nothing when it is none.
    pub(super) fn parse(message: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(message).ok().filter(|text| text.len() <= MAX_BYTES)?;
        let mut reader = Reader::from_str(text.trim());
        let (root, has_children) = match reader.read_event().ok()? {
            Event::Start(start) => (start.into_owned(), true),
            Event::Empty(start) => (start.into_owned(), false),
            _ => return None,
        };
        let mut changes = changes(&root)?;
        if has_children {
            changes.filter = filter(&mut reader)?;
        }
        match root.name().as_ref() {
            b"properties" => Some(Self::Change(changes)),
            b"play" => Some(Self::Play),
            b"pause" => Some(Self::Pause),
            b"load" => {
                let page = match attribute(&root, "page")?.as_deref() {
                    None => WantedPage::Current,
                    Some("first") => WantedPage::First,
                    Some("last") => WantedPage::Last,
                    Some("next") => WantedPage::Next,
                    Some("prev") => WantedPage::Previous,
                    Some(_) => return None,
                };
                Some(Self::Load(page, changes))
            }
            _ => None,
        }
    }
}

/// The attributes of a message; nothing when they are malformed.
fn changes(root: &BytesStart<'_>) -> Option<Changes> {
    Some(Changes {
        mode: attribute(root, "mode")?,
        page_size: attribute(root, "pagesize")?,
        sort: attribute(root, "sort")?,
        interval: attribute(root, "interval")?,
        separator: attribute(root, "separator")?,
        filter: None,
    })
}

#[expect(clippy::option_option, reason = "a malformed attribute and none are two things")]
fn attribute(element: &BytesStart<'_>, name: &str) -> Option<Option<String>> {
    match element.try_get_attribute(name).ok()? {
        None => Some(None),
        Some(attribute) => {
            let raw = std::str::from_utf8(&attribute.value).ok()?;
            Some(Some(quick_xml::escape::unescape(raw).ok()?.into_owned()))
        }
    }
}

/// The filter among the children: `null` and nothing mean no filter. Outer nothing: the message is malformed; inner
/// nothing: it says nothing of a filter.
#[expect(clippy::option_option, reason = "no word of a filter, and the word that there is none")]
fn filter(reader: &mut Reader<&[u8]>) -> Option<Option<Option<String>>> {
    let mut text = String::new();
    let (mut inside, mut seen, mut depth) = (false, false, 0_u32);
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                depth += 1;
                inside = depth == 1 && start.name().as_ref() == b"filter";
                seen |= inside;
            }
            Event::Empty(start) => seen |= depth == 0 && start.name().as_ref() == b"filter",
            Event::End(_) if depth == 0 => break,
            Event::End(_) => {
                depth -= 1;
                inside = false;
            }
            Event::Text(part) if inside => text.push_str(std::str::from_utf8(&part).ok()?),
            Event::CData(part) if inside => text.push_str(std::str::from_utf8(&part).ok()?),
            Event::GeneralRef(name) if inside => match name.as_ref() {
                b"lt" => text.push('<'),
                b"gt" => text.push('>'),
                b"amp" => text.push('&'),
                b"quot" => text.push('"'),
                b"apos" => text.push('\''),
                _ => text.push(name.resolve_char_ref().ok()??),
            },
            Event::Eof => return None,
            _ => {}
        }
    }
    let text = text.trim();
    let filter = (!text.is_empty() && text != "null").then(|| text.to_owned());
    Some(seen.then_some(filter))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changed(text: &str) -> Changes {
        match Control::parse(text.as_bytes()) {
            Some(Control::Change(changes)) => changes,
            other => panic!("{other:?}"),
        }
    }

    /// The messages of websocket-api 4.6.
    #[test]
    fn messages_of_the_clients() {
        assert_eq!(
            changed("<properties mode=\"streaming\"></properties>").mode.as_deref(),
            Some("streaming")
        );
        assert_eq!(changed("<properties pagesize='10'/>").page_size.as_deref(), Some("10"));
        assert_eq!(changed("<properties sort=\"id\"></properties>").sort.as_deref(), Some("id"));
        assert_eq!(changed("<properties separator=\";\"></properties>").separator.as_deref(), Some(";"));
        let filter = |text: &str| changed(text).filter;
        let wanted = Some(Some("in(id, 1)".to_owned()));
        assert_eq!(filter("<properties><filter><![CDATA[in(id, 1)]]></filter></properties>"), wanted);
        assert_eq!(filter("<properties><filter>in(id, 1)</filter></properties>"), wanted);
        assert_eq!(
            filter("<properties><filter>a&lt;&#98;</filter></properties>"),
            Some(Some("a<b".to_owned()))
        );
        assert_eq!(filter("<properties><filter>null</filter></properties>"), Some(None));
        assert_eq!(filter("<properties><filter/></properties>"), Some(None));
        assert_eq!(filter("<properties sort='x'></properties>"), None);
        assert_eq!(Control::parse(b"<play/>"), Some(Control::Play));
        assert_eq!(Control::parse(b" <pause></pause> "), Some(Control::Pause));
        for (text, page) in [
            ("<load />", WantedPage::Current),
            ("<load page='first'/>", WantedPage::First),
            ("<load page=\"last\"></load>", WantedPage::Last),
            ("<load page='next'/>", WantedPage::Next),
            ("<load page='prev'/>", WantedPage::Previous),
        ] {
            assert_eq!(Control::parse(text.as_bytes()), Some(Control::Load(page, Changes::default())));
        }
        let load = Control::parse(b"<load><filter>gt($x,1)</filter></load>");
        let changes = Changes { filter: Some(Some("gt($x,1)".to_owned())), ..Changes::default() };
        assert_eq!(load, Some(Control::Load(WantedPage::Current, changes)));
    }

    #[test]
    fn other_text_is_none() {
        for text in [
            "",
            "I am the client",
            "Hello 0",
            "<properties",
            "<load page='5'/>",
            "<a/>",
            "{}",
            "<properties><filter>",
        ] {
            assert_eq!(Control::parse(text.as_bytes()), None, "{text}");
        }
        assert_eq!(Control::parse(&[0xff, 0xfe]), None);
    }

    proptest::proptest! {
        #[test]
        fn no_message_panics(bytes in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..200), text in "[<>/a-z='\"&; !\\[\\]]{0,60}") {
            let _ = Control::parse(&bytes);
            let _ = Control::parse(text.as_bytes());
        }
    }
}
