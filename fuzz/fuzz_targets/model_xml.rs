//! Any text as a model, as far as the building of a project. What is read can be echoed and is then read as the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tidegate_engine::{Registry, build_project};
use tidegate_model::{ClassSpec, Document, Element, Limits, Mistakes, Project, Tokens, Vocabulary};

/// Small limits, so that small inputs reach them.
const LIMITS: Limits = Limits { bytes: 3000, depth: 12, elements: 100 };

const CLASSES: &[ClassSpec] = &[ClassSpec { name: "fs", params: &[] }];

fuzz_target!(|text: &str| {
    let windows: Vec<&str> = Registry::ENGINE.windows.iter().map(|window| window.element).collect();
    let vocabulary = Vocabulary::new(&windows, CLASSES);
    let tokens = Tokens::new([("A".to_owned(), "@B@".to_owned())], [("B".to_owned(), "b".to_owned())]);
    let mut mistakes = Mistakes::default();
    let Some(document) = Document::parse(text, &tokens, &LIMITS, &mut mistakes) else { return };
    for element in &document.projects {
        echoes(element);
        if let Some(project) = Project::read(element, &vocabulary, &mut mistakes) {
            let built = build_project(&project, &Registry::ENGINE, &mut mistakes);
            assert!(built.is_some() || !mistakes.is_empty(), "refused without a reason");
        }
    }
});

fn echoes(element: &Element) {
    let echo = element.to_xml();
    let limits = Limits { bytes: 1 << 20, ..LIMITS };
    let again = Document::parse(&echo, &Tokens::default(), &limits, &mut Mistakes::default());
    let again = again.and_then(|document| document.projects.into_iter().next()).expect("an echo is a model");
    assert_eq!(echo, again.to_xml(), "an echo is echoed as it is");
}
