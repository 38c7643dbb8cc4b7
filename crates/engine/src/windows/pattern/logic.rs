//! A pattern's `logic`: the text, and the tree of operators that it becomes (functions.md 4.2).

use tidegate_model::Interval;

/// An operator, or an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// The event of this number.
    Event(usize),
    /// All operands in order, each by a later event.
    Fby,
    /// All operands in any order.
    And,
    /// Any operand.
    Or,
    /// Holds until its operand occurs.
    NotOccur,
    /// The next event must not satisfy the operand.
    Not,
    /// So many next events must satisfy the operand.
    Is(u32),
}

/// A node of the tree.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The limit in braces, in microseconds.
    pub(super) limit: Option<i64>,
    /// Positions of the operands.
    pub(super) operands: Vec<usize>,
    /// Whether it can only be broken, never completed by an event: `notoccur`, and `and` and `or` over nothing else.
    pub(super) negative: bool,
    /// Whether this operator or one around it has a limit, so that time will decide it.
    pub(super) limited: bool,
}

/// The tree: a node stands before its operands, the root first.
#[derive(Debug, Clone, Default)]
pub(super) struct Logic {
    pub(super) nodes: Vec<Node>,
}

/// What is wrong with a `logic` text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct LogicError {
    /// Byte in the text.
    pub(super) offset: usize,
    pub(super) message: String,
    /// Whether a name is meant that is no event.
    pub(super) unknown_event: Option<String>,
}

/// The operators, as models write them.
const OPERATORS: [(&str, Kind); 6] = [
    ("fby", Kind::Fby),
    ("and", Kind::And),
    ("or", Kind::Or),
    ("notoccur", Kind::NotOccur),
    ("not", Kind::Not),
    ("is", Kind::Is(1)),
];

/// How deep operators may be nested.
const DEPTH_MAX: usize = 64;
/// How many operators and events a logic may have.
const NODES_MAX: usize = 1000;

impl Logic {
    /// Reads a `logic` over events of these names.
    pub(super) fn parse(text: &str, events: &[&str]) -> Result<Self, LogicError> {
        let mut parser = Parser { text, at: 0, events, nodes: Vec::new() };
        parser.node(0, false)?;
        parser.blanks();
        if parser.at < text.len() {
            return Err(parser.error("the logic goes on behind its end"));
        }
        let mut logic = Self { nodes: parser.nodes };
        // Operands stand behind their operators.
        for at in (0..logic.nodes.len()).rev() {
            let node = &logic.nodes[at];
            logic.nodes[at].negative = match node.kind {
                Kind::NotOccur => true,
                Kind::And | Kind::Or => node.operands.iter().all(|&operand| logic.nodes[operand].negative),
                _ => false,
            };
        }
        Ok(logic)
    }
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
    events: &'t [&'t str],
    nodes: Vec<Node>,
}

impl Parser<'_> {
    fn error(&self, message: impl Into<String>) -> LogicError {
        LogicError { offset: self.at, message: message.into(), unknown_event: None }
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.text[self.at..].trim_start().len();
    }

    fn take(&mut self, sign: char) -> bool {
        self.blanks();
        let found = self.text[self.at..].starts_with(sign);
        self.at += if found { sign.len_utf8() } else { 0 };
        found
    }

    fn word(&mut self) -> (usize, String) {
        self.blanks();
        let rest = &self.text[self.at..];
        let end = rest.find(|c: char| !c.is_alphanumeric() && !"_-.".contains(c)).unwrap_or(rest.len());
        let start = self.at;
        self.at += end;
        (start, rest[..end].to_owned())
    }

    /// Reads a node; answers its position.
    fn node(&mut self, depth: usize, limited: bool) -> Result<usize, LogicError> {
        let (start, word) = self.word();
        if word.is_empty() {
            return Err(self.error("an operator or the name of an event is missing here"));
        }
        if depth > DEPTH_MAX || self.nodes.len() >= NODES_MAX {
            return Err(self.error(format!(
                "the logic is too large: at most {DEPTH_MAX} levels and {NODES_MAX} operators and events"
            )));
        }
        self.blanks();
        let called = self.text[self.at..].starts_with(['(', '{', ':']);
        let at = self.nodes.len();
        if !called {
            let Some(event) = self.events.iter().position(|&name| name == word) else {
                let message = format!("the logic names '{word}', which is no event of the pattern");
                return Err(LogicError { offset: start, message, unknown_event: Some(word) });
            };
            self.push(Kind::Event(event), None, limited);
            return Ok(at);
        }
        let Some(&(_, mut kind)) = OPERATORS.iter().find(|(name, _)| *name == word) else {
            self.at = start;
            return Err(
                self.error(format!("'{word}' is no operator; there are fby, and, or, notoccur, not and is"))
            );
        };
        if let Kind::Is(count) = &mut kind
            && self.take(':')
        {
            let (number_at, number) = self.word();
            *count = number.parse().ok().filter(|&n| (1..=1_000_000).contains(&n)).ok_or(LogicError {
                offset: number_at,
                message: format!("'{number}' is no number of events: is:N takes 1 to 1000000"),
                unknown_event: None,
            })?;
        }
        let limit = self.limit()?;
        let limited = limited || limit.is_some();
        if !self.take('(') {
            return Err(self.error(format!("'(' is missing behind {word}")));
        }
        self.push(kind, limit, limited);
        loop {
            let operand = self.node(depth + 1, limited)?;
            self.nodes[at].operands.push(operand);
            if self.take(')') {
                break;
            }
            if !self.take(',') {
                return Err(self.error(format!("',' or ')' is missing among the operands of {word}")));
            }
        }
        let count = self.nodes[at].operands.len();
        let (wanted, fits) = match kind {
            Kind::Fby | Kind::And | Kind::Or => ("at least two operands", count >= 2),
            _ => ("one operand", count == 1),
        };
        if !fits {
            self.at = start;
            return Err(self.error(format!("{word} takes {wanted}, not {count}")));
        }
        self.fold_double_not(at);
        Ok(at)
    }

    /// `not(not(a))` is the older spelling of `is(a)`.
    fn fold_double_not(&mut self, at: usize) {
        let &[inner] = &self.nodes[at].operands[..] else { return };
        if self.nodes[at].kind != Kind::Not || self.nodes[inner].kind != Kind::Not {
            return;
        }
        let limits = [self.nodes[at].limit, self.nodes[inner].limit];
        self.nodes[at].limit = limits.into_iter().flatten().min();
        self.nodes[at].kind = Kind::Is(1);
        self.nodes[at].operands = std::mem::take(&mut self.nodes[inner].operands);
    }

    fn limit(&mut self) -> Result<Option<i64>, LogicError> {
        if !self.take('{') {
            return Ok(None);
        }
        let rest = &self.text[self.at..];
        let Some(end) = rest.find('}') else { return Err(self.error("the limit's '}' is missing")) };
        let Some(interval) = Interval::parse(&rest[..end]) else {
            return Err(self.error(format!(
                "'{}' is no time limit: write a number and a unit, as in {{5 seconds}}",
                rest[..end].trim()
            )));
        };
        self.at += end + 1;
        Ok(Some(interval.micros()))
    }

    fn push(&mut self, kind: Kind, limit: Option<i64>, limited: bool) {
        self.nodes.push(Node { kind, limit, operands: Vec::new(), negative: false, limited });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EVENTS: [&str; 8] = ["e1", "e2", "e3", "e4", "e5", "p", "x", "t"];

    fn read(text: &str) -> Result<String, String> {
        fn show(logic: &Logic, at: usize) -> String {
            let node = &logic.nodes[at];
            let limit = node.limit.map(|l| format!("{{{l}}}")).unwrap_or_default();
            let operands: Vec<String> = node.operands.iter().map(|&o| show(logic, o)).collect();
            match node.kind {
                Kind::Event(event) => EVENTS[event].to_owned(),
                kind => format!("{kind:?}{limit}[{}]", operands.join(" ")),
            }
        }
        Logic::parse(text, &EVENTS)
            .map(|logic| show(&logic, 0))
            .map_err(|e| format!("{}: {}", e.offset, e.message))
    }

    /// The logic strings of the public models (functions.md 4.2).
    #[test]
    fn logic_of_public_models() {
        for (text, tree) in [
            ("fby{30 seconds}(e1,e2)", "Fby{30000000}[e1 e2]"),
            ("fby(e1, e2)", "Fby[e1 e2]"),
            ("fby{200 milliseconds}(e1, e2, e3)", "Fby{200000}[e1 e2 e3]"),
            ("fby{10 minutes} (e1,e2,e3,e4)", "Fby{600000000}[e1 e2 e3 e4]"),
            ("fby{1 hour}(fby{1 hour}(e1,e2),e3)", "Fby{3600000000}[Fby{3600000000}[e1 e2] e3]"),
            ("fby{5 seconds}(e1, is(e2))", "Fby{5000000}[e1 Is(1)[e2]]"),
            ("fby(e1,is:3(e2))", "Fby[e1 Is(3)[e2]]"),
            ("fby{3600 seconds}(e1, and(not(t), e2))", "Fby{3600000000}[e1 And[Not[t] e2]]"),
            ("fby{5 seconds}(e1, and(notoccur(e3),e2) )", "Fby{5000000}[e1 And[NotOccur[e3] e2]]"),
            (
                "and(not(not(p)), fby{365 seconds}(e1, fby(e2, fby(e3, e4))), notoccur(x))",
                "And[Is(1)[p] Fby{365000000}[e1 Fby[e2 Fby[e3 e4]]] NotOccur[x]]",
            ),
            (
                "fby{365 seconds}(not(not(e1)), fby(not(not(e2)), e3))",
                "Fby{365000000}[Is(1)[e1] Fby[Is(1)[e2] e3]]",
            ),
            ("e1", "e1"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(tree), "{text}");
        }
        // 15 levels.
        let mut deep = "fby(e1,e2)".to_owned();
        for _ in 0..14 {
            deep = format!("fby{{365 seconds}}({deep}, not(not(e3)))");
        }
        assert!(read(&deep).is_ok());
    }

    #[test]
    fn mistakes_have_their_place() {
        for (text, message) in [
            ("", "0: an operator or the name of an event is missing here"),
            ("fby(e1,e9)", "7: the logic names 'e9', which is no event of the pattern"),
            ("within(e1,e2)", "0: 'within' is no operator; there are fby, and, or, notoccur, not and is"),
            ("fby(e1)", "0: fby takes at least two operands, not 1"),
            ("not(e1,e2)", "0: not takes one operand, not 2"),
            ("fby{5}(e1,e2)", "4: '5' is no time limit: write a number and a unit, as in {5 seconds}"),
            ("fby{5 seconds(e1,e2)", "4: the limit's '}' is missing"),
            ("fby(e1,e2", "9: ',' or ')' is missing among the operands of fby"),
            ("fby(e1,e2))", "10: the logic goes on behind its end"),
            ("is:0(e1)", "3: '0' is no number of events: is:N takes 1 to 1000000"),
        ] {
            assert_eq!(read(text), Err(message.to_owned()), "{text}");
        }
        let deep = format!("{}e1{}", "is(".repeat(100_000), ")".repeat(100_000));
        assert!(read(&deep).is_err());
    }

    #[test]
    fn negative_nodes_can_only_be_broken() {
        let logic = Logic::parse("and(or(notoccur(e1),notoccur(e2)),and(notoccur(e1),e2))", &EVENTS).unwrap();
        let negative: Vec<bool> = logic.nodes.iter().map(|node| node.negative).collect();
        assert_eq!(negative, [false, true, true, false, true, false, false, true, false, false]);
    }
}
