//! Runs conformance cases.

fn main() {}
