//! Where versions are written, and why each dependency is there.

use super::{Finding, Tree};

/// The page that says of each dependency what for, why this one, and what else was considered.
const PAGE: &str = "docs/dependencies.md";

/// A member of the workspace takes every version from the root's table.
pub(super) fn versions_only_in_the_root(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, manifest) in tree.manifests().filter(|(path, _)| is_member(path)) {
        for (name, value) in dependencies(&manifest) {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                let what = format!(
                    "{name}: pin it in the root's [workspace.dependencies] and write `{name}.workspace = true`"
                );
                findings.push(Finding::new(path, 0, what));
            }
        }
    }
    findings
}

/// Every dependency that is not ours has a table line in docs/dependencies.md.
pub(super) fn every_dependency_has_a_line(tree: &Tree) -> Vec<Finding> {
    let page = tree.text(PAGE).unwrap_or_default();
    let mut findings = Vec::new();
    for (path, manifest) in tree.manifests() {
        let root =
            manifest.get("workspace").and_then(|w| w.get("dependencies")).and_then(toml::Value::as_table);
        let pinned = root.into_iter().flatten().map(|(name, value)| (name.clone(), value.clone()));
        for (name, value) in dependencies(&manifest).into_iter().chain(pinned) {
            let ours = name.starts_with("tidegate-") || value.get("path").is_some();
            if !ours && !page.lines().any(|line| line.starts_with(&format!("| `{name}` |"))) {
                findings.push(Finding::new(path, 0, format!("{name} has no line in {PAGE}")));
            }
        }
    }
    findings
}

/// A member of the workspace takes the root's lints.
pub(super) fn lints_are_inherited(tree: &Tree) -> Vec<Finding> {
    let inherits = |manifest: &toml::Table| {
        manifest.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool)
            == Some(true)
    };
    tree.manifests()
        .filter(|(path, manifest)| is_member(path) && !inherits(manifest))
        .map(|(path, _)| Finding::new(path, 0, "write `[lints]` with `workspace = true`"))
        .collect()
}

/// `fuzz` and `benches` stand outside the workspace, so that a build of ours never builds theirs.
fn is_member(path: &str) -> bool {
    path != "Cargo.toml" && !path.starts_with("fuzz/") && !path.starts_with("benches/")
}

fn dependencies(manifest: &toml::Table) -> Vec<(String, toml::Value)> {
    ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|section| manifest.get(*section)?.as_table())
        .flat_map(|table| table.iter().map(|(name, value)| (name.clone(), value.clone())))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_in_a_member_is_found() {
        let good = "[dependencies]\nserde.workspace = true\nregex = { workspace = true, optional = true }\n";
        assert_eq!(versions_only_in_the_root(&Tree::of(&[("crates/a/Cargo.toml", good)])), []);
        let bad = Tree::of(&[("crates/a/Cargo.toml", "[dev-dependencies]\nserde = \"1\"\n")]);
        assert_eq!(versions_only_in_the_root(&bad).len(), 1);
    }

    #[test]
    fn a_dependency_without_a_line_is_found() {
        let root = "[workspace.dependencies]\nserde = \"1\"\ntidegate-event = { path = \"crates/event\" }\n";
        let page = "| crate | for |\n|---|---|\n| `serde` | bodies |\n";
        assert_eq!(every_dependency_has_a_line(&Tree::of(&[("Cargo.toml", root), (PAGE, page)])), []);
        assert_eq!(every_dependency_has_a_line(&Tree::of(&[("Cargo.toml", root)])).len(), 1);
        let fuzz =
            Tree::of(&[("fuzz/Cargo.toml", "[dependencies]\nlibfuzzer-sys = \"0.4\"\n"), (PAGE, page)]);
        assert_eq!(every_dependency_has_a_line(&fuzz).len(), 1);
    }

    #[test]
    fn a_member_without_the_lints_is_found() {
        let good = Tree::of(&[("crates/a/Cargo.toml", "[lints]\nworkspace = true\n")]);
        assert_eq!(lints_are_inherited(&good), []);
        assert_eq!(lints_are_inherited(&Tree::of(&[("xtask/Cargo.toml", "")])).len(), 1);
    }
}
