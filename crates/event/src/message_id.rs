//! Message ids: where in the input an event block comes from.

use std::fmt;

/// Identifies an event block by what caused it (design.md 7, "Message ids").
///
/// The unit is the *step*: one input record, or one input block, with everything that it causes. All blocks of
/// a step carry its input id; the sub-sequence counts a window's output blocks within the step from 0; formats
/// that put several records into the output for one block number them with the part. Ids order by
/// (input, sub, part); the client id travels along and orders nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct MessageId {
    /// Id of the step: a Kafka offset, or a counter from 1.
    pub input: i64,
    /// Number of the block among those that its window emitted in the step.
    pub sub: u32,
    /// Number of the record within the block, for formats that split blocks.
    pub part: u32,
    /// Id that the publishing client gave to the input block; 0 when it gave none.
    pub client: i64,
}

impl MessageId {
    /// The id of a step's first block.
    pub const fn of_input(input: i64) -> Self {
        Self { input, sub: 0, part: 0, client: 0 }
    }

    /// What ids are ordered by.
    pub const fn order(self) -> (i64, u32, u32) {
        (self.input, self.sub, self.part)
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.input, self.sub, self.part)
    }
}
