//! Binary event blocks, laid out as in docs/binary-block.md.

mod decode;
mod encode;
mod layout;
mod reader;

pub use decode::BinaryDecoder;
pub use encode::BinaryEncoder;

use crate::format::Format;

/// The format `binary`.
pub static FORMAT: Format = Format {
    name: "binary",
    decoder: |schema, options| Box::new(BinaryDecoder::new(schema, options.limits)),
    encoder: |schema, options| Box::new(BinaryEncoder::new(&schema, options.clone())),
};

#[cfg(test)]
mod tests;
