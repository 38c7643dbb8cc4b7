//! `window-calculate`: runs an algorithm over the values of its input (engine-semantics 3.15, model-xml 12.13).
//!
//! The window maps fields; what is computed is an [`Algorithm`], which the registry hands in.

use std::fmt;
use std::sync::Arc;

use tidegate_event::{BlockKind, EventBlock, FieldType, Opcode, Schema};
use tidegate_model::{Element, Mistake, MistakeKind, Reader, Role};

use crate::block::BlockBuilder;
use crate::build::BuildContext;
use crate::retained::Resolution;
use crate::state::{Frozen, StateError, StateReader};
use crate::step::Step;
use crate::window::{BuiltWindow, Input, OutputStage, Window, WindowType};

/// The type.
pub(super) static CALCULATE: WindowType = WindowType { element: "window-calculate", build };

/// Makes a calculation from the values of the parameters, in their order; or says which value is wrong.
pub type Start = fn(&[&str]) -> Result<Box<dyn Calculation>, String>;

/// An algorithm of `window-calculate`: one file and one line in a slice of the registry.
pub struct Algorithm {
    /// As `algorithm` names it.
    pub name: &'static str,
    /// Its parameters, each with the value that it has where the model gives none.
    pub parameters: &'static [(&'static str, &'static str)],
    /// Names in `input-map`; each is needed and names one numeric field.
    pub inputs: &'static [&'static str],
    /// Names in `output-map`, all optional.
    pub outputs: &'static [&'static str],
    /// Makes a calculation.
    pub start: Start,
}

impl fmt::Debug for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Algorithm").field(&self.name).finish()
    }
}

/// An algorithm at work.
pub trait Calculation: Send {
    /// Takes the observations of a block: for each the values of all inputs, one after the other. Answers by filling
    /// `outputs` in the same way. A null is `None`.
    fn observe(&mut self, inputs: &[Option<f64>], outputs: &mut Vec<Option<f64>>);

    /// The state.
    fn save(&self, state: &mut Vec<u8>);

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// When the state is broken.
    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError>;
}

fn build(context: &mut BuildContext<'_>) -> Option<BuiltWindow> {
    let before = context.mistakes.len();
    let mut reader = context.reader();
    let name = reader.required_attr("algorithm", context.mistakes);
    // An older name of `output-insert-only` (model-xml 4.2).
    let only_inserts = reader.bool_attr("produces-only-inserts", false, context.mistakes);
    reader.refuse_child("mas-map", context.mistakes);
    let parameters = reader.child("parameters", context.mistakes);
    let input_map = reader.child("input-map", context.mistakes);
    let output_map = reader.child("output-map", context.mistakes);
    context.finish(reader);
    let name = name?;
    let algorithms = context.registry.algorithms;
    let Some(algorithm) = algorithms.iter().find(|known| known.name == name.value.trim()) else {
        let message = format!("the algorithm '{}' is not implemented", name.value);
        let mistake = Mistake::new(name.position, MistakeKind::NotImplemented, message);
        context.mistakes.push(mistake.nearest(&name.value, algorithms.iter().map(|known| known.name)));
        return None;
    };
    let input = data_input(context)?;
    let schema = context.own_schema()?;
    let keys = context.keys_from_input(&schema, &input);
    let given = properties(context, parameters, |known| algorithm.parameters.iter().any(|p| p.0 == known));
    let values: Vec<&str> = (algorithm.parameters.iter())
        .map(|(name, default)| {
            given.iter().find(|g| g.0 == *name).map_or(*default, |g| g.1.text.as_str().trim())
        })
        .collect();
    let calculation = (algorithm.start)(&values).map_err(|wrong| {
        let position = parameters.map_or(context.def.position, |element| element.position);
        let message = format!("window-calculate '{}': {wrong}", context.def.name);
        context.mistakes.add(position, MistakeKind::BadValue, message);
    });
    let mapped = properties(context, input_map, |known| algorithm.inputs.contains(&known));
    let inputs: Vec<Option<usize>> = (algorithm.inputs.iter())
        .map(|slot| match mapped.iter().find(|m| m.0 == *slot) {
            Some((_, element)) => number_field(context, element, &input.schema, &input.window, false),
            None => {
                let message = format!("the algorithm needs '{slot}' in 'input-map'");
                context.mistake(MistakeKind::MissingProperty, &message);
                None
            }
        })
        .collect();
    let mapped = properties(context, output_map, |known| algorithm.outputs.contains(&known));
    let window = context.def.name.clone();
    let mut outputs = Vec::new();
    for (slot, element) in &mapped {
        if let Some(field) = number_field(context, element, &schema, &window, true) {
            let number = algorithm.outputs.iter().position(|known| known == slot);
            outputs.extend(number.map(|number| (field, number)));
        }
    }
    if context.mistakes.len() > before {
        return None;
    }
    let keys = keys?;
    let copies = copies(&schema, &input, &keys, &outputs);
    Some(BuiltWindow {
        window: Box::new(Calculate {
            schema: Arc::clone(&schema),
            copies,
            inputs: inputs.into_iter().collect::<Option<_>>()?,
            outputs,
            output_count: algorithm.outputs.len(),
            only_inserts,
            calculation: calculation.ok()?,
            observed: Vec::new(),
            computed: Vec::new(),
        }),
        schema,
        output: OutputStage::Index {
            resolution: Resolution { lenient: input.resolved, old_from_input: false },
            resolved: false,
        },
        insert_only: input.insert_only || only_inserts,
        shape: format!("{} {}", algorithm.name, values.join(" ")),
        notices: Vec::new(),
    })
}

/// The one input of data.
fn data_input(context: &mut BuildContext<'_>) -> Option<Input> {
    if context.inputs.iter().any(|input| input.role == Some(Role::Request)) {
        context.mistake(MistakeKind::NotImplemented, "requests are not implemented yet");
        return None;
    }
    if context.inputs.len() != 1 {
        context.mistake(MistakeKind::BadRole, "the algorithm takes one input of data");
        return None;
    }
    context.only_input()
}

/// The properties of `parameters`, `input-map` or `output-map` by name; unknown ones are mistakes.
fn properties<'a>(
    context: &mut BuildContext<'_>,
    element: Option<&'a Element>,
    known: impl Fn(&str) -> bool,
) -> Vec<(&'a str, &'a Element)> {
    let mut found: Vec<(&'a str, &'a Element)> = Vec::new();
    let Some(element) = element else { return found };
    let mut reader = Reader::new(element);
    let lists = reader.children("properties");
    reader.finish(context.mistakes);
    for list in lists {
        let mut reader = Reader::new(list);
        let properties = reader.children("property");
        reader.finish(context.mistakes);
        for property in properties {
            let mut reader = Reader::new(property);
            let name = reader.required_attr("name", context.mistakes);
            reader.finish(context.mistakes);
            let Some(name) = name.map(|name| name.value.trim()) else { continue };
            let wrong = if !known(name) {
                "is nothing that the algorithm knows"
            } else if found.iter().any(|other| other.0 == name) {
                "is given twice"
            } else {
                found.push((name, property));
                continue;
            };
            let message =
                format!("window-calculate '{}': '{name}' of '{}' {wrong}", context.def.name, element.name);
            context.mistakes.add(property.position, MistakeKind::BadValue, message);
        }
    }
    found
}

/// The field that a property names.
fn number_field(
    context: &mut BuildContext<'_>,
    property: &Element,
    schema: &Schema,
    of: &str,
    output: bool,
) -> Option<usize> {
    let name = property.text.as_str().trim();
    let Some(at) = schema.position(name) else {
        let message = format!("window-calculate '{}': '{name}' is no field of '{of}'", context.def.name);
        let mistake = Mistake::new(property.position, MistakeKind::UnknownField, message);
        context.mistakes.push(mistake.nearest(name, schema.fields().iter().map(|field| field.name.as_str())));
        return None;
    };
    let ty = schema.ty(at);
    let fits = match ty {
        FieldType::Double | FieldType::Int64 | FieldType::Int32 => true,
        FieldType::Money => !output,
        _ => false,
    };
    if !fits || (output && schema.fields()[at].key) {
        let message = format!(
            "window-calculate '{}': the field '{name}' of '{of}' cannot be used: it is {}",
            context.def.name,
            if fits { "a key".to_owned() } else { format!("of type {ty}") }
        );
        context.mistakes.add(property.position, MistakeKind::BadOutput, message);
        return None;
    }
    Some(at)
}

/// Fields that are copied from the input: keys, and those that are not mapped, by name.
fn copies(
    schema: &Schema,
    input: &Input,
    keys: &[(usize, usize)],
    outputs: &[(usize, usize)],
) -> Vec<(usize, usize)> {
    let mut copies = keys.to_vec();
    for to in schema.non_keys().filter(|to| outputs.iter().all(|(field, _)| field != to)) {
        let from = input.schema.position(&schema.fields()[to].name);
        copies.extend(from.filter(|&from| input.schema.ty(from) == schema.ty(to)).map(|from| (to, from)));
    }
    copies
}

struct Calculate {
    schema: Arc<Schema>,
    /// (position in the output, position in the input).
    copies: Vec<(usize, usize)>,
    inputs: Vec<usize>,
    /// (position in the output, number of the algorithm's output).
    outputs: Vec<(usize, usize)>,
    output_count: usize,
    /// Events that are no inserts are observed, but do not go out.
    only_inserts: bool,
    calculation: Box<dyn Calculation>,
    observed: Vec<Option<f64>>,
    computed: Vec<Option<f64>>,
}

impl Window for Calculate {
    fn process(
        &mut self,
        _port: usize,
        input: &Arc<EventBlock>,
        _kind: BlockKind,
        step: &mut Step<'_>,
    ) -> Option<Arc<EventBlock>> {
        let is_observation = |opcode: Opcode| !opcode.is_delete();
        self.observed.clear();
        for event in input.iter().filter(|event| is_observation(event.opcode)) {
            let values = self.inputs.iter().map(|&field| {
                Some(event.row.number(field)).filter(|value| !event.row.is_null(field) && !value.is_nan())
            });
            self.observed.extend(values);
        }
        self.computed.clear();
        self.calculation.observe(&self.observed, &mut self.computed);
        let mut results = self.computed.chunks_exact(self.output_count);
        let mut out = BlockBuilder::new(step.pool, self.schema.layout());
        for event in input.iter() {
            let mut row = out.new_row();
            for &(to, from) in &self.copies {
                row.copy_field(to, &event.row, from);
            }
            if is_observation(event.opcode)
                && let Some(result) = results.next()
            {
                for &(field, number) in &self.outputs {
                    match (result[number], self.schema.ty(field)) {
                        (Some(value), FieldType::Double) => row.set_double(field, value),
                        (Some(value), FieldType::Int32) => row.set_int(field, i64::from(value as i32)),
                        (Some(value), _) => row.set_int(field, value as i64),
                        (None, _) => {}
                    }
                }
            }
            if event.opcode == Opcode::Insert || !self.only_inserts {
                out.emit_last(event.opcode, event.flags);
            }
        }
        out.finish(step.pool)
    }

    fn freeze(&mut self) -> Box<dyn Frozen> {
        let mut state = Vec::new();
        self.calculation.save(&mut state);
        Box::new(state)
    }

    fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
        self.calculation.load(from)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::testing::{Run, build};

    /// The sum of all values so far, and the value before.
    pub(crate) static RUNNING_SUM: Algorithm = Algorithm {
        name: "RunningSum",
        parameters: &[("start", "0")],
        inputs: &["input"],
        outputs: &["sumOut", "lastOut"],
        start: |parameters| match parameters[0].parse() {
            Ok(sum) => Ok(Box::new(RunningSum { sum, last: None })),
            Err(_) => Err(format!("'{}' is no 'start'", parameters[0])),
        },
    };

    struct RunningSum {
        sum: f64,
        last: Option<f64>,
    }

    impl Calculation for RunningSum {
        fn observe(&mut self, inputs: &[Option<f64>], outputs: &mut Vec<Option<f64>>) {
            for value in inputs {
                self.sum += value.unwrap_or(0.0);
                outputs.extend([Some(self.sum), self.last]);
                self.last = *value;
            }
        }

        fn save(&self, state: &mut Vec<u8>) {
            state.extend_from_slice(&self.sum.to_le_bytes());
            state.extend_from_slice(&self.last.unwrap_or(f64::NAN).to_le_bytes());
        }

        fn load(&mut self, from: &mut dyn StateReader) -> Result<(), StateError> {
            self.sum = f64::from_bits(from.get_u64()?);
            self.last = Some(f64::from_bits(from.get_u64()?)).filter(|last| !last.is_nan());
            Ok(())
        }
    }

    fn windows(attributes: &str, start: &str, input: &str, output: &str) -> String {
        format!(
            "<window-source name=\"s\"><schema-string>id*:int32,v:double,w:string</schema-string></window-source>\
             <window-calculate name=\"c\" {attributes}><schema-string>id*:int32,w:string,sum:int64,last:double,v:int32</schema-string>\
             <parameters><properties><property name=\"start\">{start}</property></properties></parameters>\
             <input-map><properties><property name=\"input\">{input}</property></properties></input-map>\
             <output-map><properties><property name=\"sumOut\">sum</property><property name=\"{output}\">last</property>\
             </properties></output-map></window-calculate>"
        )
    }

    const EDGE: &str = "<edge source=\"s\" target=\"c\" role=\"data\"/>";

    /// Keys and fields of the same name and type come from the input; a delete brings no value.
    #[test]
    fn an_output_per_event() {
        let attributes = "algorithm=\"RunningSum\"";
        let mut run = Run::new("", &windows(attributes, "10", "v", "lastOut"), EDGE);
        assert_eq!(run.feed(1, "s", "I N 1 2 a\nI N 2 ∅ b", "c"), ["I N 1 a 12 ∅ ∅", "I N 2 b 12 2 ∅"]);
        run.save_and_load();
        assert_eq!(run.feed(1, "s", "U N 1 5 c", "c"), ["UB N 1 c 17 ∅ ∅", "D N 1 a 12 ∅ ∅"]);
        assert_eq!(run.feed(1, "s", "D N 1 ∅ ∅\nI N 3 1 d", "c"), ["D N 1 c 17 ∅ ∅", "I N 3 d 18 5 ∅"]);
        let attributes = "algorithm=\"RunningSum\" index=\"pi_EMPTY\" produces-only-inserts=\"true\"";
        let mut run = Run::new("", &windows(attributes, "0", "v", "lastOut"), EDGE);
        assert_eq!(
            run.feed(1, "s", "I N 1 2 a\nU N 1 3 b\nI N 2 4 c", "c"),
            ["I N 1 a 2 ∅ ∅", "I N 2 c 9 3 ∅"]
        );
    }

    #[test]
    fn what_does_not_exist_is_refused() {
        let mistakes = |windows: String, edge: &str| {
            let model = format!(
                "<project name=\"p\" threads=\"1\" pubsub=\"auto\"><contqueries><contquery name=\"cq\"><windows>{windows}</windows>\
                 <edges>{edge}</edges></contquery></contqueries></project>"
            );
            let Err(mistakes) = build(&model) else { panic!("built") };
            mistakes.display("m").to_string()
        };
        let known = "algorithm=\"RunningSum\"";
        for (windows, part) in [
            (windows("algorithm=\"STFT\"", "0", "v", "lastOut"), "the algorithm 'STFT' is not implemented"),
            (windows(known, "x", "v", "lastOut"), "'x' is no 'start'"),
            (windows(known, "0", "y", "lastOut"), "'y' is no field of 's'"),
            (windows(known, "0", "w", "lastOut"), "the field 'w' of 's' cannot be used"),
            (windows(known, "0", "v", "sumOut"), "'sumOut' of 'output-map' is given twice"),
            (windows(known, "0", "v", "maxOut"), "'maxOut' of 'output-map' is nothing"),
        ] {
            let text = mistakes(windows, EDGE);
            assert!(text.contains(part), "{part}: {text}");
        }
        let text = mistakes(
            windows(known, "0", "v", "lastOut"),
            "<edge source=\"s\" target=\"c\" role=\"request\"/>",
        );
        assert!(text.contains("requests are not implemented yet"), "{text}");
    }
}
