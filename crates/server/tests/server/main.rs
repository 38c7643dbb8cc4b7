//! The server program, run as users run it, with the real client on the other side.

mod program;
mod sessions;
mod support;
