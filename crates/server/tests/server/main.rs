//! The server program, run as users run it, with the real client on the other side.

mod client_patterns;
mod configuration;
mod http_clients;
mod invocations;
mod program;
mod script;
mod secured;
mod sessions;
mod support;
