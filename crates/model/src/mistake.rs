//! Mistakes of a model: collected, never thrown, so that one load shows all of them.

use std::fmt;

use crate::xml::Position;

/// When a rule is checked (model-xml 20).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// By the validation call and by every load.
    Structure,
    /// By a load only.
    Load,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $code:literal $phase:ident;)*) => {
        /// What rule a mistake breaks. Codes are stable: tools may rely on them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum MistakeKind {
            $($(#[$doc])* $name,)*
        }

        impl MistakeKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The kind's stable code.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// When the rule is checked.
            pub const fn phase(self) -> Phase {
                match self { $(Self::$name => Phase::$phase,)* }
            }
        }
    };
}

kinds! {
    /// Not well-formed, or with a DOCTYPE.
    MalformedXml "malformed-xml" Structure;
    /// Larger or deeper than the limits.
    TooLarge "too-large" Structure;
    /// A document element that no server loads.
    BadRoot "bad-root" Structure;
    /// An element that has no meaning in its place (a warning, unless it is a window).
    UnknownElement "unknown-element" Structure;
    /// An attribute that has no meaning on its element (a warning).
    UnknownAttribute "unknown-attribute" Structure;
    /// A second element where one is allowed (a warning when both are ignored).
    RepeatedElement "repeated-element" Structure;
    /// A required attribute that is absent.
    MissingAttribute "missing-attribute" Structure;
    /// A required element that is absent.
    MissingElement "missing-element" Structure;
    /// A project, query or window without a name.
    MissingName "missing-name" Load;
    /// Something of ESP that this release does not have: sound in structure, refused by a load.
    NotImplemented "not-implemented" Load;
    /// Something that is read and kept, but changes nothing here (a warning).
    NoEffect "no-effect" Load;
    /// `@NAME@` with no value (a warning).
    UnresolvedToken "unresolved-token" Load;
    /// A boolean that is neither true nor false.
    BadBoolean "bad-boolean" Structure;
    /// A number that is none, or out of range.
    BadInteger "bad-integer" Structure;
    /// A word that is not one of those allowed.
    BadValue "bad-value" Structure;
    /// An interval not of the form `5 seconds`.
    BadInterval "bad-interval" Structure;
    /// A name that is not an identifier.
    BadName "bad-name" Structure;
    /// Two things of one name.
    DuplicateName "duplicate-name" Load;
    /// A window element that does not exist.
    UnknownWindowType "unknown-window-type" Structure;
    /// An index type that does not exist.
    UnknownIndexType "unknown-index-type" Structure;
    /// No schema where one is required.
    MissingSchema "missing-schema" Load;
    /// A schema on a window that derives its own (a warning).
    IgnoredSchema "ignored-schema" Load;
    /// Both a schema and a schema string.
    TwoSchemas "two-schemas" Structure;
    /// An item of a schema string without the form `name[*]:type`.
    BadSchemaString "bad-schema-string" Structure;
    /// A schema without a key field.
    NoKey "no-key" Load;
    /// Two fields of one name.
    DuplicateField "duplicate-field" Load;
    /// A field type that does not exist.
    UnknownFieldType "unknown-field-type" Structure;
    /// A key field of a type that cannot be one.
    BadKeyType "bad-key-type" Load;
    /// `schema@copy` without a window to copy from.
    BadSchemaCopy "bad-schema-copy" Load;
    /// Retention where there is nothing to keep.
    RetentionOnEmptyIndex "retention-on-empty-index" Load;
    /// A retention type that does not exist.
    UnknownRetention "unknown-retention" Structure;
    /// A retention amount that is no positive count or span.
    BadRetentionLimit "bad-retention-limit" Structure;
    /// A retention field that is no date or stamp field of the window.
    BadRetentionField "bad-retention-field" Load;
    /// An index that the window type cannot have.
    BadIndex "bad-index" Load;
    /// Automatic keys without `insert-only` or without exactly one int64 or string key.
    BadAutogenKey "bad-autogen-key" Load;
    /// Two splitters.
    TwoSplitters "two-splitters" Structure;
    /// Two user-defined functions of one name.
    DuplicateFunction "duplicate-function" Load;
    /// An edge end that is no window of the query.
    UnknownWindow "unknown-window" Load;
    /// An edge without a source or target.
    EmptyEdge "empty-edge" Structure;
    /// An edge into a source window.
    EdgeIntoSource "edge-into-source" Load;
    /// Windows that feed themselves.
    Cycle "cycle" Load;
    /// The same edge twice (a warning).
    DuplicateEdge "duplicate-edge" Load;
    /// An edge role that does not exist.
    UnknownRole "unknown-role" Structure;
    /// An edge role that its ends cannot have.
    BadRole "bad-role" Load;
    /// A slot that is no integer of at least -1.
    BadSlot "bad-slot" Structure;
    /// Too many or too few edges into a window.
    WrongInputs "wrong-inputs" Load;
    /// A window without edges, dropped (a warning).
    DroppedWindow "dropped-window" Load;
    /// A list of outputs that does not fit the schema.
    OutputCount "output-count" Load;
    /// An output list that is wrong in another way.
    BadOutput "bad-output" Load;
    /// A key field that the input does not have.
    KeyNotInInput "key-not-in-input" Load;
    /// A field that the named window or schema does not have.
    UnknownField "unknown-field" Load;
    /// An expression that does not compile.
    BadExpression "bad-expression" Load;
    /// A result that does not fit the type of its field.
    BadExpressionType "bad-expression-type" Load;
    /// None or several of the forms of a filter's condition.
    BadCondition "bad-condition" Structure;
    /// A join whose conditions or keys do not fit its type.
    BadJoin "bad-join" Load;
    /// A pattern whose key, events, logic, index or time fields are wrong.
    BadPattern "bad-pattern" Load;
    /// A pattern behind a window that does not only insert (a warning).
    NotInsertOnly "not-insert-only" Load;
    /// Inputs of a union that differ.
    UnionMismatch "union-mismatch" Load;
    /// A connector class that does not exist.
    UnknownConnectorClass "unknown-connector-class" Load;
    /// A connector that is neither publisher nor subscriber.
    NoConnectorType "no-connector-type" Load;
    /// A publisher on a window that is no source.
    PublisherNotOnSource "publisher-not-on-source" Load;
    /// Two connectors of one name on one window.
    DuplicateConnector "duplicate-connector" Load;
    /// A required connector property that is absent.
    MissingProperty "missing-property" Load;
    /// A connector property with a value that is not allowed.
    BadProperty "bad-property" Load;
    /// A connector property that its class does not know (a warning).
    UnknownProperty "unknown-property" Load;
    /// An entry of a connector group that names no connector.
    UnknownConnector "unknown-connector" Load;
    /// A connector group that does not exist.
    UnknownGroup "unknown-group" Load;
    /// Connector groups that wait for each other.
    GroupCycle "group-cycle" Load;
}

impl fmt::Display for MistakeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One mistake, or one warning, at one place of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where it stands.
    pub position: Position,
    /// The rule it breaks.
    pub kind: MistakeKind,
    /// What was found, and where in the model.
    pub message: String,
    /// What is allowed, or what was probably meant.
    pub hint: Option<String>,
}

impl Mistake {
    /// A mistake without a hint.
    pub fn new(position: Position, kind: MistakeKind, message: impl Into<String>) -> Self {
        Self { position, kind, message: message.into(), hint: None }
    }

    /// The mistake with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The mistake with the nearest of `candidates` to `name` as its hint, or all of them when none is near.
    #[must_use]
    pub fn nearest<'a>(mut self, name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        self.hint = match crate::nearest::nearest(name, candidates.iter().copied()) {
            Some(near) => Some(format!("did you mean '{near}'?")),
            None if candidates.is_empty() => None,
            None => Some(format!("allowed: {}", candidates.join(", "))),
        };
        self
    }
}

/// `line:column: message (hint)`.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.position, self.message)?;
        match &self.hint {
            Some(hint) => write!(f, " ({hint})"),
            None => Ok(()),
        }
    }
}

/// Everything found wrong with one model so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Mistakes {
    mistakes: Vec<Mistake>,
    warnings: Vec<Mistake>,
    /// What this release does not have, where that refuses no model.
    unsupported: Option<Vec<Mistake>>,
}

impl Mistakes {
    /// Nothing found yet.
    pub const fn new() -> Self {
        Self { mistakes: Vec::new(), warnings: Vec::new(), unsupported: None }
    }

    /// Nothing found yet; what this release does not have ([`MistakeKind::NotImplemented`]) refuses no model, but is kept
    /// apart in [`unsupported`](Self::unsupported) (the server's option `-allow-unsupported`).
    pub const fn allowing_unsupported() -> Self {
        Self { mistakes: Vec::new(), warnings: Vec::new(), unsupported: Some(Vec::new()) }
    }

    /// Adds a mistake: the model is refused.
    pub fn push(&mut self, mistake: Mistake) {
        match &mut self.unsupported {
            Some(unsupported) if mistake.kind == MistakeKind::NotImplemented => unsupported.push(mistake),
            _ => self.mistakes.push(mistake),
        }
    }

    /// What this release does not have and the model is loaded without, by its place.
    pub fn unsupported(&self) -> Vec<&Mistake> {
        by_place(self.unsupported.as_deref().unwrap_or_default())
    }

    /// Whether models are loaded without what this release does not have, and how much of that was found so far.
    pub fn unsupported_so_far(&self) -> Option<usize> {
        self.unsupported.as_ref().map(Vec::len)
    }

    /// Takes back the mistakes after the first `count`, because they follow from something unsupported.
    pub fn take_after(&mut self, count: usize) -> Vec<Mistake> {
        self.mistakes.split_off(count.min(self.mistakes.len()))
    }

    /// Adds a mistake without a hint.
    pub fn add(&mut self, position: Position, kind: MistakeKind, message: impl Into<String>) {
        self.push(Mistake::new(position, kind, message));
    }

    /// Adds a warning: the model is loaded all the same.
    pub fn warn(&mut self, warning: Mistake) {
        self.warnings.push(warning);
    }

    /// Whether no mistake was found; there may be warnings.
    pub const fn is_empty(&self) -> bool {
        self.mistakes.is_empty()
    }

    /// How many mistakes were found.
    pub const fn len(&self) -> usize {
        self.mistakes.len()
    }

    /// The mistakes by their place; those of one place in the order they were found.
    pub fn sorted(&self) -> Vec<&Mistake> {
        by_place(&self.mistakes)
    }

    /// The warnings by their place.
    pub fn warnings(&self) -> Vec<&Mistake> {
        by_place(&self.warnings)
    }

    /// What the validation call reports, by its place: the mistakes of phase X of model-xml 20, and elements and
    /// attributes that are not known, which a load ignores with a warning (rule 2).
    pub fn structural(&self) -> Vec<&Mistake> {
        let unknown =
            |w: &&Mistake| matches!(w.kind, MistakeKind::UnknownElement | MistakeKind::UnknownAttribute);
        let mut found: Vec<&Mistake> = (self.mistakes.iter())
            .filter(|mistake| mistake.kind.phase() == Phase::Structure)
            .chain(self.warnings.iter().filter(unknown))
            .collect();
        found.sort_by_key(|mistake| mistake.position);
        found
    }

    /// The mistakes as lines `file:line:column: message (hint)`.
    pub fn display<'a>(&'a self, file: &'a str) -> impl fmt::Display + 'a {
        Lines { mistakes: self, file }
    }
}

fn by_place(mistakes: &[Mistake]) -> Vec<&Mistake> {
    let mut sorted: Vec<&Mistake> = mistakes.iter().collect();
    sorted.sort_by_key(|mistake| mistake.position);
    sorted
}

struct Lines<'a> {
    mistakes: &'a Mistakes,
    file: &'a str,
}

impl fmt::Display for Lines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in self.mistakes.sorted() {
            writeln!(f, "{}:{mistake}", self.file)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_differ() {
        let mut codes: Vec<&str> = MistakeKind::ALL.iter().map(|kind| kind.code()).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), MistakeKind::ALL.len());
    }

    #[test]
    fn lines_are_sorted_by_place() {
        let mut mistakes = Mistakes::new();
        mistakes.add(Position { line: 3, column: 1 }, MistakeKind::Cycle, "later");
        mistakes.push(
            Mistake::new(Position { line: 2, column: 7 }, MistakeKind::BadValue, "'cop'")
                .nearest("cop", ["copy", "union"]),
        );
        assert_eq!(
            mistakes.display("m.xml").to_string(),
            "m.xml:2:7: 'cop' (did you mean 'copy'?)\nm.xml:3:1: later\n"
        );
        assert_eq!(mistakes.structural().len(), 1);
    }
}
