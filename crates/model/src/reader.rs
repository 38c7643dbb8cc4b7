//! Reading an element piece by piece, with a warning for whatever nobody asked for.

use std::ops::RangeInclusive;

use crate::interval::Interval;
use crate::mistake::{Mistake, MistakeKind, Mistakes};
use crate::name::is_name;
use crate::xml::{Attribute, Element};

/// Reads the attributes and children of one element and remembers which were asked for; [`finish`](Self::finish) warns about the
/// rest (model-xml 20, rule 2). What is wrong goes to the `mistakes` of each call, and the default comes back.
#[derive(Debug, Clone)]
pub struct Reader<'a> {
    element: &'a Element,
    attributes: Vec<&'static str>,
    children: Vec<&'static str>,
}

impl<'a> Reader<'a> {
    /// A reader of `element` that has seen nothing yet.
    pub const fn new(element: &'a Element) -> Self {
        Self { element, attributes: Vec::new(), children: Vec::new() }
    }

    /// The element.
    pub const fn element(&self) -> &'a Element {
        self.element
    }

    /// The element as messages name it: `window-copy 'recent'`, or `retention`.
    pub fn label(&self) -> String {
        match self.element.value("name") {
            Some(name) => format!("{} '{name}'", self.element.name),
            None => self.element.name.clone(),
        }
    }

    /// Accepts an attribute without a look at it.
    pub fn ignore_attr(&mut self, name: &'static str) {
        self.attributes.push(name);
    }

    /// Accepts any number of children without a look at them.
    pub fn ignore_child(&mut self, name: &'static str) {
        self.children.push(name);
    }

    /// The attribute, if it is there.
    pub fn attr(&mut self, name: &'static str) -> Option<&'a Attribute> {
        self.attributes.push(name);
        self.element.attribute(name)
    }

    /// The attribute; a mistake when it is absent or empty.
    pub fn required_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<&'a Attribute> {
        let found = self.attr(name).filter(|attribute| !attribute.value.trim().is_empty());
        if found.is_none() {
            let message = format!("{} needs the attribute '{name}'", self.label());
            mistakes.add(self.element.position, MistakeKind::MissingAttribute, message);
        }
        found
    }

    /// A required attribute that must be a name (model-xml 0.3).
    pub fn name_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<String> {
        let Some(attribute) = self.attr(name).filter(|attribute| !attribute.value.trim().is_empty()) else {
            let message = format!("{} needs the attribute '{name}'", self.element.name);
            mistakes.add(self.element.position, MistakeKind::MissingName, message);
            return None;
        };
        let text = attribute.value.trim();
        if is_name(text) {
            return Some(text.to_owned());
        }
        mistakes.push(
            Mistake::new(
                attribute.position,
                MistakeKind::BadName,
                format!("'{text}' is no name ({}@{name})", self.element.name),
            )
            .hint("a letter or underscore, then letters, digits and underscores"),
        );
        None
    }

    /// A boolean: `true` or `false` in any letter case.
    pub fn bool_attr(&mut self, name: &'static str, default: bool, mistakes: &mut Mistakes) -> bool {
        self.opt_bool_attr(name, mistakes).unwrap_or(default)
    }

    /// A boolean whose absence has a meaning of its own.
    pub fn opt_bool_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<bool> {
        let attribute = self.attr(name)?;
        let text = attribute.value.trim();
        if text.eq_ignore_ascii_case("true") {
            Some(true)
        } else if text.eq_ignore_ascii_case("false") {
            Some(false)
        } else {
            self.wrong(attribute, MistakeKind::BadBoolean, "is no boolean", "allowed: true, false", mistakes);
            None
        }
    }

    /// An integer within `range`.
    pub fn int_attr(
        &mut self,
        name: &'static str,
        range: RangeInclusive<i64>,
        mistakes: &mut Mistakes,
    ) -> Option<i64> {
        let attribute = self.attr(name)?;
        let value = attribute.value.trim().parse::<i64>().ok().filter(|value| range.contains(value));
        if value.is_none() {
            let hint = match (*range.start(), *range.end()) {
                (start, i64::MAX) => format!("allowed: integers from {start}"),
                (start, end) => format!("allowed: integers from {start} to {end}"),
            };
            self.wrong(
                attribute,
                MistakeKind::BadInteger,
                "is no number that is allowed here",
                &hint,
                mistakes,
            );
        }
        value
    }

    /// A port: 1 to 65535.
    pub fn port_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<u16> {
        self.int_attr(name, 1..=65535, mistakes).and_then(|port| u16::try_from(port).ok())
    }

    /// One of the words of `allowed`, in any letter case.
    pub fn enum_attr<T: Copy>(
        &mut self,
        name: &'static str,
        allowed: &[(&str, T)],
        mistakes: &mut Mistakes,
    ) -> Option<T> {
        let attribute = self.attr(name)?;
        let text = attribute.value.trim();
        let found = allowed.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)).map(|&(_, value)| value);
        if found.is_none() {
            let message = format!("'{text}' is no value of '{name}' ({})", self.label());
            let mut mistake = Mistake::new(attribute.position, MistakeKind::BadValue, message);
            let words: Vec<&str> = allowed.iter().map(|&(word, _)| word).collect();
            mistake = mistake.hint(match crate::nearest::nearest(text, words.iter().copied()) {
                Some(near) => format!("did you mean '{near}'? allowed: {}", words.join(", ")),
                None => format!("allowed: {}", words.join(", ")),
            });
            mistakes.push(mistake);
        }
        found
    }

    /// An interval such as `5 seconds`.
    pub fn interval_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<Interval> {
        let attribute = self.attr(name)?;
        let interval = Interval::parse(&attribute.value);
        if interval.is_none() {
            self.wrong(
                attribute,
                MistakeKind::BadInterval,
                "is no interval",
                "write it like: 5 seconds",
                mistakes,
            );
        }
        interval
    }

    /// The only child of that name; a second one is a mistake.
    pub fn child(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<&'a Element> {
        let found = self.children(name);
        for again in found.iter().skip(1) {
            let message = format!("{} has a second '{name}'; one is allowed", self.label());
            mistakes.add(again.position, MistakeKind::RepeatedElement, message);
        }
        found.first().copied()
    }

    /// The only child of that name; a mistake when it is absent.
    pub fn required_child(&mut self, name: &'static str, mistakes: &mut Mistakes) -> Option<&'a Element> {
        let found = self.child(name, mistakes);
        if found.is_none() {
            let message = format!("{} needs the element '{name}'", self.label());
            mistakes.add(self.element.position, MistakeKind::MissingElement, message);
        }
        found
    }

    /// Every child of that name.
    pub fn children(&mut self, name: &'static str) -> Vec<&'a Element> {
        self.children.push(name);
        self.element.children.iter().filter(|child| child.name == name).collect()
    }

    /// Refuses an attribute of ESP that this release does not have.
    pub fn refuse_attr(&mut self, name: &'static str, mistakes: &mut Mistakes) {
        if let Some(attribute) = self.attr(name) {
            let message = format!("the attribute '{name}' of {} is not implemented yet", self.label());
            mistakes.add(attribute.position, MistakeKind::NotImplemented, message);
        }
    }

    /// Refuses a child of ESP that this release does not have.
    pub fn refuse_child(&mut self, name: &'static str, mistakes: &mut Mistakes) {
        for child in self.children(name) {
            let message = format!("the element '{name}' of {} is not implemented yet", self.label());
            mistakes.add(child.position, MistakeKind::NotImplemented, message);
        }
    }

    /// Warns about every attribute and child that nobody asked for.
    pub fn finish(self, mistakes: &mut Mistakes) {
        for attribute in
            self.element.attributes.iter().filter(|a| !self.attributes.contains(&a.name.as_str()))
        {
            let message =
                format!("the attribute '{}' of {} is not known and ignored", attribute.name, self.label());
            let warning = Mistake::new(attribute.position, MistakeKind::UnknownAttribute, message);
            mistakes.warn(warning.nearest(&attribute.name, self.attributes.iter().copied()));
        }
        for child in
            self.element.children.iter().filter(|child| !self.children.contains(&child.name.as_str()))
        {
            let message =
                format!("the element '{}' in {} is not known and ignored", child.name, self.label());
            let warning = Mistake::new(child.position, MistakeKind::UnknownElement, message);
            mistakes.warn(warning.nearest(&child.name, self.children.iter().copied()));
        }
    }

    fn wrong(
        &self,
        attribute: &Attribute,
        kind: MistakeKind,
        what: &str,
        hint: &str,
        mistakes: &mut Mistakes,
    ) {
        let message = format!("'{}' {what} ({}, {})", attribute.value.trim(), attribute.name, self.label());
        mistakes.push(Mistake::new(attribute.position, kind, message).hint(hint));
    }
}
