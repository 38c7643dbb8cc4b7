//! Aggregate functions (functions.md 2): what a group's rows come to.
//!
//! A function is a descriptor ([`AggregateFunction`]) that plans which accumulator it reads. An accumulator holds
//! the state of *all* groups in flat vectors by group number; functions over one field share it. A block is
//! handed to each accumulator whole, as a list of (group, row, added or taken away): there is no dispatch per event.

mod accumulator;
mod column;
mod counts;
mod double_double;
mod extremes;
mod function;
mod group_rows;
mod lists;
mod recent;
mod sums;
mod timed;
mod values;
mod weighted;

pub(crate) use accumulator::{Accumulator, Change, Emission, GroupState, Touched};
pub(crate) use column::{OutColumn, Target, can_store};
pub(crate) use counts::last_value;
pub use function::{AggregateFunction, Class};
pub(crate) use function::{Spec, bind};
pub(crate) use group_rows::GroupRows;

/// Every aggregate function, in the order of functions.md 2.3.
pub static AGGREGATES: &[&AggregateFunction] = &[
    &sums::SUM,
    &sums::AVE,
    &counts::COUNT,
    &counts::COUNT_NON_NULL,
    &counts::COUNT_NULL,
    &extremes::COUNT_DISTINCT,
    &counts::COUNT_OPCODES,
    &extremes::MAX,
    &extremes::MIN,
    &sums::STD,
    &sums::VAR,
    &weighted::WEIGHTED_AVERAGE,
    &recent::FIRST,
    &recent::LAST,
    &recent::LAST_NON_DELETE,
    &counts::LAST_OPCODE,
    &lists::LAG,
    &lists::CAT,
    &lists::MODE,
    &counts::GUID_OF_OUTPUT,
    &timed::SUM_TIMED,
    &timed::AVE_TIMED,
    &timed::MAX_TIMED,
    &timed::MIN_TIMED,
    &timed::COUNT_TIMED,
];
