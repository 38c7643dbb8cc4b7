//! Where a subscriber's bytes go.

use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tidegate_codec::DatePattern;
use tidegate_event::EngineTime;
use tidegate_host::{Clock, ConnectorError, Subscriber};

use super::address::{Address, connect, timed_out};
use super::messages;
use super::source::{failed, listen};

/// How long a write may wait before the connector looks whether it is to stop.
const WRITE_TIME: Duration = Duration::from_millis(50);
/// How long a peer may take nothing once the connector is to stop.
const PATIENCE: Duration = Duration::from_secs(3);
/// How long a peer may take nothing before that is said.
const STALLED: Duration = Duration::from_secs(5);

/// When a file is full (connectors-adapters 2.1, `periodicity` and `maxfilesize`); 0 = never.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rolling {
    pub(super) seconds: u64,
    pub(super) bytes: u64,
}

impl Rolling {
    const fn is_on(self) -> bool {
        self.seconds > 0 || self.bytes > 0
    }
}

/// An open output.
pub(super) enum Output {
    File(Files),
    Client(TcpStream),
    /// One peer at a time; output waits for the next.
    Server(TcpListener, Option<TcpStream>),
}

/// What became of a write.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// All of it is written.
    All,
    /// There is no peer any more: this many bytes had been handed to it, the others wait for the next one.
    PeerGone(usize),
}

impl Output {
    pub(super) fn open(
        address: &Address,
        rolling: Rolling,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, ConnectorError> {
        match address {
            Address::File(path) => Ok(Self::File(Files::open(path, rolling, Arc::clone(clock))?)),
            Address::Peer(peer) => {
                let stream = connect(peer).and_then(|stream| {
                    stream.set_write_timeout(Some(WRITE_TIME))?;
                    Ok(Self::Client(stream))
                });
                stream.map_err(|cause| failed(&format!("cannot connect to '{peer}'"), cause))
            }
            Address::Listen(port) => Ok(Self::Server(listen(*port)?, None)),
        }
    }

    /// Waits until there is somebody to write to; answers whether it is somebody new.
    pub(super) fn ready(&mut self, subscriber: &Subscriber) -> Result<bool, ConnectorError> {
        let Self::Server(listener, peer) = self else { return Ok(false) };
        if let Some(stream) = peer {
            if !has_gone(stream) {
                return Ok(false);
            }
            *peer = None;
        }
        loop {
            match listener.accept() {
                Ok((stream, _)) => {
                    let ready = stream.set_nonblocking(false);
                    let ready = ready.and_then(|()| stream.set_write_timeout(Some(WRITE_TIME)));
                    ready.map_err(|cause| failed("cannot serve a peer", cause))?;
                    *peer = Some(stream);
                    return Ok(true);
                }
                Err(error) if timed_out(&error) => {}
                Err(cause) => return Err(failed("cannot accept a peer", cause)),
            }
            if subscriber.pause(Duration::from_millis(20)) {
                return Err(ConnectorError::Other(
                    "stopped without a peer: output was not delivered".to_owned(),
                ));
            }
        }
    }

    /// Writes whole blocks. A peer that takes nothing is waited for, until the connector is to stop.
    pub(super) fn write(&mut self, bytes: &[u8], subscriber: &Subscriber) -> Result<Written, ConnectorError> {
        match self {
            Self::File(files) => files.write(bytes).map(|()| Written::All),
            Self::Client(stream) => match send(stream, bytes, subscriber)? {
                (_, None) => Ok(Written::All),
                (_, Some(cause)) => Err(failed("cannot write to the peer", cause)),
            },
            Self::Server(_, peer) => {
                let Some(stream) = peer else { return Ok(Written::PeerGone(0)) };
                let (sent, gone) = send(stream, bytes, subscriber)?;
                if gone.is_none() {
                    return Ok(Written::All);
                }
                *peer = None;
                Ok(Written::PeerGone(sent))
            }
        }
    }
}

/// Whether the peer has closed its end; what it sends is nobody's business.
fn has_gone(stream: &mut TcpStream) -> bool {
    let mut ignored = [0; 512];
    if stream.set_nonblocking(true).is_err() {
        return true;
    }
    let gone = match stream.read(&mut ignored) {
        Ok(count) => count == 0,
        Err(error) => !timed_out(&error),
    };
    gone || stream.set_nonblocking(false).is_err()
}

/// Hands bytes to a peer; answers how many it has taken, and why not all when it has gone. One that takes nothing is waited
/// for, and said.
fn send(
    stream: &mut TcpStream,
    bytes: &[u8],
    subscriber: &Subscriber,
) -> Result<(usize, Option<io::Error>), ConnectorError> {
    let (mut sent, mut moved, mut told) = (0, Instant::now(), false);
    let (name, window) = (&subscriber.setup().name, subscriber.setup().window_path());
    while sent < bytes.len() {
        match stream.write(&bytes[sent..]) {
            Ok(0) => return Ok((sent, Some(io::ErrorKind::WriteZero.into()))),
            Ok(count) => {
                if std::mem::take(&mut told) {
                    let seconds = moved.elapsed().as_secs();
                    messages::PEER_GOES_ON.log(format_args!(
                        "connector {name} of {window}: the peer goes on after {seconds} s"
                    ));
                }
                (sent, moved) = (sent + count, Instant::now());
            }
            Err(error) if timed_out(&error) => {
                if subscriber.stop_requested() && moved.elapsed() >= PATIENCE {
                    let text = "stopped while the peer took nothing: output was not delivered";
                    return Err(ConnectorError::Other(text.to_owned()));
                }
                if !told && moved.elapsed() >= STALLED {
                    told = true;
                    messages::PEER_STALLED.log(format_args!(
                        "connector {name} of {window}: the peer has taken nothing for {} s; output waits for it",
                        STALLED.as_secs()
                    ));
                }
            }
            Err(cause) => return Ok((sent, Some(cause))),
        }
    }
    Ok((sent, None))
}

/// A file, or a row of files.
pub(super) struct Files {
    path: PathBuf,
    rolling: Rolling,
    stamp: Option<DatePattern>,
    clock: Arc<dyn Clock>,
    open: Option<Open>,
}

struct Open {
    file: File,
    bytes: u64,
    /// When it was opened.
    at: EngineTime,
}

impl Files {
    fn open(path: &Path, rolling: Rolling, clock: Arc<dyn Clock>) -> Result<Self, ConnectorError> {
        let stamp = DatePattern::new("_%Y_%m_%d_%H_%M_%S").ok().filter(|_| rolling.is_on());
        let mut files = Self { path: path.to_owned(), rolling, stamp, clock, open: None };
        files.next()?;
        Ok(files)
    }

    /// Opens the next file: the one file anew, or one whose name has the time before its ending.
    pub(super) fn next(&mut self) -> Result<(), ConnectorError> {
        let at = self.clock.now();
        let Some(pattern) = &self.stamp else {
            let file = File::create(&self.path);
            let file = file.map_err(|cause| {
                failed(&format!("cannot create the file '{}'", self.path.display()), cause)
            })?;
            self.open = Some(Open { file, bytes: 0, at });
            return Ok(());
        };
        let mut micros = at.micros();
        loop {
            let path = stamped(&self.path, pattern, EngineTime::from_micros(micros));
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => {
                    self.open = Some(Open { file, bytes: 0, at });
                    return Ok(());
                }
                // No file is ever overwritten by its successor.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => micros += 1,
                Err(cause) => {
                    return Err(failed(&format!("cannot create the file '{}'", path.display()), cause));
                }
            }
        }
    }

    /// Whether the open file is full, given the bytes that are still to be written into it.
    pub(super) fn is_full(&self, waiting: usize) -> bool {
        let Some(open) = &self.open else { return false };
        let Rolling { seconds, bytes } = self.rolling;
        (bytes > 0 && open.bytes + waiting as u64 >= bytes)
            || (seconds > 0 && self.clock.now().micros_since(open.at) / 1_000_000 >= seconds.cast_signed())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), ConnectorError> {
        let Some(open) = &mut self.open else { return Ok(()) };
        open.bytes += bytes.len() as u64;
        open.file
            .write_all(bytes)
            .map_err(|cause| failed(&format!("cannot write the file '{}'", self.path.display()), cause))
    }
}

/// `name.csv` with the time before the ending: `name_2025_07_11_15_49_12_985373.csv`.
fn stamped(path: &Path, pattern: &DatePattern, time: EngineTime) -> PathBuf {
    let mut name = path.file_stem().unwrap_or_default().to_owned();
    let mut stamp = Vec::new();
    pattern.write_seconds(&mut stamp, time.micros().div_euclid(1_000_000));
    name.push(String::from_utf8_lossy(&stamp).as_ref());
    name.push(format!("_{:06}", time.micros().rem_euclid(1_000_000)));
    if let Some(ending) = path.extension() {
        name.push(".");
        name.push(ending);
    }
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_stands_before_the_ending() {
        let pattern = DatePattern::new("_%Y_%m_%d_%H_%M_%S").unwrap();
        // 2025-07-11 15:49:12 UTC, worked out by `date -u -d ... +%s`.
        let time = EngineTime::from_micros(1_752_248_952_985_373);
        let name = |path: &str| stamped(Path::new(path), &pattern, time).display().to_string();
        assert_eq!(
            name("out/building_violations.csv"),
            "out/building_violations_2025_07_11_15_49_12_985373.csv"
        );
        assert_eq!(name("plain"), "plain_2025_07_11_15_49_12_985373");
    }
}
