//! A continuous query: windows and edges (model-xml 3).

use std::collections::BTreeMap;

use crate::edge::Edge;
use crate::graph;
use crate::index_type::IndexType;
use crate::metadata;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::retention::index_attr;
use crate::vocabulary::Vocabulary;
use crate::window::WindowDef;
use crate::xml::{Element, Position};

/// A continuous query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContQuery {
    /// Its name, unique in the project.
    pub name: String,
    /// What tools keep with the query, by key.
    pub metadata: BTreeMap<String, String>,
    /// The index of windows without one of their own.
    pub index: Option<IndexType>,
    /// Windows whose events are written to the log; unknown names are left out (model-xml 20, rule 21).
    pub trace: Vec<String>,
    /// Microseconds that a window may take for a block before a warning is logged.
    pub timing_threshold_micros: Option<i64>,
    /// The windows in order of declaration, without those that no edge reaches.
    pub windows: Vec<WindowDef>,
    /// Names of the windows that were left out because no edge reaches them.
    pub dropped: Vec<String>,
    /// The edges in order of declaration.
    pub edges: Vec<Edge>,
    /// Where its element stands.
    pub position: Position,
}

impl ContQuery {
    pub(crate) fn read(element: &Element, vocabulary: &Vocabulary, mistakes: &mut Mistakes) -> Option<Self> {
        let mut reader = Reader::new(element);
        reader.ignore_child("description");
        let metadata = metadata::read(&mut reader, mistakes);
        let name = reader.name_attr("name", mistakes);
        let index = index_attr(&mut reader, "index", mistakes);
        let trace = reader.attr("trace").map(|trace| trace.value.clone()).unwrap_or_default();
        let timing_threshold_micros = reader.int_attr("timing-threshold", 0..=i64::MAX, mistakes);
        let include_singletons = reader.bool_attr("include-singletons", false, mistakes);
        let windows = reader.required_child("windows", mistakes);
        let edges = reader.child("edges", mistakes);
        reader.finish(mistakes);

        let mut read: Vec<WindowDef> = Vec::new();
        // Names of windows that are wrong in themselves: edges to them are no further mistake.
        let mut broken: Vec<&str> = Vec::new();
        for window in windows.map(|list| list.children.as_slice()).unwrap_or_default() {
            if !window.name.starts_with("window-") {
                if window.name != "description" {
                    let message =
                        format!("the element '{}' in windows is not known and ignored", window.name);
                    let warning = Mistake::new(window.position, MistakeKind::UnknownElement, message);
                    let names = vocabulary.windows().iter().map(|spec| spec.element);
                    mistakes.warn(warning.nearest(&window.name, names));
                }
                continue;
            }
            let Some(def) = WindowDef::read(window, vocabulary, mistakes) else {
                broken.extend(window.value("name"));
                continue;
            };
            if let Some(other) = read.iter().find(|other| other.name == def.name) {
                let message =
                    format!("the window name '{}' is taken already, at {}", def.name, other.position);
                mistakes.add(def.position, MistakeKind::DuplicateName, message);
                continue;
            }
            read.push(def);
        }
        let edges = edges.map(|edges| Edge::read_all(edges, mistakes)).unwrap_or_default();
        let graph = graph::Graph { vocabulary, broken: &broken, include_singletons };
        let declared: Vec<String> = read.iter().map(|window| window.name.clone()).collect();
        let (windows, edges) = graph.check(read, edges, mistakes);
        let kept = |name: &String| windows.iter().any(|window| window.name == *name);
        let dropped = declared.into_iter().filter(|name| !kept(name)).collect();
        if windows.is_empty() && broken.is_empty() {
            let mistake =
                Mistake::new(element.position, MistakeKind::MissingElement, "the query has no windows");
            mistakes.push(mistake);
        }
        let known = |name: &&str| windows.iter().any(|window| window.name == *name);
        let trace = trace.split_whitespace().filter(known).map(str::to_owned).collect();
        Some(Self {
            name: name?,
            metadata,
            index,
            trace,
            timing_threshold_micros,
            windows,
            dropped,
            edges,
            position: element.position,
        })
    }
}
