//! Tooling of the repository.

fn main() {}
