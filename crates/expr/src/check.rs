//! Checking: the written tree into the typed tree. Objects, labels and `parse` are in `objects`.

mod objects;

use crate::error::{ExprError, Position};
use crate::function::{Body, Signature, Type};
use crate::object::{Method, ObjectType};
use crate::operators;
use crate::scope::{Scope, height};
use crate::syntax::{BinaryOp, DeclaredType, Expr, ExprKind, Statement, StatementKind, UnaryOp};
use crate::typed::{Code, Constant, Load, Node, NodeKind, Step, Target};

pub(crate) struct Checker<'s> {
    scope: &'s Scope,
    pub(crate) variables: Vec<(String, Type, Option<u32>)>,
    pub(crate) objects: Vec<(String, ObjectType)>,
    /// Whether declarations are persistent variables: in an initializer.
    pub(crate) declares_persistent: bool,
    frame: Frame,
    /// User functions by number and argument types; their code stands at the same place of `codes`.
    instances: Vec<(usize, Vec<Type>)>,
    codes: Vec<Option<Code>>,
    errors: Vec<ExprError>,
}

/// Names of the code being checked.
#[derive(Default)]
struct Frame {
    types: Vec<Type>,
    names: Vec<(String, usize, Option<u32>)>,
    objects: Vec<(String, ObjectType)>,
    /// Labels of the lists of steps around, the outermost first; a label's number is its place in `label_names`.
    labels: Vec<Vec<usize>>,
    label_names: Vec<String>,
    /// Types of the arguments; none outside of user functions; unknown while one is only looked over.
    parameters: Option<Vec<Type>>,
    tentative: bool,
    result: Option<Type>,
}

impl<'s> Checker<'s> {
    pub(crate) fn new(scope: &'s Scope) -> Self {
        Self {
            scope,
            variables: scope.variables.clone(),
            objects: scope.objects.clone(),
            declares_persistent: false,
            frame: Frame::default(),
            instances: Vec::new(),
            codes: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// The code of the user functions that are called, or all mistakes.
    pub(crate) fn finish(self) -> Result<Vec<Code>, Vec<ExprError>> {
        if self.errors.is_empty() { Ok(self.codes.into_iter().flatten().collect()) } else { Err(self.errors) }
    }

    pub(crate) fn code(&mut self, statements: &[Statement], result: Type) -> Code {
        self.frame = Frame { types: vec![result], result: Some(result), ..Frame::default() };
        self.body(statements)
    }

    fn body(&mut self, statements: &[Statement]) -> Code {
        let mut steps = Vec::new();
        self.enter_list(statements);
        self.statements(statements, &mut steps);
        let height = height(&steps) + 1;
        let objects = self.frame.objects.iter().map(|(_, ty)| *ty).collect();
        Code { steps, locals: std::mem::take(&mut self.frame.types), objects, height }
    }

    /// Looks a user function over before any call is known.
    pub(crate) fn check_user_function(&mut self, number: usize) {
        let scope = self.scope;
        let function = &scope.udfs[number];
        self.frame = Frame {
            types: vec![function.result],
            result: Some(function.result),
            parameters: Some(Vec::new()),
            tentative: true,
            ..Frame::default()
        };
        self.body(&function.body);
    }

    fn instance(&mut self, number: usize, types: Vec<Type>) -> usize {
        if let Some(i) = self.instances.iter().position(|(n, t)| *n == number && *t == types) {
            return i;
        }
        let place = self.instances.len();
        self.instances.push((number, types.clone()));
        self.codes.push(None);
        let scope = self.scope;
        let function = &scope.udfs[number];
        let mut locals = vec![function.result];
        locals.extend_from_slice(&types);
        let frame = Frame {
            types: locals,
            result: Some(function.result),
            parameters: Some(types),
            ..Frame::default()
        };
        let caller = std::mem::replace(&mut self.frame, frame);
        let persistent = std::mem::replace(&mut self.declares_persistent, false);
        let code = self.body(&function.body);
        self.declares_persistent = persistent;
        self.frame = caller;
        self.codes[place] = Some(code);
        place
    }

    /// The type of an expression's value.
    pub(crate) fn type_of(&mut self, expr: &Expr) -> Type {
        self.expr(expr).ty
    }

    fn error(&mut self, error: ExprError) -> Node {
        self.errors.push(error);
        Node::null(Type::Null)
    }

    fn statements(&mut self, statements: &[Statement], steps: &mut Vec<Step>) {
        for statement in statements {
            self.statement(statement, steps);
        }
    }

    fn one(&mut self, statement: &Statement) -> Vec<Step> {
        let mut steps = Vec::new();
        self.enter_list(std::slice::from_ref(statement));
        self.statement(statement, &mut steps);
        self.frame.labels.pop();
        steps
    }

    fn statement(&mut self, statement: &Statement, steps: &mut Vec<Step>) {
        let result = self.frame.result.unwrap_or(Type::Null);
        match &statement.kind {
            StatementKind::Declare(ty, names) => {
                for (at, name) in names {
                    self.declare(*at, *ty, name);
                }
            }
            StatementKind::Assign(name, value) => {
                let value = self.expr(value);
                let Some((target, ty, bound)) = self.target(statement.at, name) else { return };
                let mut value = convert(value, ty);
                if let Some(bound) = bound {
                    value = cut(value, bound);
                }
                steps.push(Step::Assign(target, value));
            }
            StatementKind::If(condition, yes, no) => {
                let condition = self.typed(condition, Type::Boolean);
                let yes = self.one(yes);
                let no = no.as_ref().map_or_else(Vec::new, |no| self.one(no));
                steps.push(Step::If(condition, yes, no));
            }
            StatementKind::While(condition, body) => {
                let condition = self.typed(condition, Type::Boolean);
                steps.push(Step::While(condition, self.one(body)));
            }
            StatementKind::For { variable, from, to, step, body } => {
                let from = self.typed(from, Type::Integer);
                let to = self.typed(to, Type::Integer);
                let by = match step {
                    Some(step) => self.typed(step, Type::Integer),
                    None => constant(Type::Integer, Constant::Word(1)),
                };
                let Some((target, ty, _)) = self.target(statement.at, variable) else { return };
                if ty != Type::Integer {
                    let message = format!("the loop variable '{variable}' must be an integer");
                    self.error(statement.at.error(message));
                }
                steps.push(Step::For(target, Box::new([from, to, by]), self.one(body)));
            }
            StatementKind::Block(statements) => self.statements(statements, steps),
            StatementKind::Return(None) => steps.push(Step::Return(Node::null(result))),
            StatementKind::Return(Some(value)) => steps.push(Step::Return(self.typed(value, result))),
            StatementKind::Value(value) => {
                let value = self.expr(value);
                // What an element was is seldom meant as the program's value.
                steps.push(match value.kind {
                    NodeKind::Method(_, Method::Set, _) => Step::Do(value),
                    _ => Step::Value(convert(value, result)),
                });
            }
            StatementKind::DeclareObject(ty, names) => {
                for (at, name) in names {
                    self.declare_object(*at, *ty, name);
                }
            }
            StatementKind::Label(name) => steps.extend(self.label(name).map(Step::Label)),
            StatementKind::Goto(name) => steps.extend(self.goto(statement.at, name)),
            StatementKind::Call(name, args) => steps.extend(self.call_statement(statement.at, name, args)),
        }
    }

    fn declare(&mut self, at: Position, ty: DeclaredType, name: &str) {
        let (ty, bound) = declared(ty);
        if self.is_declared(name) {
            self.error(at.error(format!("the variable '{name}' is declared twice")));
        } else if self.declares_persistent {
            self.variables.push((name.to_owned(), ty, bound));
        } else {
            self.frame.names.push((name.to_owned(), self.frame.types.len(), bound));
            self.frame.types.push(ty);
        }
    }

    fn variable(&self, name: &str) -> Option<(Target, Type, Option<u32>)> {
        for same in [exactly, ignoring_case] {
            if let Some((_, place, bound)) = self.frame.names.iter().find(|(n, ..)| same(n, name)) {
                return Some((Target::Local(*place), self.frame.types[*place], *bound));
            }
            if let Some(place) = self.variables.iter().position(|(n, ..)| same(n, name)) {
                let (_, ty, bound) = self.variables[place];
                return Some((Target::Global(place), ty, bound));
            }
            if self.scope.fields.iter().any(|f| same(&f.name, name)) {
                return None;
            }
        }
        None
    }

    fn target(&mut self, at: Position, name: &str) -> Option<(Target, Type, Option<u32>)> {
        let found = self.variable(name);
        if found.is_none() {
            let field = self.scope.fields.iter().any(|f| f.name == name);
            let error = if field {
                at.error(format!("'{name}' is a field and cannot be assigned"))
                    .hint(Some("compare with ==".into()))
            } else {
                let hint = format!("declare it first, as in: integer {name}");
                at.error(format!("the variable '{name}' is not declared")).hint(Some(hint))
            };
            self.error(error);
        }
        found
    }

    fn typed(&mut self, expr: &Expr, ty: Type) -> Node {
        let node = self.expr(expr);
        convert(node, ty)
    }

    fn expr(&mut self, expr: &Expr) -> Node {
        match &expr.kind {
            ExprKind::Null => Node::null(Type::Null),
            ExprKind::Boolean(value) => constant(Type::Boolean, Constant::Word(u64::from(*value))),
            ExprKind::Integer(value) => constant(Type::Integer, Constant::Word(value.cast_unsigned())),
            ExprKind::Real(value) => constant(Type::Real, Constant::Word(value.to_bits())),
            ExprKind::Date(value) => constant(Type::Date, Constant::Word(value.to_bits())),
            ExprKind::Text(text) => constant(Type::String, Constant::Text(text.clone())),
            ExprKind::Name(name) => self.name(expr.at, name),
            ExprKind::Call(name, args) => self.call(expr.at, name, args),
            ExprKind::Method(object, method, args) => self.method(expr.at, object, method, args),
            ExprKind::Unary(op, operand) => {
                let operand = self.expr(operand);
                unary(*op, operand)
            }
            ExprKind::Binary(op, left, right) => {
                let (left, right) = (self.expr(left), self.expr(right));
                binary(*op, left, right)
            }
        }
    }

    fn name(&mut self, at: Position, name: &str) -> Node {
        if let Some((target, ty, _)) = self.variable(name) {
            let kind = match target {
                Target::Local(i) => NodeKind::Local(i),
                Target::Global(i) => NodeKind::Global(i),
            };
            return Node { ty, kind };
        }
        if let Some((_, ty)) = self.object(name) {
            let message = format!("'{name}' is of type {} and has no value of its own", ty.name());
            return self.error(at.error(message));
        }
        let fields = &self.scope.fields;
        let field = fields
            .iter()
            .find(|f| f.name == name)
            .or_else(|| fields.iter().find(|f| ignoring_case(&f.name, name)));
        if let Some(field) = field {
            let Some(ty) = Type::of_field(field.ty) else {
                let message =
                    format!("the field '{name}' of type {} cannot be used in an expression", field.ty);
                return self.error(at.error(message));
            };
            let load = match field.ty {
                tidegate_event::FieldType::Money => Load::Money,
                tidegate_event::FieldType::Date => Load::Seconds,
                tidegate_event::FieldType::Stamp => Load::Micros,
                ty if ty.is_text() => Load::Text,
                _ => Load::Word,
            };
            return Node { ty, kind: NodeKind::Field { source: field.source, field: field.position, load } };
        }
        let special = match name {
            "ESP_OPCODE" => Some(NodeKind::Opcode),
            "ESP_FLAGS" => Some(NodeKind::Flags),
            _ => None,
        };
        if let Some(kind) = special {
            if self.scope.event {
                return Node { ty: Type::String, kind };
            }
            return self.error(at.error(format!("{name} cannot be used here")));
        }
        let known = fields.iter().map(|f| f.name.as_str());
        let known = known.chain(self.variables.iter().map(|v| v.0.as_str()));
        let known = known.chain(self.frame.names.iter().map(|n| n.0.as_str()));
        let hint = nearest(name, known).map(|near| format!("did you mean '{near}'?"));
        self.error(at.error(format!("there is no field or variable '{name}'")).hint(hint))
    }

    fn call(&mut self, at: Position, name: &str, args: &[Expr]) -> Node {
        let scope = self.scope;
        let by_name = |f: &&&crate::Function| ignoring_case(f.name, name);
        if !scope.udfs.iter().any(|f| ignoring_case(&f.name, name))
            && let Some(function) = scope.functions.iter().find(by_name)
            && matches!(function.body, Body::Parse | Body::ParseArray)
        {
            return self.parse(at, function, args);
        }
        let nodes: Vec<Node> = args.iter().map(|arg| self.expr(arg)).collect();
        if let Some(number) = scope.udfs.iter().rposition(|f| ignoring_case(&f.name, name)) {
            let ty = scope.udfs[number].result;
            if nodes.len() > crate::row::MAX_PARAMETERS {
                return self.error(at.error("a user function takes at most 16 arguments"));
            }
            let types = nodes.iter().map(|n| n.ty).collect();
            let kind = if self.frame.tentative && number + 1 == scope.udfs.len() {
                NodeKind::Constant(Constant::Null)
            } else {
                NodeKind::User(self.instance(number, types), nodes)
            };
            return Node { ty, kind };
        }
        let Some(function) = scope.functions.iter().find(|f| ignoring_case(f.name, name)) else {
            let known =
                scope.functions.iter().map(|f| f.name).chain(scope.udfs.iter().map(|f| f.name.as_str()));
            let hint = nearest(&name.to_ascii_lowercase(), known).map(|near| {
                let usage = scope.functions.iter().find(|f| f.name == near).map_or("", |f| f.usage);
                format!("did you mean {near}{usage}?")
            });
            return self.error(at.error(format!("there is no function '{name}'")).hint(hint));
        };
        let wrong = || {
            at.error(format!("{name} is called with {} arguments", nodes.len()))
                .hint(Some(format!("use {}{}", function.name, function.usage)))
        };
        match &function.body {
            Body::Refused(reason) => self.error(at.error(format!("{name} is not supported: {reason}"))),
            Body::Today if nodes.is_empty() => Node { ty: Type::Date, kind: NodeKind::Today },
            Body::Print if nodes.len() == 1 => {
                let text = nodes.into_iter().next().map(|n| convert(n, Type::String));
                let text = text.unwrap_or_else(|| Node::null(Type::String));
                Node { ty: Type::Boolean, kind: NodeKind::Print(Box::new(text)) }
            }
            Body::TypeOf if nodes.len() == 1 => {
                constant(Type::String, Constant::Text(nodes[0].ty.name().into()))
            }
            Body::Parameter if nodes.len() == 1 => self.parameter(at, &nodes[0]),
            Body::Overloads(overloads) => match overload(overloads, &nodes) {
                Some(signature) => invoke(signature, nodes),
                None => self.error(wrong()),
            },
            Body::Fold(overloads) if !nodes.is_empty() => {
                let real = nodes.iter().any(|n| !matches!(n.ty, Type::Integer | Type::Null | Type::Boolean));
                let signature = &overloads[usize::from(real)];
                let mut nodes = nodes.into_iter().map(|n| convert(n, signature.result));
                let first = nodes.next().unwrap_or_else(|| Node::null(signature.result));
                nodes.fold(first, |left, right| invoke(signature, vec![left, right]))
            }
            Body::Today
            | Body::Print
            | Body::TypeOf
            | Body::Parameter
            | Body::Fold(_)
            | Body::Parse
            | Body::ParseArray => self.error(wrong()),
        }
    }

    fn parameter(&mut self, at: Position, number: &Node) -> Node {
        let NodeKind::Constant(Constant::Word(number)) = number.kind else {
            return self.error(at.error("parameter takes the number of an argument, from 1"));
        };
        let Some(types) = &self.frame.parameters else {
            return self.error(at.error("parameter can only be used in a user function"));
        };
        if self.frame.tentative {
            return Node::null(Type::Null);
        }
        match usize::try_from(number).ok().and_then(|n| types.get(n.checked_sub(1)?).map(|ty| (n, *ty))) {
            Some((place, ty)) => Node { ty, kind: NodeKind::Local(place) },
            None => {
                let message =
                    format!("parameter({number}) is used, but a call has {} arguments", types.len());
                self.error(at.error(message))
            }
        }
    }
}

fn exactly(a: &str, b: &str) -> bool {
    a == b
}

fn ignoring_case(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b)
}

fn constant(ty: Type, value: Constant) -> Node {
    Node { ty, kind: NodeKind::Constant(value) }
}

fn declared(ty: DeclaredType) -> (Type, Option<u32>) {
    match ty {
        DeclaredType::Integer => (Type::Integer, None),
        DeclaredType::Real => (Type::Real, None),
        DeclaredType::Text(bound) => (Type::String, bound),
        DeclaredType::Date => (Type::Date, None),
        DeclaredType::Boolean => (Type::Boolean, None),
    }
}

/// A text cut to so many characters.
fn cut(value: Node, length: u32) -> Node {
    let length = constant(Type::Integer, Constant::Word(u64::from(length)));
    let kind = NodeKind::Call(&crate::functions::left::LEFT, vec![value, length]);
    Node { ty: Type::String, kind }
}

fn invoke(signature: &'static Signature, args: Vec<Node>) -> Node {
    let args = args.into_iter().zip(signature.args).map(|(arg, &ty)| convert(arg, ty)).collect();
    Node { ty: signature.result, kind: NodeKind::Call(signature, args) }
}

/// `node` as a value of type `ty`.
fn convert(mut node: Node, ty: Type) -> Node {
    match operators::conversion(node.ty, ty) {
        Some(signature) => Node { ty, kind: NodeKind::Call(signature, vec![node]) },
        // The same type, or null, whose word fits every type.
        None => {
            node.ty = ty;
            node
        }
    }
}

fn unary(op: UnaryOp, operand: Node) -> Node {
    match (op, operand.ty) {
        (UnaryOp::Not, _) => invoke(&operators::NOT, vec![operand]),
        (UnaryOp::Negate, Type::Integer | Type::Boolean | Type::Null) => {
            if let NodeKind::Constant(Constant::Word(word)) = operand.kind {
                return constant(
                    Type::Integer,
                    Constant::Word(word.cast_signed().wrapping_neg().cast_unsigned()),
                );
            }
            invoke(&operators::NEGATE_INTEGER, vec![operand])
        }
        (UnaryOp::Negate, _) => invoke(&operators::NEGATE_REAL, vec![operand]),
        (UnaryOp::Plus, Type::Integer | Type::Real | Type::Date) => operand,
        (UnaryOp::Plus, Type::String) => convert(operand, Type::Real),
        (UnaryOp::Plus, Type::Boolean | Type::Null) => convert(operand, Type::Integer),
    }
}

fn binary(op: BinaryOp, left: Node, right: Node) -> Node {
    use BinaryOp::{Add, And, Concatenate, Divide, Modulo, Multiply, Or, Subtract};
    let types = [left.ty, right.ty];
    let whole = types.iter().all(|ty| matches!(ty, Type::Integer | Type::Boolean | Type::Null));
    match op {
        And | Or => {
            let pair = Box::new([convert(left, Type::Boolean), convert(right, Type::Boolean)]);
            let kind = if op == And { NodeKind::And(pair) } else { NodeKind::Or(pair) };
            Node { ty: Type::Boolean, kind }
        }
        Add if types[1] == Type::Date && types[0] != Type::Date => binary(op, right, left),
        Add | Subtract if types[0] == Type::Date => match operators::date_arithmetic(op, types[1]) {
            Some(signature) => invoke(signature, vec![left, right]),
            None => invoke(operators::arithmetic(op, true), vec![left, right]),
        },
        Concatenate | Modulo => invoke(operators::arithmetic(op, false), vec![left, right]),
        Add | Subtract | Multiply | Divide => invoke(operators::arithmetic(op, !whole), vec![left, right]),
        _ => compare(op, left, right),
    }
}

fn compare(op: BinaryOp, left: Node, right: Node) -> Node {
    let whole = |ty| matches!(ty, Type::Integer | Type::Boolean | Type::Null);
    let signature = match (left.ty, right.ty) {
        (a, b) if whole(a) && whole(b) => operators::comparison(op, Type::Integer),
        (Type::String, Type::String | Type::Null) | (Type::Null, Type::String) => {
            operators::comparison(op, Type::String)
        }
        (Type::Integer | Type::Real, Type::String) => return compare(operators::mirrored(op), right, left),
        (Type::String, Type::Integer | Type::Real) => {
            let text = convert(right.clone(), Type::String);
            match operators::mixed_comparison(op) {
                Some(signature) => return invoke(signature, vec![left, right, text]),
                None => None,
            }
        }
        (Type::String, other) | (other, Type::String) => {
            return compare(op, convert(left, other), convert(right, other));
        }
        _ => operators::comparison(op, Type::Real),
    };
    match signature {
        Some(signature) => invoke(signature, vec![left, right]),
        None => Node::null(Type::Boolean),
    }
}

/// The overload that needs the least conversion; the first of equals.
fn overload(overloads: &'static [Signature], args: &[Node]) -> Option<&'static Signature> {
    let cost = |signature: &Signature| -> u32 {
        args.iter().zip(signature.args).map(|(arg, &ty)| conversion_cost(arg.ty, ty)).sum()
    };
    overloads.iter().filter(|s| s.args.len() == args.len()).min_by_key(|s| cost(s))
}

fn conversion_cost(from: Type, to: Type) -> u32 {
    match (from, to) {
        (Type::Null, _) => 0,
        _ if from == to => 0,
        (Type::Integer, Type::Real) | (Type::Boolean, Type::Integer) => 1,
        (Type::Date | Type::Boolean, Type::Real) => 2,
        (_, Type::String) => 3,
        (_, Type::Real) => 4,
        (_, Type::Integer) => 5,
        _ => 6,
    }
}

/// The known name with the smallest edit distance, when that is small.
fn nearest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let limit = 1 + name.chars().count() / 3;
    let distance = |other: &str| crate::functions::edit_distance::distance(name, other) as usize;
    known.map(|other| (distance(other), other)).filter(|&(d, _)| d <= limit).min().map(|(_, other)| other)
}
