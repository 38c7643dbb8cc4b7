//! Real servers for tests: Kafka brokers and ZooKeeper ([`Cluster`]), engines ([`Engine`]), and a [`Proxy`] between any
//! two of them that can be cut.
//!
//! Everything runs on free loopback ports below a temporary folder, and ends with the process that started it, however
//! that ends. Every wait is for a condition, with a deadline.

#[cfg(not(target_os = "linux"))]
compile_error!("the test servers need Linux: processes end with their parent through setpriv(1)");

mod cluster;
mod deadline;
mod engine;
mod error;
mod fetch;
mod http;
mod kafka;
mod ports;
mod process;
mod programs;
mod proxy;
mod server;

pub use cluster::{Addresses, Cluster, Options, shared};
pub use deadline::{PATIENCE, wait_until};
pub use engine::Engine;
pub use error::Error;
pub use fetch::{Jars, fetch};
pub use http::{Answer, request};
pub use kafka::{KafkaClient, Partition};
pub use ports::free_port;
pub use programs::program;
pub use proxy::Proxy;
pub use server::Server;
