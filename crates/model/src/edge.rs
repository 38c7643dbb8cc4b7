//! Edges of a query (model-xml 13).

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::{Element, Position};

/// What an edge carries into its target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Events to work on; what an edge without role means.
    Data,
    /// Models.
    Model,
    /// Requests to an analytics window.
    Request,
    /// The left side of a join.
    Left,
    /// The right side of a join.
    Right,
    /// The positions of a geofence.
    Position,
    /// The geometries of a geofence.
    Geometry,
}

impl Role {
    /// The spellings of a model.
    pub const SPELLINGS: [(&'static str, Self); 7] = [
        ("data", Self::Data),
        ("model", Self::Model),
        ("request", Self::Request),
        ("left", Self::Left),
        ("right", Self::Right),
        ("position", Self::Position),
        ("geometry", Self::Geometry),
    ];

    /// The spelling of a model.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Model => "model",
            Self::Request => "request",
            Self::Left => "left",
            Self::Right => "right",
            Self::Position => "position",
            Self::Geometry => "geometry",
        }
    }
}

/// One edge from one window to one window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The window that events come from.
    pub source: String,
    /// The window that they go to.
    pub target: String,
    /// The role as written; none when the model leaves it out. Joins without roles take the first edge as left.
    pub role: Option<Role>,
    /// The splitter slot whose events it carries; none for all events (a model's `-1`).
    pub slot: Option<u32>,
    /// Where the edge element stands.
    pub position: Position,
}

impl Edge {
    /// The edges of an `<edges>` element in document order: each element stands for the cross product of its lists.
    pub(crate) fn read_all(edges: &Element, mistakes: &mut Mistakes) -> Vec<Self> {
        let mut found = Vec::new();
        let mut reader = Reader::new(edges);
        reader.ignore_child("description");
        for element in reader.children("edge") {
            Self::read(element, &mut found, mistakes);
        }
        reader.finish(mistakes);
        found
    }

    fn read(element: &Element, found: &mut Vec<Self>, mistakes: &mut Mistakes) {
        let mut reader = Reader::new(element);
        let mut end = |name| -> Vec<String> {
            let attribute = reader.attr(name);
            let list: Vec<String> = attribute
                .map(|a| a.value.split_whitespace().map(str::to_owned).collect())
                .unwrap_or_default();
            if list.is_empty() {
                mistakes.add(element.position, MistakeKind::EmptyEdge, format!("the edge has no {name}"));
            }
            list
        };
        let (sources, targets) = (end("source"), end("target"));
        let role = reader.attr("role").and_then(|attribute| {
            let text = attribute.value.trim();
            let role = Role::SPELLINGS.iter().find(|(name, _)| *name == text).map(|&(_, role)| role);
            if role.is_none() {
                let mistake = Mistake::new(
                    attribute.position,
                    MistakeKind::UnknownRole,
                    format!("'{text}' is no role of an edge"),
                );
                mistakes.push(mistake.nearest(text, Role::SPELLINGS.iter().map(|&(name, _)| name)));
            }
            role
        });
        let slot = reader.attr("slot").and_then(|attribute| {
            let slot = attribute
                .value
                .trim()
                .parse::<i64>()
                .ok()
                .filter(|slot| (-1..=i64::from(u32::MAX)).contains(slot));
            if slot.is_none() {
                let message = format!("'{}' is no slot", attribute.value.trim());
                let mistake = Mistake::new(attribute.position, MistakeKind::BadSlot, message);
                mistakes.push(mistake.hint("a slot is an integer from 0, or -1 for every event"));
            }
            slot.and_then(|slot| u32::try_from(slot).ok())
        });
        for source in &sources {
            for target in &targets {
                let edge = Self {
                    source: source.clone(),
                    target: target.clone(),
                    role,
                    slot,
                    position: element.position,
                };
                let same = |other: &Self| {
                    other.source == edge.source && other.target == edge.target && other.role == edge.role
                };
                if found.iter().any(same) {
                    let message =
                        format!("the edge from '{source}' to '{target}' is there twice; one is kept");
                    mistakes.warn(Mistake::new(element.position, MistakeKind::DuplicateEdge, message));
                } else {
                    found.push(edge);
                }
            }
        }
        reader.finish(mistakes);
    }
}
