//! The on-disk snapshot format: write, verify, read.
