//! A vocabulary and a load for the tests of this folder.

use tidegate_model::Direction::Both;
use tidegate_model::{ClassSpec, Document, Limits, Mistakes, ParamSpec, Project, Tokens, Vocabulary};

const fn param(name: &'static str, allowed: &'static [&'static str]) -> ParamSpec {
    ParamSpec {
        name,
        direction: Both,
        required: true,
        default: None,
        allowed,
        internal: false,
        doc: "see the guide",
    }
}

const CLASSES: &[ClassSpec] =
    &[ClassSpec { name: "fs", params: &[param("fsname", &[]), param("fstype", &["csv", "json"])] }];

const WINDOWS: &[&str] = &[
    "window-source",
    "window-copy",
    "window-filter",
    "window-compute",
    "window-aggregate",
    "window-join",
    "window-union",
];

/// Loads a model with these environment variables.
pub(crate) fn load(
    text: &str,
    environment: &[(&str, &str)],
) -> (Option<Document>, Option<Project>, Mistakes) {
    let environment = environment.iter().map(|&(name, value)| (name.to_owned(), value.to_owned()));
    let tokens = Tokens::new([], environment);
    let mut mistakes = Mistakes::new();
    let document = Document::parse(text, &tokens, &Limits::MODEL, &mut mistakes);
    let vocabulary = Vocabulary::new(WINDOWS, CLASSES);
    let project = (document.as_ref())
        .and_then(|document| document.projects.first())
        .and_then(|project| Project::read(project, &vocabulary, &mut mistakes));
    (document, project, mistakes)
}
