//! The function library of XPath 1.0.

use super::eval::{Context, Value, number_text, text_number};
use super::{Expression, TooManySteps};

/// A function of the library.
#[derive(Debug, Clone, Copy)]
pub(super) struct CallId(&'static Call);

#[derive(Debug)]
struct Call {
    name: &'static str,
    least: usize,
    most: usize,
    run: fn(&[Value], &Context<'_>) -> Value,
}

impl PartialEq for CallId {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl CallId {
    pub(super) fn find(name: &str) -> Option<Self> {
        CALLS.iter().find(|call| call.name == name).map(Self)
    }

    pub(super) const fn name(self) -> &'static str {
        self.0.name
    }

    pub(super) fn accepts(self, arguments: usize) -> bool {
        (self.0.least..=self.0.most).contains(&arguments)
    }

    pub(super) fn run(self, arguments: &[Expression], context: &Context<'_>) -> Result<Value, TooManySteps> {
        let values = arguments.iter().map(|argument| argument.eval(context));
        Ok((self.0.run)(&values.collect::<Result<Vec<_>, _>>()?, context))
    }
}

macro_rules! call {
    ($name:literal, $least:literal..=$most:expr, $run:expr) => {
        Call { name: $name, least: $least, most: $most, run: $run }
    };
}

static CALLS: &[Call] = &[
    call!("position", 0..=0, |_, context| Value::Number(context.position as f64)),
    call!("last", 0..=0, |_, context| Value::Number(context.size as f64)),
    call!("count", 1..=1, |arguments, _| match &arguments[0] {
        Value::Nodes(nodes) => Value::Number(nodes.len() as f64),
        _ => Value::Number(f64::NAN),
    }),
    call!("sum", 1..=1, |arguments, context| match &arguments[0] {
        Value::Nodes(nodes) => {
            let texts = nodes.iter().map(|&id| context.document.string_value(id));
            Value::Number(texts.map(|text| text_number(&text)).sum())
        }
        _ => Value::Number(f64::NAN),
    }),
    call!("name", 0..=1, |arguments, context| Value::Text(name_of(arguments, context))),
    call!("local-name", 0..=1, |arguments, context| {
        let name = name_of(arguments, context);
        Value::Text(name.rsplit(':').next().unwrap_or_default().to_owned())
    }),
    call!("string", 0..=1, |arguments, context| Value::Text(own_or_text(arguments, context))),
    call!("concat", 2..=usize::MAX, |arguments, context| {
        Value::Text(arguments.iter().map(|argument| argument.text(context.document)).collect())
    }),
    call!("starts-with", 2..=2, |arguments, context| {
        let [a, b] = two(arguments, context);
        Value::Boolean(a.starts_with(&b))
    }),
    call!("contains", 2..=2, |arguments, context| {
        let [a, b] = two(arguments, context);
        Value::Boolean(a.contains(&b))
    }),
    call!("substring-before", 2..=2, |arguments, context| {
        let [a, b] = two(arguments, context);
        Value::Text(a.split_once(&b).map_or("", |(before, _)| before).to_owned())
    }),
    call!("substring-after", 2..=2, |arguments, context| {
        let [a, b] = two(arguments, context);
        Value::Text(a.split_once(&b).map_or("", |(_, after)| after).to_owned())
    }),
    call!("substring", 2..=3, substring),
    call!("string-length", 0..=1, |arguments, context| {
        Value::Number(own_or_text(arguments, context).chars().count() as f64)
    }),
    call!("normalize-space", 0..=1, |arguments, context| {
        let text = own_or_text(arguments, context);
        Value::Text(text.split_whitespace().collect::<Vec<_>>().join(" "))
    }),
    call!("translate", 3..=3, |arguments, context| {
        let [text, from, to] = [0, 1, 2].map(|at| arguments[at].text(context.document));
        Value::Text(crate::functions::translated(&text, &from, &to))
    }),
    call!("boolean", 1..=1, |arguments, _| Value::Boolean(arguments[0].truth())),
    call!("not", 1..=1, |arguments, _| Value::Boolean(!arguments[0].truth())),
    call!("true", 0..=0, |_, _| Value::Boolean(true)),
    call!("false", 0..=0, |_, _| Value::Boolean(false)),
    call!("number", 0..=1, |arguments, context| match arguments.first() {
        Some(value) => Value::Number(value.number(context.document)),
        None => Value::Number(text_number(&context.document.string_value(context.node))),
    }),
    call!("floor", 1..=1, |arguments, context| Value::Number(arguments[0].number(context.document).floor())),
    call!("ceiling", 1..=1, |arguments, context| Value::Number(arguments[0].number(context.document).ceil())),
    call!("round", 1..=1, |arguments, context| {
        // Halves go up, also below zero.
        Value::Number((arguments[0].number(context.document) + 0.5).floor())
    }),
];

fn two(arguments: &[Value], context: &Context<'_>) -> [String; 2] {
    [0, 1].map(|at| arguments[at].text(context.document))
}

/// The argument as text, or the characters of the context node.
fn own_or_text(arguments: &[Value], context: &Context<'_>) -> String {
    match arguments.first() {
        Some(value) => value.text(context.document),
        None => context.document.string_value(context.node),
    }
}

fn name_of(arguments: &[Value], context: &Context<'_>) -> String {
    let node = match arguments.first() {
        None => Some(context.node),
        Some(Value::Nodes(nodes)) => nodes.first().copied(),
        Some(_) => None,
    };
    node.map_or_else(String::new, |id| context.document.name(id).to_owned())
}

/// Characters whose position, from 1, is at least the rounded start and below start plus length.
fn substring(arguments: &[Value], context: &Context<'_>) -> Value {
    let round = |value: f64| (value + 0.5).floor();
    let text = arguments[0].text(context.document);
    let start = round(arguments[1].number(context.document));
    let end = arguments.get(2).map_or(f64::INFINITY, |len| start + round(len.number(context.document)));
    let chosen = text.chars().enumerate().filter(|&(at, _)| {
        let position = at as f64 + 1.0;
        position >= start && position < end
    });
    Value::Text(chosen.map(|(_, c)| c).collect())
}

impl Value {
    pub(super) fn text(&self, document: &crate::xml::Document) -> String {
        match self {
            Self::Nodes(nodes) => nodes.first().map_or_else(String::new, |&id| document.string_value(id)),
            Self::Number(number) => number_text(*number),
            Self::Text(text) => text.clone(),
            Self::Boolean(value) => value.to_string(),
        }
    }

    pub(super) fn number(&self, document: &crate::xml::Document) -> f64 {
        match self {
            Self::Number(number) => *number,
            Self::Boolean(value) => f64::from(u8::from(*value)),
            other => text_number(&other.text(document)),
        }
    }

    pub(super) fn truth(&self) -> bool {
        match self {
            Self::Nodes(nodes) => !nodes.is_empty(),
            Self::Number(number) => *number != 0.0 && !number.is_nan(),
            Self::Text(text) => !text.is_empty(),
            Self::Boolean(value) => *value,
        }
    }
}
