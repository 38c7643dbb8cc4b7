//! The server's ports.

use std::io;
use std::net::{IpAddr, TcpListener};

use crate::messages;

/// Opens a port.
pub(crate) fn bind(option: &str, address: IpAddr, port: u16) -> Result<TcpListener, String> {
    TcpListener::bind((address, port)).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => format!("port {port} (-{option}) is in use"),
        _ => format!("port {port} (-{option}) cannot be opened: {error}"),
    })
}

/// Holds the publish/subscribe port: its protocol is not there yet, so every client is sent away with one line.
pub(crate) fn close_clients(listener: TcpListener) -> io::Result<()> {
    let accept = move || {
        for client in listener.incoming() {
            let Ok(client) = client else { continue };
            let peer = client.peer_addr().map_or_else(|_| "unknown".to_owned(), |peer| peer.to_string());
            messages::PUBSUB_CLOSED.log(format_args!(
                "closed the connection of {peer}: the publish/subscribe protocol is not implemented yet"
            ));
        }
    };
    std::thread::Builder::new().name("pubsub".to_owned()).spawn(accept).map(|_| ())
}
