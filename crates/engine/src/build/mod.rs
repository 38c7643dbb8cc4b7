//! From a model to a project that can run. Mistakes are collected, so that one load shows all of them.

mod context;
mod project;
mod schema;

use tidegate_expr::Function;

use crate::aggregates::AggregateFunction;
use crate::window::WindowType;

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
}

impl Registry {
    /// All that the engine and the expression language bring along.
    pub const ENGINE: Self = Self {
        windows: crate::windows::WINDOWS,
        functions: tidegate_expr::FUNCTIONS,
        aggregates: crate::aggregates::AGGREGATES,
    };
}
