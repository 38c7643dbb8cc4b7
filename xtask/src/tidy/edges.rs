//! Which crate may know which (design.md 2): dependencies point one way.

use super::{Finding, Tree};

/// A crate, the crates of this workspace that its product may depend on, and whether it is pure. Lowest first:
/// tests may in addition use whatever stands above their crate in this list.
struct Layer {
    name: &'static str,
    may_use: &'static [&'static str],
    pure: bool,
}

const LAYERS: &[Layer] = &[
    Layer { name: "event", may_use: &[], pure: true },
    Layer { name: "codec", may_use: &["event"], pure: true },
    Layer { name: "model", may_use: &["event"], pure: true },
    Layer { name: "expr", may_use: &["event"], pure: true },
    Layer { name: "functional", may_use: &["event", "expr"], pure: true },
    Layer { name: "engine", may_use: &["event", "model", "expr", "functional"], pure: true },
    Layer { name: "analytics", may_use: &["engine"], pure: true },
    Layer { name: "snapshot", may_use: &["engine", "event"], pure: false },
    Layer { name: "host", may_use: &["engine", "model", "event", "snapshot", "codec"], pure: false },
    Layer { name: "failover", may_use: &["event"], pure: true },
    Layer {
        name: "sim",
        may_use: &["event", "codec", "model", "engine", "snapshot", "failover"],
        pure: false,
    },
    Layer { name: "kafka", may_use: &["event"], pure: false },
    Layer { name: "client", may_use: &["event", "codec"], pure: true },
    Layer {
        name: "connectors",
        may_use: &["host", "engine", "model", "event", "codec", "kafka", "failover", "client"],
        pure: false,
    },
    Layer { name: "api", may_use: &["event"], pure: true },
    Layer {
        name: "http",
        may_use: &["api", "client", "host", "engine", "model", "codec", "event"],
        pure: false,
    },
    Layer { name: "cli", may_use: &["api", "client", "codec", "event", "kafka"], pure: false },
    Layer {
        name: "server",
        may_use: &[
            "event",
            "codec",
            "model",
            "expr",
            "engine",
            "analytics",
            "snapshot",
            "host",
            "connectors",
            "api",
            "http",
        ],
        pure: false,
    },
];

/// What brings threads, sockets or a runtime of its own.
const RUNTIMES: &[&str] = &[
    "axum",
    "crossbeam-channel",
    "hyper",
    "hyper-util",
    "rdkafka",
    "signal-hook",
    "tokio",
    "zookeeper-client",
];

/// What starts real servers and the built programs; every crate's tests may use it, and it uses no crate.
const HARNESS: &str = "harness";

/// A crate depends on no crate but those its layer names, and its tests on none below it in the list.
pub(super) fn crate_edges(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, name, manifest) in crates(tree) {
        let Some(at) = LAYERS.iter().position(|layer| layer.name == name) else {
            findings.push(Finding::new(
                path,
                0,
                "this crate has no layer yet: give it one in xtask/src/tidy/edges.rs",
            ));
            continue;
        };
        for target in ours(&manifest, &["dependencies", "build-dependencies"]) {
            if !LAYERS[at].may_use.contains(&target.as_str()) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("{name} must not depend on {target} (ARCHITECTURE.md)"),
                ));
            }
        }
        for target in ours(&manifest, &["dev-dependencies"]) {
            if target != HARNESS && !LAYERS[..at].iter().any(|layer| layer.name == target) {
                findings.push(Finding::new(path, 0, format!("the tests of {name} must not use {target}")));
            }
        }
    }
    findings
}

/// A pure crate's manifest names nothing that runs by itself.
pub(super) fn pure_crates_name_no_runtime(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, name, manifest) in crates(tree) {
        if !LAYERS.iter().any(|layer| layer.name == name && layer.pure) {
            continue;
        }
        for dependency in names(&manifest, &["dependencies", "build-dependencies"]) {
            if RUNTIMES.contains(&dependency.as_str()) {
                findings.push(Finding::new(
                    path,
                    0,
                    format!("{name} is pure: it must not name {dependency}"),
                ));
            }
        }
    }
    findings
}

fn crates(tree: &Tree) -> impl Iterator<Item = (&str, &str, toml::Table)> {
    tree.manifests().filter_map(|(path, manifest)| {
        let name = path.strip_prefix("crates/")?.strip_suffix("/Cargo.toml")?;
        Some((path, name, manifest))
    })
}

fn names(manifest: &toml::Table, sections: &[&str]) -> Vec<String> {
    let tables = sections.iter().filter_map(|section| manifest.get(*section)?.as_table());
    tables.flat_map(|table| table.keys().cloned()).collect()
}

fn ours(manifest: &toml::Table, sections: &[&str]) -> Vec<String> {
    names(manifest, sections).iter().filter_map(|n| n.strip_prefix("tidegate-")).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[dependencies]\ntidegate-event.workspace = true\nserde.workspace = true\n[dev-dependencies]\ntidegate-codec.workspace = true\ntidegate-harness.workspace = true\n";

    #[test]
    fn edges_of_the_table_pass_and_others_do_not() {
        assert_eq!(crate_edges(&Tree::of(&[("crates/model/Cargo.toml", GOOD)])), []);
        let bad = Tree::of(&[
            ("crates/engine/Cargo.toml", "[dependencies]\ntidegate-host.workspace = true\n"),
            ("crates/model/Cargo.toml", "[dev-dependencies]\ntidegate-http.workspace = true\n"),
            ("crates/stray/Cargo.toml", "[dependencies]\n"),
        ]);
        assert_eq!(crate_edges(&bad).len(), 3);
    }

    #[test]
    fn a_runtime_in_a_pure_crate_is_found() {
        assert_eq!(pure_crates_name_no_runtime(&Tree::of(&[("crates/engine/Cargo.toml", GOOD)])), []);
        let with_tokio = "[dependencies]\ntokio.workspace = true\n";
        let bad =
            Tree::of(&[("crates/engine/Cargo.toml", with_tokio), ("crates/http/Cargo.toml", with_tokio)]);
        assert_eq!(pure_crates_name_no_runtime(&bad).len(), 1);
    }

    #[test]
    fn layers_point_one_way() {
        for (at, layer) in LAYERS.iter().enumerate() {
            for target in layer.may_use {
                assert!(LAYERS[..at].iter().any(|l| l.name == *target), "{} -> {target}", layer.name);
            }
        }
    }
}
