//! Reading a file as event blocks.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

use tidegate_codec::{BlockSink, Decoder, Format, Progress};
use tidegate_event::{BlockKind, EventBlock, Schema};

use super::error::AdapterError;
use super::options::PublishOptions;

/// Bytes per read.
const READ_BYTES: usize = 256 << 10;

/// What came next.
#[derive(Debug)]
pub(super) enum Next {
    /// A block.
    Block(BlockKind, EventBlock),
    /// Nothing yet: the file may grow.
    Waiting,
    /// The input has ended.
    End,
}

/// A file of events, read as often as the options say.
pub(super) struct Input<'a> {
    path: &'a Path,
    format: &'static Format,
    options: &'a PublishOptions,
    schema: Arc<Schema>,
    passes_left: u64,
    events_left: u64,
    pass: Option<Pass>,
    buffer: Vec<u8>,
    /// An error that is told behind the block that was read before it.
    failed: Option<AdapterError>,
    /// Pieces that were left out because they are no events.
    pub(super) left_out: u64,
}

/// One pass over the file.
struct Pass {
    file: File,
    decoder: Box<dyn Decoder>,
    sink: BlockSink,
}

impl<'a> Input<'a> {
    /// The file must be there.
    pub(super) fn open(
        path: &'a Path,
        format: &'static Format,
        options: &'a PublishOptions,
        schema: Arc<Schema>,
    ) -> Result<Self, AdapterError> {
        let mut input = Self {
            path,
            format,
            options,
            schema,
            passes_left: options.passes,
            events_left: options.events_max,
            pass: None,
            buffer: vec![0; READ_BYTES],
            failed: None,
            left_out: 0,
        };
        input.begin_pass()?;
        Ok(input)
    }

    fn begin_pass(&mut self) -> Result<(), AdapterError> {
        let file = File::open(self.path).map_err(|cause| self.file_error("open", cause))?;
        let decoder = (self.format.decoder)(Arc::clone(&self.schema), &self.options.decode);
        self.pass = Some(Pass { file, decoder, sink: BlockSink::new(&self.schema) });
        self.passes_left -= 1;
        Ok(())
    }

    /// The next block. The last, short one of a pass is a block too.
    pub(super) fn next(&mut self) -> Result<Next, AdapterError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        loop {
            let most = self.options.block_events.min(usize::try_from(self.events_left).unwrap_or(usize::MAX));
            if most == 0 {
                return Ok(Next::End);
            }
            let Some(pass) = &mut self.pass else {
                if self.passes_left == 0 {
                    return Ok(Next::End);
                }
                self.begin_pass()?;
                continue;
            };
            match pass.decoder.next_block(most, &mut pass.sink) {
                Ok(Progress::Block) => return Ok(self.take()),
                Ok(Progress::End) => {
                    let has_rest = !pass.sink.is_empty();
                    let rest = has_rest.then(|| self.take());
                    self.pass = None;
                    if let Some(rest) = rest {
                        return Ok(rest);
                    }
                }
                Ok(Progress::NeedBytes) => {
                    if self.read()? > 0 {
                        continue;
                    }
                    let Some(pass) = &mut self.pass else { continue };
                    if !self.options.growing {
                        pass.decoder.finish();
                    } else if pass.sink.is_empty() {
                        return Ok(Next::Waiting);
                    } else {
                        return Ok(self.take());
                    }
                }
                Err(error) => {
                    tracing::error!("dfESPevent::dfESPevent(): {error}");
                    if self.options.ignore_bad && error.can_continue {
                        self.left_out += 1;
                        continue;
                    }
                    let bad = AdapterError::BadEvent { path: self.path.to_owned(), line: error.line };
                    // What was read before the bad piece is not lost with it.
                    if pass.sink.is_empty() {
                        return Err(bad);
                    }
                    self.failed = Some(bad);
                    return Ok(self.take());
                }
            }
        }
    }

    /// Feeds the decoder; answers how many bytes there were.
    fn read(&mut self) -> Result<usize, AdapterError> {
        let Some(pass) = &mut self.pass else { return Ok(0) };
        let count = loop {
            match pass.file.read(&mut self.buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(self.file_error("read", cause)),
                Ok(count) => break count,
            }
        };
        pass.decoder.feed(&self.buffer[..count]);
        Ok(count)
    }

    fn take(&mut self) -> Next {
        let Some(pass) = &mut self.pass else { return Next::End };
        let kind = match pass.sink.header() {
            Some(header) if header.kind == BlockKind::Transactional => BlockKind::Transactional,
            _ => self.options.kind,
        };
        let block = pass.sink.take();
        self.events_left = self.events_left.saturating_sub(block.len() as u64);
        Next::Block(kind, block)
    }

    fn file_error(&self, what: &'static str, cause: io::Error) -> AdapterError {
        AdapterError::File { what, path: self.path.to_owned(), cause }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use tidegate_codec::{DecodeOptions, format};

    use super::super::options::LIMITS;
    use super::*;

    fn publish_options() -> PublishOptions {
        PublishOptions {
            decode: DecodeOptions::new(LIMITS),
            block_events: 2,
            kind: BlockKind::Normal,
            rate: 0,
            passes: 1,
            events_max: u64::MAX,
            growing: false,
            ignore_bad: false,
        }
    }

    /// Sizes of the blocks of a csv file, and the error that ended it.
    fn sizes(text: &str, options: &PublishOptions) -> (Vec<usize>, Option<String>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let schema = Arc::new(Schema::parse("id*:int32,v:double").unwrap());
        let mut input = Input::open(file.path(), format("csv").unwrap(), options, schema).unwrap();
        let mut sizes = Vec::new();
        loop {
            match input.next() {
                Ok(Next::Block(_, block)) => sizes.push(block.len()),
                Ok(Next::End) => return (sizes, None),
                Ok(Next::Waiting) => panic!("the file does not grow"),
                Err(error) => return (sizes, Some(error.to_string())),
            }
        }
    }

    const THREE: &str = "i,n,1,1.0\ni,n,2,2.0\ni,n,3,3.0\n";

    #[test]
    fn the_last_block_of_each_pass_is_short() {
        assert_eq!(sizes(THREE, &publish_options()), (vec![2, 1], None));
        let twice = PublishOptions { passes: 2, ..publish_options() };
        assert_eq!(sizes(THREE, &twice), (vec![2, 1, 2, 1], None));
        let four = PublishOptions { events_max: 4, ..twice };
        assert_eq!(sizes(THREE, &four), (vec![2, 1, 1], None));
        assert_eq!(sizes("", &publish_options()), (vec![], None));
    }

    #[test]
    fn a_bad_line_ends_the_input_behind_what_was_good() {
        let text = "i,n,1,1.0\ni,n,2,x\ni,n,3,3.0\n";
        let (blocks, error) = sizes(text, &publish_options());
        assert_eq!(blocks, [1]);
        assert!(error.unwrap().starts_with("line 2 of '"));
        let ignoring = PublishOptions { ignore_bad: true, ..publish_options() };
        assert_eq!(sizes(text, &ignoring), (vec![2], None));
    }
}
