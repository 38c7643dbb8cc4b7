//! What `fsname` names: a file or a socket (connectors-adapters 2.1, "File or socket").

use std::fmt;
use std::io;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

use tidegate_host::{ConnectorError, ConnectorSetup};

/// Where a connector reads or writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A path.
    File(PathBuf),
    /// `host:port`: the connector connects.
    Peer(String),
    /// `:port`: the connector listens, on all interfaces.
    Listen(u16),
}

/// How long a connection may take to be made.
const CONNECT_TIME: Duration = Duration::from_secs(5);

impl Address {
    pub(super) fn new(setup: &ConnectorSetup) -> Result<Self, ConnectorError> {
        let name = setup.required("fsname")?;
        let socket = name.rsplit_once(':').filter(|(host, port)| {
            let host = host.chars().all(|c| c.is_alphanumeric() || "_.-".contains(c));
            host && !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit())
        });
        let Some((host, port)) = socket else { return Ok(Self::File(PathBuf::from(name))) };
        match port.parse() {
            Ok(0) | Err(_) => Err(setup.invalid("fsname", name, "a port is a number from 1 to 65535")),
            Ok(port) if host.is_empty() => Ok(Self::Listen(port)),
            Ok(_) => Ok(Self::Peer(name.to_owned())),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Peer(peer) => f.write_str(peer),
            Self::Listen(port) => write!(f, ":{port}"),
        }
    }
}

/// Connects to `host:port`, to the first of its addresses that answers.
pub(super) fn connect(peer: &str) -> io::Result<TcpStream> {
    let mut last = None;
    for address in peer.to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, CONNECT_TIME) {
            Ok(stream) => return Ok(stream),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(|| io::Error::new(io::ErrorKind::NotFound, "the host has no address")))
}

/// Whether a socket call has only run out of its time.
pub(super) fn timed_out(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut | io::ErrorKind::Interrupted)
}
