//! Where a publisher's bytes come from.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use tidegate_host::ConnectorError;

use super::address::{Address, connect, timed_out};

/// A file, or a socket of either form.
#[derive(Debug)]
pub(super) enum Source {
    File(File),
    Client(TcpStream),
    /// One peer at a time; the next waits until it has gone.
    Server(TcpListener, Option<TcpStream>),
}

/// What a read gave.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk {
    /// So many bytes.
    Bytes(usize),
    /// Nothing for now: no peer, or nothing from it.
    Nothing,
    /// A file has ended, or the peer has gone.
    End,
}

/// How long a read may wait before the connector looks whether it is to stop.
const READ_TIME: Duration = Duration::from_millis(50);

impl Source {
    pub(super) fn open(address: &Address) -> Result<Self, ConnectorError> {
        match address {
            Address::File(path) => File::open(path)
                .map(Self::File)
                .map_err(|cause| failed(&format!("cannot open the file '{}'", path.display()), cause)),
            Address::Peer(peer) => {
                let stream = connect(peer).and_then(|stream| {
                    stream.set_read_timeout(Some(READ_TIME))?;
                    Ok(Self::Client(stream))
                });
                stream.map_err(|cause| failed(&format!("cannot connect to '{peer}'"), cause))
            }
            Address::Listen(port) => listen(*port).map(|listener| Self::Server(listener, None)),
        }
    }

    /// Whether the input has an end that is not an error.
    pub(super) const fn is_file(&self) -> bool {
        matches!(self, Self::File(_))
    }

    /// Bytes of the whole input, of a file.
    pub(super) fn total(&self) -> Option<u64> {
        match self {
            Self::File(file) => file.metadata().ok().map(|metadata| metadata.len()),
            _ => None,
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<Chunk, ConnectorError> {
        match self {
            Self::File(file) => loop {
                match file.read(buffer) {
                    Ok(0) => return Ok(Chunk::End),
                    Ok(count) => return Ok(Chunk::Bytes(count)),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(cause) => return Err(failed("cannot read the file", cause)),
                }
            },
            Self::Client(stream) => match stream.read(buffer) {
                Ok(0) => Ok(Chunk::End),
                Ok(count) => Ok(Chunk::Bytes(count)),
                Err(error) if timed_out(&error) => Ok(Chunk::Nothing),
                Err(cause) => Err(failed("cannot read from the peer", cause)),
            },
            Self::Server(listener, peer) => {
                let Some(stream) = peer else {
                    return match listener.accept() {
                        Ok((stream, _)) => {
                            let ready = stream.set_nonblocking(false);
                            let ready = ready.and_then(|()| stream.set_read_timeout(Some(READ_TIME)));
                            ready.map_err(|cause| failed("cannot serve a peer", cause))?;
                            *peer = Some(stream);
                            Ok(Chunk::Nothing)
                        }
                        Err(error) if timed_out(&error) => Ok(Chunk::Nothing),
                        Err(cause) => Err(failed("cannot accept a peer", cause)),
                    };
                };
                match stream.read(buffer) {
                    Ok(count @ 1..) => Ok(Chunk::Bytes(count)),
                    Err(error) if timed_out(&error) => Ok(Chunk::Nothing),
                    // A peer that has gone, whatever the way, makes room for the next.
                    Ok(0) | Err(_) => {
                        *peer = None;
                        Ok(Chunk::End)
                    }
                }
            }
        }
    }
}

/// Listens on all interfaces; accepting never waits.
pub(super) fn listen(port: u16) -> Result<TcpListener, ConnectorError> {
    let listener = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).and_then(|listener| {
        listener.set_nonblocking(true)?;
        Ok(listener)
    });
    listener.map_err(|cause| failed(&format!("cannot listen on port {port}"), cause))
}

/// The error of a call of the operating system.
pub(super) fn failed(what: &str, cause: io::Error) -> ConnectorError {
    ConnectorError::Io { what: what.to_owned(), cause }
}
