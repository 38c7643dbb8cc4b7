//! Projects and windows as lists show them.

use tidegate_api::{
    ContqueryEntry, EchoElement, EdgeEntry, Node, ProjectEntry, ProjectWindowEntry, SchemaEntry,
};
use tidegate_host::{Project, WindowDetails};
use tidegate_model::{ContQuery, Element, IndexType};

use crate::selection::WindowName;

/// How much of a project is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Depth {
    /// The name alone.
    Name,
    /// Contqueries, windows and edges.
    Windows,
    /// Their schemas too.
    Schemas,
}

/// A project with its state.
pub(crate) fn describe(project: &Project, depth: Depth) -> ProjectEntry {
    if depth == Depth::Name {
        return ProjectEntry { name: project.name().to_owned(), ..ProjectEntry::default() };
    }
    let model = project.model();
    ProjectEntry {
        name: project.name().to_owned(),
        index: Some(model.index.unwrap_or_default().name().to_owned()),
        state: Some(project.state().to_string()),
        contqueries: model.contqueries.iter().map(|query| contquery(project, query, depth)).collect(),
    }
}

fn contquery(project: &Project, query: &ContQuery, depth: Depth) -> ContqueryEntry {
    let windows = project.windows().iter().filter(|window| window.contquery == query.name);
    let edges = query.edges.iter();
    ContqueryEntry {
        name: query.name.clone(),
        index: query.index.map(|index| index.name().to_owned()),
        windows: windows
            .map(|window| ProjectWindowEntry {
                tag: window.element.to_owned(),
                name: window.name.clone(),
                index: Some(window.index.name().to_owned()),
                schema: (depth == Depth::Schemas).then(|| SchemaEntry::from(&*window.schema)),
                unsupported: window.unsupported,
            })
            .collect(),
        edges: edges
            .map(|edge| EdgeEntry { source: edge.source.clone(), target: edge.target.clone() })
            .collect(),
    }
}

/// A window's place and type.
pub(crate) fn window_name<'a>(project: &'a Project, window: &'a WindowDetails) -> WindowName<'a> {
    WindowName {
        project: project.name(),
        contquery: &window.contquery,
        name: &window.name,
        element: window.element,
        index: IndexType::name(window.index),
    }
}

/// An element of a model, verbatim.
pub(crate) fn echo(element: &Element) -> EchoElement {
    EchoElement { xml: element.to_xml(), tree: tree(element) }
}

fn tree(element: &Element) -> Node {
    let text = element.text.as_str();
    let node = if !element.children.is_empty() {
        Node::list(element.name.as_str(), element.children.iter().map(tree).collect())
    } else if text.trim().is_empty() {
        Node::leaf(element.name.as_str())
    } else {
        Node::text(element.name.as_str(), text)
    };
    let attributes = element.attributes.iter();
    attributes.fold(node, |node, attribute| node.attribute(attribute.name.clone(), attribute.value.as_str()))
}
