//! Connector classes: one folder each, one line each in [`CLASSES`].

pub mod fs;
#[cfg(feature = "kafka")]
pub mod kafka;

use tidegate_host::ConnectorClass;

/// Every connector class of this build.
pub static CLASSES: &[&dyn ConnectorClass] = &[
    &fs::Fs,
    #[cfg(feature = "kafka")]
    &kafka::Kafka,
];
