//! Making output blocks without allocating: a pool of used ones, and a builder that shares rows while it can.

mod builder;
mod collapse;
mod pool;

pub use builder::BlockBuilder;
pub(crate) use collapse::collapse;
pub use pool::BlockPool;
