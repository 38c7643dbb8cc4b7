//! `window-notification`: messages about events (engine-semantics 3.11, model-xml 12.18). Events pass as they are.
//!
//! Channels with `test="true"` write their messages to the log. The others are refused: nothing sends mail yet.

use std::sync::Arc;

use jiff::tz::TimeZone;
use tidegate_event::{BlockKind, EngineTime, EventBlock, Opcode, Schema};
use tidegate_functional::{Env, Memory, Names, Node, Random, Value};
use tidegate_model::{Element, MistakeKind, Reader};

use super::functional::build::Compiler;
use super::functional::context::Context;
use crate::build::BuildContext;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::{Notice, Step};
use crate::window::{BuiltWindow, OutputStage, Window, WindowType};

/// The type.
pub(super) static NOTIFICATION: WindowType = WindowType { element: "window-notification", build };

/// Kinds of channels: the element, the elements of its info, the elements of its contents.
type ChannelKind = (&'static str, &'static [&'static str], &'static [&'static str]);

const CHANNELS: [ChannelKind; 3] = [
    (
        "email",
        &["sender", "recipients", "subject", "from", "to"],
        &["text-content", "html-content", "image-content"],
    ),
    ("sms", &["sender", "subject", "from", "gateway", "phone"], &["text-content"]),
    ("mms", &["sender", "subject", "from", "gateway", "phone"], &["text-content", "image-content"]),
];

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let before = context.mistakes.len();
    let mut reader = context.reader();
    let functions = reader.child("function-context", context.mistakes);
    let smtp = reader.required_child("smtp", context.mistakes);
    let channels = reader.required_child("delivery-channels", context.mistakes);
    context.finish(reader);
    if let Some(smtp) = smtp {
        let mut reader = Reader::new(smtp);
        reader.required_attr("host", context.mistakes);
        reader.port_attr("port", context.mistakes);
        ["user", "password"].into_iter().for_each(|name| reader.ignore_attr(name));
        reader.finish(context.mistakes);
    }
    let schema = Arc::clone(&context.inputs.first()?.schema);
    if context.inputs.iter().any(|input| input.schema.fields() != schema.fields()) {
        context.mistake(MistakeKind::BadOutput, "its inputs have different schemas");
    }
    let schemas = context.inputs.iter().map(|input| Arc::clone(&input.schema)).collect();
    let mut names = Names::new(context.registry.functional, schemas);
    let mut compiler = Compiler { context, properties: 0, complete: true };
    let main =
        functions.map_or_else(Context::default, |element| compiler.function_context(element, &mut names));
    let mut built = Vec::new();
    if let Some(channels) = channels {
        let mut reader = Reader::new(channels);
        CHANNELS.iter().for_each(|kind| reader.ignore_child(kind.0));
        reader.finish(compiler.context.mistakes);
        for element in &channels.children {
            let kind = CHANNELS.iter().find(|kind| kind.0 == element.name);
            built.extend(kind.and_then(|kind| channel(element, kind, &mut compiler, &names, &schema)));
        }
    }
    let Compiler { context, properties, complete } = compiler;
    if !complete || context.mistakes.len() > before {
        return None;
    }
    let resolved = context.inputs.iter().all(|input| input.resolved);
    let insert_only = context.inputs.iter().all(|input| input.insert_only);
    let shape = format!("channels={}", built.len());
    let window = Notification {
        name: context.def.name.clone(),
        inputs: context.inputs.iter().map(|input| input.window.clone()).collect(),
        functions: main,
        channels: built,
        zone: (context.registry.local_zone)(),
        memory: Memory::new(names.slots(), properties),
    };
    let output = OutputStage::AsIs { resolved };
    Some(BuiltWindow { schema, window: Box::new(window), output, insert_only, shape, notices: Vec::new() })
}

fn channel(
    element: &Element,
    &(kind, info, contents): &ChannelKind,
    compiler: &mut Compiler<'_, '_>,
    names: &Names,
    schema: &Schema,
) -> Option<Channel> {
    let mut reader = Reader::new(element);
    let name = reader.attr("name").map(|attribute| attribute.value.clone());
    let unresolved =
        reader.attr("unresolved-text").map_or_else(String::new, |attribute| attribute.value.clone());
    let mistakes = &mut *compiler.context.mistakes;
    let throttle = reader.interval_attr("throttle-interval", mistakes).map(|interval| interval.micros());
    let test = reader.bool_attr("test", false, mistakes);
    let deliver = reader.child("deliver", mistakes);
    let (info_name, contents_name) = match kind {
        "email" => ("email-info", "email-contents"),
        "sms" => ("sms-info", "sms-contents"),
        _ => ("mms-info", "mms-contents"),
    };
    let mut parts = Vec::new();
    for (child, allowed) in [(info_name, info), (contents_name, contents)] {
        let Some(list) = reader.required_child(child, mistakes) else { continue };
        let mut inner = Reader::new(list);
        allowed.iter().for_each(|name| inner.ignore_child(name));
        inner.finish(mistakes);
        for part in list.children.iter().filter(|part| allowed.contains(&part.name.as_str())) {
            let label = part.value("name").unwrap_or(&part.name).to_owned();
            parts.push((label, template(part.text.as_str().trim(), names, schema)));
        }
    }
    reader.finish(mistakes);
    if !test {
        let message =
            format!("sending is not implemented yet ({kind}): only channels with test=\"true\" run");
        mistakes.add(element.position, MistakeKind::NotImplemented, message);
        return None;
    }
    let deliver = match deliver {
        Some(element) => Some(compiler.function(element, names)?),
        None => None,
    };
    let label = name.map_or_else(|| kind.to_owned(), |name| format!("{kind} '{name}'"));
    Some(Channel { label, deliver, throttle, unresolved, parts, last: None })
}

/// A piece of a text.
#[derive(Debug)]
enum Piece {
    Text(String),
    /// A result of the function context.
    Slot(usize),
    /// A field of the event.
    Field(usize),
    Unresolved,
}

/// Cuts a text at its `$name` tokens.
fn template(text: &str, names: &Names, schema: &Schema) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        let after = &rest[at + 1..];
        let end = after.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(after.len());
        // A sign alone is a sign.
        let keep = if end == 0 { at + 1 } else { at };
        if keep > 0 {
            pieces.push(Piece::Text(rest[..keep].to_owned()));
        }
        if end > 0 {
            let name = &after[..end];
            pieces.push(match (names.find_slot(name), schema.position(name)) {
                (Some(slot), _) => Piece::Slot(slot),
                (None, Some(field)) => Piece::Field(field),
                (None, None) => Piece::Unresolved,
            });
        }
        rest = &after[end..];
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest.to_owned()));
    }
    pieces
}

#[derive(Debug)]
struct Channel {
    label: String,
    deliver: Option<Node>,
    throttle: Option<i64>,
    unresolved: String,
    /// Each with its name.
    parts: Vec<(String, Vec<Piece>)>,
    /// When the last message was sent.
    last: Option<EngineTime>,
}

impl Channel {
    /// The message for an event, unless none is to be sent.
    fn message(&mut self, window: &str, env: &mut Env<'_>) -> Option<String> {
        if let (Some(throttle), Some(last)) = (self.throttle, self.last)
            && env.time.micros_since(last) < throttle
        {
            return None;
        }
        if self.deliver.as_ref().is_some_and(|deliver| !deliver.eval(env).truth()) {
            return None;
        }
        self.last = Some(env.time);
        let mut message = format!("{window}: {}", self.label);
        for (name, pieces) in &self.parts {
            message.push_str(&format!("\n{name}: "));
            for piece in pieces {
                let value = match piece {
                    Piece::Text(text) => Value::text_of(text.as_str()),
                    Piece::Slot(slot) => env.memory.slots[*slot].clone().unwrap_or(Value::Null),
                    Piece::Field(field) => Value::of_field(&env.row, *field),
                    Piece::Unresolved => Value::text_of(self.unresolved.as_str()),
                };
                message.push_str(&value.as_text().unwrap_or_default());
            }
        }
        Some(message)
    }
}

#[derive(Debug)]
struct Notification {
    name: String,
    /// Names of the windows at the in-edges.
    inputs: Vec<String>,
    functions: Context,
    channels: Vec<Channel>,
    zone: TimeZone,
    memory: Memory,
}

impl Window for Notification {
    fn process(
        &mut self,
        port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let id = step.header.id;
        let Step { sink, window, time, stats, .. } = step;
        let mut random = Random::of_block(&self.name, port, id.input, id.sub, id.part);
        let mut was_pair = false;
        for event in input.iter() {
            // The old half of a pair is part of the event before it.
            let is_old = was_pair && event.opcode == Opcode::Delete;
            was_pair = event.opcode == Opcode::UpdateBlock;
            if is_old {
                continue;
            }
            self.memory.begin_event();
            self.memory.event_counter += 1;
            let mut env = Env {
                memory: &mut self.memory,
                row: event.row,
                port,
                inputs: &self.inputs,
                time: *time,
                zone: &self.zone,
                random: &mut random,
                faults: &mut stats.faults,
                print: &mut |line| sink.noticed(*window, Notice::Print(line.to_owned())),
            };
            self.functions.run(&mut env);
            let messages: Vec<String> = self
                .channels
                .iter_mut()
                .filter_map(|channel| channel.message(&self.name, &mut env))
                .collect();
            messages.into_iter().for_each(|message| sink.noticed(*window, Notice::Print(message)));
        }
        Some(Arc::clone(input))
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut state = self.memory.event_counter.to_le_bytes().to_vec();
        for channel in &self.channels {
            state.push(u8::from(channel.last.is_some()));
            state.extend_from_slice(&channel.last.map_or(0, EngineTime::micros).to_le_bytes());
        }
        Box::new(state)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.memory.event_counter = from.get_i64()?;
        for channel in &mut self.channels {
            let mut was_sent = [0];
            from.get(&mut was_sent)?;
            let last = EngineTime::from_micros(from.get_i64()?);
            channel.last = (was_sent != [0]).then_some(last);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::step::Notice;
    use crate::testing::{Run, build};

    fn windows(channel: &str) -> String {
        format!(
            "<window-source name=\"s\"><schema-string>id*:int32,v:double,w:string</schema-string></window-source>\
             <window-notification name=\"n\"><schema-string>w:string</schema-string><function-context><functions><function name=\"loud\">toUpper($w)</function></functions>\
             </function-context><smtp host=\"localhost\"/><delivery-channels><email {channel}>\
             <deliver>gt($v,1)</deliver><email-info><sender>a@x.org</sender><recipients>b@x.org</recipients><subject>$loud</subject>\
             <from>esp</from><to>ops</to></email-info><email-contents><text-content name=\"t0\">$w costs $$v, $none.</text-content>\
             </email-contents></email></delivery-channels></window-notification>"
        )
    }

    const EDGE: &str = "<edge source=\"s\" target=\"n\"/>";

    fn messages(run: &Run) -> Vec<&str> {
        let notices = run.out.notices.iter().filter_map(|(_, notice)| match notice {
            Notice::Print(line) => Some(line.as_str()),
            _ => None,
        });
        notices.collect()
    }

    #[test]
    fn one_message_per_event_and_interval() {
        let channel = "test=\"true\" throttle-interval=\"1 minutes\" unresolved-text=\"?\"";
        let mut run = Run::new("", &windows(channel), EDGE);
        assert_eq!(run.feed(1, "s", "I N 1 1 tea\nI N 2 2 tea\nI N 3 3 nut", "n").len(), 3);
        let text = |word: &str, value: &str| {
            let loud = word.to_uppercase();
            format!(
                "n: email\nsender: a@x.org\nrecipients: b@x.org\nsubject: {loud}\nfrom: esp\nto: ops\nt0: {word} costs ${value}, ?."
            )
        };
        assert_eq!(messages(&run), [text("tea", "2")]);
        run.save_and_load();
        run.feed(59_000_000, "s", "I N 4 3 nut", "n");
        assert!(messages(&run).is_empty());
        assert_eq!(run.feed(60_000_001, "s", "U N 4 5 fig", "n"), ["UB N 4 5 fig", "D N 4 3 nut"]);
        assert_eq!(messages(&run), [text("fig", "5")]);
    }

    #[test]
    fn a_channel_that_sends_is_refused() {
        let model = format!(
            "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>{}</windows>\
             <edges>{EDGE}</edges></contquery></contqueries></project>",
            windows("")
        );
        let Err(mistakes) = build(&model) else { panic!("built") };
        assert!(mistakes.display("m").to_string().contains("sending is not implemented yet (email)"));
    }
}
