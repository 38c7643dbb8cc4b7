//! `GET events` and `projectResults` (rest-api 6).

use tidegate_event::Opcode;

use crate::node::{Document, Layout, Node, Response};

/// Events of one or several windows. `count` of the root is their number.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventList {
    /// The events, in the order they are listed.
    pub events: Vec<EventEntry>,
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventEntry {
    /// Its opcode, written as a word.
    pub opcode: Opcode,
    /// Its window, as `P/CQ/W`.
    pub window: String,
    /// Field names and formatted values in schema order. A null is left out of the body, because an empty
    /// element breaks clients' conversions.
    pub fields: Vec<(String, Option<String>)>,
}

impl Response for EventList {
    fn document(&self) -> Document {
        let events = self.events.iter().map(event).collect();
        let root = Node::list("events", events).attribute("count", self.events.len().to_string());
        Document { root, layout: Layout::Indented }
    }
}

fn event(entry: &EventEntry) -> Node {
    let fields = entry
        .fields
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| Node::text(name.as_str(), value.as_str())))
        .collect();
    Node::members("event", fields)
        .attribute("opcode", entry.opcode.word())
        .attribute("window", entry.window.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(window: &str, fields: &[(&str, Option<&str>)]) -> EventList {
        let fields = fields.iter().map(|(n, v)| ((*n).to_owned(), v.map(str::to_owned))).collect();
        EventList { events: vec![EventEntry { opcode: Opcode::Insert, window: window.to_owned(), fields }] }
    }

    /// The body of rest-api 6.1.
    #[test]
    fn xml_leaves_nulls_out() {
        let fields = [("id", Some("1")), ("x_c", Some("1.000000")), ("y_c", None)];
        let expected = "<events count=\"1\">\n  <event opcode=\"insert\" window=\"P/contquery/w_data\">\n    \
                        <id>1</id>\n    <x_c>1.000000</x_c>\n  </event>\n</events>\n";
        assert_eq!(list("P/contquery/w_data", &fields).to_xml(), expected);
    }

    /// The literal JSON of rest-api 2.3.
    #[test]
    fn json_of_an_event_is_an_object() {
        let expected = r#"{"events":[{"attributes":{"count":"1"}},{"event":{"attributes":{"opcode":"insert","window":"p/cq/w"},"id":"7","x":"1.5"}}]}"#;
        assert_eq!(list("p/cq/w", &[("id", Some("7")), ("x", Some("1.5"))]).to_json(), expected);
    }

    #[test]
    fn no_events() {
        assert_eq!(EventList::default().to_xml(), "<events count=\"0\"/>\n");
        assert_eq!(EventList::default().to_json(), r#"{"events":[{"attributes":{"count":"0"}}]}"#);
    }
}
