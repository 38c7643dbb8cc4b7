//! Reading a file into a source window.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tidegate_codec::{BlockSink, DecodeOptions, Decoder, Format, Progress};
use tidegate_event::{BlockKind, EventBlock};
use tidegate_host::{
    ConnectorError, ConnectorSetup, PublishEnd, Publisher, PublisherConnector, SourcePosition,
};

use super::options;

/// A publisher over a file.
pub(super) struct FsPublisher {
    path: PathBuf,
    format: &'static Format,
    decode: DecodeOptions,
    block_events: usize,
    kind: BlockKind,
    events_max: u64,
    ignore_bad: bool,
    rate: u64,
    passes: u64,
    prebuffer: bool,
    growing: bool,
    file: Option<File>,
}

/// Bytes per read.
const READ_BYTES: usize = 256 << 10;
/// How long to wait for a growing file to grow.
const GROW_PAUSE: Duration = Duration::from_millis(100);

impl FsPublisher {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let (path, format) = options::file(setup)?;
        let repeats: u64 = setup.number("repeatcount", 0)?.unwrap_or(0);
        Ok(Self {
            path,
            format,
            decode: options::decode_options(setup)?,
            block_events: setup.number("blocksize", 1)?.unwrap_or(1),
            kind: if setup.flag("transactional")? { BlockKind::Transactional } else { BlockKind::Normal },
            events_max: setup.number("maxevents", 0)?.unwrap_or(u64::MAX),
            ignore_bad: setup.flag("ignorecsvparseerrors")? || setup.flag("ignoreparseerrors")?,
            rate: setup.number("rate", 0)?.unwrap_or(0),
            passes: repeats.saturating_add(1),
            prebuffer: setup.flag("prebuffer")?,
            growing: setup.flag("growinginputfile")?,
            file: None,
        })
    }

    fn open(&self) -> Result<File, ConnectorError> {
        File::open(&self.path).map_err(|cause| self.failed("cannot open", cause))
    }

    fn failed(&self, what: &str, cause: io::Error) -> ConnectorError {
        ConnectorError::Io { what: format!("{what} the file '{}'", self.path.display()), cause }
    }
}

impl PublisherConnector for FsPublisher {
    fn start(&mut self, _: &Publisher) -> Result<(), ConnectorError> {
        self.file = Some(self.open()?);
        Ok(())
    }

    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        let [first_pass, skip, injected, _] = publisher.resume_from().unwrap_or_default().numbers;
        let mut pace = Pace { started: Instant::now(), events: 0, rate: self.rate };
        let mut injected = injected.cast_unsigned();
        let mut skip = skip.cast_unsigned();
        for pass in first_pass.cast_unsigned()..self.passes {
            let file = match self.file.take() {
                Some(file) => file,
                None => self.open()?,
            };
            let mut reading = Reading {
                decoder: (self.format.decoder)(publisher.schema().clone(), &self.decode),
                total: file.metadata().ok().map(|metadata| metadata.len()),
                file,
                buffer: vec![0; READ_BYTES],
                read: 0,
                taken: 0,
                sink: BlockSink::new(publisher.schema()),
            };
            let mut waiting = Vec::new();
            loop {
                let left = self.events_max.saturating_sub(injected);
                if left == 0 {
                    return Ok(PublishEnd::Finished);
                }
                let events = self.block_events.min(usize::try_from(left).unwrap_or(usize::MAX));
                let Some(next) = self.next_block(&mut reading, events, publisher)? else {
                    return Ok(PublishEnd::Stopped);
                };
                let (block, end) = match next {
                    Next::Block(kind, client, block) => (Some((kind, client, block)), false),
                    Next::Last(kind, client, block) => (Some((kind, client, block)), true),
                    Next::End => (None, true),
                };
                if let Some((kind, client, block)) = block {
                    let len = block.len() as u64;
                    let new = without_first(block, usize::try_from(skip).unwrap_or(usize::MAX));
                    skip = skip.saturating_sub(len);
                    reading.taken += len;
                    if !new.is_empty() {
                        injected += new.len() as u64;
                        let position = SourcePosition::new([
                            pass.cast_signed(),
                            reading.taken.cast_signed(),
                            injected.cast_signed(),
                            0,
                        ]);
                        let piece = Piece { kind, client, block: new, position };
                        if self.prebuffer {
                            waiting.push(piece);
                        } else if !pace.inject(piece, publisher) {
                            return Ok(PublishEnd::Stopped);
                        }
                    }
                }
                if end {
                    break;
                }
            }
            for piece in waiting {
                if !pace.inject(piece, publisher) {
                    return Ok(PublishEnd::Stopped);
                }
            }
            skip = 0;
        }
        Ok(PublishEnd::Finished)
    }
}

/// What came next from the file.
enum Next {
    Block(BlockKind, i64, EventBlock),
    /// The last block of a pass.
    Last(BlockKind, i64, EventBlock),
    /// The pass is over.
    End,
}

/// One pass over the file.
struct Reading {
    file: File,
    decoder: Box<dyn Decoder>,
    buffer: Vec<u8>,
    read: u64,
    total: Option<u64>,
    /// Events taken from this pass.
    taken: u64,
    sink: BlockSink,
}

impl FsPublisher {
    /// The next block of the pass; nothing when the connector is to stop.
    fn next_block(
        &self,
        reading: &mut Reading,
        events: usize,
        publisher: &mut Publisher,
    ) -> Result<Option<Next>, ConnectorError> {
        loop {
            if publisher.stop_requested() {
                return Ok(None);
            }
            match reading.decoder.next_block(events, &mut reading.sink) {
                Ok(Progress::Block) => return Ok(Some(self.take(reading, Next::Block))),
                Ok(Progress::End) if reading.sink.is_empty() => return Ok(Some(Next::End)),
                Ok(Progress::End) => return Ok(Some(self.take(reading, Next::Last))),
                Ok(Progress::NeedBytes) => {
                    let count = loop {
                        match reading.file.read(&mut reading.buffer) {
                            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                            other => break other.map_err(|cause| self.failed("cannot read", cause))?,
                        }
                    };
                    reading.read += count as u64;
                    reading.decoder.feed(&reading.buffer[..count]);
                    publisher.advance(reading.read, reading.total);
                    if count > 0 {
                        continue;
                    }
                    if !self.growing {
                        reading.decoder.finish();
                    } else if !reading.sink.is_empty() {
                        return Ok(Some(self.take(reading, Next::Block)));
                    } else if publisher.pause(GROW_PAUSE) {
                        return Ok(None);
                    }
                }
                Err(error) => {
                    publisher.bad_line(&error.raw, &error);
                    if !(self.ignore_bad && error.can_continue) {
                        // What was read before the bad piece is not lost with it.
                        if !reading.sink.is_empty() {
                            let position = None;
                            let _ = publisher.inject(self.kind, 0, reading.sink.take(), position);
                        }
                        return Err(publisher.stopped_by(&error));
                    }
                }
            }
        }
    }

    fn take(&self, reading: &mut Reading, next: fn(BlockKind, i64, EventBlock) -> Next) -> Next {
        let header = reading.sink.header();
        let (kind, client) = match header {
            Some(header) if header.kind == BlockKind::Transactional => (header.kind, header.id.client),
            Some(header) => (self.kind, header.id.client),
            None => (self.kind, 0),
        };
        next(kind, client, reading.sink.take())
    }
}

/// A block that is ready to be injected.
struct Piece {
    kind: BlockKind,
    client: i64,
    block: EventBlock,
    position: SourcePosition,
}

/// Keeps to a number of events per second.
struct Pace {
    started: Instant,
    events: u64,
    rate: u64,
}

impl Pace {
    /// Injects when it is time; false when the connector is to stop.
    fn inject(&mut self, piece: Piece, publisher: &mut Publisher) -> bool {
        if self.rate > 0 {
            let due = Duration::from_secs_f64(self.events as f64 / self.rate as f64);
            let wait = due.saturating_sub(self.started.elapsed());
            if !wait.is_zero() && publisher.pause(wait) {
                return false;
            }
        }
        self.events += piece.block.len() as u64;
        publisher.inject(piece.kind, piece.client, piece.block, Some(piece.position)).is_ok()
    }
}

/// The block without its first `skip` events.
fn without_first(block: EventBlock, skip: usize) -> EventBlock {
    if skip == 0 {
        return block;
    }
    let rest = block.events().get(skip..).unwrap_or_default().to_vec();
    EventBlock::new(block.rows().clone(), rest)
}
