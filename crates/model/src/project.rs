//! stub
use crate::*;
#[derive(Debug, Clone)]
pub struct Project {
    pub name: String,
    pub threads: u32,
    pub index: Option<IndexType>,
    pub use_tagged_token: bool,
    pub retention_tracking: bool,
    pub heartbeat_interval_s: u32,
    pub contqueries: Vec<ContQuery>,
}
