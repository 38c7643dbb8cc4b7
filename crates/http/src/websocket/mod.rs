//! WebSockets of the first generation: one socket per window, one file per message family (websocket-api 4 to 7).
//!
//! ```text
//! ```
//! A socket's task waits for nothing but its socket and its own queue. A subscriber has a bounded queue in the host; if it
//! does not keep up, its subscription ends, and the socket is closed with the reason. It never holds up the engine.

mod control;
mod frame;
mod page;
mod parameters;
pub(crate) mod publisher;
mod socket;
pub(crate) mod subscriber;

pub(crate) use socket::Sockets;
