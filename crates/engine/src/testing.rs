//! Running windows and their parts in tests.

use std::sync::Arc;

use tidegate_event::{BlockHeader, BlockKind, EngineTime, EventBlock, Schema, pretty};

use crate::block::BlockPool;
use crate::step::{Notice, Reject, Sink, Step, WindowId, WindowStats};

/// What came out of a project or a step.
#[derive(Debug, Default)]
pub(crate) struct Recorder {
    /// Emitted blocks.
    pub(crate) blocks: Vec<(WindowId, BlockHeader, Arc<EventBlock>)>,
    /// Refused events.
    pub(crate) rejects: Vec<(WindowId, usize, Reject)>,
    /// Notices.
    pub(crate) notices: Vec<(WindowId, Notice)>,
}

impl Sink for Recorder {
    fn emitted(&mut self, window: WindowId, header: &BlockHeader, block: &Arc<EventBlock>) {
        self.blocks.push((window, *header, Arc::clone(block)));
    }

    fn rejected(
        &mut self,
        window: WindowId,
        _: &BlockHeader,
        _: &EventBlock,
        position: usize,
        reason: Reject,
    ) {
        self.rejects.push((window, position, reason));
    }

    fn noticed(&mut self, window: WindowId, notice: Notice) {
        self.notices.push((window, notice));
    }
}

/// Everything that a step needs, for running one part alone.
#[derive(Debug, Default)]
pub(crate) struct Bench {
    pub(crate) pool: BlockPool,
    pub(crate) stats: WindowStats,
    pub(crate) out: Recorder,
}

impl Bench {
    /// Runs `f` in a step at `micros`.
    pub(crate) fn step<R>(&mut self, micros: i64, f: impl FnOnce(&mut Step<'_>) -> R) -> R {
        let time = EngineTime::from_micros(micros);
        f(&mut Step {
            time,
            header: BlockHeader { kind: BlockKind::Normal, time, ..BlockHeader::default() },
            pool: &mut self.pool,
            window: WindowId(0),
            stats: &mut self.stats,
            sink: &mut self.out,
        })
    }
}

/// The rows of a block's table, without heading and alignment: `I N 1 abc`.
pub(crate) fn lines(schema: &Schema, block: Option<&EventBlock>) -> Vec<String> {
    let Some(block) = block else { return Vec::new() };
    let table = pretty::print(schema, block);
    table.lines().skip(1).map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}
