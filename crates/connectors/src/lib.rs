//! Connector classes: one folder each.
