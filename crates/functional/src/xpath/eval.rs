//! Evaluation of an expression over a document.

use std::cell::Cell;

use super::{Expression, Operator, Path, Start, Step, TooManySteps};
use crate::number::Number;
use crate::xml::{Document, NodeId, ROOT};

/// Nodes looked at in one evaluation.
const STEPS_MAX: u64 = 10_000_000;

/// A value while an expression is evaluated. Nodes are in document order, each once.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Nodes(Vec<NodeId>),
    Number(f64),
    Text(String),
    Boolean(bool),
}

/// Where an expression is evaluated.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'a> {
    pub(super) document: &'a Document,
    pub(super) node: NodeId,
    /// From 1.
    pub(super) position: usize,
    pub(super) size: usize,
    steps: &'a Cell<u64>,
}

pub(super) fn evaluate(expression: &Expression, document: &Document) -> Result<Value, TooManySteps> {
    let steps = Cell::new(0);
    expression.eval(&Context { document, node: document.element(), position: 1, size: 1, steps: &steps })
}

impl Context<'_> {
    fn spend(&self, nodes: usize) -> Result<(), TooManySteps> {
        self.steps.set(self.steps.get() + nodes as u64 + 1);
        if self.steps.get() > STEPS_MAX { Err(TooManySteps) } else { Ok(()) }
    }
}

impl Expression {
    pub(super) fn eval(&self, context: &Context<'_>) -> Result<Value, TooManySteps> {
        context.spend(0)?;
        Ok(match self {
            Self::Text(text) => Value::Text(text.clone()),
            Self::Number(number) => Value::Number(*number),
            Self::Negative(operand) => Value::Number(-operand.eval(context)?.number(context.document)),
            Self::Call(call, arguments) => call.run(arguments, context)?,
            Self::Path(path) => path.eval(context)?,
            Self::Binary(operator, left, right) => binary(*operator, left, right, context)?,
        })
    }
}

fn binary(
    operator: Operator,
    left: &Expression,
    right: &Expression,
    context: &Context<'_>,
) -> Result<Value, TooManySteps> {
    let left = left.eval(context)?;
    match operator {
        Operator::Or if left.truth() => return Ok(Value::Boolean(true)),
        Operator::And if !left.truth() => return Ok(Value::Boolean(false)),
        _ => {}
    }
    let right = right.eval(context)?;
    let number = |f: fn(f64, f64) -> f64| {
        Ok(Value::Number(f(left.number(context.document), right.number(context.document))))
    };
    match operator {
        Operator::Or | Operator::And => Ok(Value::Boolean(right.truth())),
        Operator::Add => number(|a, b| a + b),
        Operator::Subtract => number(|a, b| a - b),
        Operator::Multiply => number(|a, b| a * b),
        Operator::Divide => number(|a, b| a / b),
        Operator::Modulo => number(|a, b| a % b),
        Operator::Union => Ok(match (left, right) {
            (Value::Nodes(mut nodes), Value::Nodes(others)) => {
                nodes.extend(others);
                nodes.sort_unstable();
                nodes.dedup();
                Value::Nodes(nodes)
            }
            // XPath has no such union; nothing is found.
            _ => Value::Nodes(Vec::new()),
        }),
        comparison => compare(comparison, &left, &right, context).map(Value::Boolean),
    }
}

/// A comparison holds for nodes when it holds for the characters of any of them.
fn compare(
    operator: Operator,
    left: &Value,
    right: &Value,
    context: &Context<'_>,
) -> Result<bool, TooManySteps> {
    match (left, right) {
        (Value::Nodes(nodes), other) if !matches!(other, Value::Boolean(_)) => {
            for &id in nodes {
                context.spend(0)?;
                let text = Value::Text(context.document.string_value(id));
                if compare(operator, &text, other, context)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        (other, Value::Nodes(nodes)) if !matches!(other, Value::Boolean(_)) => {
            for &id in nodes {
                context.spend(0)?;
                let text = Value::Text(context.document.string_value(id));
                if compare(operator, other, &text, context)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        _ => Ok(compare_single(operator, left, right, context.document)),
    }
}

fn compare_single(operator: Operator, left: &Value, right: &Value, document: &Document) -> bool {
    let numbers = || (left.number(document), right.number(document));
    match operator {
        Operator::Equal | Operator::NotEqual => {
            let equal = match (left, right) {
                (Value::Boolean(_), _) | (_, Value::Boolean(_)) => left.truth() == right.truth(),
                (Value::Number(_), _) | (_, Value::Number(_)) => {
                    let (a, b) = numbers();
                    a == b
                }
                _ => left.text(document) == right.text(document),
            };
            equal == (operator == Operator::Equal)
        }
        Operator::Less => {
            let (a, b) = numbers();
            a < b
        }
        Operator::LessEqual => {
            let (a, b) = numbers();
            a <= b
        }
        Operator::Greater => {
            let (a, b) = numbers();
            a > b
        }
        _ => {
            let (a, b) = numbers();
            a >= b
        }
    }
}

impl Path {
    fn eval(&self, context: &Context<'_>) -> Result<Value, TooManySteps> {
        let mut nodes = match &self.start {
            Start::Context => vec![context.node],
            Start::Root => vec![NodeId::of(ROOT)],
            Start::Nodes(expression, predicates) => match expression.eval(context)? {
                Value::Nodes(mut nodes) => {
                    for predicate in predicates {
                        nodes = filtered(nodes, predicate, context)?;
                    }
                    nodes
                }
                other if predicates.is_empty() && self.steps.is_empty() => return Ok(other),
                _ => Vec::new(),
            },
        };
        for step in &self.steps {
            let mut next = Vec::new();
            for &node in &nodes {
                next.extend(step.nodes(node, context)?);
            }
            next.sort_unstable();
            next.dedup();
            nodes = next;
        }
        Ok(Value::Nodes(nodes))
    }
}

impl Step {
    /// The step's nodes from one node, in the order of its axis.
    fn nodes(&self, from: NodeId, context: &Context<'_>) -> Result<Vec<NodeId>, TooManySteps> {
        let mut nodes = Vec::new();
        self.axis.nodes(context.document, from, &mut nodes);
        context.spend(nodes.len())?;
        nodes.retain(|&id| self.test.passes(context.document, self.axis, id));
        debug_assert!(self.axis.is_reverse() || nodes.is_sorted());
        for predicate in &self.predicates {
            nodes = filtered(nodes, predicate, context)?;
        }
        Ok(nodes)
    }
}

/// The nodes that pass a predicate: a number is a position, all else a truth.
fn filtered(
    nodes: Vec<NodeId>,
    predicate: &Expression,
    context: &Context<'_>,
) -> Result<Vec<NodeId>, TooManySteps> {
    let size = nodes.len();
    let mut passed = Vec::new();
    for (at, node) in nodes.into_iter().enumerate() {
        let position = at + 1;
        let passes = match predicate.eval(&Context { node, position, size, ..*context })? {
            Value::Number(number) => number == position as f64,
            other => other.truth(),
        };
        if passes {
            passed.push(node);
        }
    }
    Ok(passed)
}

/// A text as a number; NaN when it is none.
pub(super) fn text_number(text: &str) -> f64 {
    Number::parse(text).map_or(f64::NAN, Number::double)
}

/// A number as text.
pub(super) fn number_text(number: f64) -> String {
    let mut text = String::new();
    if number.is_infinite() {
        text.push_str(if number > 0.0 { "Infinity" } else { "-Infinity" });
    } else {
        Number::Double(number).write(&mut text);
    }
    text
}

#[cfg(test)]
mod tests {
    use crate::xml::Document;
    use crate::xpath::{Found, XPath};

    const CLAIM: &str = "<Claim id='7'><ClaimID>214917</ClaimID><Parties><Party><name>Ann</name></Party>\
                         <Party kind='x'><name>Bob</name><age>40</age></Party></Parties><n:a xmlns:n='u'>1</n:a>\
                         <v>1</v><v>2</v><v>3</v></Claim>";

    fn first(path: &str) -> Option<String> {
        let document = Document::parse(CLAIM.into()).unwrap();
        match XPath::parse(path).unwrap().first(&document).unwrap() {
            None => None,
            Some(Found::Text(text)) => Some(text),
            Some(Found::Number(number)) => Some(format!("n{number}")),
            Some(Found::Boolean(value)) => Some(value.to_string()),
        }
    }

    fn all(path: &str) -> Vec<String> {
        let document = Document::parse(CLAIM.into()).unwrap();
        let hits = XPath::parse(path).unwrap().hits(&document).unwrap();
        hits.iter().map(|hit| hit.as_text().unwrap().into_owned()).collect()
    }

    #[test]
    fn paths_of_models() {
        assert_eq!(first("./ClaimID/text()").as_deref(), Some("214917"));
        assert_eq!(first("ClaimID").as_deref(), Some("214917"));
        assert_eq!(first("/Claim/ClaimID/text()").as_deref(), Some("214917"));
        assert_eq!(first("text()"), None);
        assert_eq!(first("@id").as_deref(), Some("7"));
        assert_eq!(all("//Parties/Party").len(), 2);
        assert_eq!(all("//Parties/Party")[0], "<Party><name>Ann</name></Party>");
        assert_eq!(all("//name/text()"), ["Ann", "Bob"]);
        assert!(all("//nothing").is_empty());
    }

    #[test]
    fn predicates_axes_and_functions() {
        assert_eq!(all("v[2]"), ["<v>2</v>"]);
        assert_eq!(all("v[last()]/text()"), ["3"]);
        assert_eq!(all("v[position() < 3]/text()"), ["1", "2"]);
        assert_eq!(all("//Party[@kind='x']/name/text()"), ["Bob"]);
        assert_eq!(all("//Party[name='Ann' or age > 39]").len(), 2);
        assert_eq!(all("//age/../name/text()"), ["Bob"]);
        assert_eq!(all("v[3]/preceding-sibling::v[1]/text()"), ["2"]);
        assert_eq!(all("(//v)[1]/following-sibling::*/text()"), ["2", "3"]);
        assert_eq!(all("//age/ancestor::Party/@kind"), ["x"]);
        assert_eq!(all("n:a/text() | v[1]/text()"), ["1", "1"]);
        assert_eq!(all("n:*"), ["<n:a xmlns:n='u'>1</n:a>"]);
        assert_eq!(first("count(v)").as_deref(), Some("n3"));
        assert_eq!(first("sum(v) * 2 - -1").as_deref(), Some("n13"));
        assert_eq!(first("concat(name(*[1]), '-', string-length(ClaimID))").as_deref(), Some("ClaimID-6"));
        assert_eq!(first("substring('12345', 2, 3)").as_deref(), Some("234"));
        assert_eq!(first("not(v = 4)").as_deref(), Some("true"));
        assert_eq!(first("v != 1").as_deref(), Some("true"));
        assert_eq!(first("7 mod 4 = 3 and 6 div 4 = 1.5").as_deref(), Some("true"));
    }

    #[test]
    fn mistakes_have_places() {
        for (path, offset) in [
            ("", 0),
            ("a[", 2),
            ("a]", 1),
            ("a/$b", 2),
            ("nope(a)", 0),
            ("following::a", 0),
            ("count()", 0),
            ("'a", 0),
            ("//", 2),
        ] {
            assert_eq!(XPath::parse(path).unwrap_err().offset, offset, "{path}");
        }
        assert!(XPath::parse(&"(".repeat(100_000)).is_err());
        assert!(XPath::parse(&format!("1{}", "+1".repeat(100_000))).is_err());
    }

    #[test]
    fn a_hostile_path_ends() {
        let text = format!("<r>{}</r>", "<a/>".repeat(5_000));
        let document = Document::parse(text.into()).unwrap();
        assert!(XPath::parse("//*[count(//*[count(//*) > 1]) > 1]").unwrap().first(&document).is_err());
    }
}
