//! `GET projectXml` and `windowXml`: parts of models as they were loaded (rest-api 4.6 and 5.2).

use crate::node::{Document, Layout, Node, Response};

/// Elements of models. Their XML is verbatim, white space and comments included: clients compare it with the
/// model that they sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelEcho {
    /// The element around them.
    pub root: &'static str,
    /// The elements, in the order they are listed.
    pub elements: Vec<EchoElement>,
}

/// One element of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EchoElement {
    /// Its XML.
    pub xml: String,
    /// The same as a tree, for JSON.
    pub tree: Node,
}

impl Response for ModelEcho {
    fn document(&self) -> Document {
        let trees = self.elements.iter().map(|element| element.tree.clone()).collect();
        Document { root: Node::list(self.root, trees), layout: Layout::Indented }
    }

    fn to_xml(&self) -> String {
        if self.elements.is_empty() {
            return self.document().to_xml();
        }
        let length: usize = self.elements.iter().map(|element| element.xml.len() + 1).sum();
        let mut out = String::with_capacity(length + 2 * self.root.len() + 6);
        for part in ["<", self.root, ">\n"] {
            out.push_str(part);
        }
        for element in &self.elements {
            out.push_str(&element.xml);
            out.push('\n');
        }
        for part in ["</", self.root, ">\n"] {
            out.push_str(part);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn xml_is_verbatim_and_json_has_the_same_elements() {
        let xml = "<project name='p'>\n    <!-- kept -->\n</project>".to_owned();
        let tree = Node::leaf("project").attribute("name", "p");
        let echo = ModelEcho { root: "projects", elements: vec![EchoElement { xml, tree }] };
        assert_eq!(
            echo.to_xml(),
            "<projects>\n<project name='p'>\n    <!-- kept -->\n</project>\n</projects>\n"
        );
        assert_eq!(echo.to_json(), r#"{"projects":[{"project":{"attributes":{"name":"p"}}}]}"#);
    }

    /// No match is an empty root (rest-api 2.5).
    #[test]
    fn nothing_found() {
        assert_eq!(ModelEcho { root: "windows", elements: vec![] }.to_xml(), "<windows/>\n");
    }
}
