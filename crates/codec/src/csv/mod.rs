//! Comma separated values (connectors-adapters 4.1).

mod decode;
mod encode;
mod fields;
mod lines;

pub use decode::CsvDecoder;
pub use encode::CsvEncoder;

use crate::format::Format;

/// The format `csv`.
pub static FORMAT: Format = Format {
    name: "csv",
    decoder: |schema, options| Box::new(CsvDecoder::new(schema, options.clone())),
    encoder: |schema, options| Box::new(CsvEncoder::new(schema, options.clone())),
};

#[cfg(test)]
mod tests;
