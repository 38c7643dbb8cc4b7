//! Aggregate functions.

/// An aggregate function.
#[derive(Debug)]
pub struct AggregateFunction {
    /// Its name.
    pub name: &'static str,
}

/// Every aggregate function.
pub static AGGREGATES: &[&AggregateFunction] = &[];
