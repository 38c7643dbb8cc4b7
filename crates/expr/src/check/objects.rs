//! Checking of objects and their methods, of labels, and of `parse` and `aparse`.

use super::{Checker, declared, exactly, ignoring_case, nearest};
use crate::error::Position;
use crate::function::{Body, Function, Type};
use crate::matcher;
use crate::object::{Method, ObjectType};
use crate::operators;
use crate::syntax::{DeclaredObject, Expr, ExprKind, Statement, StatementKind};
use crate::typed::{Constant, Node, NodeKind, Step, Target, Word};

/// How many objects a window, or one program or user function, may declare: bounds what is held and saved.
const OBJECTS_MAX: usize = 32;

impl Checker<'_> {
    /// Whether the name is a variable or object of what is being checked.
    pub(super) fn is_declared(&self, name: &str) -> bool {
        if self.declares_persistent {
            self.variables.iter().any(|(n, ..)| n == name) || self.objects.iter().any(|(n, _)| n == name)
        } else {
            self.frame.names.iter().any(|(n, ..)| n == name)
                || self.frame.objects.iter().any(|(n, _)| n == name)
        }
    }

    pub(super) fn declare_object(&mut self, at: Position, ty: DeclaredObject, name: &str) {
        let ty = match ty {
            DeclaredObject::Array(ty) => ObjectType::Array(declared(ty).0),
            DeclaredObject::Regex => ObjectType::Regex,
        };
        if self.is_declared(name) {
            self.error(at.error(format!("the variable '{name}' is declared twice")));
            return;
        }
        let objects = if self.declares_persistent { &mut self.objects } else { &mut self.frame.objects };
        if objects.len() == OBJECTS_MAX {
            self.error(at.error(format!("more than {OBJECTS_MAX} arrays and objects")));
        } else {
            objects.push((name.to_owned(), ty));
        }
    }

    pub(super) fn object(&self, name: &str) -> Option<(Target, ObjectType)> {
        let find = |objects: &[(String, ObjectType)], same: fn(&str, &str) -> bool| {
            objects.iter().position(|(n, _)| same(n, name)).map(|place| (place, objects[place].1))
        };
        [exactly, ignoring_case].into_iter().find_map(|same: fn(&str, &str) -> bool| {
            find(&self.frame.objects, same)
                .map(|(place, ty)| (Target::Local(place), ty))
                .or_else(|| find(&self.objects, same).map(|(place, ty)| (Target::Global(place), ty)))
        })
    }

    pub(super) fn method(&mut self, at: Position, name: &str, method: &str, args: &[Expr]) -> Node {
        let Some((target, ty)) = self.object(name) else {
            let hint = "declare it first, as in: string array a, or regex r".to_owned();
            return self.error(at.error(format!("the object '{name}' is not declared")).hint(Some(hint)));
        };
        let methods = ty.methods();
        let named: Vec<_> = methods.iter().filter(|m| ignoring_case(m.name, method)).collect();
        let Some(found) = named.iter().find(|m| m.args.len() == args.len()) else {
            let error = if let Some(def) = named.last() {
                at.error(format!("{name}.{method} is called with {} arguments", args.len()))
                    .hint(Some(format!("use {name}.{}", def.usage)))
            } else {
                let near = nearest(&method.to_ascii_lowercase(), methods.iter().map(|m| m.name));
                at.error(format!("'{name}' of type {} has no method '{method}'", ty.name()))
                    .hint(near.map(|near| format!("did you mean {near}?")))
            };
            return self.error(error);
        };
        let of = |wanted: Type| match (wanted, ty) {
            (Type::Null, ObjectType::Array(element)) => element,
            _ => wanted,
        };
        let nodes: Vec<Node> =
            args.iter().zip(found.args).map(|(arg, &wanted)| self.typed(arg, of(wanted))).collect();
        if let (Method::Compile, [Node { kind: NodeKind::Constant(Constant::Text(pattern)), .. }]) =
            (found.method, nodes.as_slice())
            && let Some(what) = matcher::unsupported(pattern)
        {
            return self.error(args.first().map_or(at, |arg| arg.at).error(what));
        }
        Node { ty: of(found.result), kind: NodeKind::Method(target, found.method, nodes) }
    }

    /// `parse(text, delimiter, variable, ...)` and `aparse(text, delimiter, array)`.
    pub(super) fn parse(&mut self, at: Position, function: &Function, args: &[Expr]) -> Node {
        let wrong = || {
            at.error(format!("{} is called with {} arguments", function.name, args.len()))
                .hint(Some(format!("use {}{}", function.name, function.usage)))
        };
        let [text, delimiter, into @ ..] = args else { return self.error(wrong()) };
        let parts = Box::new([self.typed(text, Type::String), self.typed(delimiter, Type::String)]);
        let mut words = Vec::new();
        for arg in into {
            let ExprKind::Name(name) = &arg.kind else {
                return self.error(arg.at.error("the words need the name of a variable here"));
            };
            if matches!(function.body, Body::ParseArray) {
                let Some((array, ObjectType::Array(Type::String))) = self.object(name) else {
                    let message = format!("'{name}' is no declared string array");
                    return self.error(arg.at.error(message));
                };
                if into.len() > 1 {
                    return self.error(wrong());
                }
                return Node { ty: Type::Integer, kind: NodeKind::ParseArray(parts, array) };
            }
            let Some((target, ty, bound)) = self.target(arg.at, name) else {
                return Node::null(Type::Integer);
            };
            words.push(Word { target, conversion: operators::conversion(Type::String, ty), bound });
        }
        if words.is_empty() {
            return self.error(wrong());
        }
        Node { ty: Type::Integer, kind: NodeKind::Parse(parts, words) }
    }

    /// Begins a list of steps: its labels are known from its begin to its end.
    pub(super) fn enter_list(&mut self, statements: &[Statement]) {
        let mut labels = Vec::new();
        self.collect_labels(statements, &mut labels);
        self.frame.labels.push(labels);
    }

    fn collect_labels(&mut self, statements: &[Statement], labels: &mut Vec<usize>) {
        for statement in statements {
            match &statement.kind {
                StatementKind::Label(name) => {
                    if self.frame.label_names.iter().any(|other| ignoring_case(other, name)) {
                        self.error(statement.at.error(format!("the label '{name}' stands twice")));
                    }
                    labels.push(self.frame.label_names.len());
                    self.frame.label_names.push(name.clone());
                }
                // The steps of a block are part of the list that it stands in.
                StatementKind::Block(inner) => self.collect_labels(inner, labels),
                _ => {}
            }
        }
    }

    /// The number of a label of the lists around.
    pub(super) fn label(&self, name: &str) -> Option<usize> {
        let here = |&&label: &&usize| ignoring_case(&self.frame.label_names[label], name);
        self.frame.labels.iter().flatten().find(here).copied()
    }

    pub(super) fn goto(&mut self, at: Position, name: &str) -> Option<Step> {
        let label = self.label(name);
        if label.is_none() {
            let hint = "a label inside of another if or loop cannot be reached".to_owned();
            self.error(at.error(format!("there is no label '{name}' here")).hint(Some(hint)));
        }
        label.map(Step::Goto)
    }

    pub(super) fn call_statement(&mut self, at: Position, name: &str, args: &[Expr]) -> Option<Step> {
        let outermost = self.frame.labels.first();
        let here = |&&label: &&usize| ignoring_case(&self.frame.label_names[label], name);
        if let (Some(&label), []) = (outermost.and_then(|labels| labels.iter().find(here)), args) {
            return Some(Step::Call(label));
        }
        Some(Step::Do(self.call(at, name, args)))
    }
}
