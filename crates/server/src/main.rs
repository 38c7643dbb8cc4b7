//! The server program `dfesp_xml_server`.

mod log;
mod options;

fn main() {}
