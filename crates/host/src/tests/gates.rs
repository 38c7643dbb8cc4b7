//! Output gates: what they are given, their place in snapshots, and the rules that come with them.

use std::sync::Arc;
use std::time::Duration;

use tidegate_event::BlockKind;

use super::fake_gate::Gate;
use super::harness::*;
use crate::*;

/// A project with a publisher that reads log records `t@time` and a gated subscriber.
fn gated(log: &str, more: &str) -> String {
    let source = connector("log", "pub", &[("log", log)]) + more;
    model(&source, &connector("out", "sub", &[("hotfailover", "true")]), "")
}

fn held(project: &Project) -> Vec<String> {
    Gate::of(&format!("{}/last", project.name())).lines()
}

fn load(host: &Host, name: &str, text: &str) -> Arc<Project> {
    let options = LoadOptions { name: Some(name.to_owned()), start: false, ..LoadOptions::default() };
    host.load(text, &options).unwrap()
}

fn run(project: &Project) {
    project.start().unwrap();
    project.start_connectors().unwrap();
    project.wait_until_publishers_finished().unwrap();
}

#[test]
fn a_gate_is_given_every_step_with_its_id_and_the_time_of_the_log() {
    let (host, clock) = host();
    // Rows 7 and 8 in one record, a record without events, then one more; the machine's clock counts for nothing.
    let project = load(&host, "given", &gated("0@5:7+8 3@9: 4@:9", ""));
    clock.set(77_000_000_000);
    run(&project);
    let expected = ["0:0 5 I 7=0", "0:1 5 I 8=0", "end 0 5", "end 3 9", "4:0 9 I 9=0", "end 4 9"];
    assert_eq!(held(&project), expected);
    // It keeps what it has when its connector stops and starts.
    project.stop_connectors();
    assert_eq!(state_of(&project, "out"), ConnectorState::Stopped);
    project.start_connectors().unwrap();
    assert_eq!(
        (state_of(&project, "out"), held(&project)),
        (ConnectorState::Running, expected.map(str::to_owned).to_vec())
    );
}

#[test]
fn a_restored_gate_goes_on_as_if_nothing_had_happened() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().to_str().unwrap();
    let (host, _) = host();
    let text = gated("0@5:1 1@6:2 2@7:3 3@8:4", "");
    let whole = load(&host, "undisturbed", &text);
    run(&whole);
    let cut = load(&host, "cut", &gated("0@5:1 1@6:2", ""));
    run(&cut);
    cut.persist(saved).unwrap();
    let gate = Gate::of("cut/last");
    gate.forget();
    let again = host
        .load(
            &text,
            &LoadOptions {
                name: Some("cut".to_owned()),
                overwrite: true,
                start: false,
                ..LoadOptions::default()
            },
        )
        .unwrap();
    again.restore(saved).unwrap();
    assert_eq!(again.snapshot_age_s(), Some(0));
    run(&again);
    assert_eq!(held(&again), held(&whole));

    // Damage is found before anything changes.
    again.stop().unwrap();
    let file = dir.path().join("queries/00000001/cq/gates/last%2Fout.state");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = again.restore(saved).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert!(error.details()[0].contains("last%2Fout.state"), "{:?}", error.details());
    assert_eq!(held(&again), held(&whole));
}

#[test]
fn a_gate_that_a_snapshot_has_nothing_of_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().to_str().unwrap();
    let (host, _) = host();
    let before = load(&host, "older", &model(&connector("log", "pub", &[("log", "0@5:1 1@6:2")]), "", ""));
    run(&before);
    before.persist(saved).unwrap();
    let options = LoadOptions {
        name: Some("older".to_owned()),
        overwrite: true,
        start: false,
        ..LoadOptions::default()
    };
    let again = host.load(&gated("0@5:1 1@6:2 2@7:3", ""), &options).unwrap();
    again.restore(saved).unwrap();
    run(&again);
    // The first run's time was that of the clock, which stands at 2000 s, and time never goes back.
    assert_eq!(held(&again), ["reset 1", "2:0 2000000000 I 3=0", "end 2 2000000000"]);
}

#[test]
fn a_project_with_a_gate_has_one_input() {
    let (host, _) = host();
    let fails = |name: &str, text: &str| {
        let project = load(&host, name, text);
        project.start().unwrap();
        project.start_connectors().unwrap();
        project.connectors().into_iter().find(|c| c.name == "out").unwrap().error.unwrap()
    };
    let second = connector("two", "pub", &[("count", "1")]);
    assert_eq!(
        fails("second", &gated("0@5:1", &second)),
        "exactly one publisher connector is allowed with a failover, the project has 2: log and two"
    );
    let counted = gated("0@5:1", "").replace("name=\"log\">0@5:1<", "name=\"count\">1<");
    assert_eq!(
        fails("other", &counted),
        "publisher connector log of class fs cannot feed a failover: it must read one partition of a log"
    );
    let none = model("", &connector("out", "sub", &[("hotfailover", "true")]), "");
    assert_eq!(
        fails("none", &none),
        "exactly one publisher connector is needed for a failover, the project has none"
    );
}

#[test]
fn events_from_elsewhere_are_refused_and_a_standby_is_not_primary() {
    let (host, _) = host();
    assert!(host.is_primary());
    let project = load(&host, "only_log", &gated("0@5:1", ""));
    assert!(!host.is_primary());
    assert_eq!(project.failovers()[0].1.role, FailoverRole::Standby);
    project.start().unwrap();
    let window = project.window("cq", "in").unwrap();
    let block = Arc::new(row(&window.schema, 1, 1));
    let input = Input { window: window.id, kind: BlockKind::Normal, client: 0, block };
    let error = project.inject(input, Duration::ZERO).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(
        error.to_string(),
        "project 'only_log' takes events from its input log alone: connector 'out' fails over"
    );
}
