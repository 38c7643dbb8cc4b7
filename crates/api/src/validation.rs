//! `POST projectValidationResults` (rest-api 4.7).

use crate::node::{Document, Layout, Node, Response};

/// Whether a model is valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Validation {
    /// The version that the server reports: clients of a generation know one pair of tags.
    pub version: String,
    /// What is wrong with the model, one text each; none when it is valid.
    pub mistakes: Vec<String>,
}

impl Validation {
    /// The tag up to 6.1 is of a schema, from 6.2 on of a project. What is no number counts as new.
    fn subject(&self) -> &'static str {
        let mut numbers = self.version.split('.').map(str::parse::<u32>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(major)), Some(Ok(minor))) if (major, minor) < (6, 2) => "schema",
            _ => "project",
        }
    }
}

impl Response for Validation {
    fn document(&self) -> Document {
        let subject = self.subject();
        let root = if self.mistakes.is_empty() {
            Node::leaf(format!("{subject}-validation-success"))
        } else {
            let messages = self.mistakes.iter().map(|text| Node::text("message", text.as_str())).collect();
            Node::list(format!("{subject}-validation-failure"), messages)
        };
        Document { root, layout: Layout::Indented }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of rest-api 4.7.
    #[test]
    fn the_tag_depends_on_the_version() {
        for (version, tag) in [
            ("5.2", "<schema-validation-success/>\n"),
            ("6.1", "<schema-validation-success/>\n"),
            ("6.2", "<project-validation-success/>\n"),
            ("7.1", "<project-validation-success/>\n"),
            ("2021.1.1(7.13)", "<project-validation-success/>\n"),
        ] {
            let valid = Validation { version: version.to_owned(), mistakes: vec![] };
            assert_eq!(valid.to_xml(), tag, "{version}");
        }
    }

    #[test]
    fn mistakes_are_messages() {
        let invalid = Validation { version: "5.2".to_owned(), mistakes: vec!["1:10: <foo>".to_owned()] };
        assert_eq!(
            invalid.to_xml(),
            "<schema-validation-failure>\n  <message>1:10: &lt;foo&gt;</message>\n</schema-validation-failure>\n"
        );
    }
}
