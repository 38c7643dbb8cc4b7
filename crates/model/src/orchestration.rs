//! Connector groups and their order of start (model-xml 14, connectors-adapters 1.6).

use crate::contquery::ContQuery;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::{Element, Position};

/// The state that counts as reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TargetState {
    /// Started.
    Running,
    /// The last event of a finite input has been injected.
    Finished,
    /// Stopped.
    Stopped,
}

/// One connector of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorEntry {
    /// Its contquery.
    pub contquery: String,
    /// Its window.
    pub window: String,
    /// Its name.
    pub connector: String,
    /// The state that counts as reached.
    pub state: TargetState,
    /// Where the entry stands.
    pub position: Position,
}

/// A group of connectors that start together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectorGroup {
    /// Its name, unique in the project.
    pub name: String,
    /// Its connectors.
    pub entries: Vec<ConnectorEntry>,
}

/// "The target starts when every connector of the source has reached its state."
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupEdge {
    /// The group that goes first.
    pub source: String,
    /// The group that waits.
    pub target: String,
    /// Where the edge stands.
    pub position: Position,
}

const STATES: [(&str, TargetState); 3] = [
    ("running", TargetState::Running),
    ("finished", TargetState::Finished),
    ("stopped", TargetState::Stopped),
];

/// Reads `<project-connectors>` of `project`.
pub(crate) fn read(
    element: &Element,
    project: &Element,
    queries: &[ContQuery],
    mistakes: &mut Mistakes,
) -> (Vec<ConnectorGroup>, Vec<GroupEdge>) {
    let mut reader = Reader::new(element);
    let mut groups: Vec<ConnectorGroup> = Vec::new();
    if let Some(list) = reader.child("connector-groups", mistakes) {
        let mut list = Reader::new(list);
        for element in list.children("connector-group") {
            let Some(group) = read_group(element, project, queries, mistakes) else { continue };
            if groups.iter().any(|other| other.name == group.name) {
                let message = format!("the connector group '{}' is declared twice", group.name);
                mistakes.add(element.position, MistakeKind::DuplicateName, message);
                continue;
            }
            groups.push(group);
        }
        list.finish(mistakes);
    }
    let mut edges = Vec::new();
    if let Some(list) = reader.child("edges", mistakes) {
        let mut list = Reader::new(list);
        list.ignore_child("description");
        for element in list.children("edge") {
            read_edge(element, &groups, &mut edges, mistakes);
        }
        list.finish(mistakes);
    }
    reader.finish(mistakes);
    check_cycle(&groups, &edges, mistakes);
    (groups, edges)
}

fn read_group(
    element: &Element,
    project: &Element,
    queries: &[ContQuery],
    mistakes: &mut Mistakes,
) -> Option<ConnectorGroup> {
    let mut reader = Reader::new(element);
    reader.ignore_child("description");
    let name = reader.name_attr("name", mistakes);
    let mut entries = Vec::new();
    for entry in reader.children("connector-entry") {
        let mut reader = Reader::new(entry);
        let path = reader.required_attr("connector", mistakes);
        let state = reader.enum_attr("state", &STATES, mistakes);
        if state.is_none() && entry.attribute("state").is_none() {
            reader.required_attr("state", mistakes);
        }
        reader.finish(mistakes);
        let (Some(path), Some(state)) = (path, state) else { continue };
        let text = path.value.trim();
        if let &[contquery, window, connector] = text.split('/').collect::<Vec<_>>().as_slice() {
            if exists(queries, contquery, window, connector) {
                entries.push(ConnectorEntry {
                    contquery: contquery.to_owned(),
                    window: window.to_owned(),
                    connector: connector.to_owned(),
                    state,
                    position: entry.position,
                });
                continue;
            }
            if queries.iter().any(|q| q.name == contquery && q.dropped.iter().any(|name| name == window)) {
                let message =
                    format!("'{text}' belongs to a window that is left out, because it has no edges");
                let mistake = Mistake::new(path.position, MistakeKind::UnknownConnector, message);
                mistakes
                    .push(mistake.hint("include-singletons=\"true\" on the contquery keeps source windows"));
                continue;
            }
            if is_declared(project, contquery, window, connector) {
                // It, its window or its query was refused: that is no further mistake.
                continue;
            }
        }
        let message = format!("'{text}' is no connector of the project");
        let mistake = Mistake::new(path.position, MistakeKind::UnknownConnector, message);
        let known: Vec<String> = paths(queries).collect();
        mistakes.push(match crate::nearest::nearest(text, known.iter().map(String::as_str)) {
            Some(near) => mistake.hint(format!("did you mean '{near}'?")),
            None => mistake.hint("write contquery/window/connector"),
        });
    }
    reader.finish(mistakes);
    Some(ConnectorGroup { name: name?, entries })
}

fn exists(queries: &[ContQuery], contquery: &str, window: &str, connector: &str) -> bool {
    (queries.iter().filter(|q| q.name == contquery))
        .flat_map(|q| q.windows.iter().filter(|w| w.name == window))
        .any(|w| w.connectors.iter().any(|c| c.name == connector))
}

/// Whether the model has such a connector, right or wrong.
fn is_declared(project: &Element, contquery: &str, window: &str, connector: &str) -> bool {
    (project.children_named("contqueries"))
        .flat_map(|list| list.children_named("contquery"))
        .filter(|query| query.value("name") == Some(contquery))
        .flat_map(|query| query.children_named("windows"))
        .flat_map(|list| list.children.iter().filter(|element| element.value("name") == Some(window)))
        .flat_map(|window| window.children_named("connectors"))
        .flat_map(|list| list.children_named("connector"))
        .any(|element| element.value("name") == Some(connector))
}

fn paths(queries: &[ContQuery]) -> impl Iterator<Item = String> + '_ {
    queries.iter().flat_map(|query| {
        query.windows.iter().flat_map(move |window| {
            window.connectors.iter().map(move |c| format!("{}/{}/{}", query.name, window.name, c.name))
        })
    })
}

fn read_edge(
    element: &Element,
    groups: &[ConnectorGroup],
    edges: &mut Vec<GroupEdge>,
    mistakes: &mut Mistakes,
) {
    let mut reader = Reader::new(element);
    let mut end = |name| -> Vec<String> {
        let Some(attribute) = reader.required_attr(name, mistakes) else { return Vec::new() };
        let mut known = Vec::new();
        let names =
            attribute.value.split(|c: char| c.is_whitespace() || c == ',').filter(|name| !name.is_empty());
        for group in names {
            if groups.iter().any(|other| other.name == group) {
                known.push(group.to_owned());
            } else {
                let message = format!("'{group}' is no connector group");
                let mistake = Mistake::new(attribute.position, MistakeKind::UnknownGroup, message);
                mistakes.push(mistake.nearest(group, groups.iter().map(|g| g.name.as_str())));
            }
        }
        known
    };
    let (sources, targets) = (end("source"), end("target"));
    reader.finish(mistakes);
    for source in &sources {
        for target in &targets {
            edges.push(GroupEdge {
                source: source.clone(),
                target: target.clone(),
                position: element.position,
            });
        }
    }
}

fn check_cycle(groups: &[ConnectorGroup], edges: &[GroupEdge], mistakes: &mut Mistakes) {
    let mut left: Vec<&str> = groups.iter().map(|group| group.name.as_str()).collect();
    loop {
        let waits = |name: &str| edges.iter().any(|e| e.target == name && left.contains(&e.source.as_str()));
        let next: Vec<&str> = left.iter().copied().filter(|name| waits(name)).collect();
        if next.len() == left.len() {
            break;
        }
        left = next;
    }
    let Some(edge) =
        edges.iter().find(|e| left.contains(&e.source.as_str()) && left.contains(&e.target.as_str()))
    else {
        return;
    };
    let message = format!("the connector groups {} wait for each other", left.join(", "));
    mistakes.add(edge.position, MistakeKind::GroupCycle, message);
}
