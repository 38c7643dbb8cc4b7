//! The JSON form of an element tree (rest-api 2.3).
//!
//! | element | JSON |
//! |---|---|
//! | holds elements | array, one `{"tag": …}` per element, before them `{"attributes": {…}}` if it has any |
//! | holds named values (`<event>`) | object: `attributes`, then one member per value |
//! | text | string |
//! | text and attributes | object: `attributes`, then the text under the element's own name (websocket-api 2) |
//! | attributes alone | `{"attributes": {…}}` |
//! | nothing | `""` |
//!
//! Every scalar is a string.

use std::borrow::Cow;

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use crate::node::{Content, Node};

/// Renders `{"tag": …}` for the root.
pub(crate) fn write(root: &Node) -> String {
    serde_json::to_string(&Named(root))
        .expect("invariant: keys are strings and a String never fails to be written")
}

/// `{"tag": value}`.
struct Named<'a>(&'a Node);

/// The value alone.
struct Bare<'a>(&'a Node);

/// `{"name": "value", …}`.
struct Attributes<'a>(&'a [(Cow<'static, str>, String)]);

/// `{"attributes": {…}}`, the first item of an array.
struct AttributesItem<'a>(&'a Node);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&self.0.tag, &Bare(self.0))?;
        map.end()
    }
}

impl Serialize for Bare<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let node = self.0;
        match &node.content {
            Content::Elements(nodes) => {
                let mut items = serializer.serialize_seq(None)?;
                if !node.attributes.is_empty() {
                    items.serialize_element(&AttributesItem(node))?;
                }
                for child in nodes {
                    items.serialize_element(&Named(child))?;
                }
                items.end()
            }
            Content::Members(nodes) => {
                let mut map = serializer.serialize_map(None)?;
                if !node.attributes.is_empty() {
                    map.serialize_entry("attributes", &Attributes(&node.attributes))?;
                }
                for child in nodes {
                    map.serialize_entry(&child.tag, &Bare(child))?;
                }
                map.end()
            }
            Content::Text(text) if node.attributes.is_empty() => serializer.serialize_str(text),
            Content::Text(text) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("attributes", &Attributes(&node.attributes))?;
                map.serialize_entry(&node.tag, text)?;
                map.end()
            }
            Content::Empty if node.attributes.is_empty() => serializer.serialize_str(""),
            Content::Empty => AttributesItem(node).serialize(serializer),
        }
    }
}

impl Serialize for AttributesItem<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("attributes", &Attributes(&self.0.attributes))?;
        map.end()
    }
}

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_schema_esppy_reads() {
        // The literal text of websocket-api.md, where esppy looks up schema[0].fields[i].field.attributes.
        let field =
            |name: &str, kind: &str| Node::leaf("field").attribute("name", name).attribute("type", kind);
        let tree = Node::list(
            "schema",
            vec![Node::list(
                "fields",
                vec![field("id", "int64").attribute("key", "true"), field("x", "double")],
            )],
        );
        let expected = concat!(
            r#"{"schema":[{"fields":[{"field":{"attributes":{"name":"id","type":"int64","key":"true"}}},"#,
            r#"{"field":{"attributes":{"name":"x","type":"double"}}}]}]}"#
        );
        assert_eq!(write(&tree), expected);
    }

    #[test]
    fn text_beside_attributes_goes_under_the_name_of_the_element() {
        let tree = Node::text("_image_", "QUJD").attribute("type", "png");
        assert_eq!(write(&tree), r#"{"_image_":{"attributes":{"type":"png"},"_image_":"QUJD"}}"#);
    }

    #[test]
    fn empty_things() {
        assert_eq!(write(&Node::list("projects", vec![])), r#"{"projects":[]}"#);
        assert_eq!(write(&Node::leaf("nocleanup")), r#"{"nocleanup":""}"#);
    }
}
