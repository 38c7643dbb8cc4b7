//! `GET loggers`, `GET logCapture` (rest-api 7.2).

use crate::node::{Document, Layout, Node, Response};

/// Loggers with their levels; one alone is a list, too.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LoggerList {
    /// Name and level of each. A client takes every attribute for one of the two, so there is no third.
    pub loggers: Vec<(String, String)>,
}

impl Response for LoggerList {
    fn document(&self) -> Document {
        let loggers = self.loggers.iter().map(|(name, level)| {
            Node::leaf("logger").attribute("name", name.as_str()).attribute("level", level.as_str())
        });
        Document { root: Node::list("loggers", loggers.collect()), layout: Layout::Indented }
    }
}

/// Whether log lines are captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogCapture {
    /// Whether they are.
    pub on: bool,
}

impl Response for LogCapture {
    fn document(&self) -> Document {
        let root = Node::leaf("log-capture").attribute("logcapture", if self.on { "on" } else { "off" });
        Document { root, layout: Layout::Indented }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logger_has_a_name_and_a_level() {
        let list = LoggerList { loggers: vec![("esp".to_owned(), "info".to_owned())] };
        assert_eq!(list.to_xml(), "<loggers>\n  <logger name=\"esp\" level=\"info\"/>\n</loggers>\n");
        assert_eq!(LogCapture { on: true }.to_xml(), "<log-capture logcapture=\"on\"/>\n");
        assert_eq!(LogCapture { on: false }.to_xml(), "<log-capture logcapture=\"off\"/>\n");
    }
}
