//! Primary and secondary indexes: how a row is found by its key, and in which order rows are listed.

mod hash;
mod multi;
mod order;

pub use hash::{HashIndex, Vacancy};
pub use multi::MultiIndex;
pub use order::ListingOrder;

/// An index of more rows than this lies, with its rows, outside the nearer caches.
const NEAR_ROWS: usize = 1 << 14;
