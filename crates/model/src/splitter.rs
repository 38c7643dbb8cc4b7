//! Splitters: which slot an output event goes to (model-xml 8).

use crate::expr_initialize::ExprInitialize;
use crate::mistake::{MistakeKind, Mistakes};
use crate::reader::Reader;
use crate::xml::SourceText;

/// A `<splitter-expr>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splitter {
    /// The expression that gives the slot number.
    pub expression: SourceText,
    /// Variables and functions of the splitter alone.
    pub expr_initialize: Option<ExprInitialize>,
}

impl Splitter {
    /// Reads the splitter among the children of a window.
    pub(crate) fn read(window: &mut Reader<'_>, mistakes: &mut Mistakes) -> Option<Self> {
        let element = window.child("splitter-expr", mistakes);
        let others = ["splitter-plug", "splitter-lua"];
        let more = others.iter().any(|name| window.element().child(name).is_some());
        if let Some(element) = element.filter(|_| more) {
            let message = format!("{} has two splitters; one is allowed", window.label());
            mistakes.add(element.position, MistakeKind::TwoSplitters, message);
            others.iter().for_each(|name| window.ignore_child(name));
        }
        others.iter().for_each(|name| window.refuse_child(name, mistakes));
        let mut reader = Reader::new(element?);
        let initialize = reader.child("expr-initialize", mistakes);
        let expression = reader.required_child("expression", mistakes);
        reader.finish(mistakes);
        Some(Self {
            expr_initialize: initialize.map(|element| ExprInitialize::read(element, mistakes)),
            expression: expression?.text.clone(),
        })
    }
}
