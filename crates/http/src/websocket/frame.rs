//! Frames with events, and with a window's schema, in the four formats (websocket-api 4.3 and 4.4).

use std::sync::Arc;

use tidegate_codec::csv::CsvEncoder;
use tidegate_codec::{EncodeOptions, write_value};
use tidegate_event::{EngineTime, Event, EventBlock, Opcode, Schema, Value};

/// How events are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFormat {
    Xml,
    Json,
    Csv,
    Properties,
}

impl FrameFormat {
    /// Their names in requests.
    pub(crate) const NAMES: [(&'static str, Self); 4] =
        [("xml", Self::Xml), ("json", Self::Json), ("csv", Self::Csv), ("properties", Self::Properties)];
}

/// Writes the frames of one socket.
#[derive(Debug)]
pub(super) struct Frames {
    pub(super) format: FrameFormat,
    /// Between events in `properties`.
    pub(super) separator: String,
    schema: Arc<Schema>,
    options: EncodeOptions,
    csv: CsvEncoder,
}

/// A frame that is being filled.
#[derive(Debug, Default)]
pub(super) struct Frame {
    out: Vec<u8>,
    events: usize,
}

impl Frame {
    pub(super) fn len(&self) -> usize {
        self.events
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events == 0
    }
}

impl Frames {
    pub(super) fn new(format: FrameFormat, separator: &str, precision: u8, schema: &Arc<Schema>) -> Self {
        let options = EncodeOptions { double_precision: Some(precision), ..EncodeOptions::default() };
        Self {
            format,
            separator: separator.to_owned(),
            csv: CsvEncoder::new(Arc::clone(schema), options.clone()),
            options,
            schema: Arc::clone(schema),
        }
    }

    /// The window's schema.
    pub(super) fn schema_frame(&self) -> String {
        schema_frame(&self.schema, self.format == FrameFormat::Json)
    }

    /// Adds the events of `block`.
    pub(super) fn add(&mut self, frame: &mut Frame, block: &EventBlock, time: EngineTime) {
        if self.format == FrameFormat::Csv {
            self.csv.encode_block(block, &mut frame.out);
            frame.events += block.len();
            return;
        }
        for event in block.iter() {
            match self.format {
                FrameFormat::Xml => self.add_xml(&mut frame.out, &event, time),
                FrameFormat::Json => self.add_json(frame, &event, time),
                FrameFormat::Properties | FrameFormat::Csv => self.add_properties(frame, &event),
            }
            frame.events += 1;
        }
    }

    /// The frame's text; `page` is the number of the page, from 0, and how many there are.
    pub(super) fn finish(&self, frame: Frame, page: Option<(u64, u64)>) -> String {
        let text = String::from_utf8(frame.out)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned());
        match (self.format, page) {
            (FrameFormat::Xml, None) => format!("<events>{text}</events>"),
            (FrameFormat::Xml, Some((page, pages))) => {
                format!("<events page='{page}' pages='{pages}'>{text}</events>")
            }
            (FrameFormat::Json, _) => format!("{{\"events\":[{text}]}}"),
            (FrameFormat::Csv | FrameFormat::Properties, _) => text,
        }
    }

    fn add_xml(&self, out: &mut Vec<u8>, event: &Event<'_>, time: EngineTime) {
        out.extend_from_slice(b"<event opcode='");
        out.extend_from_slice(word(event.opcode).as_bytes());
        if time.is_set() {
            out.extend_from_slice(format!("' timestamp='{}", time.micros()).as_bytes());
        }
        out.extend_from_slice(b"'>");
        let mut text = Vec::new();
        for (field, value) in self.schema.fields().iter().zip(event.row.values()) {
            if value.is_null() {
                continue;
            }
            out.push(b'<');
            out.extend_from_slice(field.name.as_bytes());
            if let Value::Blob(bytes) = value {
                out.extend_from_slice(format!(" type='{}'", kind(bytes)).as_bytes());
            }
            out.push(b'>');
            text.clear();
            write_value(&mut text, value, &self.options);
            escape(out, &text);
            out.extend_from_slice(b"</");
            out.extend_from_slice(field.name.as_bytes());
            out.push(b'>');
        }
        out.extend_from_slice(b"</event>");
    }

    fn add_json(&self, frame: &mut Frame, event: &Event<'_>, time: EngineTime) {
        let out = &mut frame.out;
        if frame.events > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"event\":{\"attributes\":{\"opcode\":\"");
        out.extend_from_slice(word(event.opcode).as_bytes());
        if time.is_set() {
            out.extend_from_slice(format!("\",\"timestamp\":\"{}", time.micros()).as_bytes());
        }
        out.extend_from_slice(b"\"}");
        let mut text = Vec::new();
        for (field, value) in self.schema.fields().iter().zip(event.row.values()) {
            out.push(b',');
            quote(out, &field.name);
            out.push(b':');
            text.clear();
            write_value(&mut text, value, &self.options);
            let text = String::from_utf8_lossy(&text);
            if let Value::Blob(bytes) = value {
                out.extend_from_slice(
                    format!("{{\"attributes\":{{\"type\":\"{}\"}},", kind(bytes)).as_bytes(),
                );
                quote(out, &field.name);
                out.push(b':');
                quote(out, &text);
                out.push(b'}');
            } else {
                quote(out, &text);
            }
        }
        out.extend_from_slice(b"}}");
    }

    fn add_properties(&self, frame: &mut Frame, event: &Event<'_>) {
        let out = &mut frame.out;
        if frame.events > 0 {
            out.extend_from_slice(if self.separator.is_empty() {
                b"\n\n"
            } else {
                self.separator.as_bytes()
            });
        }
        out.extend_from_slice(b"opcode=");
        out.extend_from_slice(word(event.opcode).as_bytes());
        for (field, value) in self.schema.fields().iter().zip(event.row.values()) {
            out.push(b'\n');
            out.extend_from_slice(field.name.as_bytes());
            out.push(b'=');
            let start = out.len();
            write_value(out, value, &self.options);
            // A line end in a value would begin another property.
            out[start..]
                .iter_mut()
                .filter(|byte| matches!(**byte, b'\n' | b'\r'))
                .for_each(|byte| *byte = b' ');
        }
    }
}

/// A schema as a frame of its own.
pub(super) fn schema_frame(schema: &Schema, json: bool) -> String {
    let fields = schema.fields().iter().map(|field| {
        let (name, ty) = (&field.name, field.ty.name());
        match (json, field.key) {
            (false, false) => format!("<field name=\"{name}\" type=\"{ty}\"/>"),
            (false, true) => format!("<field name=\"{name}\" type=\"{ty}\" key=\"true\"/>"),
            (true, key) => {
                let key = if key { ",\"key\":\"true\"" } else { "" };
                format!("{{\"field\":{{\"attributes\":{{\"name\":\"{name}\",\"type\":\"{ty}\"{key}}}}}}}")
            }
        }
    });
    let fields: Vec<String> = fields.collect();
    if json {
        format!("{{\"schema\":[{{\"fields\":[{}]}}]}}", fields.join(","))
    } else {
        format!("<schema><fields>{}</fields></schema>", fields.concat())
    }
}

/// The word for an opcode; a client knows no safe delete.
const fn word(opcode: Opcode) -> &'static str {
    match opcode {
        Opcode::SafeDelete => Opcode::Delete.word(),
        other => other.word(),
    }
}

/// What the bytes of a blob look like, for clients that show images.
fn kind(bytes: &[u8]) -> &'static str {
    match bytes {
        [0xff, 0xd8, 0xff, ..] => "jpeg",
        [0x89, b'P', b'N', b'G', ..] => "png",
        [b'G', b'I', b'F', b'8', ..] => "gif",
        [b'B', b'M', ..] => "bmp",
        _ => "binary",
    }
}

/// Text of an element; what XML cannot hold becomes U+FFFD.
fn escape(out: &mut Vec<u8>, text: &[u8]) {
    for &byte in text {
        match byte {
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            b'\r' => out.extend_from_slice(b"&#13;"),
            b'\t' | b'\n' | b' '.. => out.push(byte),
            _ => out.extend_from_slice("\u{fffd}".as_bytes()),
        }
    }
}

fn quote(out: &mut Vec<u8>, text: &str) {
    // Writing into memory does not fail, and text is always JSON.
    let _written = serde_json::to_writer(out, text);
}

#[cfg(test)]
mod tests {
    use tidegate_event::pretty;

    use super::*;

    fn frame(format: FrameFormat, page: Option<(u64, u64)>) -> String {
        let schema = Arc::new(Schema::parse("id*:int32,x:double,name:string").unwrap());
        let block = pretty::block(&schema, "I N 1 1.5 \"a<b\"\nUB N 2 ∅ ∅\nD N 2 3 b");
        let mut frames = Frames::new(format, "", 6, &schema);
        let mut frame = Frame::default();
        frames.add(&mut frame, &block, EngineTime::from_micros(1_563_421_206_210_819));
        frames.finish(frame, page)
    }

    /// The forms of websocket-api 4.4.
    #[test]
    fn events_in_all_formats() {
        assert_eq!(
            frame(FrameFormat::Xml, Some((0, 3))),
            "<events page='0' pages='3'><event opcode='insert' timestamp='1563421206210819'><id>1</id><x>1.500000</x>\
             <name>a&lt;b</name></event><event opcode='updateblock' timestamp='1563421206210819'><id>2</id></event>\
             <event opcode='delete' timestamp='1563421206210819'><id>2</id><x>3.000000</x><name>b</name></event></events>"
        );
        let attributes =
            |opcode| format!("\"attributes\":{{\"opcode\":\"{opcode}\",\"timestamp\":\"1563421206210819\"}}");
        assert_eq!(
            frame(FrameFormat::Json, None),
            format!(
                "{{\"events\":[{{\"event\":{{{},\"id\":\"1\",\"x\":\"1.500000\",\"name\":\"a<b\"}}}},\
                 {{\"event\":{{{},\"id\":\"2\",\"x\":\"\",\"name\":\"\"}}}},\
                 {{\"event\":{{{},\"id\":\"2\",\"x\":\"3.000000\",\"name\":\"b\"}}}}]}}",
                attributes("insert"),
                attributes("updateblock"),
                attributes("delete")
            )
        );
        assert_eq!(frame(FrameFormat::Csv, None), "I,N, 1,1.500000,a<b\nUB,N, 2,,\nD,N, 2,3.000000,b\n");
        assert_eq!(
            frame(FrameFormat::Properties, None),
            "opcode=insert\nid=1\nx=1.500000\nname=a<b\n\nopcode=updateblock\nid=2\nx=\nname=\n\n\
             opcode=delete\nid=2\nx=3.000000\nname=b"
        );
    }

    /// The forms of websocket-api 4.3.
    #[test]
    fn schemas() {
        let schema = Schema::parse("id*:int64,x:double").unwrap();
        assert_eq!(
            schema_frame(&schema, false),
            "<schema><fields><field name=\"id\" type=\"int64\" key=\"true\"/><field name=\"x\" type=\"double\"/></fields></schema>"
        );
        assert_eq!(
            schema_frame(&schema, true),
            "{\"schema\":[{\"fields\":[{\"field\":{\"attributes\":{\"name\":\"id\",\"type\":\"int64\",\"key\":\"true\"}}},\
             {\"field\":{\"attributes\":{\"name\":\"x\",\"type\":\"double\"}}}]}]}"
        );
    }

    #[test]
    fn blobs_carry_what_they_look_like() {
        let schema = Arc::new(Schema::parse("id*:int32,image:blob").unwrap());
        let mut rows = tidegate_event::RowBatch::new(schema.layout());
        let mut row = rows.push();
        row.set_int(0, 1);
        row.set_bytes(1, &[0xff, 0xd8, 0xff]);
        let event =
            tidegate_event::EventRef { row: 0, opcode: Opcode::Insert, flags: tidegate_event::Flags::NORMAL };
        let block = EventBlock::new(Arc::new(rows), vec![event]);
        for (format, expected) in [
            (
                FrameFormat::Xml,
                "<events><event opcode='insert'><id>1</id><image type='jpeg'>/9j/</image></event></events>",
            ),
            (
                FrameFormat::Json,
                "{\"events\":[{\"event\":{\"attributes\":{\"opcode\":\"insert\"},\"id\":\"1\",\
                 \"image\":{\"attributes\":{\"type\":\"jpeg\"},\"image\":\"/9j/\"}}}]}",
            ),
        ] {
            let mut frames = Frames::new(format, "", 6, &schema);
            let mut frame = Frame::default();
            frames.add(&mut frame, &block, EngineTime::UNSET);
            assert_eq!(frames.finish(frame, None), expected);
        }
    }
}
