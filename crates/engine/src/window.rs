//! What a window type is: the trait that it implements at run time, and how a model becomes one.

use std::fmt;
use std::sync::Arc;

use tidegate_event::{BlockKind, EngineTime, EventBlock, Schema};
use tidegate_model::{IndexType, Role};

use crate::build::BuildContext;
use crate::retained::{Resolution, Retained};
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Notice, Step};

/// A window at work. It turns input blocks into changes; what its output stage then does with them (resolve
/// against an index, apply retention) is the same for all types.
pub trait Window: Send {
    /// Processes a block that came through in-edge `port` (in order of declaration); answers the changes.
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>>;

    /// Whether the changes that a block causes are the block itself: then [`process`](Self::process) is not called.
    fn passes(&self, input: &EventBlock) -> bool {
        let _ = input;
        false
    }

    /// The clock has reached what [`next_due`](Self::next_due) asked for.
    fn at_heartbeat(&mut self, step: &mut Step<'_>) -> Option<Arc<EventBlock>> {
        let _ = step;
        None
    }

    /// When the window wants to be called without input.
    fn next_due(&self) -> Option<EngineTime> {
        None
    }

    /// The project's clock starts at `now`.
    fn start_clock(&mut self, now: EngineTime) {
        let _ = now;
    }

    /// The rows that the window lists as its content, when it keeps them itself.
    fn retained(&self) -> Option<&Retained> {
        None
    }

    /// Among blocks of one origin that wait for each other (tagged tokens), those of the lower order go first.
    fn part_order(&self, port: usize) -> usize {
        let _ = port;
        0
    }

    /// The state besides the output stage's rows, at a step boundary.
    fn freeze(&mut self) -> Box<dyn Frozen> {
        Box::new(Vec::<u8>::new())
    }

    /// Reads what [`freeze`](Self::freeze) wrote, into a window just built.
    ///
    /// # Errors
    /// When the state is broken.
    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        let _ = from;
        Ok(())
    }
}

/// What becomes of a window's changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutputStage {
    /// They are resolved against the window's index, or passed as they are where that is `pi_EMPTY`.
    Index {
        /// How they are resolved.
        resolution: Resolution,
        /// Whether, passed as they are, they are inserts, update pairs and deletes with full rows.
        resolved: bool,
    },
    /// They leave as they are: the window keeps its rows itself, or never any.
    AsIs {
        /// Whether they are inserts, update pairs and deletes with full rows.
        resolved: bool,
    },
}

/// A window made from a model.
pub struct BuiltWindow {
    /// Schema of its output.
    pub schema: Arc<Schema>,
    /// The window.
    pub window: Box<dyn Window>,
    /// What becomes of its changes.
    pub output: OutputStage,
    /// Whether its changes are inserts only, given what its inputs promise.
    pub insert_only: bool,
    /// What its saved state depends on besides type, schema and index; a state of another shape is refused.
    pub shape: String,
    /// To be logged once the project is loaded.
    pub notices: Vec<Notice>,
}

/// What a window knows of one of its inputs when it is built.
#[derive(Debug, Clone)]
pub struct Input {
    /// Name of the window at the other end.
    pub window: String,
    /// Schema of its output.
    pub schema: Arc<Schema>,
    /// Its effective index.
    pub index: IndexType,
    /// Whether its output is inserts, update pairs and deletes with full rows.
    pub resolved: bool,
    /// Whether its output is inserts only.
    pub insert_only: bool,
    /// The edge's role.
    pub role: Option<Role>,
}

/// A window type: one file and one line in [`crate::windows::WINDOWS`].
pub struct WindowType {
    /// The element in a model.
    pub element: &'static str,
    /// Makes a window; mistakes of the model go to the context.
    pub build: fn(&mut BuildContext<'_>) -> Option<BuiltWindow>,
}

impl fmt::Debug for WindowType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WindowType").field(&self.element).finish()
    }
}
