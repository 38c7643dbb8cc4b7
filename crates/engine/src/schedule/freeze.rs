//! Saving and loading a project's state.

use tidegate_event::EngineTime;

use super::listing::Listing;
use super::node::Node;
use super::project::Project;
use super::pulse::{FrozenPulse, Pulse};
use crate::retained::{FrozenRetained, Retained};
use crate::state::{Frozen, StateError, StateReader, StateWriter};

/// A project's state as it was between two steps. Writing it needs nothing of the project.
pub struct FrozenProject {
    /// The project's name.
    pub name: String,
    /// The engine time.
    pub time: EngineTime,
    /// Input id of the last step.
    pub input: i64,
    /// Whether the project's clock had started.
    pub clock_started: bool,
    /// The windows in order of declaration.
    pub windows: Vec<FrozenWindow>,
}

/// A window's state as it was between two steps.
pub struct FrozenWindow {
    /// Name of the contquery.
    pub contquery: String,
    /// Name of the window.
    pub name: String,
    /// What the state depends on: [`Project::shape`].
    pub shape: String,
    /// Number of rows that the window listed as its content.
    pub rows: u64,
    state: Box<dyn Frozen>,
    retained: Option<FrozenRetained>,
    pulse: Option<FrozenPulse>,
    listing: Option<FrozenRetained>,
}

impl Frozen for FrozenWindow {
    /// Writes the window's own state, then, where it has them, the rows of its output stage, the changes that it
    /// holds for `pulse-interval`, and the rows that it keeps for subscribers.
    fn write(&self, out: &mut dyn StateWriter) -> Result<(), StateError> {
        self.state.write(out)?;
        self.retained.as_ref().map_or(Ok(()), |rows| rows.write(out))?;
        self.pulse.as_ref().map_or(Ok(()), |pulse| pulse.write(out))?;
        self.listing.as_ref().map_or(Ok(()), |rows| rows.write(out))
    }
}

impl Project {
    /// The project's state. Takes time in proportion to the pages of rows, not to the rows.
    pub fn freeze(&mut self) -> FrozenProject {
        FrozenProject {
            name: self.name.clone(),
            time: self.time,
            input: self.input,
            clock_started: self.clock_started,
            windows: self.nodes.iter_mut().map(freeze_node).collect(),
        }
    }

    /// What each window's saved state depends on: contquery, window, and its element, schema, index and own
    /// shape as one line. A state may be loaded when these are equal.
    pub fn shape(&self) -> Vec<(String, String, String)> {
        self.nodes.iter().map(|node| (node.contquery.clone(), node.name.clone(), node_shape(node))).collect()
    }

    /// Takes over the clock and the ids of a saved project.
    pub fn resume(&mut self, time: EngineTime, input: i64, clock_started: bool) {
        self.time = time;
        self.input = input;
        self.clock_started = clock_started;
    }

    /// Reads a window's state, as a [`FrozenWindow`] wrote it, into the window of a project just built.
    ///
    /// # Errors
    /// When there is no such window, or the state is broken.
    pub fn load_window(
        &mut self,
        contquery: &str,
        window: &str,
        from: &mut dyn StateReader,
    ) -> Result<(), StateError> {
        let Some(id) = self.find(contquery, window) else {
            return Err(StateError::corrupt(format!("there is no window {contquery}/{window}")));
        };
        let node = &mut self.nodes[id.0 as usize];
        node.window.load(from)?;
        if let Some(splitter) = &mut node.splitter {
            splitter.evaluator.load(from)?;
        }
        node.retained.as_mut().map_or(Ok(()), |rows| rows.load(from))?;
        node.pulse.as_mut().map_or(Ok(()), |pulse| pulse.load(from))?;
        if let Listing::Kept(rows) = &mut node.listing {
            rows.load(from)?;
        }
        self.look_at_clocks();
        Ok(())
    }
}

fn freeze_node(node: &mut Node) -> FrozenWindow {
    let mut state = node.window.freeze();
    if let Some(splitter) = &node.splitter {
        let mut variables = Vec::new();
        splitter.evaluator.save(&mut variables);
        let both: Vec<Box<dyn Frozen>> = vec![state, Box::new(variables)];
        state = Box::new(both);
    }
    FrozenWindow {
        contquery: node.contquery.clone(),
        name: node.name.clone(),
        shape: node_shape(node),
        rows: node.row_count() as u64,
        state,
        retained: node.retained.as_mut().map(Retained::freeze),
        pulse: node.pulse.as_mut().map(Pulse::freeze),
        listing: match &mut node.listing {
            Listing::Kept(rows) => Some(rows.freeze()),
            Listing::Own | Listing::Nothing => None,
        },
    }
}

fn node_shape(node: &Node) -> String {
    let Node { element, index, schema, shape, .. } = node;
    format!("{element} index={index} schema={schema} {shape}").trim_end().to_owned()
}

impl std::fmt::Debug for FrozenProject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FrozenProject")
            .field("name", &self.name)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
