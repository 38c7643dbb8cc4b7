//! Writing what a window emits into a file or a socket.

use std::time::Duration;

use tidegate_codec::{Encoder, Format};
use tidegate_host::{ConnectorError, ConnectorSetup, Received, Subscriber, SubscriberConnector};

use super::address::Address;
use super::messages;
use super::options;
use super::output::{Output, Rolling, Written};

/// A subscriber into a file or a socket.
pub(super) struct FsSubscriber {
    address: Address,
    format: &'static Format,
    encoder: Box<dyn Encoder>,
    unbuffered: bool,
    rolling: Rolling,
    output: Option<Output>,
    /// Whole blocks that are not written yet.
    buffer: Vec<u8>,
    /// Where in it they end.
    ends: Vec<usize>,
}

/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 << 10;
/// How long output may wait in the buffer while nothing more comes.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

impl FsSubscriber {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let (address, format) = (Address::new(setup)?, options::file_type(setup)?);
        let encode = options::encode_options(setup)?;
        let rolling = Rolling {
            seconds: setup.number("periodicity", 0)?.unwrap_or(0),
            bytes: setup.number("maxfilesize", 0)?.unwrap_or(0),
        };
        Ok(Self {
            address,
            format,
            encoder: (format.encoder)(setup.schema.clone(), &encode),
            unbuffered: setup.flag("unbufferedoutputstreams")?,
            rolling,
            output: None,
            buffer: Vec::new(),
            ends: Vec::new(),
        })
    }

    /// Writes the buffer; to a peer that is new, behind what stands before the first block. Blocks that a peer was given whole
    /// before it went are its own: the next peer gets those behind them.
    fn flush(&mut self, subscriber: &Subscriber) -> Result<(), ConnectorError> {
        let Some(output) = &mut self.output else { return Ok(()) };
        while !self.buffer.is_empty() {
            if output.ready(subscriber)? {
                let mut first = Vec::new();
                self.encoder.begin(&mut first);
                if output.write(&first, subscriber)? != Written::All {
                    continue;
                }
            }
            match output.write(&self.buffer, subscriber)? {
                Written::All => {
                    self.buffer.clear();
                    self.ends.clear();
                }
                Written::PeerGone(sent) => {
                    let whole = self.ends.partition_point(|&end| end <= sent);
                    let gone = self.ends[..whole].last().copied().unwrap_or(0);
                    self.buffer.drain(..gone);
                    self.ends.drain(..whole);
                    self.ends.iter_mut().for_each(|end| *end -= gone);
                    messages::PEER_GONE.log(format_args!(
                        "connector {} of {}: the peer has gone; what it was given last may not have arrived ({whole} \
                         block(s) of the last write were given whole), the next peer gets what comes behind",
                        subscriber.setup().name,
                        subscriber.setup().window_path()
                    ));
                }
            }
        }
        Ok(())
    }

    /// Ends the open file and opens the next, when it is full.
    fn roll(&mut self, subscriber: &Subscriber) -> Result<(), ConnectorError> {
        let Some(Output::File(files)) = &self.output else { return Ok(()) };
        if !files.is_full(self.buffer.len()) {
            return Ok(());
        }
        self.encoder.end(&mut self.buffer);
        self.flush(subscriber)?;
        if let Some(Output::File(files)) = &mut self.output {
            files.next()?;
            self.encoder.begin(&mut self.buffer);
        }
        self.flush(subscriber)
    }
}

impl SubscriberConnector for FsSubscriber {
    fn start(&mut self, subscriber: &Subscriber) -> Result<(), ConnectorError> {
        let output = Output::open(&self.address, self.rolling, &subscriber.setup().clock)?;
        let waits_for_peer = matches!(output, Output::Server(..));
        self.output = Some(output);
        if !waits_for_peer {
            self.encoder.begin(&mut self.buffer);
        }
        self.flush(subscriber)
    }

    fn run(&mut self, subscriber: &mut Subscriber) -> Result<(), ConnectorError> {
        loop {
            match subscriber.receive(FLUSH_AFTER) {
                Received::Block(delivery) => {
                    self.roll(subscriber)?;
                    let start = self.buffer.len();
                    self.encoder.encode(&delivery.header, &delivery.block, &mut self.buffer);
                    if self.buffer.len() > start {
                        self.buffer.extend_from_slice(self.encoder.separator());
                        self.ends.push(self.buffer.len());
                    }
                    if self.unbuffered || self.buffer.len() >= WRITE_BYTES {
                        self.flush(subscriber)?;
                    }
                }
                Received::Idle => self.flush(subscriber)?,
                Received::End => {
                    // A peer that has had nothing is not waited for to be told of the end.
                    if !self.buffer.is_empty() || !matches!(self.output, Some(Output::Server(_, None))) {
                        self.encoder.end(&mut self.buffer);
                    }
                    return self.flush(subscriber);
                }
            }
        }
    }
}

impl std::fmt::Debug for FsSubscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FsSubscriber")
            .field("address", &self.address)
            .field("format", &self.format.name)
            .finish_non_exhaustive()
    }
}
