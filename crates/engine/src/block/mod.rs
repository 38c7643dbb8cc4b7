//! Making output blocks without allocating: a pool of used ones, and a builder that shares rows while it can.

mod builder;
mod pool;

pub use builder::BlockBuilder;
pub use pool::BlockPool;
