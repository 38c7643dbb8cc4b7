//! Projects run whole, in process.

mod connectors;
mod harness;
mod projects;
mod subscriptions;
