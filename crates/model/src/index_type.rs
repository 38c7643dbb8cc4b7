//! The primary index of a window (model-xml 6).

use std::fmt;

/// How a window keeps its events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum IndexType {
    /// `pi_EMPTY`: nothing is kept.
    Empty,
    /// `pi_HASH`, the default, the hash variants `pi_LN_HASH`, `pi_CL_HASH`, `pi_FW_HASH`, and
    /// `pi_HLEVELDB`, which is kept in memory.
    #[default]
    Hash,
    /// `pi_RBTREE`: kept in key order.
    RbTree,
}

impl IndexType {
    /// The spellings of a model that this release runs, and the index they choose.
    pub const SPELLINGS: [(&'static str, Self); 7] = [
        ("pi_EMPTY", Self::Empty),
        ("pi_HASH", Self::Hash),
        ("pi_RBTREE", Self::RbTree),
        ("pi_LN_HASH", Self::Hash),
        ("pi_CL_HASH", Self::Hash),
        ("pi_FW_HASH", Self::Hash),
        ("pi_HLEVELDB", Self::Hash),
    ];

    /// Whether events are kept.
    pub const fn is_stateful(self) -> bool {
        !matches!(self, Self::Empty)
    }

    /// The name that the server writes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "pi_EMPTY",
            Self::Hash => "pi_HASH",
            Self::RbTree => "pi_RBTREE",
        }
    }
}

impl fmt::Display for IndexType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
