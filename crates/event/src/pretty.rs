//! Event blocks as text tables, for tests that read like the tables of the specification.
