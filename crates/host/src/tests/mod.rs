//! Projects run whole, in process.

mod connectors;
mod harness;
mod persist;
mod projects;
mod subscriptions;
