//! The checked tree: every name resolved, every type known, every conversion explicit.

use crate::function::{Signature, Type};
use crate::object::{Method, ObjectType};

#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub(crate) ty: Type,
    pub(crate) kind: NodeKind,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Constant {
    Null,
    /// The word of a value that is no text.
    Word(u64),
    Text(String),
}

/// How the slot of a field becomes a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Load {
    /// The slot word is the value (integers and doubles).
    Word,
    Money,
    Text,
    Seconds,
    Micros,
}

#[derive(Debug, Clone)]
pub(crate) enum NodeKind {
    Constant(Constant),
    Field {
        source: usize,
        field: usize,
        load: Load,
    },
    Opcode,
    Flags,
    Today,
    /// A variable of the running program or user function; 0 is its result.
    Local(usize),
    /// A persistent variable.
    Global(usize),
    Call(&'static Signature, Vec<Node>),
    And(Box<[Node; 2]>),
    Or(Box<[Node; 2]>),
    /// Condition, value if true, value otherwise. Made from statements by [`formula`].
    If(Box<[Node; 3]>),
    User(usize, Vec<Node>),
    Print(Box<Node>),
    /// A method of an object.
    Method(Target, Method, Vec<Node>),
    /// Splits the first text at the second, into variables: `parse`.
    Parse(Box<[Node; 2]>, Vec<Word>),
    /// The same into an array: `aparse`.
    ParseArray(Box<[Node; 2]>, Target),
}

/// Where `parse` puts a word.
#[derive(Debug, Clone)]
pub(crate) struct Word {
    pub(crate) target: Target,
    /// To the variable's type, when that is no text.
    pub(crate) conversion: Option<&'static Signature>,
    /// The largest length in characters.
    pub(crate) bound: Option<u32>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    Assign(Target, Node),
    If(Node, Vec<Step>, Vec<Step>),
    While(Node, Vec<Step>),
    /// Counts the target from the first to the second value by the third (integers).
    For(Target, Box<[Node; 3]>, Vec<Step>),
    /// Sets the result and goes on.
    Value(Node),
    /// Ends with this result.
    Return(Node),
    /// Evaluates for the effect alone.
    Do(Node),
    Label(usize),
    /// Goes on behind a label of this list of steps or of one around it.
    Goto(usize),
    /// Runs from a label of the outermost list to the next return, and comes back.
    Call(usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Target {
    Local(usize),
    Global(usize),
}

/// A program's body, or that of a user function for one list of argument types.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    pub(crate) steps: Vec<Step>,
    /// Types of the local variables: the result, the parameters, the declared ones.
    pub(crate) locals: Vec<Type>,
    pub(crate) objects: Vec<ObjectType>,
    /// How deep evaluation recurses, user functions not counted.
    pub(crate) height: usize,
}

impl Node {
    pub(crate) fn null(ty: Type) -> Self {
        Self { ty, kind: NodeKind::Constant(Constant::Null) }
    }

    /// Whether `test` holds for this node or one below it.
    pub(crate) fn any(&self, test: &impl Fn(&NodeKind) -> bool) -> bool {
        if test(&self.kind) {
            return true;
        }
        match &self.kind {
            NodeKind::Call(_, args) | NodeKind::User(_, args) | NodeKind::Method(_, _, args) => {
                args.iter().any(|n| n.any(test))
            }
            NodeKind::And(pair)
            | NodeKind::Or(pair)
            | NodeKind::Parse(pair, _)
            | NodeKind::ParseArray(pair, _) => pair.iter().any(|n| n.any(test)),
            NodeKind::If(parts) => parts.iter().any(|n| n.any(test)),
            NodeKind::Print(inner) => inner.any(test),
            _ => false,
        }
    }
}

/// Whether `test` holds for a node in these steps, or a step assigns a persistent variable.
pub(crate) fn any_impure(steps: &[Step]) -> bool {
    let impure = |kind: &NodeKind| match kind {
        NodeKind::Global(_) | NodeKind::Print(_) => true,
        NodeKind::Method(Target::Global(_), ..) | NodeKind::ParseArray(_, Target::Global(_)) => true,
        NodeKind::Parse(_, words) => words.iter().any(|word| matches!(word.target, Target::Global(_))),
        _ => false,
    };
    steps.iter().any(|step| match step {
        Step::Assign(target, node) => matches!(target, Target::Global(_)) || node.any(&impure),
        Step::If(condition, yes, no) => condition.any(&impure) || any_impure(yes) || any_impure(no),
        Step::While(condition, body) => condition.any(&impure) || any_impure(body),
        Step::For(target, range, body) => {
            matches!(target, Target::Global(_)) || range.iter().any(|n| n.any(&impure)) || any_impure(body)
        }
        Step::Value(node) | Step::Return(node) | Step::Do(node) => node.any(&impure),
        Step::Label(_) | Step::Goto(_) | Step::Call(_) => false,
    })
}

/// The steps as one formula, when they only choose between values.
pub(crate) fn formula(steps: &[Step], ty: Type) -> Option<Node> {
    let plain = |node: &Node| {
        !node.any(&|k| {
            matches!(
                k,
                NodeKind::Local(_)
                    | NodeKind::User(..)
                    | NodeKind::Global(_)
                    | NodeKind::Print(_)
                    | NodeKind::Method(..)
                    | NodeKind::Parse(..)
                    | NodeKind::ParseArray(..)
            )
        })
    };
    match steps {
        [] => Some(Node::null(ty)),
        [Step::Return(node), ..] | [Step::Value(node)] if plain(node) => Some(node.clone()),
        [Step::If(condition, yes, no), rest @ ..] if plain(condition) => {
            let no = if no.is_empty() {
                formula(rest, ty)?
            } else if rest.is_empty() || returns(no) {
                formula(no, ty)?
            } else {
                return None;
            };
            let yes = if rest.is_empty() || returns(yes) { formula(yes, ty)? } else { return None };
            Some(Node { ty, kind: NodeKind::If(Box::new([condition.clone(), yes, no])) })
        }
        _ => None,
    }
}

fn returns(steps: &[Step]) -> bool {
    match steps.last() {
        Some(Step::Return(_)) => true,
        Some(Step::If(_, yes, no)) => returns(yes) && returns(no),
        _ => false,
    }
}
