//! Publisher sockets: events for one source window (websocket-api 5).

use std::sync::Arc;
use std::time::Duration;

use axum::response::Response;
use bytes::Bytes;
use tidegate_codec::csv::CsvDecoder;
use tidegate_codec::json::JsonDecoder;
use tidegate_codec::properties::PropertiesDecoder;
use tidegate_codec::xml_events::XmlDecoder;
use tidegate_codec::{BlockSink, DatePattern, DecodeError, DecodeOptions, Decoder, Progress};
use tidegate_event::{BlockKind, EventBlock, Opcode};
use tidegate_host::{BadEvents, ErrorKind, Input, Project, WindowDetails};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, sleep_until};

use super::frame::{FrameFormat, schema_frame};
use super::parameters::format;
use super::socket::{Incoming, Socket, Upgrade};
use crate::call::Call;
use crate::event_format::LIMITS;
use crate::messages;

/// Messages that may wait to be injected; then the client has to wait.
const QUEUE_MESSAGES: usize = 16;

/// Bytes of a message that are decoded before others get their turn.
const PIECE_BYTES: usize = 64 << 10;

/// Most events of a block.
const MAX_BLOCK_EVENTS: u64 = 65_536;

/// How dates are written where nothing is said.
const DATE_FORMAT: &str = "%Y%m%dT%H:%M:%S.%f";

/// How long to wait for room in the project's queue before the next try.
const FULL_PAUSE: Duration = Duration::from_millis(2);

/// `GET publishers/P/CQ/W`.
pub(crate) async fn open(upgrade: Upgrade, call: Call) -> Response {
    upgrade.run(move |socket| run(socket, call))
}

async fn run(mut socket: Socket, call: Call) {
    let (publisher, schema) = match Publisher::new(&call) {
        Ok(publisher) => publisher,
        Err((status, reason)) => return socket.refuse(status, &reason).await,
    };
    // Clients send at once and close at once: what they sent is injected when they are gone already.
    let (sender, messages) = mpsc::channel(QUEUE_MESSAGES);
    tokio::spawn(publisher.run(messages));
    if socket.greet(200).await.is_err() {
        // The client may have sent and gone: what it sent can still be read.
    }
    if let Some(schema) = schema {
        let _sent = socket.send(schema).await;
    }
    loop {
        match socket.receive().await {
            Incoming::Message(message) => {
                if sender.send(message).await.is_err() {
                    let reason = "the events cannot be injected; see the server's log";
                    return socket.close(axum::extract::ws::close_code::ERROR, reason).await;
                }
            }
            Incoming::Closed => return,
            Incoming::Stopped => return socket.close_stopped().await,
        }
    }
}

/// Injects what comes over a socket.
struct Publisher {
    project: Arc<Project>,
    window: WindowDetails,
    bad_events: BadEvents,
    format: FrameFormat,
    separator: String,
    options: DecodeOptions,
    block_events: usize,
    pause: Duration,
    /// Events per second; 0: no limit.
    rate: u64,
    next_at: Instant,
    unreadable: u64,
}

/// The project does not take events any more.
struct Ended;

impl Publisher {
    /// The publisher that a request asks for, and the schema frame if it wants one. The error is a status and a
    /// reason.
    fn new(call: &Call) -> Result<(Self, Option<String>), (u16, String)> {
        let wrong = |reason: String| (400, reason);
        let project = call.app.host.project(call.component(0)).map_err(|error| (404, error.to_string()))?;
        let window = project.window(call.component(1), call.component(2));
        let window = window.map_err(|error| (404, error.to_string()))?.clone();
        if !window.is_source() {
            let path = call.components().join("/");
            return Err(wrong(format!("window '{path}' is no source window")));
        }
        let query = &call.query;
        let number = |name| query.number(name).map_err(|error| (400, error.to_string()));
        let format = format(query.get("format").unwrap_or("csv"), &FrameFormat::NAMES).map_err(wrong)?;
        let mut options = DecodeOptions::new(LIMITS);
        let pattern = query.get("dateformat").unwrap_or(DATE_FORMAT);
        options.date_format = Some(DatePattern::new(pattern).map_err(|error| (400, error.to_string()))?);
        options.bare_lines = true;
        options.opcode = match query.get("opcode") {
            None => Opcode::Insert,
            Some(text) => {
                Opcode::parse(text).ok_or_else(|| wrong(format!("parameter 'opcode' is '{text}'")))?
            }
        };
        let json = format == FrameFormat::Json;
        let schema = query.flag("schema", false).map_err(|error| (400, error.to_string()))?;
        let schema = schema.then(|| schema_frame(&window.schema, json));
        let publisher = Self {
            bad_events: call.app.host.config().bad_events.clone(),
            project,
            window,
            format,
            separator: query.get("separator").unwrap_or_default().to_owned(),
            options,
            block_events: number("blocksize")?.unwrap_or(1).clamp(1, MAX_BLOCK_EVENTS) as usize,
            pause: Duration::from_millis(number("pause")?.unwrap_or(0)),
            rate: number("rate")?.unwrap_or(0),
            next_at: Instant::now(),
            unreadable: 0,
        };
        Ok((publisher, schema))
    }

    fn decoder(&self) -> Box<dyn Decoder> {
        let (schema, options) = (Arc::clone(&self.window.schema), self.options.clone());
        match self.format {
            FrameFormat::Csv => Box::new(CsvDecoder::new(schema, options)),
            FrameFormat::Xml => Box::new(XmlDecoder::new(schema, options)),
            FrameFormat::Json => Box::new(JsonDecoder::new(schema, options)),
            FrameFormat::Properties => Box::new(PropertiesDecoder::new(schema, options, &self.separator)),
        }
    }

    /// Injects messages until there are no more; the last, short block when the socket is closed.
    async fn run(mut self, mut messages: mpsc::Receiver<Bytes>) {
        let mut decoder = self.decoder();
        let mut sink = BlockSink::new(&self.window.schema);
        while let Some(message) = messages.recv().await {
            if self.message(&message, &mut decoder, &mut sink).await.is_err() {
                return;
            }
        }
        decoder.finish();
        let _ended = self.decode(&mut decoder, &mut sink).await;
        if !sink.is_empty() {
            let _ended = self.inject(sink.kind(), sink.take()).await;
        }
        if self.unreadable > 1 {
            messages::UNREADABLE.warn(format_args!(
                "{} events published over a WebSocket to {} could not be read",
                self.unreadable,
                self.path()
            ));
        }
    }

    async fn message(
        &mut self,
        message: &[u8],
        decoder: &mut Box<dyn Decoder>,
        sink: &mut BlockSink,
    ) -> Result<(), Ended> {
        for piece in message.chunks(PIECE_BYTES) {
            decoder.feed(piece);
            self.decode(decoder, sink).await?;
            tokio::task::yield_now().await;
        }
        // A message ends an event, whatever its last bytes are.
        match self.format {
            FrameFormat::Csv if !message.ends_with(b"\n") => decoder.feed(b"\n"),
            FrameFormat::Properties if self.separator.is_empty() => decoder.feed(b"\n\n"),
            FrameFormat::Properties => decoder.feed(self.separator.as_bytes()),
            FrameFormat::Csv | FrameFormat::Xml | FrameFormat::Json => return Ok(()),
        }
        self.decode(decoder, sink).await
    }

    /// Injects every whole block that has come so far.
    async fn decode(&mut self, decoder: &mut Box<dyn Decoder>, sink: &mut BlockSink) -> Result<(), Ended> {
        loop {
            match decoder.next_block(self.block_events, sink) {
                Ok(Progress::Block)
                    if sink.len() >= self.block_events || sink.kind() == BlockKind::Transactional =>
                {
                    self.inject(sink.kind(), sink.take()).await?;
                }
                // An array or a document has ended, which ends no block here: blocks have the size asked for.
                Ok(Progress::Block) => {}
                Ok(Progress::NeedBytes | Progress::End) => return Ok(()),
                Err(error) => {
                    self.tell(&error);
                    if !error.can_continue {
                        // What follows in this message cannot be read; the next one begins anew.
                        *decoder = self.decoder();
                        return Ok(());
                    }
                }
            }
        }
    }

    /// Writes an unreadable event to the bad-events file; the log tells of the first.
    fn tell(&mut self, error: &DecodeError) {
        self.bad_events.unreadable(&self.path(), error, &error.raw);
        if self.unreadable == 0 {
            messages::UNREADABLE
                .warn(format_args!("an event published over a WebSocket to {}: {error}", self.path()));
        }
        self.unreadable += 1;
    }

    async fn inject(&mut self, kind: BlockKind, block: EventBlock) -> Result<(), Ended> {
        let block = Arc::new(block);
        sleep_until(self.next_at).await;
        loop {
            let input = Input { window: self.window.id, kind, client: 0, block: Arc::clone(&block) };
            match self.project.inject(input, Duration::ZERO) {
                Ok(()) => break,
                Err(error) if error.kind() == ErrorKind::Unavailable => sleep(FULL_PAUSE).await,
                Err(error) => {
                    messages::NOT_INJECTED
                        .warn(format_args!("events published over a WebSocket to {}: {error}", self.path()));
                    return Err(Ended);
                }
            }
        }
        let now = Instant::now();
        let paced = match self.rate {
            0 => now,
            rate => {
                self.next_at.max(now - Duration::from_secs(1))
                    + Duration::from_secs_f64(block.len() as f64 / rate as f64)
            }
        };
        self.next_at = paced.max(now + self.pause);
        Ok(())
    }

    fn path(&self) -> String {
        format!("{}/{}/{}", self.project.name(), self.window.contquery, self.window.name)
    }
}
