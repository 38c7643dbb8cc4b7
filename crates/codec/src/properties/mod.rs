//! `properties`: lines `name=value`, an empty line or another separator after each event (websocket-api 4.4 and 5).

mod decode;
#[cfg(test)]
mod tests;

pub use decode::PropertiesDecoder;
