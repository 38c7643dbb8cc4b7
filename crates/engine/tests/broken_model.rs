//! One load of a broken model reports every mistake, each once and at its place.

use tidegate_engine::{Registry, build_project};
use tidegate_model::Direction::Both;
use tidegate_model::{ClassSpec, Document, Limits, Mistakes, ParamSpec, Project, Tokens, Vocabulary};

const fn required(name: &'static str) -> ParamSpec {
    ParamSpec {
        name,
        direction: Both,
        required: true,
        default: None,
        allowed: &[],
        internal: false,
        doc: "what and where",
    }
}

const CLASSES: &[ClassSpec] = &[ClassSpec { name: "fs", params: &[required("fsname"), required("fstype")] }];

#[test]
fn twenty_mistakes_of_twenty_kinds_are_reported_in_one_load() {
    let text = include_str!("../../../models/broken/twenty-mistakes.xml");
    let expected = include_str!("../../../models/broken/twenty-mistakes.expected");
    let windows: Vec<&str> = Registry::ENGINE.windows.iter().map(|window| window.element).collect();
    let vocabulary = Vocabulary::new(&windows, CLASSES);
    let mut mistakes = Mistakes::new();
    let document = Document::parse(text, &Tokens::default(), &Limits::MODEL, &mut mistakes).unwrap();
    let project = Project::read(&document.projects[0], &vocabulary, &mut mistakes).unwrap();
    assert!(build_project(&project, &Registry::ENGINE, &mut mistakes).is_none());

    let found: Vec<String> = mistakes.sorted().iter().map(|m| format!("{} {}", m.position, m.kind)).collect();
    let lines = mistakes.display("twenty-mistakes.xml").to_string();
    assert_eq!(found.join("\n"), expected.trim_end(), "{lines}");

    let mut kinds: Vec<_> = mistakes.sorted().iter().map(|m| m.kind).collect();
    kinds.sort_unstable();
    kinds.dedup();
    assert_eq!(kinds.len(), 20, "{lines}");
}
