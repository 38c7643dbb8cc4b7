//! `@NAME@` tokens: values that a model takes from its surroundings (model-xml 0.4, failover-and-server 4.2).

use std::collections::BTreeMap;

use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::xml::{Content, Element, Limits, Position, SourceText};

/// Values of tokens that come from outside a model. The process hands them in: this crate reads no environment.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tokens {
    user: BTreeMap<String, String>,
    environment: BTreeMap<String, String>,
}

impl Tokens {
    /// Tokens of the command line (`-appid VALUE`), which win over everything, and of the environment, which wins over the
    /// user properties of a project.
    pub fn new(
        user: impl IntoIterator<Item = (String, String)>,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Self {
        Self { user: user.into_iter().collect(), environment: environment.into_iter().collect() }
    }

    /// The value of the token called `name`, case-sensitive.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.user.get(name).or_else(|| self.environment.get(name)).map(String::as_str)
    }

    /// Expands the tokens of a whole document. Within a `<project>`, the project's own `<properties>` count too.
    /// A token without value stays as it is, with a warning.
    pub(crate) fn expand_document(&self, root: &mut Element, limits: &Limits, mistakes: &mut Mistakes) {
        let mut expansion = Expansion { scope: self.clone(), left: limits.bytes, full: false, mistakes };
        expansion.element(root);
        if expansion.full {
            let message =
                format!("the document has more than {} bytes after its tokens are expanded", limits.bytes);
            mistakes.add(root.position, MistakeKind::TooLarge, message);
        }
    }

    /// These tokens and the user properties of `project`. A value may use the properties before it.
    fn with_properties(&self, project: &Element) -> Self {
        let mut scope = self.clone();
        for properties in project.children_named("properties") {
            for property in properties.children_named("property") {
                let Some(name) = property.value("name") else { continue };
                if scope.get(name).is_some() {
                    continue;
                }
                let value = replace(plain_value(property.text.trimmed()), |token| {
                    scope.get(token).map(str::to_owned)
                });
                // A value that would grow without bound by naming its elders again and again is cut off here.
                if value.len() <= LONGEST_PROPERTY {
                    scope.environment.insert(name.to_owned(), value);
                }
            }
        }
        scope
    }
}

/// Bytes of an expanded user property.
const LONGEST_PROPERTY: usize = 64 << 10;

/// The client of esppy writes a property's value as the literal text `<![CDATA[v]]>` (model-xml 19).
fn plain_value(text: &str) -> &str {
    text.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>")).unwrap_or(text)
}

struct Expansion<'a> {
    scope: Tokens,
    left: usize,
    full: bool,
    mistakes: &'a mut Mistakes,
}

impl Expansion<'_> {
    fn element(&mut self, element: &mut Element) {
        let outer = (element.name == "project").then(|| {
            let scope = self.scope.with_properties(element);
            std::mem::replace(&mut self.scope, scope)
        });
        for attribute in &mut element.attributes {
            if attribute.value.contains('@') {
                attribute.value = self.text(&attribute.value, attribute.position);
            }
        }
        let mut changed = false;
        for content in &mut element.content {
            if let Content::Text { text, .. } = content
                && text.as_str().contains('@')
            {
                *text = self.source(text);
                changed = true;
            }
        }
        if changed {
            element.text = SourceText::default();
            for content in &element.content {
                if let Content::Text { text, .. } = content {
                    element.text.push(text);
                }
            }
        }
        for child in &mut element.children {
            self.element(child);
        }
        if let Some(outer) = outer {
            self.scope = outer;
        }
    }

    fn source(&mut self, source: &SourceText) -> SourceText {
        let mut expanded = SourceText::default();
        for (part, position) in source.parts() {
            let within = SourceText::new(part, position);
            let mut rest = 0;
            while let Some((start, end)) = next_token(part, rest) {
                let name = &part[start + 1..end - 1];
                if let Some(value) = self.value(name, within.position_at(start)) {
                    expanded.push_str(&part[rest..start], within.position_at(rest));
                    expanded.push_str(&value, within.position_at(start));
                } else {
                    expanded.push_str(&part[rest..end], within.position_at(rest));
                }
                rest = end;
            }
            expanded.push_str(&part[rest..], within.position_at(rest));
        }
        expanded
    }

    fn text(&mut self, text: &str, position: Position) -> String {
        replace(text, |name| self.value(name, position))
    }

    /// The token's value, unless it has none or the document has grown too large.
    fn value(&mut self, name: &str, position: Position) -> Option<String> {
        let Some(value) = self.scope.get(name) else {
            self.mistakes.warn(
                Mistake::new(
                    position,
                    MistakeKind::UnresolvedToken,
                    format!("the token @{name}@ has no value"),
                )
                .hint(
                    "define it as environment variable, on the command line or in the project's properties",
                ),
            );
            return None;
        };
        if value.len() > self.left {
            self.full = true;
            return None;
        }
        self.left -= value.len();
        Some(value.to_owned())
    }
}

/// The text with each token replaced by its value, or left as it is.
fn replace(text: &str, mut value: impl FnMut(&str) -> Option<String>) -> String {
    let mut out = String::new();
    let mut rest = 0;
    while let Some((start, end)) = next_token(text, rest) {
        out.push_str(&text[rest..start]);
        match value(&text[start + 1..end - 1]) {
            Some(value) => out.push_str(&value),
            None => out.push_str(&text[start..end]),
        }
        rest = end;
    }
    out.push_str(&text[rest..]);
    out
}

/// The bytes of the next `@NAME@` at or after `from`.
fn next_token(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = from;
    loop {
        let start = at + bytes.get(at..)?.iter().position(|&b| b == b'@')?;
        let name = bytes[start + 1..].iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
        let end = start + 1 + name;
        if name > 0 && !bytes[start + 1].is_ascii_digit() && bytes.get(end) == Some(&b'@') {
            return Some((start, end + 1));
        }
        at = start + 1;
    }
}
