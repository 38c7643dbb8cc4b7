//! `print`.

use crate::function::{Body, Function, Mark};

/// `print(s)`.
pub(crate) static F: Function = Function {
    name: "print",
    category: "Side effects",
    usage: "(s)",
    doc: r#"Writes s to the server's log; answers true."#,
    mark: Mark::Source,
    body: Body::Print,
    examples: &[],
};
