//! XML events (connectors-adapters 4.3, rest-api 5.4): reading only, for injection over HTTP.

mod decode;

pub use decode::XmlDecoder;

#[cfg(test)]
mod tests;
