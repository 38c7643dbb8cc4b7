//! A failover group in a simulated world (design.md 7): real machines, engines and snapshots in processes that are
//! killed, paused, slowed down and cut off, around a simulated coordination service and log.
//!
//! A seed is a run: [`Simulation::run`] does the same whenever it is given the same seed. `cargo xtask sim --seed N
//! --trace` prints what happens in it. A [`Canary`] builds a mistake in, which the checkers must find.

mod canary;
mod check;
mod client;
mod event;
mod fault;
mod log;
mod net;
mod plan;
mod process;
mod project;
mod random;
mod service;
mod world;
mod writer;

pub use canary::Canary;
pub use check::Violation;
pub use world::{Outcome, Simulation};
