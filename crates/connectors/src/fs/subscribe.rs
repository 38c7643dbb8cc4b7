//! Writing what a window emits into a file.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::time::Duration;

use tidegate_codec::{Encoder, Format};
use tidegate_host::{ConnectorError, ConnectorSetup, Received, Subscriber, SubscriberConnector};

use super::options;

/// A subscriber into a file.
pub(super) struct FsSubscriber {
    path: PathBuf,
    format: &'static Format,
    encoder: Box<dyn Encoder>,
    unbuffered: bool,
    file: Option<File>,
    buffer: Vec<u8>,
}

/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 << 10;
/// How long output may wait in the buffer while nothing more comes.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

impl FsSubscriber {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let (path, format) = options::file(setup)?;
        let encode = options::encode_options(setup)?;
        Ok(Self {
            path,
            format,
            encoder: (format.encoder)(setup.schema.clone(), &encode),
            unbuffered: setup.flag("unbufferedoutputstreams")?,
            file: None,
            buffer: Vec::new(),
        })
    }

    fn failed(&self, what: &str, cause: io::Error) -> ConnectorError {
        ConnectorError::Io { what: format!("{what} the file '{}'", self.path.display()), cause }
    }

    fn flush(&mut self) -> Result<(), ConnectorError> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let written = file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|cause| self.failed("cannot write", cause))
    }
}

impl SubscriberConnector for FsSubscriber {
    fn start(&mut self, _: &Subscriber) -> Result<(), ConnectorError> {
        let file = File::create(&self.path).map_err(|cause| self.failed("cannot create", cause))?;
        self.file = Some(file);
        self.encoder.begin(&mut self.buffer);
        self.flush()
    }

    fn run(&mut self, subscriber: &mut Subscriber) -> Result<(), ConnectorError> {
        loop {
            match subscriber.receive(FLUSH_AFTER) {
                Received::Block(delivery) => {
                    let start = self.buffer.len();
                    self.encoder.encode(&delivery.header, &delivery.block, &mut self.buffer);
                    if self.buffer.len() > start {
                        self.buffer.extend_from_slice(self.encoder.separator());
                    }
                    if self.unbuffered || self.buffer.len() >= WRITE_BYTES {
                        self.flush()?;
                    }
                }
                Received::Idle if self.buffer.is_empty() => {}
                Received::Idle => self.flush()?,
                Received::End => {
                    self.flush()?;
                    let synced = self.file.take().map_or(Ok(()), |mut file| file.flush());
                    return synced.map_err(|cause| self.failed("cannot write", cause));
                }
            }
        }
    }
}

impl std::fmt::Debug for FsSubscriber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FsSubscriber")
            .field("path", &self.path)
            .field("format", &self.format.name)
            .finish_non_exhaustive()
    }
}
