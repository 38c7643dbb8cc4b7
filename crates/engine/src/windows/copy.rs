//! `window-copy`: passes everything on, and is the place for state and retention (engine-semantics 3.2).

use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock};

use crate::build::BuildContext;
use crate::retained::Resolution;
use crate::step::Step;
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static COPY: WindowType = WindowType { element: "window-copy", build };

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let reader = context.reader();
    context.finish(reader);
    let input = context.only_input()?;
    Some(BuiltWindow {
        schema: Arc::clone(&input.schema),
        window: Box::new(Copy),
        output: OutputStage::Index {
            // Its rows are its input's: where the input has resolved them, the old half is the stored row.
            resolution: Resolution { lenient: input.resolved, old_from_input: input.resolved },
            resolved: input.resolved,
        },
        insert_only: input.insert_only && context.def.retention.is_none(),
        shape: String::new(),
        notices: Vec::new(),
    })
}

#[derive(Debug)]
struct Copy;

impl Window for Copy {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        _step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        Some(Arc::clone(input))
    }

    fn passes(&self, _: &EventBlock) -> bool {
        true
    }
}
