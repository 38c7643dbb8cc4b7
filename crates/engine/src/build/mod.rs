//! From a model to a project that can run. Mistakes are collected, so that one load shows all of them.

mod context;
mod project;
mod schema;
mod unsupported;

use jiff::tz::TimeZone;
use tidegate_expr::Function;

use crate::aggregates::AggregateFunction;
use crate::window::WindowType;
use crate::windows::Algorithm;

pub use context::BuildContext;
pub use project::build_project;

/// What a build knows: ordered slices, joined by the server and handed in.
#[derive(Debug, Clone, Copy)]
pub struct Registry {
    /// Window types.
    pub windows: &'static [&'static WindowType],
    /// Functions of the expression language.
    pub functions: &'static [&'static Function],
    /// Aggregate functions.
    pub aggregates: &'static [&'static AggregateFunction],
    /// Algorithms of calculate windows.
    pub algorithms: &'static [&'static Algorithm],
    /// Functions of functional windows.
    pub functional: &'static [&'static tidegate_functional::Function],
    /// The server's local time zone, which the time functions of functional windows speak of. UTC unless the server says otherwise:
    /// the engine does not ask the operating system.
    pub local_zone: fn() -> TimeZone,
}

impl Registry {
    /// All that the engine and the expression language bring along: there are no algorithms among it.
    pub const ENGINE: Self = Self {
        windows: crate::windows::WINDOWS,
        functions: tidegate_expr::FUNCTIONS,
        aggregates: crate::aggregates::AGGREGATES,
        algorithms: &[],
        functional: tidegate_functional::FUNCTIONS,
        local_zone: || TimeZone::UTC,
    };
}
