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
    /// With `config=true`, where the failovers of connectors stand (Tidegate's own; design.md 7, Names).
    pub failovers: Vec<FailoverInfo>,
    /// With `config=true`, projects and the age of their last snapshot in seconds (Tidegate's own).
    pub snapshots: Vec<(String, u64)>,
}

/// Where the failover of a connector stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailoverInfo {
    /// The group that elects.
    pub group: String,
    /// `project/contquery/window/connector`.
    pub connector: String,
    /// `active`, `standby` or `held`.
    pub role: String,
    /// Records of input that are not processed yet.
    pub lag: u64,
    /// Whether that is at most a second of input.
    pub in_sync: bool,
    /// Records that the output gate holds.
    pub gate: u64,
    /// Id of the last output known to be committed.
    pub last_committed: Option<String>,
    /// What is left of the lease, in milliseconds.
    pub lease_ms: u64,
}

impl FailoverInfo {
    fn node(&self) -> Node {
        Node::leaf("failover")
            .attribute("group", self.group.as_str())
            .attribute("connector", self.connector.as_str())
            .attribute("role", self.role.as_str())
            .attribute("lag", self.lag.to_string())
            .attribute("in-sync", self.in_sync.to_string())
            .attribute("gate", self.gate.to_string())
            .attribute_if("last-committed", self.last_committed.as_deref())
            .attribute("lease-ms", self.lease_ms.to_string())
    }
}

impl Response for ServerInfo {
    fn document(&self) -> Document {
        let mut properties: Vec<Node> = self
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
        properties.extend(self.failovers.iter().map(FailoverInfo::node));
        properties.extend(self.snapshots.iter().map(|(project, age)| {
            Node::leaf("snapshot")
                .attribute("project", project.as_str())
                .attribute("snapshot-age", age.to_string())
        }));
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
            failovers: vec![],
            snapshots: vec![],
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

    #[test]
    fn with_a_failover() {
        let failover = FailoverInfo {
            group: "ESP".to_owned(),
            connector: "p/cq/w/out".to_owned(),
            role: "standby".to_owned(),
            lag: 3,
            in_sync: true,
            gate: 12,
            last_committed: Some("1f:41:0:0".to_owned()),
            lease_ms: 0,
        };
        let info = ServerInfo {
            primary_server: false,
            failovers: vec![failover],
            snapshots: vec![("p".to_owned(), 61)],
            ..info("5.2", "esp", 8611)
        };
        let expected = "<esp-server version=\"5.2\" engine=\"esp\" analytics-license=\"true\" \
                        primary-server=\"false\" pubsub=\"8611\">\n  <failover group=\"ESP\" \
                        connector=\"p/cq/w/out\" role=\"standby\" lag=\"3\" in-sync=\"true\" gate=\"12\" \
                        last-committed=\"1f:41:0:0\" lease-ms=\"0\"/>\n  \
                        <snapshot project=\"p\" snapshot-age=\"61\"/>\n</esp-server>\n";
        assert_eq!(info.to_xml(), expected);
    }
}
