//! Functions that need what is not there: `dq_initialize`, and those of data jobs.

use crate::function::{Body, Function, Mark};

/// `dq_initialize(...)`.
pub(crate) static DQ: Function = Function {
    name: "dq_initialize",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it needs a SAS Quality Knowledge Base."#,
    mark: Mark::Manual,
    body: Body::Refused("it needs a SAS Quality Knowledge Base"),
    examples: &[],
};

/// `logmessage(...)`.
pub(crate) static LOGMESSAGE: Function = Function {
    name: "logmessage",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it belongs to data jobs; use print."#,
    mark: Mark::Manual,
    body: Body::Refused("it belongs to data jobs; use print"),
    examples: &[],
};

/// `sleep(...)`.
pub(crate) static SLEEP: Function = Function {
    name: "sleep",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it belongs to data jobs."#,
    mark: Mark::Manual,
    body: Body::Refused("it belongs to data jobs"),
    examples: &[],
};

/// `raiseerror(...)`.
pub(crate) static RAISEERROR: Function = Function {
    name: "raiseerror",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it belongs to data jobs."#,
    mark: Mark::Manual,
    body: Body::Refused("it belongs to data jobs"),
    examples: &[],
};

/// `vareval(...)`.
pub(crate) static VAREVAL: Function = Function {
    name: "vareval",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it belongs to data jobs."#,
    mark: Mark::Manual,
    body: Body::Refused("it belongs to data jobs"),
    examples: &[],
};

/// `varset(...)`.
pub(crate) static VARSET: Function = Function {
    name: "varset",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: it belongs to data jobs."#,
    mark: Mark::Manual,
    body: Body::Refused("it belongs to data jobs"),
    examples: &[],
};
