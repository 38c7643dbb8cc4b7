//! The bad-events file: what a window refused and what could not be read (layout in docs/compatibility.md).

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use tidegate_codec::EncodeOptions;
use tidegate_codec::csv::CsvEncoder;
use tidegate_event::{EventBlock, EventRef, Schema};

use crate::messages;

/// The file, shared by everything that finds bad events. One line per event:
/// `project/contquery/window,reason,OPCODE,FLAGS, field,...` for an event that a window refused, and
/// `project/contquery/window,reason,` followed by the piece as it came in for one that could not be read.
#[derive(Debug, Clone, Default)]
pub struct BadEvents(Option<Arc<Mutex<Out>>>);

#[derive(Debug)]
struct Out {
    file: BufWriter<File>,
    line: Vec<u8>,
    failed: bool,
}

impl BadEvents {
    /// No file: bad events are counted and logged only.
    pub const fn nowhere() -> Self {
        Self(None)
    }

    /// Appends to the file at `path`, which is made when it does not exist.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        let file = OpenOptions::new().create(true).append(true).open(path)?;
        let out = Out { file: BufWriter::with_capacity(1 << 16, file), line: Vec::new(), failed: false };
        Ok(Self(Some(Arc::new(Mutex::new(out)))))
    }

    /// Writes the event at `position` of a block, which a window refused.
    pub(crate) fn refused(
        &self,
        window: &str,
        reason: &dyn fmt::Display,
        schema: &Arc<Schema>,
        block: &EventBlock,
        position: usize,
    ) {
        let Some(out) = &self.0 else { return };
        let event: EventRef = block.events()[position];
        let one = EventBlock::new(Arc::clone(block.rows()), vec![event]);
        let mut out = out.lock();
        out.begin(window, reason);
        CsvEncoder::new(Arc::clone(schema), EncodeOptions::default()).encode_block(&one, &mut out.line);
        out.end();
    }

    /// Writes a piece of input that could not be read.
    pub fn unreadable(&self, window: &str, reason: &dyn fmt::Display, raw: &[u8]) {
        let Some(out) = &self.0 else { return };
        let mut out = out.lock();
        out.begin(window, reason);
        for &byte in raw {
            match byte {
                b'\n' => out.line.extend_from_slice(b"\\n"),
                b'\r' => out.line.extend_from_slice(b"\\r"),
                byte => out.line.push(byte),
            }
        }
        out.line.push(b'\n');
        out.end();
    }

    /// Hands everything written so far to the operating system.
    pub fn flush(&self) {
        if let Some(out) = &self.0 {
            let mut out = out.lock();
            let done = out.file.flush();
            out.told(done);
        }
    }
}

impl Out {
    fn begin(&mut self, window: &str, reason: &dyn fmt::Display) {
        self.line.clear();
        self.line.extend_from_slice(window.as_bytes());
        self.line.push(b',');
        let reason = reason.to_string();
        if reason.contains([',', '"', '\n', '\r', ';', ':']) {
            let quoted = reason.replace('"', "\"\"").replace(['\n', '\r'], " ");
            self.line.push(b'"');
            self.line.extend_from_slice(quoted.as_bytes());
            self.line.push(b'"');
        } else {
            self.line.extend_from_slice(reason.as_bytes());
        }
        self.line.push(b',');
    }

    fn end(&mut self) {
        let done = self.file.write_all(&self.line);
        self.told(done);
    }

    /// The stream goes on without the file; the log says so once for each change.
    fn told(&mut self, done: std::io::Result<()>) {
        match done {
            Ok(()) => self.failed = false,
            Err(error) if !self.failed => {
                self.failed = true;
                messages::BAD_EVENTS_LOST
                    .log(format_args!("the bad-events file cannot be written, bad events are lost: {error}"));
            }
            Err(_) => {}
        }
    }
}
