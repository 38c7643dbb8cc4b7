//! Projects run whole, in process.

mod connectors;
mod fake_gate;
mod gates;
mod harness;
mod persist;
mod projects;
mod subscriptions;
mod unsupported;
