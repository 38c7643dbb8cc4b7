//! Reading a file into a source window.

use std::time::{Duration, Instant};

use tidegate_codec::{BlockSink, DecodeOptions, Decoder, Format, Progress};
use tidegate_event::{BlockKind, EventBlock};
use tidegate_host::{
    ConnectorError, ConnectorSetup, PublishEnd, Publisher, PublisherConnector, SourcePosition,
};

use super::address::Address;
use super::options;
use super::source::{Chunk, Source};

/// A publisher over a file or a socket.
pub(super) struct FsPublisher {
    address: Address,
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
    source: Option<Source>,
}

/// Bytes per read.
const READ_BYTES: usize = 256 << 10;
/// How long to wait before looking for more input.
const GROW_PAUSE: Duration = Duration::from_millis(20);

impl FsPublisher {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let (address, format) = (Address::new(setup)?, options::file_type(setup)?);
        let is_file = matches!(address, Address::File(_));
        let growing = setup.flag("growinginputfile")?;
        let repeats: u64 = setup.number("repeatcount", 0)?.unwrap_or(0);
        Ok(Self {
            address,
            format,
            decode: options::decode_options(setup)?,
            block_events: setup.number("blocksize", 1)?.unwrap_or(1),
            kind: if setup.flag("transactional")? { BlockKind::Transactional } else { BlockKind::Normal },
            events_max: setup.number("maxevents", 0)?.unwrap_or(u64::MAX),
            ignore_bad: setup.flag("ignorecsvparseerrors")? || setup.flag("ignoreparseerrors")?,
            rate: setup.number("rate", 0)?.unwrap_or(0),
            passes: repeats.saturating_add(1),
            // An input without an end cannot be read before it is injected.
            prebuffer: setup.flag("prebuffer")? && is_file && !growing,
            growing,
            source: None,
        })
    }
}

impl PublisherConnector for FsPublisher {
    fn start(&mut self, _: &Publisher) -> Result<(), ConnectorError> {
        self.source = Some(Source::open(&self.address)?);
        Ok(())
    }

    fn run(&mut self, publisher: &mut Publisher) -> Result<PublishEnd, ConnectorError> {
        // What came from a socket is not to be had again.
        let resume = publisher.resume_from().filter(|_| matches!(self.address, Address::File(_)));
        let [first_pass, skip, injected, _] = resume.unwrap_or_default().numbers;
        let mut pace = Pace { started: Instant::now(), events: 0, rate: self.rate };
        let mut injected = injected.cast_unsigned();
        let mut skip = skip.cast_unsigned();
        for pass in first_pass.cast_unsigned()..self.passes {
            let source = match self.source.take() {
                Some(source) => source,
                None => Source::open(&self.address)?,
            };
            let mut reading = Reading {
                decoder: (self.format.decoder)(publisher.schema().clone(), &self.decode),
                total: if self.growing { None } else { source.total() },
                source,
                buffer: vec![0; READ_BYTES],
                read: 0,
                peer_gone: false,
                taken: 0,
                sink: BlockSink::new(publisher.schema()),
            };
            let mut waiting = Vec::new();
            loop {
                let left = self.events_max.saturating_sub(injected);
                if left == 0 {
                    break;
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
                    let mut new = without_first(block, usize::try_from(skip).unwrap_or(usize::MAX));
                    // The events of one object or binary block come together, also beyond the last that is wanted.
                    new.events_mut().truncate(usize::try_from(left).unwrap_or(usize::MAX));
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
            if injected >= self.events_max {
                break;
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
    source: Source,
    decoder: Box<dyn Decoder>,
    buffer: Vec<u8>,
    read: u64,
    total: Option<u64>,
    /// The peer of a socket has gone; what it sent is read to the end.
    peer_gone: bool,
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
                Ok(Progress::End) if reading.peer_gone => {
                    if !reading.sink.is_empty() {
                        return Ok(Some(self.take(reading, Next::Block)));
                    }
                    if matches!(reading.source, Source::Client(_)) {
                        return Err(ConnectorError::Other("the peer has closed the connection".to_owned()));
                    }
                    reading.peer_gone = false;
                    reading.decoder = (self.format.decoder)(publisher.schema().clone(), &self.decode);
                }
                Ok(Progress::End) if reading.sink.is_empty() => return Ok(Some(Next::End)),
                Ok(Progress::End) => return Ok(Some(self.take(reading, Next::Last))),
                Ok(Progress::NeedBytes) => {
                    let chunk = reading.source.read(&mut reading.buffer)?;
                    match chunk {
                        Chunk::Bytes(count) => {
                            let mut bytes = &reading.buffer[..count];
                            if reading.read == 0 && self.format.name != "binary" {
                                bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
                            }
                            reading.decoder.feed(bytes);
                            reading.read += count as u64;
                            publisher.advance(reading.read, reading.total);
                            continue;
                        }
                        Chunk::End if reading.source.is_file() && !self.growing => {
                            reading.decoder.finish();
                            continue;
                        }
                        Chunk::End if !reading.source.is_file() => {
                            // What a peer has sent counts, its last line too.
                            reading.decoder.finish();
                            reading.peer_gone = true;
                            continue;
                        }
                        Chunk::End | Chunk::Nothing => {}
                    }
                    publisher.advance(reading.read, reading.total);
                    if !reading.sink.is_empty() && reading.decoder.may_cut() {
                        return Ok(Some(self.take(reading, Next::Block)));
                    }
                    if publisher.pause(GROW_PAUSE) {
                        return Ok(None);
                    }
                }
                Err(error) => {
                    // ESP's text comes first, the place behind it.
                    let (cause, line) = (&error.cause, error.line);
                    let told = if self.format.name == "csv" {
                        format!("{cause} ({}, line {line})", self.address)
                    } else {
                        format!("{cause} ({}, line {line}, byte {})", self.address, error.byte)
                    };
                    publisher.bad_line(&error.raw, &told);
                    // A peer that goes away in the middle of a piece harms nobody else.
                    let passed_over = if error.can_continue { self.ignore_bad } else { reading.peer_gone };
                    if !passed_over {
                        // What was read before the bad piece is not lost with it.
                        if !reading.sink.is_empty() && reading.decoder.may_cut() {
                            let position = None;
                            let _ = publisher.inject(self.kind, 0, reading.sink.take(), position);
                        }
                        return Err(publisher.stopped_by(&told));
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
