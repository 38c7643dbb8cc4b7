//! The interface as clients see it: in process through the router, and over sockets where only they can show it.

mod connections;
mod harness;
mod projects;
mod resources;
mod websockets;
