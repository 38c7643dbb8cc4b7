//! JSON (connectors-adapters 4.2).

mod decode;
mod encode;
mod objects;

pub use decode::JsonDecoder;
pub use encode::JsonEncoder;

use crate::format::Format;

/// The format `json`.
pub static FORMAT: Format = Format {
    name: "json",
    decoder: |schema, options| Box::new(JsonDecoder::new(schema, options.clone())),
    encoder: |schema, options| Box::new(JsonEncoder::new(schema, options.clone())),
};

#[cfg(test)]
mod tests;
