//! Algorithms of calculate windows (functions.md 6), one file each.
//!
//! Way in: [`ALGORITHMS`], which the server joins into the engine's registry.

mod summary;

pub use summary::SUMMARY;

use tidegate_engine::windows::Algorithm;

/// Every algorithm, in the order of functions.md 6.
pub static ALGORITHMS: &[&Algorithm] = &[&SUMMARY];
