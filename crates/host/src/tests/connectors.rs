//! Connectors of fake classes: states, order, failures, bad lines.

use super::harness::*;
use crate::*;

fn group(name: &str, connector: &str, state: &str) -> String {
    format!(
        r#"<connector-group name="{name}"><connector-entry connector="{connector}" state="{state}"/></connector-group>"#
    )
}

fn inserts(keys: std::ops::Range<i64>) -> Vec<String> {
    keys.map(|key| format!("I {key}={}", key * 10)).collect()
}

#[test]
fn what_publishers_inject_reaches_subscribers_before_the_end() {
    let (host, _) = host();
    let source =
        connector("pub", "pub", &[("count", "1000")]) + &connector("sub", "sub", &[("to", "reaches")]);
    let project = host.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    host.wait_until_publishers_finished();
    assert_eq!(state_of(&project, "pub"), ConnectorState::Finished);
    assert_eq!(state_of(&project, "sub"), ConnectorState::Running);
    assert_eq!(project.stats().unwrap().input_events, 1000);
    host.shutdown();
    assert_eq!(written("reaches"), inserts(0..1000));
}

#[test]
fn groups_start_in_their_order() {
    let (host, _) = host();
    let source = connector("one", "pub", &[("count", "5")]) + &connector("sub", "sub", &[("to", "groups")]);
    let orchestration = format!(
        r#"<project-connectors><connector-groups>{}{}</connector-groups>
           <edges><edge source="subs" target="pubs"/></edges></project-connectors>"#,
        group("pubs", "cq/in/one", "finished"),
        group("subs", "cq/in/sub", "running"),
    );
    let project = host.load(&model(&source, "", &orchestration), &LoadOptions::default()).unwrap();
    host.wait_until_publishers_finished();
    assert_eq!(project.connectors()[0].group, "pubs");
    host.shutdown();
    assert_eq!(written("groups"), inserts(0..5));
}

#[test]
fn a_group_behind_a_failed_connector_never_starts_and_nobody_waits_for_it() {
    let (host, _) = host();
    let source = connector("one", "pub", &[("count", "5")])
        + &connector("sub", "sub", &[("to", "never"), ("fail", "start")])
        + &connector("free", "pub", &[("count", "2")]);
    let orchestration = format!(
        r#"<project-connectors><connector-groups>{}{}</connector-groups>
           <edges><edge source="subs" target="pubs"/></edges></project-connectors>"#,
        group("pubs", "cq/in/one", "finished"),
        group("subs", "cq/in/sub", "running"),
    );
    let project = host.load(&model(&source, "", &orchestration), &LoadOptions::default()).unwrap();
    host.wait_until_publishers_finished();
    assert_eq!(state_of(&project, "sub"), ConnectorState::Failed);
    assert_eq!(state_of(&project, "one"), ConnectorState::Stopped);
    assert_eq!(state_of(&project, "free"), ConnectorState::Finished);
}

#[test]
fn errors_and_panics_fail_one_connector() {
    let (host, _) = host();
    let source = connector("start", "pub", &[("fail", "start")])
        + &connector("run", "pub", &[("count", "1"), ("fail", "run")])
        + &connector("panic", "pub", &[("count", "1"), ("fail", "panic")])
        + &connector("properties", "pub", &[("count", "many")])
        + &connector("good", "pub", &[("count", "3")]);
    let project = host.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    host.wait_until_publishers_finished();
    for (name, error) in [
        ("start", "told to fail"),
        ("run", "told to fail"),
        ("panic", "internal error: told to panic"),
        ("properties", "parameter 'count' has the invalid value 'many': a number of at least 0"),
    ] {
        let status = project.connectors().into_iter().find(|c| c.name == name).unwrap();
        assert_eq!((status.state, status.error.as_deref()), (ConnectorState::Failed, Some(error)));
    }
    assert_eq!(state_of(&project, "good"), ConnectorState::Finished);
    assert_eq!(project.stats().unwrap().input_events, 3);
}

#[test]
fn an_endless_publisher_stops_and_goes_on_where_it_stood() {
    let (host, _) = host_with(BadEvents::nowhere(), 2);
    let source =
        connector("pub", "pub", &[("endless", "true")]) + &connector("sub", "sub", &[("to", "endless")]);
    let project = host.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    for round in 1..=3 {
        wait_until(|| written("endless").len() > round * 100);
        project.stop().unwrap();
        assert_eq!(state_of(&project, "pub"), ConnectorState::Stopped);
        assert_eq!(state_of(&project, "sub"), ConnectorState::Stopped);
        let events = project.stats().unwrap().input_events;
        // Everything that was accepted has been processed and written, once.
        assert_eq!(written("endless"), inserts(0..events.cast_signed()));
        project.start().unwrap();
        assert_eq!(state_of(&project, "pub"), ConnectorState::Stopped);
        project.start_connectors().unwrap();
        project.start_connectors().unwrap();
    }
    assert_eq!(project.stats().unwrap().rejected(), 0);
    host.shutdown();
}

#[test]
fn connectors_wait_for_their_command_when_the_project_does_not_start() {
    let (host, _) = host();
    let source = connector("pub", "pub", &[("count", "3")]);
    let options = LoadOptions { start: false, ..LoadOptions::default() };
    let project = host.load(&model(&source, "", ""), &options).unwrap();
    assert_eq!(state_of(&project, "pub"), ConnectorState::Stopped);
    project.start().unwrap();
    assert_eq!(state_of(&project, "pub"), ConnectorState::Stopped);
    project.start_connectors().unwrap();
    project.wait_until_publishers_finished().unwrap();
    assert_eq!(project.stats().unwrap().input_events, 3);
}

#[test]
fn a_slow_subscriber_makes_the_publisher_wait() {
    let (host, _) = host_with(BadEvents::nowhere(), 4);
    let source = connector("pub", "pub", &[("count", "100000")])
        + &connector("sub", "sub", &[("to", "slow"), ("hold", "true")]);
    let project = host.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    // 256 blocks in the subscriber's queue, 4 in the project's, one in the hands of each thread.
    let published = || project.connectors()[0].events;
    wait_until(|| published() >= 260);
    assert!(published() <= 262, "{}", published());
    super::harness::release();
    host.wait_until_publishers_finished();
    host.shutdown();
    assert_eq!(written("slow").len(), 100_000);
}
