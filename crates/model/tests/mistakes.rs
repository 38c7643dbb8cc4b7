//! Each model of `mistakes/` has exactly the mistakes and warnings of the `.expected` file beside it.

#[path = "read/mod.rs"]
mod read;

use std::fmt::Write;
use std::path::Path;

#[test]
fn models_have_their_expected_mistakes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/mistakes");
    let mut models: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    models.retain(|path| path.extension().is_some_and(|extension| extension == "xml"));
    models.sort();
    assert!(!models.is_empty());
    let mut wrong = String::new();
    for model in models {
        let (_, _, mistakes) = read::load(&std::fs::read_to_string(&model).unwrap(), &[]);
        let mut found = String::new();
        for mistake in mistakes.sorted() {
            writeln!(found, "{mistake} [{}]", mistake.kind).unwrap();
        }
        for warning in mistakes.warnings() {
            writeln!(found, "warning {warning} [{}]", warning.kind).unwrap();
        }
        let expected = std::fs::read_to_string(model.with_extension("expected")).unwrap_or_default();
        if found != expected {
            writeln!(wrong, "{}:\n{found}", model.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "found instead:\n{wrong}");
}
