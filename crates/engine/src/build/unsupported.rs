//! What stands for a window that this release cannot run, where its model is loaded all the same.

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, Schema};

use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window};

/// A window that takes every block and emits nothing.
pub(super) fn window(schema: Arc<Schema>) -> BuiltWindow {
    BuiltWindow {
        schema,
        window: Box::new(Unsupported),
        output: OutputStage::AsIs { resolved: true },
        insert_only: false,
        shape: "unsupported".to_owned(),
        notices: Vec::new(),
    }
}

#[derive(Debug)]
struct Unsupported;

impl Window for Unsupported {
    fn process(
        &mut self,
        _port: usize,
        _input: &Arc<EventBlock>,
        _kind: BlockKind,
        _step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        None
    }
}
