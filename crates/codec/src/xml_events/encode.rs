//! Events into `<event>` elements.

use std::sync::Arc;

use tidegate_event::{BlockHeader, BlockKind, EventBlock, Schema, Value};

use crate::format::Encoder;
use crate::options::EncodeOptions;
use crate::text::{outgoing, write_value};

/// Writes `<events>`, an `<event>` element for each event, and `</events>` (connectors-adapters 4.3). The events of a
/// transactional block stand in a `<transaction>`. Null fields are left out.
#[derive(Debug)]
pub struct XmlEncoder {
    schema: Arc<Schema>,
    options: EncodeOptions,
    scratch: Vec<u8>,
}

impl XmlEncoder {
    /// An encoder of blocks of `schema`.
    pub fn new(schema: Arc<Schema>, options: EncodeOptions) -> Self {
        Self { schema, options, scratch: Vec::new() }
    }
}

impl Encoder for XmlEncoder {
    fn begin(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"<events>\n");
    }

    fn encode(&mut self, header: &BlockHeader, block: &EventBlock, out: &mut Vec<u8>) {
        let transactional = header.kind == BlockKind::Transactional;
        let mut empty = true;
        for (opcode, event) in outgoing(block, &self.options) {
            if std::mem::take(&mut empty) && transactional {
                out.extend_from_slice(b"<transaction>\n");
            }
            out.extend_from_slice(b"<event><opcode>");
            out.extend(opcode.token().bytes().map(|byte| byte.to_ascii_lowercase()));
            out.extend_from_slice(b"</opcode>");
            for (field, value) in self.schema.fields().iter().zip(event.row.values()) {
                if value == Value::Null {
                    continue;
                }
                out.push(b'<');
                out.extend_from_slice(field.name.as_bytes());
                out.extend_from_slice(if field.key { b" key=\"true\">" } else { b">" });
                self.scratch.clear();
                write_value(&mut self.scratch, value, &self.options);
                write_escaped(out, &self.scratch);
                out.extend_from_slice(b"</");
                out.extend_from_slice(field.name.as_bytes());
                out.push(b'>');
            }
            out.extend_from_slice(b"</event>\n");
        }
        if transactional && !empty {
            out.extend_from_slice(b"</transaction>\n");
        }
    }

    fn separator(&self) -> &'static [u8] {
        b""
    }

    fn end(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(b"</events>\n");
    }
}

/// Appends UTF-8 as XML text. A control character that XML cannot have becomes U+FFFD.
fn write_escaped(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            b'\t' | b'\n' => out.push(byte),
            0..0x20 => out.extend_from_slice("\u{fffd}".as_bytes()),
            other => out.push(other),
        }
    }
}
