//! XML events (connectors-adapters 4.3, rest-api 5.4).

mod decode;
mod encode;

pub use decode::XmlDecoder;
pub use encode::XmlEncoder;

use crate::format::Format;

/// The format `xml`: of files and sockets; buses have no messages of it.
pub static FORMAT: Format = Format {
    name: "xml",
    decoder: |schema, options| Box::new(XmlDecoder::new(schema, options.clone())),
    encoder: |schema, options| Box::new(XmlEncoder::new(schema, options.clone())),
};

#[cfg(test)]
mod tests;
