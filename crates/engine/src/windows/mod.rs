//! The window types, one file each.

mod aggregate;
mod calculate;
mod compute;
mod copy;
mod counter;
mod filter;
mod functional;
mod geofence;
mod join;
mod notification;
mod pattern;
mod remove_state;
mod source;
mod transpose;
mod union;

use crate::window::WindowType;

#[cfg(test)]
pub(crate) use calculate::tests::RUNNING_SUM;
pub use calculate::{Algorithm, Calculation, Start};

/// Every window type that runs, in the order of ESP's manuals.
pub static WINDOWS: &[&WindowType] = &[
    &source::SOURCE,
    &copy::COPY,
    &filter::FILTER,
    &compute::COMPUTE,
    &aggregate::AGGREGATE,
    &join::JOIN,
    &union::UNION,
    &functional::FUNCTIONAL,
    &counter::COUNTER,
    &geofence::GEOFENCE,
    &calculate::CALCULATE,
    &notification::NOTIFICATION,
    &transpose::TRANSPOSE,
    &remove_state::REMOVE_STATE,
    &pattern::PATTERN,
];
