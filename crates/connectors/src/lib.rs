//! Connector classes: one folder each, one line each in [`CLASSES`].

pub mod fs;

use tidegate_host::ConnectorClass;

/// Every connector class of this build.
pub static CLASSES: &[&dyn ConnectorClass] = &[&fs::Fs];
