//! The log: lines on standard output, in ESP's format or as JSON, by the levels of the loggers (failover-and-server 4.6
//! and 4.7).

mod config;
mod json;
mod layer;
mod level;
mod record;
mod text;

pub(crate) use config::read_config;
pub(crate) use layer::{LineLog, LogFormat, Style};
pub(crate) use level::parse_levels;
