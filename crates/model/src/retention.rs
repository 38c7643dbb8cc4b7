//! stub
use crate::*;
#[derive(Debug, Clone, Copy)]
pub enum RetentionPolicy {
    ByCountSliding(u64),
    ByCountJumping(u64),
    ByTimeSliding(Interval),
    ByTimeJumping(Interval),
    ByTimeJumpingLookback { limit: Interval, lookback: Interval },
}
#[derive(Debug, Clone)]
pub struct Retention {
    pub policy: RetentionPolicy,
    pub field: Option<String>,
    pub position: Position,
}
