//! The interface as clients see it: in process through the router, and over sockets where only they can show it.

mod commands;
mod connections;
mod harness;
mod projects;
mod resources;
mod security;
mod websockets;
