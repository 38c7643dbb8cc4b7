//! Names of topics on a Kafka bus (connectors-adapters 6.1).

use crate::url::DfespUrl;

/// Which topic of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataTopic {
    /// Into the server: what publishers write.
    Inbound,
    /// Out of the server: what subscribers read.
    Outbound,
}

/// The first part of topic names: `host_port`.
pub fn base(url: &DfespUrl) -> String {
    format!("{}_{}", url.host, url.port)
}

/// The topic on which metadata questions are asked, from a connector's `urlhostport` or from [`base`]. A `:` stands for
/// the `_` of the topic.
pub fn metadata_topic(urlhostport: &str) -> String {
    format!("{}.M", urlhostport.trim().replace(':', "_"))
}

impl DataTopic {
    /// The topic of the window that the URL names; none when it names no window. Options are no part of it.
    pub fn name(self, url: &DfespUrl) -> Option<String> {
        let [project, contquery, window] = url.window_path()?;
        let suffix = match self {
            Self::Inbound => "I",
            Self::Outbound => "O",
        };
        Some(format!("{}.{project}.{contquery}.{window}.{suffix}", base(url)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of connectors-adapters 6.1.
    #[test]
    fn names_of_the_specification() {
        let url: DfespUrl =
            "dfESP://iotdemo.na.sas.com:61001/kafka1/cq1/kafka_incoming?snapshot=true".parse().unwrap();
        let inbound = DataTopic::Inbound.name(&url).unwrap();
        assert_eq!(inbound, "iotdemo.na.sas.com_61001.kafka1.cq1.kafka_incoming.I");
        let outbound = DataTopic::Outbound.name(&url).unwrap();
        assert_eq!(outbound, "iotdemo.na.sas.com_61001.kafka1.cq1.kafka_incoming.O");
        assert_eq!(metadata_topic(&base(&url)), "iotdemo.na.sas.com_61001.M");
        assert_eq!(metadata_topic("iotdemo.na.sas.com:61001"), "iotdemo.na.sas.com_61001.M");
        assert_eq!(metadata_topic("HAtopic1_31415"), "HAtopic1_31415.M");
    }

    #[test]
    fn a_url_without_window_has_no_topic() {
        let url: DfespUrl = "dfESP://h:1/p/cq".parse().unwrap();
        assert_eq!(DataTopic::Inbound.name(&url), None);
    }
}
