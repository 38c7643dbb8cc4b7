//! A project as models write it (model-xml 2).

use std::collections::BTreeMap;

use crate::connector::{ConnectorDef, ConnectorType};
use crate::contquery::ContQuery;
use crate::index_type::IndexType;
use crate::metadata;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::modules;
use crate::orchestration::{self, ConnectorGroup, GroupEdge};
use crate::reader::Reader;
use crate::retention::index_attr;
use crate::vocabulary::Vocabulary;
use crate::xml::Element;

/// Which windows take part in binary publish/subscribe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Pubsub {
    /// None.
    None,
    /// All.
    #[default]
    Auto,
    /// Those with `pubsub="true"`.
    Manual,
}

/// A project, typed and checked as far as its model alone can be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Its name.
    pub name: String,
    /// What tools keep with it, by key.
    pub metadata: BTreeMap<String, String>,
    /// Size of its thread pool; the output is that of one thread.
    pub threads: u32,
    /// Which windows take part in binary publish/subscribe.
    pub pubsub: Pubsub,
    /// Its own publish/subscribe port.
    pub port: Option<u16>,
    /// The index of windows and queries without one of their own.
    pub index: Option<IndexType>,
    /// Windows with several inputs wait for all parts of one origin.
    pub use_tagged_token: bool,
    /// Two events per key may stand in one output block.
    pub retention_tracking: bool,
    /// Seconds between heartbeats.
    pub heartbeat_interval_s: u32,
    /// Whether time comes from the records of the input log and never from the machine's clock (Tidegate's own).
    /// Unless the model says so: whether it [has a failover](Self::has_failover).
    pub log_clock: bool,
    /// The queries in order of declaration.
    pub contqueries: Vec<ContQuery>,
    /// Groups of connectors.
    pub connector_groups: Vec<ConnectorGroup>,
    /// Order of the groups.
    pub group_edges: Vec<GroupEdge>,
    /// The element as loaded, with tokens expanded, for the echo.
    pub source: Element,
}

impl Project {
    /// Reads a `<project>` element. Nothing comes back when so much is wrong that there is no project; all
    /// mistakes are in `mistakes` in any case.
    pub fn read(element: &Element, vocabulary: &Vocabulary, mistakes: &mut Mistakes) -> Option<Self> {
        let mut reader = Reader::new(element);
        reader.ignore_child("description");
        let metadata = metadata::read(&mut reader, mistakes);
        check_properties(&mut reader, mistakes);
        let in_memory = "rows are kept in memory";
        for (name, why) in [("disk-store-path", in_memory), ("luaroot", "there are no Lua windows yet")] {
            if let Some(attribute) = reader.attr(name) {
                let message = format!("{name} of {} has no effect: {why}", reader.label());
                mistakes.warn(Mistake::new(attribute.position, MistakeKind::NoEffect, message));
            }
        }
        // Open instances are always kept in their compact form: there is nothing to switch.
        let _ = reader.bool_attr("compress-open-patterns", false, mistakes);
        let name = reader.name_attr("name", mistakes);
        let threads = reader.int_attr("threads", 1..=1024, mistakes).and_then(|n| u32::try_from(n).ok());
        let pubsub = [("none", Pubsub::None), ("auto", Pubsub::Auto), ("manual", Pubsub::Manual)];
        let pubsub = reader.enum_attr("pubsub", &pubsub, mistakes).unwrap_or_default();
        let port = reader.port_attr("port", mistakes);
        let index = index_attr(&mut reader, "index", mistakes);
        let use_tagged_token = reader.bool_attr("use-tagged-token", false, mistakes);
        let retention_tracking = reader.bool_attr("retention-tracking", false, mistakes);
        let heartbeat =
            reader.int_attr("heartbeat-interval", 1..=86_400, mistakes).and_then(|n| u32::try_from(n).ok());
        let log_clock = element.value("logclock").map(|_| reader.bool_attr("logclock", false, mistakes));
        let refused_attributes = [
            "restore",
            "score-input-window",
            "score-output-window",
            "score-input-field",
            "score-output-field",
        ];
        refused_attributes.iter().for_each(|name| reader.refuse_attr(name, mistakes));
        modules::check(&mut reader, mistakes);
        let queries = reader.required_child("contqueries", mistakes);
        let connectors = reader.child("project-connectors", mistakes);
        reader.finish(mistakes);

        let mut contqueries: Vec<ContQuery> = Vec::new();
        let mut declared = 0;
        if let Some(list) = queries {
            let mut list = Reader::new(list);
            for element in list.children("contquery") {
                declared += 1;
                let Some(query) = ContQuery::read(element, vocabulary, mistakes) else { continue };
                if contqueries.iter().any(|other| other.name == query.name) {
                    let message = format!("the contquery name '{}' is taken already", query.name);
                    mistakes.add(element.position, MistakeKind::DuplicateName, message);
                    continue;
                }
                contqueries.push(query);
            }
            let position = list.element().position;
            list.finish(mistakes);
            if declared == 0 {
                let message = "'contqueries' holds no contquery";
                mistakes.add(position, MistakeKind::MissingElement, message);
            }
        }
        let (connector_groups, group_edges) = connectors
            .map(|list| orchestration::read(list, element, &contqueries, mistakes))
            .unwrap_or_default();
        let mut project = Self {
            name: name?,
            metadata,
            threads: threads.unwrap_or(1),
            pubsub,
            port,
            index,
            use_tagged_token,
            retention_tracking,
            heartbeat_interval_s: heartbeat.unwrap_or(1),
            log_clock: false,
            contqueries,
            connector_groups,
            group_edges,
            source: element.clone(),
        };
        project.log_clock = log_clock.unwrap_or_else(|| project.has_failover());
        Some(project)
    }

    /// Whether an active subscriber connector has the property `hotfailover`.
    pub fn has_failover(&self) -> bool {
        self.active_connectors(ConnectorType::Subscriber).any(|connector| says_true(connector, "hotfailover"))
    }

    /// Whether message ids are offsets of the one log that the project reads: with a failover always, else when its
    /// only active publisher has the property `useoffsetmsgid` (design.md 7, "Names").
    pub fn has_offset_ids(&self) -> bool {
        let mut publishers = self.active_connectors(ConnectorType::Publisher);
        let (first, second) = (publishers.next(), publishers.next());
        let one = first.filter(|_| second.is_none());
        self.has_failover() || one.is_some_and(|publisher| says_true(publisher, "useoffsetmsgid"))
    }

    fn active_connectors(&self, ty: ConnectorType) -> impl Iterator<Item = &ConnectorDef> {
        let windows = self.contqueries.iter().flat_map(|query| &query.windows);
        windows.flat_map(|window| &window.connectors).filter(move |def| def.active && def.ty == ty)
    }
}

/// User properties have given tokens their values already ([`Tokens`](crate::Tokens)); here their form is checked.
fn check_properties(project: &mut Reader<'_>, mistakes: &mut Mistakes) {
    for list in project.children("properties") {
        let mut list = Reader::new(list);
        for element in list.children("property") {
            let mut property = Reader::new(element);
            property.required_attr("name", mistakes);
            property.finish(mistakes);
        }
        list.finish(mistakes);
    }
}

fn says_true(connector: &ConnectorDef, name: &str) -> bool {
    connector.property(name).is_some_and(|value| value.trim().eq_ignore_ascii_case("true"))
}
