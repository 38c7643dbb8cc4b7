//! Free loopback ports.

use std::net::{Ipv4Addr, TcpListener};
use std::sync::{Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// The lowest port that is given out.
const LOWEST: u16 = 10_000;

/// Below the range from which Linux takes the ports of outgoing connections (its default starts at 32768). A client that
/// retries a server that is down could otherwise be given that server's port for its own end.
const HIGHEST: u16 = 32_000;

/// State of the walk through the ports; 0 before the first.
static STATE: Mutex<u64> = Mutex::new(0);

/// A port on which nothing listens, on any address. Another process may take it before the caller does.
///
/// # Panics
/// If a thousand ports in a row are taken.
#[must_use]
pub fn free_port() -> u16 {
    let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
    (0..1000)
        .map(|_| candidate(&mut state))
        .find(|port| is_free(*port))
        .expect("a machine with a thousand ports taken in a row is no machine for tests")
}

fn is_free(port: u16) -> bool {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).is_ok()
}

/// Processes that start together must not walk through the same ports: they differ in id and time.
fn candidate(state: &mut u64) -> u16 {
    if *state == 0 {
        let time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |time| time.as_nanos() as u64);
        *state = (time ^ (u64::from(std::process::id()) << 40)) | 1;
    }
    // xorshift64: never 0 again, and a period that no test run ends.
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    let span = u64::from(HIGHEST - LOWEST);
    LOWEST + u16::try_from((*state >> 32) % span).expect("a remainder of the span fits as the span does")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_free_and_in_the_range() {
        let port = free_port();
        assert!((LOWEST..HIGHEST).contains(&port));
        let taken = TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)).unwrap();
        assert!(!is_free(port));
        drop(taken);
    }
}
