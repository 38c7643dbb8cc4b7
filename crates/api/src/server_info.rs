//! `GET server` (rest-api 3.2).

use crate::node::{Document, Layout, Node, Response};

/// What the server says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// The reported version. Clients convert it to a number, so `N.M`.
    pub version: String,
    /// The engine's name or id.
    pub engine: String,
    /// `analytics-license`.
    pub analytics_license: bool,
    /// `primary-server`: false on a standby.
    pub primary_server: bool,
    /// The publish/subscribe port, if one is open.
    pub pubsub: Option<u16>,
    /// With `config=true`, the options the server was started with, without the dash; one without a value
    /// has none. Not written at all when empty.
    pub properties: Vec<(String, Option<String>)>,
}

impl Response for ServerInfo {
    fn document(&self) -> Document {
        let properties: Vec<Node> = self
            .properties
            .iter()
            .map(|(name, value)| {
                match value {
                    Some(value) => Node::text("property", value.as_str()),
                    None => Node::leaf("property"),
                }
                .attribute("name", name.as_str())
            })
            .collect();
        let element = if properties.is_empty() {
            Node::leaf("esp-server")
        } else {
            Node::list("esp-server", properties)
        };
        let root = element
            .attribute("version", self.version.as_str())
            .attribute("engine", self.engine.as_str())
            .attribute("analytics-license", self.analytics_license.to_string())
            .attribute("primary-server", self.primary_server.to_string())
            .attribute_if("pubsub", self.pubsub.map(|port| port.to_string()));
        Document { root, layout: Layout::Indented }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(version: &str, engine: &str, pubsub: u16) -> ServerInfo {
        ServerInfo {
            version: version.to_owned(),
            engine: engine.to_owned(),
            analytics_license: true,
            primary_server: true,
            pubsub: Some(pubsub),
            properties: vec![],
        }
    }

    /// The body seen in rest-api 3.2.
    #[test]
    fn plain() {
        let body = info("6.1", "49fe0cda-f2a7-4394-8544-93c3cbfa299b", 61001).to_xml();
        let expected = "<esp-server version=\"6.1\" engine=\"49fe0cda-f2a7-4394-8544-93c3cbfa299b\" \
                        analytics-license=\"true\" primary-server=\"true\" pubsub=\"61001\"/>\n";
        assert_eq!(body, expected);
    }

    /// The second body of rest-api 3.2, with an option that has no value.
    #[test]
    fn with_properties() {
        let property = |name: &str, value: Option<&str>| (name.to_owned(), value.map(str::to_owned));
        let properties = vec![
            property("pubsub", Some("8611")),
            property("http", Some("8610")),
            property("nocleanup", None),
        ];
        let info = ServerInfo { properties, ..info("5.2", "esp", 8611) };
        let expected = "<esp-server version=\"5.2\" engine=\"esp\" analytics-license=\"true\" \
                        primary-server=\"true\" pubsub=\"8611\">\n  <property name=\"pubsub\">8611</property>\n  \
                        <property name=\"http\">8610</property>\n  <property name=\"nocleanup\"/>\n</esp-server>\n";
        assert_eq!(info.to_xml(), expected);
        let json = info.to_json();
        assert!(json.contains(r#"{"property":{"attributes":{"name":"http"},"property":"8610"}}"#), "{json}");
    }
}
