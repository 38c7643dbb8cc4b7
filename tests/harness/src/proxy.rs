//! A TCP proxy that can be cut: for one engine that loses sight of a server which all others still see.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::Error;

/// What happens to what passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// It passes.
    Open,
    /// Nothing passes and nobody is told: bytes wait in the proxy, new connections are taken and hang.
    Silent,
    /// Connections are closed; new ones at once.
    Refused,
}

/// A listener on a loopback port that forwards to a target.
///
/// # Examples
/// ```no_run
/// # fn main() -> Result<(), tidegate_harness::Error> {
/// let cluster = tidegate_harness::shared()?;
/// let proxy = tidegate_harness::Proxy::start(&cluster.zookeeper)?;
/// // An engine connects to proxy.address().
/// proxy.cut_silently();
/// proxy.heal();
/// # Ok(())
/// # }
/// ```
pub struct Proxy {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    line: Mutex<Gate>,
    changed: Condvar,
    ended: AtomicBool,
}

struct Gate {
    line: Line,
    /// Both ends of every connection, to close them.
    connections: Vec<(TcpStream, TcpStream)>,
}

impl Default for Gate {
    fn default() -> Self {
        Self { line: Line::Open, connections: Vec::new() }
    }
}

impl Proxy {
    /// Listens on a free port and forwards to `target` (`host:port`), which is connected to when a client comes.
    ///
    /// # Errors
    /// `target` is no address, or no port can be listened on.
    pub fn start(target: &str) -> Result<Self, Error> {
        let addresses = target.to_socket_addrs().map_err(Error::io(format!("looking up {target}")))?;
        let target = addresses.into_iter().find(SocketAddr::is_ipv4);
        let target =
            target.ok_or_else(|| Error::Usage("the proxy's target has no IPv4 address".to_owned()))?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(Error::io("listening"))?;
        let address = listener.local_addr().map_err(Error::io("listening"))?;
        let state = Arc::new(State::default());
        thread::spawn({
            let state = Arc::clone(&state);
            move || accept(&listener, target, &state)
        });
        Ok(Self { address, state })
    }

    /// `host:port` for clients.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.to_string()
    }

    /// Cuts the line as a pulled cable does: nothing passes in either direction, and no end is told.
    pub fn cut_silently(&self) {
        self.state.set(Line::Silent);
    }

    /// Cuts the line as a dead server does: connections are closed, and new ones at once.
    pub fn cut(&self) {
        self.state.set(Line::Refused);
    }

    /// Lets everything pass again; what waited in a silent line is delivered.
    pub fn heal(&self) {
        self.state.set(Line::Open);
    }

    /// How many connections are open.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.state.lock().connections.len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.state.ended.store(true, Ordering::SeqCst);
        self.cut();
        // Wakes the thread that accepts, so that it sees the end; without a connection it would hold the port.
        let _ = TcpStream::connect(self.address);
    }
}

impl State {
    fn set(&self, line: Line) {
        let mut gate = self.lock();
        gate.line = line;
        if line == Line::Refused {
            for (client, server) in gate.connections.drain(..) {
                close(&client);
                close(&server);
            }
        }
        drop(gate);
        self.changed.notify_all();
    }

    /// Waits while the line is silent; whether it is open then.
    fn passes(&self) -> bool {
        let mut gate = self.lock();
        while gate.line == Line::Silent {
            gate = self.changed.wait(gate).unwrap_or_else(PoisonError::into_inner);
        }
        gate.line == Line::Open
    }

    fn lock(&self) -> MutexGuard<'_, Gate> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn accept(listener: &TcpListener, target: SocketAddr, state: &Arc<State>) {
    while let Ok((client, _)) = listener.accept() {
        if state.ended.load(Ordering::SeqCst) {
            return;
        }
        let state = Arc::clone(state);
        thread::spawn(move || {
            // A connection that cannot be made or breaks is closed for its client, as the target would.
            if connect(&client, target, &state).is_err() {
                close(&client);
            }
        });
    }
}

/// Connects to the target once the line is open, and forwards in both directions until one end closes.
fn connect(client: &TcpStream, target: SocketAddr, state: &Arc<State>) -> io::Result<()> {
    if !state.passes() {
        close(client);
        return Ok(());
    }
    let server = TcpStream::connect(target)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut gate = state.lock();
    if gate.line == Line::Refused {
        close(client);
        return Ok(());
    }
    gate.connections.push((client.try_clone()?, server.try_clone()?));
    drop(gate);
    let (from_client, to_server) = (client.try_clone()?, server.try_clone()?);
    let upstream = thread::spawn({
        let state = Arc::clone(state);
        move || forward(from_client, to_server, &state)
    });
    let name = client.peer_addr()?;
    forward(server, client.try_clone()?, state);
    // It cannot panic: it only reads and writes.
    let _ = upstream.join();
    state.lock().connections.retain(|(client, _)| client.peer_addr().is_ok_and(|other| other != name));
    Ok(())
}

/// Copies until the end of `from`; bytes read while the line is silent wait for it to heal.
fn forward(mut from: TcpStream, mut to: TcpStream, state: &State) {
    let mut buffer = vec![0; 64 << 10];
    loop {
        let length = from.read(&mut buffer).unwrap_or(0);
        // A silent line does not tell the end of a connection either.
        if !state.passes() || length == 0 || to.write_all(&buffer[..length]).is_err() {
            break;
        }
    }
    close(&from);
    close(&to);
}

fn close(stream: &TcpStream) {
    // It is closed already.
    let _ = stream.shutdown(Shutdown::Both);
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::{PATIENCE, wait_until};

    /// A server that answers every byte with itself.
    fn echo() -> String {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                thread::spawn(move || io::copy(&mut stream.try_clone().unwrap(), &mut &stream));
            }
        });
        address
    }

    fn client(proxy: &Proxy) -> TcpStream {
        let stream = TcpStream::connect(proxy.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn echoes(stream: &mut TcpStream, byte: u8) -> io::Result<bool> {
        stream.write_all(&[byte])?;
        let mut answer = [0];
        stream.read_exact(&mut answer)?;
        Ok(answer[0] == byte)
    }

    #[test]
    fn a_silent_cut_delays_and_loses_nothing() {
        let proxy = Proxy::start(&echo()).unwrap();
        let mut before = client(&proxy);
        assert!(echoes(&mut before, 1).unwrap());
        proxy.cut_silently();
        before.write_all(&[2]).unwrap();
        let mut during = client(&proxy);
        during.write_all(&[3]).unwrap();
        for stream in [&mut before, &mut during] {
            stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
            assert!(stream.read_exact(&mut [0]).is_err());
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        proxy.heal();
        let mut answer = [0];
        before.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [2]);
        during.read_exact(&mut answer).unwrap();
        assert_eq!(answer, [3]);
    }

    #[test]
    fn a_loud_cut_closes_and_healing_lets_new_connections_pass() {
        let proxy = Proxy::start(&echo()).unwrap();
        let mut before = client(&proxy);
        assert!(echoes(&mut before, 1).unwrap());
        assert_eq!(proxy.connections(), 1);
        proxy.cut();
        assert!(!echoes(&mut before, 2).unwrap_or(false));
        assert!(!echoes(&mut client(&proxy), 3).unwrap_or(false));
        proxy.heal();
        assert!(echoes(&mut client(&proxy), 4).unwrap());
    }

    #[test]
    fn a_connection_that_its_client_closes_is_forgotten_and_a_dropped_proxy_frees_its_port() {
        let proxy = Proxy::start(&echo()).unwrap();
        let mut stream = client(&proxy);
        assert!(echoes(&mut stream, 1).unwrap());
        drop(stream);
        wait_until("no connection", PATIENCE, || Ok((proxy.connections() == 0).then_some(()))).unwrap();
        let address = proxy.address();
        drop(proxy);
        let refused = || Ok(TcpStream::connect(&address).is_err().then_some(()));
        wait_until("the port to be free", PATIENCE, refused).unwrap();
    }
}
