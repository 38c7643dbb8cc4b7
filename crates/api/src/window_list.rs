//! `GET windows` and below (rest-api 5.1).

use crate::node::{Document, Layout, Node, Response};
use crate::schema_entry::SchemaEntry;

/// Windows with their counts or schemas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WindowList {
    /// The windows, in the order they are listed.
    pub windows: Vec<WindowEntry>,
}

/// One window. A script takes the second, fourth and fifth word of its line for name, project and count
/// (failover-and-server 5.3), so the order of the attributes is fixed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WindowEntry {
    /// The element's name, for example `window-source`.
    pub tag: String,
    /// The window's name.
    pub name: String,
    /// Its continuous query.
    pub contquery: String,
    /// Its project.
    pub project: String,
    /// Events in its index, with `count=true`.
    pub count: Option<u64>,
    /// Its schema, with `schema=true`.
    pub schema: Option<SchemaEntry>,
    /// Whether this release cannot run it.
    pub unsupported: bool,
}

impl Response for WindowList {
    fn document(&self) -> Document {
        let windows = self.windows.iter().map(window).collect();
        Document { root: Node::list("windows", windows), layout: Layout::Indented }
    }
}

fn window(entry: &WindowEntry) -> Node {
    let element = match &entry.schema {
        Some(schema) => Node::list(entry.tag.as_str(), vec![schema.node()]),
        None => Node::leaf(entry.tag.as_str()),
    };
    element
        .attribute("name", entry.name.as_str())
        .attribute("contquery", entry.contquery.as_str())
        .attribute("project", entry.project.as_str())
        .attribute_if("count", entry.count.map(|count| count.to_string()))
        .attribute_if("unsupported", entry.unsupported.then_some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The body of rest-api 5.1.
    #[test]
    fn counts() {
        let window = |tag: &str, name: &str, count| WindowEntry {
            tag: tag.to_owned(),
            name: name.to_owned(),
            contquery: "contquery".to_owned(),
            project: "P".to_owned(),
            count: Some(count),
            schema: None,
            unsupported: false,
        };
        let list = WindowList {
            windows: vec![
                window("window-source", "w_data", 11),
                window("window-calculate", "w_calculate", 0),
            ],
        };
        let expected = r#"<windows>
  <window-source name="w_data" contquery="contquery" project="P" count="11"/>
  <window-calculate name="w_calculate" contquery="contquery" project="P" count="0"/>
</windows>
"#;
        assert_eq!(list.to_xml(), expected);
    }
}
