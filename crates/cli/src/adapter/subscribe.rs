//! From the outbound topic of a window into a file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidegate_client::DataTopic;
use tidegate_codec::{BlockSink, DecodeError, DecodeOptions, EncodeOptions, Encoder, Progress, format};
use tidegate_event::{BlockHeader, OutputId, Schema, StreamId, TaggedId};
use tidegate_kafka::Polled;

use super::bus::Bus;
use super::error::AdapterError;
use super::options::{LIMITS, Options};
use super::stop::Stop;

/// Bytes that are written at once.
const WRITE_BYTES: usize = 64 << 10;
/// How long output may wait in the buffer while nothing more comes.
const FLUSH_AFTER: Duration = Duration::from_millis(50);

/// Writes what the window emits until a stop is asked for.
pub(super) fn run(options: &Options, encode: &EncodeOptions, stop: &Stop) -> Result<(), AdapterError> {
    let bus = Bus::new(&options.bus, &options.url)?;
    let mut output = Output::create(options.path.clone())?;
    let topic = DataTopic::Outbound.name(&options.url).unwrap_or_default();
    let Some(schema) = bus.schema(&options.url, stop)? else { return Ok(()) };
    if bus.ensure_partition(&topic, stop)?.is_none() {
        return Ok(());
    }
    let mut encoder = (options.format.encoder)(Arc::clone(&schema), encode);
    encoder.begin(&mut output.buffer);
    output.flush()?;
    let reader = bus.reader(&topic, bus.options.partition, bus.options.start)?;
    tracing::info!(
        "reading topic '{topic}' partition {} from {:?}",
        bus.options.partition,
        bus.options.start
    );
    let mut streams = Streams::default();
    let mut undecodable: u64 = 0;
    while !stop.requested() {
        let Polled::Record(record) = reader.poll(FLUSH_AFTER)? else {
            output.flush()?;
            continue;
        };
        let Some(payload) = record.payload() else { continue };
        if !streams.is_new(record.header(TaggedId::HEADER)) {
            continue;
        }
        if let Err(error) = write_blocks(payload, &schema, encoder.as_mut(), &mut output.buffer) {
            undecodable += 1;
            tracing::error!("topic '{topic}' offset {} is left out: {error}", record.offset());
        }
        if output.buffer.len() >= WRITE_BYTES {
            output.flush()?;
        }
    }
    output.flush()?;
    tracing::info!(
        "topic '{topic}': {} record(s) left out because they were written twice, {undecodable} because they are no \
         event block",
        streams.dropped
    );
    Ok(())
}

/// Writes the event blocks of a record; of one that cannot be read whole, nothing.
fn write_blocks(
    payload: &[u8],
    schema: &Arc<Schema>,
    encoder: &mut dyn Encoder,
    out: &mut Vec<u8>,
) -> Result<(), Box<DecodeError>> {
    let binary = format("binary").expect("the format binary is in the list of formats");
    let mut decoder = (binary.decoder)(Arc::clone(schema), &DecodeOptions::new(LIMITS));
    let mut sink = BlockSink::new(schema);
    decoder.feed(payload);
    decoder.finish();
    let start = out.len();
    loop {
        match decoder.next_block(1, &mut sink) {
            Ok(Progress::End | Progress::NeedBytes) if sink.is_empty() => return Ok(()),
            Ok(_) => {
                let header: BlockHeader = sink.header().unwrap_or_default();
                let block = sink.take();
                let before = out.len();
                encoder.encode(&header, &block, out);
                if out.len() > before {
                    out.extend_from_slice(encoder.separator());
                }
            }
            Err(error) => {
                out.truncate(start);
                return Err(error);
            }
        }
    }
}

/// The last id of each stream (design.md 7): what is not above it was written twice.
#[derive(Debug, Default)]
struct Streams {
    last: BTreeMap<StreamId, OutputId>,
    dropped: u64,
}

impl Streams {
    /// Whether a record with this header is to be taken. One without an id always is.
    fn is_new(&mut self, header: Option<&[u8]>) -> bool {
        let Some(TaggedId { stream, id }) = header.and_then(TaggedId::from_bytes) else { return true };
        if self.last.get(&stream).is_some_and(|&last| id <= last) {
            self.dropped += 1;
            return false;
        }
        self.last.insert(stream, id);
        true
    }
}

/// The file.
struct Output {
    path: PathBuf,
    file: File,
    buffer: Vec<u8>,
}

impl Output {
    fn create(path: PathBuf) -> Result<Self, AdapterError> {
        match File::create(&path) {
            Ok(file) => Ok(Self { path, file, buffer: Vec::new() }),
            Err(cause) => Err(AdapterError::File { what: "create", path, cause }),
        }
    }

    fn flush(&mut self) -> Result<(), AdapterError> {
        let written = self.file.write_all(&self.buffer);
        self.buffer.clear();
        written.map_err(|cause| AdapterError::File { what: "write", path: self.path.clone(), cause })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_not_above_the_last_of_their_stream_are_dropped() {
        let header = |topic: &str, input, part| {
            let id = OutputId { input, sub: 0, part };
            TaggedId { stream: StreamId::new("g", topic, ""), id }.to_string().into_bytes()
        };
        let mut streams = Streams::default();
        let mut is_new = |bytes: &[u8]| streams.is_new(Some(bytes));
        assert!(is_new(&header("a", 5, 0)));
        assert!(!is_new(&header("a", 5, 0)));
        assert!(is_new(&header("a", 5, 1)));
        assert!(!is_new(&header("a", 4, 9)));
        assert!(is_new(&header("b", 4, 9)));
        assert!(is_new(b"no id") && is_new(b"no id"));
        assert!(streams.is_new(None));
        assert_eq!(streams.dropped, 2);
    }
}
