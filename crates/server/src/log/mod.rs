//! The log: ESP's line format on standard output, levels by logger context (failover-and-server 4.6 and 4.7).

mod level;
mod line;

pub(crate) use level::{Level, Levels};
pub(crate) use line::LineLog;
