//! Output topics: followed while they grow, and read whole by a client of another make.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use tidegate_harness::{Cluster, wait_until};
use tidegate_kafka::{Events, PartitionReader, Place, Polled, ReaderOptions, Settings, StartOffset};

use crate::{Error, Outcome};

/// Follows the committed records of an output topic.
pub struct Tail {
    topic: String,
    state: Arc<State>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct State {
    /// Highest input id of a `tidegate-id` header.
    input: AtomicI64,
    records: AtomicU64,
    stop: AtomicBool,
}

impl Tail {
    /// Follows partition 0 of `topic` from its first record.
    ///
    /// # Errors
    /// No thread, or no client.
    pub fn start(bootstrap: &str, topic: &str) -> Outcome<Self> {
        let options = ReaderOptions {
            topic: topic.to_owned(),
            partition: 0,
            start: StartOffset::Beginning,
            read_committed: true,
            fetch_wait: Duration::from_millis(20),
            read_ahead_kbytes: 4096,
        };
        let events = Events::new(Place { connector: "tail".to_owned(), window: topic.to_owned() });
        let reader = PartitionReader::new(&Settings::new(bootstrap, None, None)?, options, events)?;
        let state = Arc::new(State {
            input: AtomicI64::new(-1),
            records: AtomicU64::new(0),
            stop: AtomicBool::new(false),
        });
        let work = Arc::clone(&state);
        let thread = std::thread::Builder::new().name(format!("tail of {topic}"));
        let thread = thread.spawn(move || work.run(&reader)).map_err(Error::io("starting a tail"))?;
        Ok(Self { topic: topic.to_owned(), state, thread: Some(thread) })
    }

    /// The highest input id of a committed record; -1 when there is none.
    #[must_use]
    pub fn input(&self) -> i64 {
        self.state.input.load(Ordering::SeqCst)
    }

    /// Committed records so far.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.state.records.load(Ordering::SeqCst)
    }

    /// Waits until output of input `id` or a later one is committed.
    ///
    /// # Errors
    /// Not in time.
    pub fn wait_for(&self, id: i64, patience: Duration) -> Outcome {
        let what = format!("committed output of input {id} in {}", self.topic);
        let reached = wait_until(&what, patience, || Ok((self.input() >= id).then_some(())));
        reached.map_err(|error| Error::Wrong(format!("{error}; it is at {}", self.input())))
    }
}

impl State {
    fn run(&self, reader: &PartitionReader) {
        while !self.stop.load(Ordering::SeqCst) {
            let Ok(Polled::Record(record)) = reader.poll(Duration::from_millis(20)) else { continue };
            self.records.fetch_add(1, Ordering::SeqCst);
            let id = record.header("tidegate-id").and_then(|id| std::str::from_utf8(id).ok());
            if let Some(input) = id.and_then(|id| id.split(':').nth(1)?.parse().ok()) {
                self.input.fetch_max(input, Ordering::SeqCst);
            }
        }
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.state.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// How a topic is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// What every reader of committed records sees.
    Committed,
    /// Everything that was ever written.
    Uncommitted,
}

/// A record, without its offset: aborted transactions and commit marks take offsets too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutputRecord {
    /// Hash of group, topic and epoch: all that two groups' records may differ in.
    pub stream: String,
    /// Input, sub-sequence and part of the message id.
    pub id: (i64, u64, u64),
    /// Everything else in words: timestamp, key, other headers, value.
    pub rest: String,
    /// The value, when it is text.
    pub value: Option<String>,
}

/// The records of a topic, in the file that ReadTopic.java wrote.
#[derive(Debug)]
pub struct Dump {
    /// The file.
    pub file: PathBuf,
}

impl Dump {
    /// Reads partition 0 of each topic to its end with Kafka's Java client, into files in `folder`.
    ///
    /// # Errors
    /// The client fails; without a JDK the error says what to install.
    pub fn read<const N: usize>(
        cluster: &Cluster,
        topics: [&str; N],
        isolation: Isolation,
        folder: &Path,
    ) -> Outcome<[Self; N]> {
        let isolation = match isolation {
            Isolation::Committed => "read_committed",
            Isolation::Uncommitted => "read_uncommitted",
        };
        let dumps = topics.map(|topic| Self { file: folder.join(format!("{topic}.{isolation}")) });
        let mut java = Command::new("java");
        java.args(["-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp"]);
        java.arg(cluster.jars().class_path());
        java.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("ReadTopic.java"));
        java.args([cluster.bootstrap(), isolation]);
        for (topic, dump) in topics.iter().zip(&dumps) {
            java.arg(topic).arg(&dump.file);
        }
        let output = java.output().map_err(Error::io("starting java"))?;
        let said = String::from_utf8_lossy(&output.stderr);
        if said.contains("jdk.compiler") {
            let hint = "install a JDK, 17 or later (Debian: openjdk-17-jdk-headless)";
            return Err(Error::Wrong(format!("java runs no source files: {hint}")));
        }
        if !output.status.success() {
            return Err(Error::Wrong(format!("reading {}: {}\n{said}", topics.join(", "), output.status)));
        }
        Ok(dumps)
    }

    /// The records, in order.
    ///
    /// # Errors
    /// The file cannot be read, or a record has no message id.
    pub fn records(&self) -> Outcome<Vec<OutputRecord>> {
        let text =
            fs::read_to_string(&self.file).map_err(Error::io(format!("reading {}", self.file.display())))?;
        text.lines().map(|line| self.record(line)).collect()
    }

    fn record(&self, line: &str) -> Outcome<OutputRecord> {
        let wrong = || Error::Wrong(format!("{}: no output record: {line}", self.file.display()));
        let mut words = line.split(' ');
        let (_, timestamp, key, headers, value) =
            (words.next(), words.next(), words.next(), words.next().ok_or_else(wrong)?, words.next());
        let (mut id, mut others) = (None, Vec::new());
        for header in headers.split(',') {
            match header.strip_prefix("tidegate-id=") {
                Some(hex) if id.is_none() => id = text_of(hex),
                _ => others.push(header),
            }
        }
        let id = id.ok_or_else(wrong)?;
        let mut parts = id.split(':');
        let stream = parts.next().unwrap_or_default().to_owned();
        let mut number = || parts.next().and_then(|part| part.parse::<u64>().ok()).ok_or_else(wrong);
        let id = (i64::try_from(number()?).unwrap_or(i64::MAX), number()?, number()?);
        let rest = format!("{timestamp:?} {key:?} {others:?} {value:?}");
        Ok(OutputRecord { stream, id, rest, value: value.and_then(text_of) })
    }
}

fn text_of(hex: &str) -> Option<String> {
    let byte = |at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok();
    String::from_utf8((0..hex.len()).step_by(2).map(byte).collect::<Option<_>>()?).ok()
}

/// What differs between an output topic and that of an engine that was never disturbed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Records that are in the undisturbed output alone.
    pub lost: usize,
    /// Records whose id came before.
    pub doubled: usize,
    /// Records that differ from the undisturbed one of their id, stand in another order, or have no counterpart.
    pub other: usize,
    /// The first difference in words.
    pub first: Option<String>,
}

impl Difference {
    /// Compares in order: message id, timestamp, key, headers and value. The stream, a hash of group and topic, must be one in
    /// each topic and is not compared: the undisturbed engine has another group and other topics.
    #[must_use]
    pub fn between(have: &[OutputRecord], want: &[OutputRecord]) -> Self {
        let (mut found, mut wanted, mut last) = (Self::default(), want.iter().peekable(), None);
        for record in have {
            if last.is_some_and(|last| record.id <= last) {
                found.doubled += 1;
                found.note(format!("{:?} again or out of order, after {last:?}", record.id));
                continue;
            }
            last = Some(record.id);
            while let Some(missing) = wanted.next_if(|want| want.id < record.id) {
                found.lost += 1;
                found.note(format!("{:?} is not there", missing.id));
            }
            match wanted.next_if(|want| want.id == record.id) {
                Some(want) if want.rest == record.rest && record.stream == have[0].stream => {}
                Some(want) => {
                    found.other += 1;
                    found.note(format!("{:?} is {}, not {}", record.id, record.rest, want.rest));
                }
                None => {
                    found.other += 1;
                    found.note(format!("{:?} should not be there", record.id));
                }
            }
        }
        for missing in wanted {
            found.lost += 1;
            found.note(format!("{:?} is not there", missing.id));
        }
        found
    }

    fn note(&mut self, what: String) {
        self.first.get_or_insert(what);
    }
}

/// What a reader sees that drops ids not above the last one.
#[must_use]
pub fn dropping(records: Vec<OutputRecord>) -> Vec<OutputRecord> {
    let mut last = None;
    let mut kept = records;
    kept.retain(|record| {
        let rises = last.is_none_or(|last| record.id > last);
        last = last.max(Some(record.id));
        rises
    });
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(input: i64, rest: &str) -> OutputRecord {
        OutputRecord { stream: "s".to_owned(), id: (input, 0, 0), rest: rest.to_owned(), value: None }
    }

    #[test]
    fn what_is_lost_doubled_or_changed_is_counted() {
        let want = [record(1, "a"), record(2, "b"), record(3, "c"), record(4, "d")];
        assert_eq!(Difference::between(&want, &want), Difference::default());
        let have = [record(1, "a"), record(1, "a"), record(3, "x")];
        let found = Difference::between(&have, &want);
        assert_eq!((found.lost, found.doubled, found.other), (2, 1, 1));
        assert_eq!(dropping(have.to_vec()), [record(1, "a"), record(3, "x")]);
    }
}
