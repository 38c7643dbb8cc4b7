//! A case without the server: its blocks go one by one through an engine in this process.
//!
//! Time is made up: it stands still, but for publishers with a `rate`, whose events are apart by its inverse.

mod feed;
mod saved;

use std::collections::BTreeMap;
use std::sync::Arc;

use tidegate_codec::{DatePattern, EncodeOptions, Encoder, csv};
use tidegate_engine::{Notice, Project, Registry, Reject, Sink, WindowId, build_project};
use tidegate_event::{BlockHeader, EngineTime, EventBlock};
use tidegate_model::{ClassSpec, ConnectorType, Document, Limits, Mistakes, Tokens, Vocabulary};

use crate::case::Case;
use crate::compare;
use crate::run::Difference;
use feed::Feed;

/// Whether the engine's state is saved and loaded on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Saving {
    /// Never.
    Never,
    /// After every step: the project is saved, dropped, built again and loaded.
    EveryStep,
}

/// Where the made-up time begins: 2026-01-01, in microseconds.
const START: i64 = 1_767_225_600_000_000;

/// The one connector class of cases. Its parameters are the server's to check.
const FS: ClassSpec = ClassSpec { name: "fs", params: &[] };

/// Replays `case` and compares all that it names.
///
/// # Errors
/// The first [`Difference`].
pub fn replay(case: &Case, saving: Saving) -> Result<(), Difference> {
    let outputs = Replay::new(case)?.run(saving)?;
    for window in &case.description.windows {
        let what = outputs.compare(case, window);
        what.map_err(|what| Difference::Window { window: window.label.clone(), what })?;
    }
    match case.description.rejected {
        Some(expected) if expected != outputs.rejected => {
            Err(Difference::Rejected { expected, found: outputs.rejected })
        }
        _ => Ok(()),
    }
}

/// A case, its model read.
struct Replay<'a> {
    case: &'a Case,
    def: tidegate_model::Project,
}

/// What the server has, in universal time.
const REGISTRY: Registry = Registry { algorithms: tidegate_analytics::ALGORITHMS, ..Registry::ENGINE };

impl<'a> Replay<'a> {
    fn new(case: &'a Case) -> Result<Self, Difference> {
        let model = case.model.replace("@CASE@", &case.folder.to_string_lossy());
        let mut mistakes = Mistakes::new();
        let windows: Vec<&str> = REGISTRY.windows.iter().map(|window| window.element).collect();
        let vocabulary = Vocabulary::new(&windows, &[FS]);
        let document = Document::parse(&model, &Tokens::default(), &Limits::MODEL, &mut mistakes);
        let project = document.as_ref().and_then(|document| document.projects.first());
        let def =
            project.and_then(|project| tidegate_model::Project::read(project, &vocabulary, &mut mistakes));
        match def {
            Some(def) if mistakes.is_empty() => Ok(Self { case, def }),
            _ => Err(Difference::Model(format!("{mistakes:?}"))),
        }
    }

    fn build(&self) -> Result<Project, Difference> {
        let mut mistakes = Mistakes::new();
        let built = build_project(&self.def, &REGISTRY, &mut mistakes);
        built.map(|(project, _)| project).ok_or_else(|| Difference::Model(format!("{mistakes:?}")))
    }

    fn run(&self, saving: Saving) -> Result<Outputs, Difference> {
        let mut project = self.build()?;
        let mut outputs = Outputs::new(&self.def, &project)?;
        let mut time = START;
        let mut input = 0;
        for connector in self.publishers() {
            let window = project.find(&connector.contquery, &connector.window);
            let window =
                window.ok_or_else(|| Difference::Model(format!("no window {}", connector.window)))?;
            let schema = Arc::clone(project.window(window).schema);
            let mut feed = Feed::open(&connector.def, schema, self.case.root())?;
            while let Some(block) = feed.next_block()? {
                input += 1;
                time += feed.micros(block.len());
                project.begin_step(input, EngineTime::from_micros(time), &mut outputs);
                project.inject(window, feed.kind(), 0, Arc::new(block), &mut outputs);
                if saving == Saving::EveryStep {
                    let saved = saved::save(&mut project)?;
                    project = self.build()?;
                    saved::load(&saved, &mut project)?;
                }
            }
            outputs.rejected += feed.bad_lines();
        }
        Ok(outputs)
    }

    /// The publishers in the order of their groups. Those of no group are first, but with a `rate` last: in a real
    /// run they tick beside the others.
    fn publishers(&self) -> Vec<Publisher> {
        let mut publishers = Vec::new();
        for query in &self.def.contqueries {
            for window in &query.windows {
                for def in window.connectors.iter().filter(|c| c.active && c.ty == ConnectorType::Publisher) {
                    publishers.push(Publisher {
                        contquery: query.name.clone(),
                        window: window.name.clone(),
                        def: def.clone(),
                    });
                }
            }
        }
        publishers.sort_by_key(|publisher| self.rank(publisher));
        publishers
    }

    /// The longest way of edges to the publisher's group.
    fn rank(&self, publisher: &Publisher) -> usize {
        let group = self.def.connector_groups.iter().find(|group| {
            group.entries.iter().any(|entry| {
                (&entry.contquery, &entry.window, &entry.connector)
                    == (&publisher.contquery, &publisher.window, &publisher.def.name)
            })
        });
        let alone = if publisher.def.property("rate").is_some() { usize::MAX } else { 0 };
        group.map_or(alone, |group| 1 + self.depth(&group.name, self.def.group_edges.len()))
    }

    fn depth(&self, group: &str, limit: usize) -> usize {
        let before = self.def.group_edges.iter().filter(|edge| edge.target == group && limit > 0);
        before.map(|edge| 1 + self.depth(&edge.source, limit - 1)).max().unwrap_or(0)
    }
}

struct Publisher {
    contquery: String,
    window: String,
    def: tidegate_model::ConnectorDef,
}

/// What subscribers would have written, and what was refused.
struct Outputs {
    files: BTreeMap<WindowId, File>,
    rejected: usize,
}

/// One subscriber's file.
struct File {
    name: String,
    encoder: Box<dyn Encoder>,
    text: Vec<u8>,
}

impl Outputs {
    fn new(def: &tidegate_model::Project, project: &Project) -> Result<Self, Difference> {
        let mut files = BTreeMap::new();
        for query in &def.contqueries {
            for window in &query.windows {
                let Some(id) = project.find(&query.name, &window.name) else { continue };
                for connector in window.connectors.iter().filter(|c| c.ty == ConnectorType::Subscriber) {
                    let pattern = connector.property("dateformat").map(DatePattern::new).transpose();
                    let date_format = pattern.map_err(|cause| Difference::Model(cause.to_string()))?;
                    let options = EncodeOptions { date_format, ..EncodeOptions::default() };
                    let encoder = (csv::FORMAT.encoder)(Arc::clone(project.window(id).schema), &options);
                    let path = connector.property("fsname").unwrap_or_default();
                    let name = path.rsplit('/').next().unwrap_or_default().to_owned();
                    files.insert(id, File { name, encoder, text: Vec::new() });
                }
            }
        }
        Ok(Self { files, rejected: 0 })
    }

    fn compare(&self, case: &Case, window: &crate::case::Window) -> Result<(), String> {
        let expected = case.expected(&window.label);
        let expected = std::fs::read_to_string(&expected).map_err(|cause| cause.to_string())?;
        let name = case.actual(&window.label);
        let file = self.files.values().find(|file| file.name == name).ok_or("no output file")?;
        compare::compare(window, &expected, &String::from_utf8_lossy(&file.text))
    }
}

impl Sink for Outputs {
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        if let Some(file) = self.files.get_mut(&window) {
            file.encoder.encode(header, block, &mut file.text);
        }
    }

    fn rejected(&mut self, _: WindowId, _: &BlockHeader, _: &EventBlock, _: usize, _: Reject) {
        self.rejected += 1;
    }

    fn noticed(&mut self, _: WindowId, _: Notice) {}
}
