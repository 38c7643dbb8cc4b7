//! Windows and edges as a graph: rules 22, 23 and 70 to 82 of model-xml 20.

use crate::edge::{Edge, Role};
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::vocabulary::{Gives, Vocabulary};
use crate::window::WindowDef;

/// What the check of a graph needs besides windows and edges.
pub(crate) struct Graph<'a> {
    pub(crate) vocabulary: &'a Vocabulary,
    /// Names of windows that were refused already.
    pub(crate) broken: &'a [&'a str],
    pub(crate) include_singletons: bool,
}

impl Graph<'_> {
    /// Checks the graph; answers it without windows that nothing reaches and without edges that lead nowhere.
    pub(crate) fn check(
        &self,
        mut windows: Vec<WindowDef>,
        edges: Vec<Edge>,
        mistakes: &mut Mistakes,
    ) -> (Vec<WindowDef>, Vec<Edge>) {
        let has_edges = !edges.is_empty();
        // What windows lack because an edge is wrong, or leads to a refused window, is no news.
        let declared = edges.clone();
        let (feeding, fed) = Self::half_known(&windows, &declared);
        let mut edges = self.known_edges(&windows, edges, mistakes);
        if let Some(cycle) = cycle(&windows, &edges) {
            let closes = |edge: &&Edge| edge.target == cycle[0] && cycle.last() == Some(&edge.source);
            let position = edges.iter().find(closes).map(|edge| edge.position);
            let message = format!("the windows form a cycle: {} -> {}", cycle.join(" -> "), cycle[0]);
            let position = position.unwrap_or(windows[0].position);
            mistakes.add(position, MistakeKind::Cycle, message);
        }
        let excused = |window: &WindowDef, source: bool| {
            let names = if source { &feeding } else { &fed };
            names.contains(&window.name.as_str())
        };
        self.drop_unattached(&mut windows, &mut edges, has_edges, &excused, mistakes);
        for window in windows.iter().filter(|window| !excused(window, false)) {
            self.check_inputs(window, &edges, mistakes);
        }
        (windows, edges)
    }

    /// Names at the known end of edges whose other end is not known: the sources, and the targets.
    fn half_known<'e>(windows: &[WindowDef], edges: &'e [Edge]) -> (Vec<&'e str>, Vec<&'e str>) {
        let known = |name: &str| windows.iter().any(|window| window.name == name);
        let (mut sources, mut targets) = (Vec::new(), Vec::new());
        for edge in edges {
            match (known(&edge.source), known(&edge.target)) {
                (true, false) => sources.push(edge.source.as_str()),
                (false, true) => targets.push(edge.target.as_str()),
                _ => {}
            }
        }
        (sources, targets)
    }

    fn known_edges(&self, windows: &[WindowDef], edges: Vec<Edge>, mistakes: &mut Mistakes) -> Vec<Edge> {
        let mut known: Vec<Edge> = Vec::new();
        for edge in edges {
            let mut ends = 0;
            for (end, name) in [("source", &edge.source), ("target", &edge.target)] {
                if windows.iter().any(|window| window.name == *name) {
                    ends += 1;
                } else if !self.broken.contains(&name.as_str()) {
                    let message = format!(
                        "the edge from '{}' to '{}' has the {end} '{name}', which is no window of the query",
                        edge.source, edge.target
                    );
                    let mistake = Mistake::new(edge.position, MistakeKind::UnknownWindow, message);
                    mistakes.push(mistake.nearest(name, windows.iter().map(|window| window.name.as_str())));
                }
            }
            if ends < 2 {
                continue;
            }
            let target = windows.iter().find(|window| window.name == edge.target);
            if target
                .and_then(|target| self.vocabulary.window(&target.element.name))
                .is_some_and(|s| s.is_source())
            {
                let message =
                    format!("the edge from '{}' leads into the source window '{}'", edge.source, edge.target);
                mistakes.add(edge.position, MistakeKind::EdgeIntoSource, message);
                continue;
            }
            if self.fits_its_source(windows, &edge, mistakes) {
                known.push(edge);
            }
        }
        known
    }

    /// Rules 80 and 84: which windows feed others, and which of them carry models.
    fn fits_its_source(&self, windows: &[WindowDef], edge: &Edge, mistakes: &mut Mistakes) -> bool {
        let source = windows.iter().find(|window| window.name == edge.source);
        let Some(spec) = source.and_then(|source| self.vocabulary.window(&source.element.name)) else {
            return true;
        };
        let is_model = edge.role == Some(Role::Model);
        let what = match spec.gives {
            Gives::Events if is_model => "gives no models",
            Gives::Models if !is_model => "gives models only: its edges need the role model",
            Gives::Nothing => "gives nothing to other windows",
            Gives::Events | Gives::Models => return true,
        };
        let message =
            format!("the edge from '{}' to '{}': {} {what}", edge.source, edge.target, spec.element);
        mistakes.add(edge.position, MistakeKind::BadRole, message);
        false
    }

    /// Drops source windows without edges (unless singletons are wanted or the query has no edges at all), and
    /// other windows without input, until none is left.
    fn drop_unattached(
        &self,
        windows: &mut Vec<WindowDef>,
        edges: &mut Vec<Edge>,
        has_edges: bool,
        excused: &dyn Fn(&WindowDef, bool) -> bool,
        mistakes: &mut Mistakes,
    ) {
        loop {
            let unattached = windows.iter().position(|window| {
                let Some(spec) = self.vocabulary.window(&window.element.name) else { return false };
                if excused(window, spec.is_source()) {
                    return false;
                }
                if spec.is_source() {
                    let attached = edges.iter().any(|edge| edge.source == window.name);
                    return has_edges && !self.include_singletons && !attached;
                }
                spec.inputs.min > 0 && !edges.iter().any(|edge| edge.target == window.name)
            });
            let Some(at) = unattached else { return };
            let window = windows.remove(at);
            edges.retain(|edge| edge.source != window.name && edge.target != window.name);
            let message = format!("{} '{}' has no edges and is left out", window.element.name, window.name);
            let warning = Mistake::new(window.position, MistakeKind::DroppedWindow, message);
            let source = self.vocabulary.window(&window.element.name).is_some_and(|spec| spec.is_source());
            mistakes.warn(warning.hint(if source {
                "include-singletons=\"true\" on the contquery keeps source windows"
            } else {
                "give it an edge from the window whose events it is to read"
            }));
        }
    }

    fn check_inputs(&self, window: &WindowDef, edges: &[Edge], mistakes: &mut Mistakes) {
        let Some(spec) = self.vocabulary.window(&window.element.name) else { return };
        let inputs: Vec<&Edge> = edges.iter().filter(|edge| edge.target == window.name).collect();
        let count = inputs.len();
        if count < spec.inputs.min || spec.inputs.max.is_some_and(|max| count > max) {
            let wanted = match spec.inputs.max {
                Some(max) if max == spec.inputs.min => format!("exactly {max}"),
                Some(max) => format!("{} to {max}", spec.inputs.min),
                None => format!("at least {}", spec.inputs.min),
            };
            let message =
                format!("{} '{}' has {count} inputs, but takes {wanted}", spec.element, window.name);
            mistakes.add(window.position, MistakeKind::WrongInputs, message);
        }
        for edge in &inputs {
            let fits = |role: Role| role == Role::Data || spec.roles.contains(&role);
            if let Some(role) = edge.role.filter(|&role| !fits(role)) {
                let message =
                    format!("{} '{}' takes no edge with the role {}", spec.element, window.name, role.name());
                mistakes.add(edge.position, MistakeKind::BadRole, message);
            }
        }
        for &needed in spec.needs {
            if !inputs.iter().any(|edge| edge.role.unwrap_or(Role::Data) == needed) {
                let name = needed.name();
                let message =
                    format!("{} '{}' needs an edge with the role {name}", spec.element, window.name);
                mistakes.add(window.position, MistakeKind::WrongInputs, message);
            }
        }
        for role in [Role::Left, Role::Right, Role::Position, Role::Geometry] {
            let same: Vec<&&Edge> = inputs.iter().filter(|edge| edge.role == Some(role)).collect();
            if let [_, second, ..] = same.as_slice() {
                let message = format!("two inputs of {} '{}' have the same role", spec.element, window.name);
                mistakes.add(second.position, MistakeKind::BadRole, message);
            }
        }
        if count == 1 && spec.element == "window-union" {
            let message = format!("the union '{}' has one input only", window.name);
            mistakes.warn(Mistake::new(window.position, MistakeKind::WrongInputs, message));
        }
    }
}

/// A cycle, as the names of its windows in order of the edges.
fn cycle(windows: &[WindowDef], edges: &[Edge]) -> Option<Vec<String>> {
    // Windows that nothing of the rest feeds go, again and again; what is left holds a cycle.
    let mut left: Vec<&str> = windows.iter().map(|window| window.name.as_str()).collect();
    loop {
        let before = left.len();
        let fed = |name: &str, left: &[&str]| {
            edges.iter().any(|e| e.target == name && left.contains(&e.source.as_str()))
        };
        let next: Vec<&str> = left.iter().copied().filter(|name| fed(name, &left)).collect();
        left = next;
        if left.is_empty() {
            return None;
        }
        if left.len() == before {
            break;
        }
    }
    // Each window that is left is fed by another: going backwards must come round.
    let mut path = vec![left[0]];
    loop {
        let at = path[path.len() - 1];
        let before =
            edges.iter().find(|e| e.target == at && left.contains(&e.source.as_str()))?.source.as_str();
        if let Some(start) = path.iter().position(|&name| name == before) {
            let mut cycle: Vec<String> = path[start..].iter().map(|&name| name.to_owned()).collect();
            cycle.reverse();
            return Some(cycle);
        }
        path.push(before);
    }
}
