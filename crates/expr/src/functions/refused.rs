//! `username`, `locale`, `aparse`, `parse`, `dq_initialize`, `logmessage`, `sleep`, `raiseerror`, `vareval`, `varset`, `sort`, `sort_words`.

use crate::function::{Body, Function, Mark};

/// `username(...)`.
pub(crate) static USERNAME: Function = Function {
    name: "username",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: expressions read nothing from the operating system."#,
    mark: Mark::Manual,
    body: Body::Refused("expressions read nothing from the operating system"),
    examples: &[],
};

/// `locale(...)`.
pub(crate) static LOCALE: Function = Function {
    name: "locale",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: there is one locale."#,
    mark: Mark::Manual,
    body: Body::Refused("there is one locale"),
    examples: &[],
};

/// `aparse(...)`.
pub(crate) static APARSE: Function = Function {
    name: "aparse",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: arrays are not supported."#,
    mark: Mark::Manual,
    body: Body::Refused("arrays are not supported"),
    examples: &[],
};

/// `parse(...)`.
pub(crate) static PARSE: Function = Function {
    name: "parse",
    category: "Side effects",
    usage: "(...)",
    doc: r#"Refused: functions cannot assign their arguments."#,
    mark: Mark::Manual,
    body: Body::Refused("functions cannot assign their arguments"),
    examples: &[],
};

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
