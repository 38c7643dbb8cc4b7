//! A publisher's file as blocks.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use tidegate_codec::{BlockSink, DatePattern, DecodeOptions, Decoder, Limits, Progress, csv};
use tidegate_event::{BlockKind, EventBlock, Schema};
use tidegate_model::ConnectorDef;

use crate::run::Difference;

/// Cases are small.
const LIMITS: Limits = Limits { max_unit_bytes: 1 << 20, max_depth: 64, max_unit_events: 1 << 16 };

/// An `fs` publisher of CSV.
pub(super) struct Feed {
    decoder: Box<dyn Decoder>,
    sink: BlockSink,
    block_size: usize,
    kind: BlockKind,
    /// Events per second; 0 is as fast as it goes.
    rate: i64,
    /// Events that are still wanted.
    left: usize,
    bad_lines: usize,
}

impl Feed {
    /// Opens the file that `connector` names, of a case in `folder`.
    pub(super) fn open(
        connector: &ConnectorDef,
        schema: Arc<Schema>,
        folder: &Path,
    ) -> Result<Self, Difference> {
        let number = |name: &str| connector.property(name).and_then(|value| value.parse::<u64>().ok());
        let flag = |name: &str| matches!(connector.property(name), Some("true" | "1"));
        let pattern = connector.property("dateformat").map(DatePattern::new).transpose();
        let options = DecodeOptions {
            date_format: pattern.map_err(|cause| Difference::Model(cause.to_string()))?,
            header_lines: number("header").unwrap_or(0),
            no_autogen_field: flag("noautogenfield"),
            ..DecodeOptions::new(LIMITS)
        };
        let mut decoder = (csv::FORMAT.decoder)(Arc::clone(&schema), &options);
        decoder.feed(&fs::read(folder.join(connector.property("fsname").unwrap_or_default()))?);
        decoder.finish();
        let most = number("maxevents").and_then(|most| usize::try_from(most).ok());
        let block_size = number("blocksize").and_then(|size| usize::try_from(size).ok());
        Ok(Self {
            decoder,
            sink: BlockSink::new(&schema),
            block_size: block_size.unwrap_or(1).max(1),
            kind: if flag("transactional") { BlockKind::Transactional } else { BlockKind::Normal },
            rate: number("rate").and_then(|rate| i64::try_from(rate).ok()).unwrap_or(0),
            left: most.filter(|most| *most > 0).unwrap_or(usize::MAX),
            bad_lines: 0,
        })
    }

    /// The next block, until the file or `maxevents` ends.
    pub(super) fn next_block(&mut self) -> Result<Option<EventBlock>, Difference> {
        while self.left > 0 {
            match self.decoder.next_block(self.block_size.min(self.left), &mut self.sink) {
                Ok(Progress::Block) => break,
                Ok(Progress::NeedBytes | Progress::End) => {
                    self.left = self.sink.len();
                    break;
                }
                Err(error) if error.can_continue => self.bad_lines += 1,
                Err(error) => return Err(Difference::Model(error.to_string())),
            }
        }
        self.left -= self.sink.len();
        Ok((!self.sink.is_empty()).then(|| self.sink.take()))
    }

    /// The type of the blocks.
    pub(super) fn kind(&self) -> BlockKind {
        self.kind
    }

    /// How long `events` take, in microseconds.
    pub(super) fn micros(&self, events: usize) -> i64 {
        let events = i64::try_from(events).unwrap_or(i64::MAX);
        if self.rate == 0 { 0 } else { events.saturating_mul(1_000_000) / self.rate }
    }

    /// Lines that were no events.
    pub(super) fn bad_lines(&self) -> usize {
        self.bad_lines
    }
}
