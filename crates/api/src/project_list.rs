//! `GET projects`, `runningProjects`, `stoppedProjects` (rest-api 4.1 and 4.5).

use crate::node::{Document, Layout, Node, Response};
use crate::schema_entry::SchemaEntry;

/// Projects, each as deep as it was filled in: a project without continuous queries is the bare
/// `<project name="P"/>` that `schema=false` asks for, a window without a schema shows none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectList {
    /// The projects, in the order they are listed.
    pub projects: Vec<ProjectEntry>,
}

/// One project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ProjectEntry {
    /// Its name: the first attribute, scripts rely on that.
    pub name: String,
    /// Its default index type.
    pub index: Option<String>,
    /// `running`, `stopped`, …
    pub state: Option<String>,
    /// Its continuous queries.
    pub contqueries: Vec<ContqueryEntry>,
}

/// One continuous query.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ContqueryEntry {
    /// Its name.
    pub name: String,
    /// Its default index type.
    pub index: Option<String>,
    /// Its windows.
    pub windows: Vec<ProjectWindowEntry>,
    /// Its edges; every window named in one must be among `windows`.
    pub edges: Vec<EdgeEntry>,
}

/// One window of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectWindowEntry {
    /// The element's name, for example `window-source`.
    pub tag: String,
    /// The window's name.
    pub name: String,
    /// Its index type.
    pub index: Option<String>,
    /// Its schema, with `schema=true`.
    pub schema: Option<SchemaEntry>,
    /// Whether this release cannot run it.
    pub unsupported: bool,
}

/// An edge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeEntry {
    /// The window, or blank-separated windows, it comes from.
    pub source: String,
    /// The window, or blank-separated windows, it leads to.
    pub target: String,
}

impl Response for ProjectList {
    fn document(&self) -> Document {
        let projects = self.projects.iter().map(project).collect();
        Document { root: Node::list("projects", projects), layout: Layout::Indented }
    }
}

fn project(entry: &ProjectEntry) -> Node {
    let element = if entry.contqueries.is_empty() {
        Node::leaf("project")
    } else {
        let contqueries = entry.contqueries.iter().map(contquery).collect();
        Node::list("project", vec![Node::list("contqueries", contqueries)])
    };
    element
        .attribute("name", entry.name.as_str())
        .attribute_if("index", entry.index.as_deref())
        .attribute_if("state", entry.state.as_deref())
}

fn contquery(entry: &ContqueryEntry) -> Node {
    let windows = entry.windows.iter().map(window).collect();
    let mut parts = vec![Node::list("windows", windows)];
    if !entry.edges.is_empty() {
        let edge = |edge: &EdgeEntry| {
            Node::leaf("edge")
                .attribute("source", edge.source.as_str())
                .attribute("target", edge.target.as_str())
        };
        parts.push(Node::list("edges", entry.edges.iter().map(edge).collect()));
    }
    Node::list("contquery", parts)
        .attribute("name", entry.name.as_str())
        .attribute_if("index", entry.index.as_deref())
}

fn window(entry: &ProjectWindowEntry) -> Node {
    let element = match &entry.schema {
        Some(schema) => Node::list(entry.tag.as_str(), vec![schema.node()]),
        None => Node::leaf(entry.tag.as_str()),
    };
    element
        .attribute("name", entry.name.as_str())
        .attribute_if("index", entry.index.as_deref())
        .attribute_if("unsupported", entry.unsupported.then_some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema_entry::FieldEntry;

    /// The shape of rest-api 4.1, one element per line.
    #[test]
    fn with_schemas() {
        let schema =
            SchemaEntry { fields: vec![FieldEntry { name: "id".into(), ty: "int64".into(), key: true }] };
        let window = ProjectWindowEntry {
            tag: "window-source".into(),
            name: "W".into(),
            index: Some("pi_EMPTY".into()),
            schema: Some(schema),
            unsupported: false,
        };
        let contquery = ContqueryEntry {
            name: "CQ".into(),
            index: None,
            windows: vec![window],
            edges: vec![EdgeEntry { source: "W".into(), target: "X".into() }],
        };
        let project = ProjectEntry {
            name: "P".into(),
            index: Some("pi_HASH".into()),
            state: None,
            contqueries: vec![contquery],
        };
        let expected = r#"<projects>
  <project name="P" index="pi_HASH">
    <contqueries>
      <contquery name="CQ">
        <windows>
          <window-source name="W" index="pi_EMPTY">
            <schema>
              <fields>
                <field name="id" type="int64" key="true"/>
              </fields>
            </schema>
          </window-source>
        </windows>
        <edges>
          <edge source="W" target="X"/>
        </edges>
      </contquery>
    </contqueries>
  </project>
</projects>
"#;
        assert_eq!(ProjectList { projects: vec![project] }.to_xml(), expected);
    }

    #[test]
    fn bare_projects_and_none() {
        let bare =
            ProjectEntry { name: "P".into(), state: Some("running".into()), ..ProjectEntry::default() };
        let list = ProjectList { projects: vec![bare] };
        assert_eq!(list.to_xml(), "<projects>\n  <project name=\"P\" state=\"running\"/>\n</projects>\n");
        assert_eq!(
            list.to_json(),
            r#"{"projects":[{"project":{"attributes":{"name":"P","state":"running"}}}]}"#
        );
        assert_eq!(ProjectList::default().to_xml(), "<projects/>\n");
    }
}
