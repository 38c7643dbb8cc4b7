//! Properties that are text with delimiters: lists, sets and maps.

use std::collections::{BTreeMap, BTreeSet};

use crate::value::Text;

/// `property-list`: items in order.
#[derive(Debug)]
pub struct List {
    text: Text,
    items: Vec<Box<str>>,
}

impl List {
    /// Splits `text` at `delimiter`. An empty text has no items.
    pub fn new(text: Text, delimiter: &str) -> Self {
        let items = split(&text, delimiter).map(Box::from).collect();
        Self { text, items }
    }

    /// The text that it was made of.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The items, in order.
    pub fn items(&self) -> &[Box<str>] {
        &self.items
    }
}

/// `property-set`: items without an order.
#[derive(Debug)]
pub struct Set {
    text: Text,
    items: BTreeSet<Box<str>>,
}

impl Set {
    /// Splits `text` at `delimiter`.
    pub fn new(text: Text, delimiter: &str) -> Self {
        let items = split(&text, delimiter).map(Box::from).collect();
        Self { text, items }
    }

    /// The text that it was made of.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the item is there.
    pub fn contains(&self, item: &str) -> bool {
        self.items.contains(item)
    }

    /// Number of different items.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

/// `property-map`: keys with values. Of two equal keys the later counts.
#[derive(Debug)]
pub struct Map {
    text: Text,
    items: BTreeMap<Box<str>, Box<str>>,
}

impl Map {
    /// Splits `text` into entries at `outer` and each entry at the first `inner`. An entry without `inner` is a key with an empty
    /// value.
    pub fn new(text: Text, outer: &str, inner: &str) -> Self {
        let entries = split(&text, outer).filter(|entry| !entry.is_empty());
        let items = entries
            .map(|entry| {
                let (key, value) = match entry.split_once(inner) {
                    Some(parts) if !inner.is_empty() => parts,
                    _ => (entry, ""),
                };
                (Box::from(key.trim()), Box::from(value))
            })
            .collect();
        Self { text, items }
    }

    /// The text that it was made of.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.items.get(key).map(|value| &**value)
    }
}

/// The parts of a text between delimiters; none of an empty text, one when there is no delimiter to look for.
pub(crate) fn split<'a>(text: &'a str, delimiter: &'a str) -> Box<dyn Iterator<Item = &'a str> + 'a> {
    if text.is_empty() {
        Box::new(std::iter::empty())
    } else if delimiter.is_empty() {
        Box::new(std::iter::once(text))
    } else {
        Box::new(text.split(delimiter))
    }
}
