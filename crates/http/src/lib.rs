//! The admin interface over HTTP (rest-api, failover-and-server 2 and 4.11).
//!
//! ```text
//! serve: socket -> request_line (blanks in URLs) -> hyper -> app (roots, CORS, routes) -> handlers/<resource>
//! ```
//!
//! A handler reads a `Call`, asks the host on a thread that may wait, and answers one typed response of
//! `tidegate-api`, from which XML and JSON both come. Statuses of the host's errors are chosen in `error`; every
//! error is XML, whatever the client accepts. `auth` stands before the handlers.
//!
//! Invariants: no worker thread of the runtime waits for a project or a disk; heads, bodies, connections and
//! waiting requests are bounded.

mod answer;
mod app;
mod auth;
mod blocking;
mod body;
mod call;
mod describe;
mod error;
mod event_format;
mod fetch;
mod files;
mod handlers;
mod idle;
mod legacy;
pub mod messages;
mod model_source;
pub mod request_line;
mod selection;
mod serve;
mod server_state;
mod state;
#[cfg(test)]
mod tests;
mod tls;
mod trace;
mod websocket;
mod write_timeout;

pub use app::{ROOTS, app};
pub use auth::{AuthError, Authentication, Passwords, SignedTokens, Tokens};
pub use fetch::fetch_model;
pub use files::FileAccess;
pub use legacy::CommandPort;
pub use serve::{HttpServer, MAX_CONNECTIONS, Serving, serve};
pub use state::{AppState, Reload};
pub use tls::{Tls, TlsError};
