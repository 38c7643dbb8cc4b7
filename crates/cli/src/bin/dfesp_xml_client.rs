//! Command-line clients.

fn main() {}
