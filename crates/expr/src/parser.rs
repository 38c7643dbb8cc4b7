//! Tokens into the tree of `syntax` (grammar: functions.md 1.7).

use crate::error::{ExprError, Position};
use crate::lexer::{Token, TokenKind, tokens};
use crate::syntax::{
    BinaryOp, DeclaredObject, DeclaredType, Expr, ExprKind, Statement, StatementKind, UnaryOp,
};

/// How deep statements and parentheses may nest, and how high a tree may grow: bounds every later recursion.
pub(crate) const MAX_NESTING: u32 = 100;
/// The largest height of an expression's tree, such as the number of terms of one sum.
pub(crate) const MAX_HEIGHT: u32 = 250;

const RESERVED: [&str; 32] = [
    "and", "array", "begin", "boolean", "bytes", "call", "date", "else", "end", "for", "global", "goto",
    "hidden", "if", "integer", "not", "null", "or", "pointer", "private", "public", "real", "return",
    "static", "step", "string", "then", "to", "visible", "while", "true", "false",
];
const VISIBILITY: [&str; 6] = ["static", "private", "public", "visible", "hidden", "global"];
/// Objects of data jobs.
const OBJECTS: [&str; 7] = ["file", "dq", "dbconnect", "dbstatement", "dbcursor", "bytes", "pointer"];

/// Reads a whole program.
pub(crate) fn parse(source: &str) -> Result<Vec<Statement>, ExprError> {
    let mut parser = Parser { tokens: tokens(source)?, next: 0, nesting: 0, open_blocks: 0 };
    let mut statements = Vec::new();
    loop {
        while parser.take_symbol(";") {}
        if parser.peek() == &TokenKind::End {
            break;
        }
        statements.push(parser.statement()?);
    }
    if statements.is_empty() {
        return Err(parser.at().error("the expression is empty"));
    }
    Ok(statements)
}

struct Parser {
    tokens: Vec<Token>,
    next: usize,
    nesting: u32,
    open_blocks: u32,
}

impl Parser {
    fn peek_at(&self, ahead: usize) -> &TokenKind {
        &self.tokens[(self.next + ahead).min(self.tokens.len() - 1)].kind
    }

    fn peek(&self) -> &TokenKind {
        self.peek_at(0)
    }

    fn at(&self) -> Position {
        self.tokens[self.next].at
    }

    fn advance(&mut self) {
        self.next = (self.next + 1).min(self.tokens.len() - 1);
    }

    fn is_word_at(&self, ahead: usize, word: &str) -> bool {
        matches!(self.peek_at(ahead), TokenKind::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn is_word(&self, word: &str) -> bool {
        self.is_word_at(0, word)
    }

    fn is_symbol_at(&self, ahead: usize, symbol: &str) -> bool {
        matches!(self.peek_at(ahead), TokenKind::Symbol(s) if *s == symbol)
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.is_word(word);
        if found {
            self.advance();
        }
        found
    }

    fn take_symbol(&mut self, symbol: &str) -> bool {
        let found = self.is_symbol_at(0, symbol);
        if found {
            self.advance();
        }
        found
    }

    fn describe(&self) -> String {
        match self.peek() {
            TokenKind::Word(word) | TokenKind::Quoted(word) => format!("'{word}'"),
            TokenKind::Integer(value) => format!("'{value}'"),
            TokenKind::Real(value) => format!("'{value}'"),
            TokenKind::Text(_) => "a text".into(),
            TokenKind::Date(_) => "a date".into(),
            TokenKind::Symbol(symbol) => format!("'{symbol}'"),
            TokenKind::End => "the end of the expression".into(),
        }
    }

    fn expected(&self, what: &str) -> ExprError {
        self.at().error(format!("expected {what}, found {}", self.describe()))
    }

    fn expect_symbol(&mut self, symbol: &str) -> Result<(), ExprError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.expected(&format!("'{symbol}'"))) }
    }

    fn nested<T>(&mut self, inner: impl FnOnce(&mut Self) -> Result<T, ExprError>) -> Result<T, ExprError> {
        if self.nesting == MAX_NESTING {
            return Err(self.at().error(format!("nested more than {MAX_NESTING} levels deep")));
        }
        self.nesting += 1;
        let result = inner(self);
        self.nesting -= 1;
        result
    }

    /// A name that is declared or assigned.
    fn name(&mut self) -> Result<(Position, String), ExprError> {
        let at = self.at();
        let name = match self.peek() {
            TokenKind::Word(word) if !is_reserved(word) => word.clone(),
            TokenKind::Quoted(name) => name.clone(),
            _ => return Err(self.expected("a name")),
        };
        self.advance();
        Ok((at, name))
    }

    fn statement(&mut self) -> Result<Statement, ExprError> {
        self.nested(Self::statement_inner)
    }

    fn statement_inner(&mut self) -> Result<Statement, ExprError> {
        let at = self.at();
        let kind = match self.peek() {
            TokenKind::Word(word) => match word.to_ascii_lowercase().as_str() {
                "if" => self.if_statement()?,
                "while" => {
                    self.advance();
                    StatementKind::While(self.expression()?, Box::new(self.statement()?))
                }
                "for" => self.for_statement()?,
                "begin" => self.block()?,
                "return" => {
                    self.advance();
                    StatementKind::Return(if self.at_expression() { Some(self.expression()?) } else { None })
                }
                "goto" => {
                    self.advance();
                    StatementKind::Goto(self.name()?.1)
                }
                "call" => {
                    self.advance();
                    let (_, name) = self.name()?;
                    let args = if self.take_symbol("(") { self.arguments()? } else { Vec::new() };
                    StatementKind::Call(name, args)
                }
                _ => self.simple_statement()?,
            },
            _ => self.simple_statement()?,
        };
        Ok(Statement { at, kind })
    }

    fn if_statement(&mut self) -> Result<StatementKind, ExprError> {
        self.advance();
        let condition = self.expression()?;
        let then = self.take_word("then");
        let yes = self.statement()?;
        let semicolon = self.is_symbol_at(0, ";") && self.is_word_at(1, "else");
        if semicolon {
            self.advance();
        }
        let no = if self.take_word("else") { Some(self.statement()?) } else { None };
        let last_is_block = matches!(no.as_ref().unwrap_or(&yes).kind, StatementKind::Block(_));
        let semicolon = usize::from(self.is_symbol_at(0, ";"));
        if then && !last_is_block && self.is_word_at(semicolon, "end") && self.is_word_at(semicolon + 1, "if")
        {
            // Inside of a block `end` closes the block, unless what follows cannot be the condition of an `if`.
            let after = self.peek_at(semicolon + 2);
            let closes = match after {
                TokenKind::End => true,
                TokenKind::Symbol(symbol) => *symbol == ";",
                TokenKind::Word(word) => {
                    word.eq_ignore_ascii_case("end") || word.eq_ignore_ascii_case("else")
                }
                _ => false,
            };
            if self.open_blocks == 0 || closes {
                self.next += semicolon + 2;
            }
        }
        Ok(StatementKind::If(condition, Box::new(yes), no.map(Box::new)))
    }

    fn for_statement(&mut self) -> Result<StatementKind, ExprError> {
        self.advance();
        let (_, variable) = self.name()?;
        self.expect_symbol("=")?;
        let from = self.expression()?;
        if !self.take_word("to") {
            return Err(self.expected("'to'"));
        }
        let to = self.expression()?;
        let step = if self.take_word("step") { Some(self.expression()?) } else { None };
        let body = Box::new(self.statement()?);
        Ok(StatementKind::For { variable, from, to, step, body })
    }

    fn block(&mut self) -> Result<StatementKind, ExprError> {
        let at = self.at();
        self.advance();
        self.open_blocks += 1;
        let mut statements = Vec::new();
        loop {
            while self.take_symbol(";") {}
            if self.take_word("end") {
                self.open_blocks -= 1;
                return Ok(StatementKind::Block(statements));
            }
            if self.peek() == &TokenKind::End {
                return Err(at.error("'begin' has no 'end'"));
            }
            statements.push(self.statement()?);
        }
    }

    fn simple_statement(&mut self) -> Result<StatementKind, ExprError> {
        if let TokenKind::Word(word) = self.peek() {
            let word = word.to_ascii_lowercase();
            if VISIBILITY.contains(&word.as_str()) {
                self.advance();
                return self.simple_statement_after_visibility();
            }
            if let Some(declaration) = self.declaration(&word)? {
                return Ok(declaration);
            }
        }
        let is_name = match self.peek() {
            TokenKind::Word(word) => !is_reserved(word),
            TokenKind::Quoted(_) => true,
            _ => false,
        };
        if is_name && self.is_symbol_at(1, "=") {
            let (_, name) = self.name()?;
            self.advance();
            return Ok(StatementKind::Assign(name, self.expression()?));
        }
        if is_name && self.is_symbol_at(1, ":") {
            let (_, name) = self.name()?;
            self.advance();
            return Ok(StatementKind::Label(name));
        }
        Ok(StatementKind::Value(self.expression()?))
    }

    fn simple_statement_after_visibility(&mut self) -> Result<StatementKind, ExprError> {
        let TokenKind::Word(word) = self.peek() else { return Err(self.expected("a type")) };
        let word = word.to_ascii_lowercase();
        match self.declaration(&word)? {
            Some(declaration) => Ok(declaration),
            None => Err(self.expected("a type")),
        }
    }

    fn declaration(&mut self, word: &str) -> Result<Option<StatementKind>, ExprError> {
        let named = match self.peek_at(1) {
            TokenKind::Word(next) => !is_reserved(next),
            next => matches!(next, TokenKind::Quoted(_)),
        };
        if OBJECTS.contains(&word) && named {
            return Err(self.at().error(format!("objects of type {word} are not supported")));
        }
        if word == "regex" && named {
            self.advance();
            return Ok(Some(StatementKind::DeclareObject(DeclaredObject::Regex, self.names()?)));
        }
        let mut ty = match word {
            "integer" => DeclaredType::Integer,
            "real" => DeclaredType::Real,
            "string" => DeclaredType::Text(None),
            "date" => DeclaredType::Date,
            "boolean" => DeclaredType::Boolean,
            _ => return Ok(None),
        };
        self.advance();
        if self.take_symbol("(") {
            let (TokenKind::Integer(length), DeclaredType::Text(_)) = (self.peek().clone(), ty) else {
                return Err(self.expected("a text's length, as in string(5)"));
            };
            let length =
                u32::try_from(length).map_err(|_| self.at().error("a text's length is too large"))?;
            ty = DeclaredType::Text(Some(length));
            self.advance();
            self.expect_symbol(")")?;
        }
        if self.is_word("array") {
            if matches!(ty, DeclaredType::Text(Some(_))) {
                return Err(self.at().error("the texts of an array have no length of their own"));
            }
            self.advance();
            return Ok(Some(StatementKind::DeclareObject(DeclaredObject::Array(ty), self.names()?)));
        }
        Ok(Some(StatementKind::Declare(ty, self.names()?)))
    }

    fn names(&mut self) -> Result<Vec<(Position, String)>, ExprError> {
        let mut names = vec![self.name()?];
        while self.take_symbol(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    /// Whether an expression can begin here.
    fn at_expression(&self) -> bool {
        match self.peek() {
            // The next statement: a label or an assignment.
            TokenKind::Word(_) if self.is_symbol_at(1, ":") || self.is_symbol_at(1, "=") => false,
            TokenKind::Word(word) => {
                !is_reserved(word)
                    || ["not", "null", "true", "false"].iter().any(|w| word.eq_ignore_ascii_case(w))
            }
            TokenKind::Symbol(symbol) => matches!(*symbol, "(" | "-" | "+" | "!"),
            TokenKind::End => false,
            _ => true,
        }
    }

    fn expression(&mut self) -> Result<Expr, ExprError> {
        self.nested(|parser| parser.binary(0))
    }

    /// Operands joined by operators that bind tighter than `loosest`.
    fn binary(&mut self, loosest: u8) -> Result<Expr, ExprError> {
        let mut left = self.unary()?;
        loop {
            let operator = match self.peek() {
                TokenKind::Symbol(symbol) => BinaryOp::of(symbol),
                TokenKind::Word(word) if word.len() <= 3 => BinaryOp::of(&word.to_ascii_lowercase()),
                _ => None,
            };
            let Some((operator, rank)) = operator.filter(|&(_, rank)| rank > loosest) else {
                return Ok(left);
            };
            let at = self.at();
            self.advance();
            let right = self.nested(|parser| parser.binary(rank))?;
            let height = left.height.max(right.height) + 1;
            left = node(at, ExprKind::Binary(operator, Box::new(left), Box::new(right)), height)?;
        }
    }

    fn unary(&mut self) -> Result<Expr, ExprError> {
        let at = self.at();
        let operator = if self.take_symbol("-") {
            UnaryOp::Negate
        } else if self.take_symbol("+") {
            UnaryOp::Plus
        } else if self.take_word("not") || self.take_symbol("!") {
            UnaryOp::Not
        } else {
            return self.primary();
        };
        let operand = self.nested(Self::unary)?;
        let height = operand.height + 1;
        node(at, ExprKind::Unary(operator, Box::new(operand)), height)
    }

    fn primary(&mut self) -> Result<Expr, ExprError> {
        let at = self.at();
        let kind = match self.peek().clone() {
            TokenKind::Integer(value) => ExprKind::Integer(value),
            TokenKind::Real(value) => ExprKind::Real(value),
            TokenKind::Text(text) => ExprKind::Text(text),
            TokenKind::Date(days) => ExprKind::Date(days),
            TokenKind::Quoted(name) => ExprKind::Name(name),
            TokenKind::Symbol("(") => {
                self.advance();
                let inner = self.expression()?;
                self.expect_symbol(")")?;
                return Ok(inner);
            }
            TokenKind::Word(word) => return self.word(at, word),
            TokenKind::Symbol(_) | TokenKind::End => return Err(self.expected("a value")),
        };
        self.advance();
        node(at, kind, 1)
    }

    fn word(&mut self, at: Position, word: String) -> Result<Expr, ExprError> {
        let kind = match word.to_ascii_lowercase().as_str() {
            "null" => ExprKind::Null,
            "true" => ExprKind::Boolean(true),
            "false" => ExprKind::Boolean(false),
            lower if is_reserved(lower) => {
                return Err(self.expected("a value").hint(Some(format!(
                    "{lower} is a reserved word; a field of this name is written `{word}`"
                ))));
            }
            _ => ExprKind::Name(word),
        };
        self.advance();
        let ExprKind::Name(name) = kind else { return node(at, kind, 1) };
        if self.is_symbol_at(0, ".") {
            self.advance();
            let TokenKind::Word(method) = self.peek().clone() else { return Err(self.expected("a method")) };
            self.advance();
            self.expect_symbol("(")?;
            let args = self.arguments()?;
            let height = arguments_height(&args);
            return node(at, ExprKind::Method(name, method, args), height);
        }
        if !self.take_symbol("(") {
            return node(at, ExprKind::Name(name), 1);
        }
        let args = self.arguments()?;
        let height = arguments_height(&args);
        node(at, ExprKind::Call(name, args), height)
    }

    /// What stands between parentheses, of which the first has been taken.
    fn arguments(&mut self) -> Result<Vec<Expr>, ExprError> {
        let mut args = Vec::new();
        if !self.take_symbol(")") {
            loop {
                args.push(self.expression()?);
                if self.take_symbol(")") {
                    break;
                }
                if !self.take_symbol(",") {
                    return Err(self.expected("',' or ')'"));
                }
            }
        }
        Ok(args)
    }
}

fn arguments_height(args: &[Expr]) -> u32 {
    1 + args.iter().map(|arg| arg.height).max().unwrap_or(0) + args.len() as u32
}

fn node(at: Position, kind: ExprKind, height: u32) -> Result<Expr, ExprError> {
    if height > MAX_HEIGHT {
        return Err(at.error(format!("the expression has more than {MAX_HEIGHT} levels or terms")));
    }
    Ok(Expr { at, kind, height })
}

fn is_reserved(word: &str) -> bool {
    RESERVED.iter().any(|reserved| word.eq_ignore_ascii_case(reserved))
}
