//! Event loops: an event for every hit in a document or text (functions.md 3.1, rule 5).

use std::sync::Arc;

use tidegate_expr::FaultKind;
use tidegate_functional::{Env, JsonPath, Node, Pattern, Value, XPath};

use super::context::Context;

/// What a loop looks for.
#[derive(Debug)]
pub(super) enum Search {
    /// `event-loop-xml`.
    Xml(XPath),
    /// `event-loop-json`.
    Json(JsonPath),
    /// `event-loop-regex`, with the group that is the hit.
    Regex(Arc<Pattern>, usize),
}

/// An event loop.
#[derive(Debug)]
pub(super) struct Loop {
    /// What it looks into.
    pub(super) data: Node,
    pub(super) search: Search,
    pub(super) context: Context,
}

impl Loop {
    /// Runs the loop's functions for every hit and hands each to `add`, until that answers false; answers what it did last.
    pub(super) fn run(&self, env: &mut Env<'_>, add: &mut impl FnMut(&mut Env<'_>) -> bool) -> bool {
        let data = self.data.eval(env);
        let hits = match self.search.hits(&data, env) {
            Ok(hits) => hits,
            Err(kind) => {
                env.fault(kind);
                return true;
            }
        };
        for hit in hits {
            env.memory.context = hit.clone();
            env.memory.item = hit;
            self.context.run(env);
            if !add(env) {
                return false;
            }
        }
        env.memory.item = Value::Null;
        env.memory.context = Value::Null;
        true
    }

    pub(super) fn is_repeatable(&self) -> bool {
        self.data.is_repeatable() && self.context.is_repeatable()
    }
}

impl Search {
    fn hits(&self, data: &Value, env: &mut Env<'_>) -> Result<Vec<Value>, FaultKind> {
        Ok(match self {
            Self::Xml(path) => match env.xml(data)? {
                None => Vec::new(),
                Some(document) => path.hits(&document)?,
            },
            Self::Json(path) => match env.json(data)? {
                None => Vec::new(),
                Some(document) => path.hits(&document),
            },
            Self::Regex(pattern, group) => match data.as_text() {
                None => Vec::new(),
                Some(text) => {
                    let captures = pattern.regex().captures_iter(&text);
                    captures.map(|captures| captures.get(*group).map(|found| found.as_str()).into()).collect()
                }
            },
        })
    }
}
