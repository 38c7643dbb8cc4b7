//! Building a project: windows in topological order, then edges, indexes and retention.

use std::sync::Arc;

use tidegate_event::{EngineTime, FieldType, Schema};
use tidegate_model::{
    ContQuery, Edge, IndexType, Mistake, MistakeKind, Mistakes, Project as ProjectDef, WindowDef,
};

use super::context::BuildContext;
use super::{Registry, schema, unsupported};
use crate::evaluator::Evaluator;
use crate::index::ListingOrder;
use crate::key::KeyFields;
use crate::retained::Retained;
use crate::retention::{Retention, TimeSource};
use crate::schedule::{Listing, Node, OutEdge, Project, Pulse, Splitter};
use crate::step::{Notice, WindowId};
use crate::window::{BuiltWindow, Input, OutputStage};

/// What is known of a window once it is built, for those behind it.
struct Done {
    node: Node,
    resolved: bool,
    insert_only: bool,
    /// Whether its schema is that of an unsupported window, or may follow from one.
    guessed: bool,
    notices: Vec<Notice>,
}

/// Builds a project. Nothing comes back when there are mistakes, and all that could be found are in `mistakes`.
/// The notices are for the log, each with its window.
pub fn build_project(
    def: &ProjectDef,
    registry: &Registry,
    mistakes: &mut Mistakes,
) -> Option<(Project, Vec<(WindowId, Notice)>)> {
    let mut nodes = Vec::new();
    let mut notices = Vec::new();
    let mut ranks = Vec::new();
    let mut complete = true;
    for query in &def.contqueries {
        let first = nodes.len() as u32;
        let Some((built, order)) = QueryBuilder { def, query, registry, mistakes }.build(first) else {
            complete = false;
            continue;
        };
        for (index, done) in built.into_iter().enumerate() {
            let id = WindowId(first + index as u32);
            notices.extend(done.notices.into_iter().map(|notice| (id, notice)));
            nodes.push(done.node);
        }
        ranks.extend(order);
    }
    if !complete || !mistakes.is_empty() {
        return None;
    }
    let heartbeat_micros = i64::from(def.heartbeat_interval_s) * 1_000_000;
    let ranks = def.use_tagged_token.then_some(ranks);
    let project = Project::new(&def.name, nodes, ranks, heartbeat_micros).with_log_clock(def.log_clock);
    Some((project, notices))
}

struct QueryBuilder<'a> {
    def: &'a ProjectDef,
    query: &'a ContQuery,
    registry: &'a Registry,
    mistakes: &'a mut Mistakes,
}

impl QueryBuilder<'_> {
    /// The query's windows in order of declaration, and each one's place in a topological order.
    fn build(mut self, first: u32) -> Option<(Vec<Done>, Vec<usize>)> {
        let windows = &self.query.windows;
        let order = self.order();
        let mut built: Vec<Option<Done>> = windows.iter().map(|_| None).collect();
        let mut ranks = vec![0; windows.len()];
        for (rank, &index) in order.iter().enumerate() {
            ranks[index] = rank;
            built[index] = self.build_window(index, &built);
        }
        let mut built: Vec<Done> = built.into_iter().collect::<Option<_>>()?;
        for edge in &self.query.edges {
            let (Some(source), Some(target)) = (self.position(&edge.source), self.position(&edge.target))
            else {
                continue;
            };
            let port = built[target].node.inputs;
            built[target].node.inputs += 1;
            let slot = edge.slot.map(i64::from);
            built[source].node.edges.push(OutEdge { target: WindowId(first + target as u32), port, slot });
        }
        Some((built, ranks))
    }

    fn position(&self, name: &str) -> Option<usize> {
        self.query.windows.iter().position(|window| window.name == name)
    }

    fn edges_into<'b>(&'b self, window: &'b str) -> impl Iterator<Item = &'b Edge> + 'b {
        self.query.edges.iter().filter(move |edge| edge.target == window)
    }

    /// Windows after their inputs and after those whose schema they copy; otherwise as declared. The model has
    /// refused cycles of edges; a window in a cycle through copied schemas comes last and finds no schema there.
    fn order(&self) -> Vec<usize> {
        let windows = &self.query.windows;
        let waits_for = |window: &WindowDef| -> Vec<usize> {
            let inputs = self.edges_into(&window.name).filter_map(|edge| self.position(&edge.source));
            let copied =
                window.schema.as_ref().and_then(|s| s.copy.as_ref()).and_then(|c| self.position(&c.window));
            inputs.chain(copied).collect()
        };
        let mut order = Vec::new();
        let mut placed = vec![false; windows.len()];
        while order.len() < windows.len() {
            let next = (0..windows.len())
                .find(|&i| !placed[i] && waits_for(&windows[i]).iter().all(|&before| placed[before]))
                .or_else(|| placed.iter().position(|&done| !done));
            let Some(next) = next else { break };
            placed[next] = true;
            order.push(next);
        }
        order
    }

    /// Whether the schema of `to` depends on that of `from`, by edges and copied schemas; also of a window on itself.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut reached = vec![from];
        let mut at = 0;
        while at < reached.len() {
            let before = reached[at];
            at += 1;
            if before == to {
                return true;
            }
            let fed = self.query.edges.iter().filter(|e| e.source == before).map(|e| e.target.as_str());
            let copies = self.query.windows.iter().filter(|window| {
                let copy = window.schema.as_ref().and_then(|schema| schema.copy.as_ref());
                copy.is_some_and(|copy| copy.window == before)
            });
            for next in fed.chain(copies.map(|window| window.name.as_str())) {
                if !reached.contains(&next) {
                    reached.push(next);
                }
            }
        }
        false
    }

    /// The window, or one that stands for it where it is unsupported, or follows from one that is.
    fn build_window(&mut self, index: usize, built: &[Option<Done>]) -> Option<Done> {
        let def = &self.query.windows[index];
        let (before, unsupported_before) = (self.mistakes.len(), self.mistakes.unsupported_so_far());
        let own_schema = self.own_schema(def, built);
        // A window behind one that failed cannot be judged: its mistakes come to light with the next load.
        let sources: Vec<&Done> = (self.edges_into(&def.name))
            .map(|edge| built[self.position(&edge.source)?].as_ref())
            .collect::<Option<_>>()?;
        let guessed = sources.iter().any(|source| source.guessed);
        let done = if def.unsupported { None } else { self.build_known(def, own_schema.clone(), built) };
        if def.unsupported || self.mistakes.unsupported_so_far() != unsupported_before {
            let given = sources.first().map(|source| &source.node.schema);
            return self.build_unsupported(def, own_schema.as_ref().or(given));
        }
        if guessed && let Some(mistake) = self.mistakes.take_after(before).first() {
            let message = format!(
                "{} '{}' is unsupported, because a window before it is: {mistake}",
                def.window_type, def.name
            );
            self.mistakes.add(def.position, MistakeKind::NotImplemented, message);
            return self.build_unsupported(def, own_schema.as_ref());
        }
        Some(Done { guessed, ..done? })
    }

    fn build_known(
        &mut self,
        def: &WindowDef,
        own_schema: Option<Arc<Schema>>,
        built: &[Option<Done>],
    ) -> Option<Done> {
        let index = self.index_of(def);
        let Some(window_type) = self.registry.windows.iter().find(|t| t.element == def.window_type) else {
            let message = format!("{} '{}' is not implemented yet", def.window_type, def.name);
            self.mistakes.add(def.position, MistakeKind::NotImplemented, message);
            return None;
        };
        let inputs: Vec<Input> = (self.edges_into(&def.name))
            .map(|edge| input_of(edge, built[self.position(&edge.source)?].as_ref()?))
            .collect::<Option<_>>()?;
        let mut context =
            BuildContext { def, inputs, index, registry: self.registry, mistakes: self.mistakes, own_schema };
        let built = (window_type.build)(&mut context)?;
        let splitter = match def.splitter {
            Some(_) => Some(splitter(&mut context, &built.schema)?),
            None => None,
        };
        let retention = self.retention(def, index, &built.schema)?;
        Some(self.finish(def, index, window_type.element, built, splitter, retention))
    }

    /// A window that emits nothing. Without a schema of its own it has that of its input, as most windows do.
    fn build_unsupported(&self, def: &WindowDef, schema: Option<&Arc<Schema>>) -> Option<Done> {
        let schema = match schema {
            Some(schema) => Arc::clone(schema),
            None => Arc::new(Schema::parse("id*:int64").ok()?),
        };
        let built = unsupported::window(schema);
        let mut node = Node::new(&self.query.name, &def.name, def.window_type, self.index_of(def), built);
        node.unsupported = true;
        Some(Done { node, resolved: true, insert_only: false, guessed: true, notices: Vec::new() })
    }

    fn index_of(&self, def: &WindowDef) -> IndexType {
        def.index.or(self.query.index).or(self.def.index).unwrap_or_default()
    }

    fn finish(
        &self,
        def: &WindowDef,
        index: IndexType,
        element: &'static str,
        mut built: BuiltWindow,
        splitter: Option<Splitter>,
        retention: Option<(Retention, bool)>,
    ) -> Done {
        let (notices, insert_only) = (std::mem::take(&mut built.notices), built.insert_only);
        let output = built.output;
        let mut node = Node::new(&self.query.name, &def.name, element, index, built);
        if let Some(retention) = &def.retention {
            // Rows are saved with what their policy needs; a state fits another limit, but not another policy.
            let field = retention.field.as_deref().map(|field| format!("({field})")).unwrap_or_default();
            node.shape = format!("{} retention={}{field}", node.shape, retention.policy.name())
                .trim_start()
                .to_owned();
        }
        node.output_insert_only = def.output_insert_only;
        node.collapse = def.collapse_updates.then(|| KeyFields::of(&node.schema));
        node.splitter = splitter;
        let resolved = match output {
            OutputStage::AsIs { resolved } => resolved,
            OutputStage::Index { resolved, .. } if !index.is_stateful() => resolved,
            OutputStage::Index { resolution, .. } => {
                node.resolution = resolution;
                node.retained =
                    Some(Retained::new(&node.schema, index, retention, self.def.retention_tracking));
                true
            }
        };
        if let Some(interval) = def.pulse_interval {
            node.pulse = Some(Pulse::new(&node.schema, interval.micros(), resolved));
            node.shape = format!("{} pulse-interval", node.shape).trim_start().to_owned();
        }
        node.listing = listing(def, &node);
        if let Listing::Kept(_) = node.listing {
            node.shape = format!("{} pubsub-index", node.shape).trim_start().to_owned();
        }
        Done {
            resolved: resolved || def.output_insert_only,
            insert_only: insert_only || def.output_insert_only,
            guessed: false,
            node,
            notices,
        }
    }

    fn own_schema(&mut self, def: &WindowDef, built: &[Option<Done>]) -> Option<Arc<Schema>> {
        // That of a notification window may lack keys (model-xml 12.18), and has no effect.
        let declared = def.schema.as_ref().filter(|_| def.element.name != "window-notification")?;
        let copied = match &declared.copy {
            None => None,
            Some(copy) => {
                let Some(at) = self.position(&copy.window) else {
                    let message = format!(
                        "the schema of {} '{}' copies that of '{}', which is no window of the query",
                        def.element.name, def.name, copy.window
                    );
                    let mistake = Mistake::new(copy.position, MistakeKind::BadSchemaCopy, message);
                    let names = self.query.windows.iter().map(|w| w.name.as_str());
                    self.mistakes.push(mistake.nearest(&copy.window, names));
                    return None;
                };
                if self.leads_to(&def.name, &copy.window) {
                    let message = format!(
                        "the schema of {} '{}' copies that of '{}', which depends on it",
                        def.element.name, def.name, copy.window
                    );
                    self.mistakes.add(copy.position, MistakeKind::BadSchemaCopy, message);
                    return None;
                }
                Some(Arc::clone(&built[at].as_ref()?.node.schema))
            }
        };
        schema::declared(def, declared, copied.as_deref(), self.mistakes)
    }

    /// The retention policy and whether it needs ages; `None` when it is wrong, which has been noted.
    #[expect(clippy::option_option, reason = "a wrong policy and no policy are two things")]
    fn retention(
        &mut self,
        def: &WindowDef,
        index: IndexType,
        schema: &Schema,
    ) -> Option<Option<(Retention, bool)>> {
        let Some(retention) = &def.retention else { return Some(None) };
        if !index.is_stateful() {
            let message = format!(
                "{} '{}' has retention but keeps nothing: its index is pi_EMPTY",
                def.element.name, def.name
            );
            let mistake = Mistake::new(retention.position, MistakeKind::RetentionOnEmptyIndex, message);
            self.mistakes.push(mistake.hint("give the window the index pi_HASH"));
            return None;
        }
        let source = match &retention.field {
            None => TimeSource::Clock,
            Some(name) => match schema.position(name).map(|field| (field, schema.ty(field))) {
                Some((field, FieldType::Date)) => TimeSource::Field { field, unit_micros: 1_000_000 },
                Some((field, FieldType::Stamp)) => TimeSource::Field { field, unit_micros: 1 },
                _ => {
                    let message = format!(
                        "the retention field '{name}' of {} '{}' is no date or stamp field of its schema {schema}",
                        def.element.name, def.name
                    );
                    self.mistakes.add(retention.position, MistakeKind::BadRetentionField, message);
                    return None;
                }
            },
        };
        let policy = Retention::new(retention, source, EngineTime::UNSET);
        Some(Some((policy, Retention::needs_ages(retention))))
    }
}

fn input_of(edge: &Edge, done: &Done) -> Option<Input> {
    Some(Input {
        window: done.node.name.clone(),
        schema: Arc::clone(&done.node.schema),
        index: done.node.index,
        resolved: done.resolved || done.insert_only,
        insert_only: done.insert_only,
        role: edge.role,
    })
}

/// By which index subscribers get the window's content. Rows of their own are kept where what the window keeps is
/// in another order, or is not what has left it.
fn listing(def: &WindowDef, node: &Node) -> Listing {
    let own = node.own_rows().is_some();
    let held_back = def.output_insert_only || def.pulse_interval.is_some();
    match def.pubsub_index {
        Some(IndexType::Empty) => Listing::Nothing,
        Some(index) if own && !held_back && ListingOrder::of(index) == ListingOrder::of(node.index) => {
            Listing::Own
        }
        Some(index) => Listing::kept(&node.schema, index),
        None if own && def.pulse_interval.is_some() => Listing::kept(&node.schema, node.index),
        None => Listing::Own,
    }
}

/// The window's splitter, which sees the fields of its output. It has the names of its own `expr-initialize`, or, where it
/// has none, of the window's. User functions of its own see the variables of the window's initializer (functions.md
/// 1.9), unless it has an initializer of its own, too.
fn splitter(context: &mut BuildContext<'_>, output: &Schema) -> Option<Splitter> {
    let def = context.def.splitter.as_ref()?;
    let mut scope = tidegate_expr::Scope::new(context.registry.functions)
        .row("", output)
        .event(true)
        .max_string(context.def.exp_max_string as usize);
    let windows = context.def.expr_initialize.as_ref().and_then(|window| window.initializer.as_ref());
    let own = def.expr_initialize.as_ref();
    if let (Some(initializer), Some(own)) = (windows, own)
        && own.initializer.is_none()
    {
        let done = scope.initialize(initializer.ty, initializer.source.as_str());
        context.report(&initializer.source, done);
    }
    if let Some(initialize) = def.expr_initialize.as_ref().or(context.def.expr_initialize.as_ref()) {
        context.initialize(&mut scope, initialize);
    }
    let expression =
        context.report(&def.expression, tidegate_expr::Expression::parse(def.expression.as_str()))?;
    let program = context.report(&def.expression, scope.compile_integer(&expression))?;
    Some(Splitter { program, evaluator: Evaluator::new(scope) })
}
