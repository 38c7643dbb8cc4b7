//! The grammar of XPath 1.0.

use super::calls::CallId;
use super::lexer::{Token, tokens};
use super::{Axis, Expression, Operator, Path, Start, Step, Test};
use crate::error::FunctionError;

/// Parentheses and predicates within each other.
const DEPTH_MAX: usize = 64;

/// Words and signs of an expression: a chain of operators is as deep as it is long.
const TOKENS_MAX: usize = 2000;

/// Operators by rank, the weakest first.
const RANKS: &[&[(&str, Operator)]] = &[
    &[("or", Operator::Or)],
    &[("and", Operator::And)],
    &[("=", Operator::Equal), ("!=", Operator::NotEqual)],
    &[
        ("<=", Operator::LessEqual),
        (">=", Operator::GreaterEqual),
        ("<", Operator::Less),
        (">", Operator::Greater),
    ],
    &[("+", Operator::Add), ("-", Operator::Subtract)],
    &[("*", Operator::Multiply), ("div", Operator::Divide), ("mod", Operator::Modulo)],
];

pub(super) fn parse(text: &str) -> Result<Expression, FunctionError> {
    let tokens = tokens(text)?;
    if let Some((offset, _)) = tokens.get(TOKENS_MAX) {
        return Err(FunctionError::new(*offset, "the path is too long"));
    }
    let mut parser = Parser { tokens, at: 0, end: text.len(), depth: 0 };
    let expression = parser.expression()?;
    match parser.tokens.get(parser.at) {
        None => Ok(expression),
        Some((offset, _)) => Err(FunctionError::new(*offset, "the path should end here")),
    }
}

struct Parser {
    tokens: Vec<(usize, Token)>,
    at: usize,
    end: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at).map(|(_, token)| token)
    }

    fn offset(&self) -> usize {
        self.tokens.get(self.at).map_or(self.end, |&(offset, _)| offset)
    }

    fn error<T>(&self, message: impl Into<String>) -> Result<T, FunctionError> {
        Err(FunctionError::new(self.offset(), message))
    }

    fn next_is(&self, sign: &str) -> bool {
        matches!(self.peek(), Some(Token::Sign(next)) if *next == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.next_is(sign);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Result<(), FunctionError> {
        if self.take(sign) { Ok(()) } else { self.error(format!("'{sign}' is missing")) }
    }

    fn expression(&mut self) -> Result<Expression, FunctionError> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return self.error(format!("expressions are nested more than {DEPTH_MAX} deep"));
        }
        let expression = self.binary(0)?;
        self.depth -= 1;
        Ok(expression)
    }

    fn binary(&mut self, rank: usize) -> Result<Expression, FunctionError> {
        let Some(operators) = RANKS.get(rank) else { return self.unary() };
        let mut left = self.binary(rank + 1)?;
        while let Some(operator) = self.operator(operators) {
            let right = self.binary(rank + 1)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        Ok(left)
    }

    /// The operator that is next: behind an operand, `*` and names such as `div` are operators.
    fn operator(&mut self, operators: &[(&str, Operator)]) -> Option<Operator> {
        let next = match self.peek()? {
            Token::Sign(sign) => *sign,
            Token::Name(name) => name.as_str(),
            _ => return None,
        };
        let operator = operators.iter().find(|(text, _)| *text == next)?.1;
        self.at += 1;
        Some(operator)
    }

    fn unary(&mut self) -> Result<Expression, FunctionError> {
        let mut negative = false;
        while self.take("-") {
            negative = !negative;
        }
        let mut operand = self.path()?;
        while self.take("|") {
            let right = self.path()?;
            operand = Expression::Binary(Operator::Union, Box::new(operand), Box::new(right));
        }
        Ok(if negative { Expression::Negative(Box::new(operand)) } else { operand })
    }

    fn path(&mut self) -> Result<Expression, FunctionError> {
        let start = match self.primary()? {
            None => {
                if self.next_is("/") || self.next_is("//") {
                    Start::Root
                } else {
                    Start::Context
                }
            }
            Some(primary) => {
                let predicates = self.predicates()?;
                if predicates.is_empty() && !self.next_is("/") && !self.next_is("//") {
                    return Ok(primary);
                }
                Start::Nodes(Box::new(primary), predicates)
            }
        };
        let mut steps = Vec::new();
        let begins = match start {
            Start::Context => true,
            // A slash alone is the whole document.
            Start::Root => self.take("/") && self.begins_step(),
            Start::Nodes(..) => false,
        };
        if begins {
            steps.push(self.step()?);
        }
        loop {
            if self.take("//") {
                let (axis, test) = (Axis::DescendantOrSelf, Test::Node);
                steps.push(Step { axis, test, predicates: Vec::new() });
            } else if !self.take("/") {
                break;
            }
            steps.push(self.step()?);
        }
        Ok(Expression::Path(Path { start, steps }))
    }

    fn begins_step(&self) -> bool {
        match self.peek() {
            Some(Token::Name(_) | Token::PrefixStar(_)) => true,
            Some(Token::Sign(sign)) => matches!(*sign, "." | ".." | "@" | "*"),
            _ => false,
        }
    }

    /// A literal, number, parenthesis or call; nothing when a step is next.
    fn primary(&mut self) -> Result<Option<Expression>, FunctionError> {
        Ok(Some(match self.peek() {
            Some(Token::Literal(text)) => {
                let text = text.clone();
                self.at += 1;
                Expression::Text(text)
            }
            Some(&Token::Number(number)) => {
                self.at += 1;
                Expression::Number(number)
            }
            Some(Token::Sign("(")) => {
                self.at += 1;
                let inner = self.expression()?;
                self.expect(")")?;
                inner
            }
            Some(Token::Name(name)) if self.is_call() => {
                let Some(call) = CallId::find(name) else {
                    let message = format!("XPath has no function '{name}' here");
                    return self.error(message);
                };
                let offset = self.offset();
                self.at += 2;
                let arguments = self.arguments()?;
                if !call.accepts(arguments.len()) {
                    let message = format!("'{}' does not take {} arguments", call.name(), arguments.len());
                    return Err(FunctionError::new(offset, message));
                }
                Expression::Call(call, arguments)
            }
            _ => return Ok(None),
        }))
    }

    /// Whether a name with a parenthesis is next that is no node test.
    fn is_call(&self) -> bool {
        let behind = self.tokens.get(self.at + 1).map(|(_, token)| token);
        let is_test = matches!(self.peek(), Some(Token::Name(name)) if matches!(name.as_str(), "text" | "node" | "comment" | "processing-instruction"));
        behind == Some(&Token::Sign("(")) && !is_test
    }

    fn arguments(&mut self) -> Result<Vec<Expression>, FunctionError> {
        let mut arguments = Vec::new();
        if self.take(")") {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.expression()?);
            if self.take(")") {
                return Ok(arguments);
            }
            self.expect(",")?;
        }
    }

    fn step(&mut self) -> Result<Step, FunctionError> {
        if self.take("..") {
            return Ok(Step { axis: Axis::Parent, test: Test::Node, predicates: Vec::new() });
        }
        if self.take(".") {
            return Ok(Step { axis: Axis::Itself, test: Test::Node, predicates: Vec::new() });
        }
        let axis = self.axis()?;
        let test = self.test()?;
        Ok(Step { axis, test, predicates: self.predicates()? })
    }

    fn axis(&mut self) -> Result<Axis, FunctionError> {
        if self.take("@") {
            return Ok(Axis::Attribute);
        }
        let behind = self.tokens.get(self.at + 1).map(|(_, token)| token);
        match (self.peek(), behind) {
            (Some(Token::Name(name)), Some(Token::Sign("::"))) => match Axis::parse(name) {
                Some(axis) => {
                    self.at += 2;
                    Ok(axis)
                }
                None => {
                    let message = format!("there is no axis '{name}' here");
                    self.error(message)
                }
            },
            _ => Ok(Axis::Child),
        }
    }

    fn test(&mut self) -> Result<Test, FunctionError> {
        let is_call = self.tokens.get(self.at + 1).is_some_and(|(_, token)| *token == Token::Sign("("));
        let test = match self.peek() {
            Some(Token::Sign("*")) => Test::Any,
            Some(Token::PrefixStar(prefix)) => Test::Prefix(prefix.clone()),
            Some(Token::Name(name)) if is_call => match name.as_str() {
                "text" => Test::Text,
                "node" => Test::Node,
                other => {
                    let message = format!("'{other}()' is no test of nodes here");
                    return self.error(message);
                }
            },
            Some(Token::Name(name)) => Test::Name(name.clone()),
            _ => return self.error("the name of an element is missing"),
        };
        self.at += 1;
        if matches!(test, Test::Text | Test::Node) {
            self.expect("(")?;
            self.expect(")")?;
        }
        Ok(test)
    }

    fn predicates(&mut self) -> Result<Vec<Expression>, FunctionError> {
        let mut predicates = Vec::new();
        while self.take("[") {
            predicates.push(self.expression()?);
            self.expect("]")?;
        }
        Ok(predicates)
    }
}
