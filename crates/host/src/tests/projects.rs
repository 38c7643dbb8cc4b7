//! Projects from load to delete.

use std::sync::Arc;
use std::time::Duration;

use tidegate_event::BlockKind;

use super::harness::*;
use crate::*;

const WAIT: Duration = Duration::from_secs(60);

fn inject(project: &Project, key: i64, value: i64) -> Result<(), HostError> {
    let window = project.window("cq", "in").unwrap();
    let block = Arc::new(row(&window.schema, key, value));
    project.inject(Input { window: window.id, kind: BlockKind::Normal, client: 0, block }, WAIT)
}

fn content(project: &Project, window: &str) -> Vec<String> {
    let id = project.window("cq", window).unwrap().id;
    project.content(id).unwrap().iter().flat_map(|block| events(block)).collect()
}

#[test]
fn states_change_as_the_table_says() {
    let (host, _) = host();
    let options = LoadOptions { start: false, ..LoadOptions::default() };
    let project = host.load(&model("", "", ""), &options).unwrap();
    assert_eq!(project.state(), ProjectState::Loaded);
    assert!(matches!(inject(&project, 1, 1), Err(HostError::NotRunning(_))));
    assert!(matches!(project.start_connectors(), Err(HostError::NotRunning(_))));
    project.start().unwrap();
    project.start().unwrap();
    assert_eq!(project.state(), ProjectState::Running);
    inject(&project, 1, 1).unwrap();
    project.stop().unwrap();
    project.stop().unwrap();
    assert_eq!(project.state(), ProjectState::Stopped);
    assert!(matches!(inject(&project, 2, 2), Err(HostError::NotRunning(_))));
    project.start().unwrap();
    inject(&project, 2, 2).unwrap();
    assert_eq!(content(&project, "in"), ["I 1=1", "I 2=2"]);
}

#[test]
fn names_are_unique_unless_overwritten() {
    let (host, _) = host();
    let mut options = LoadOptions { name: Some("other".to_owned()), ..LoadOptions::default() };
    let first = host.load(&model("", "", ""), &options).unwrap();
    assert_eq!(first.name(), "other");
    assert_eq!(first.model().source.value("name"), Some("other"));
    assert!(matches!(host.load(&model("", "", ""), &options), Err(HostError::Exists(_))));
    options.overwrite = true;
    let second = host.load(&model("", "", ""), &options).unwrap();
    assert!(Arc::ptr_eq(&host.project("other").unwrap(), &second));
    assert_eq!(host.projects().len(), 1);
    host.delete("other").unwrap();
    assert!(matches!(host.delete("other"), Err(HostError::NoProject(_))));
    assert!(host.projects().is_empty());
}

#[test]
fn all_mistakes_of_model_and_engine_are_told_and_nothing_stays() {
    let (host, _) = host();
    let text =
        model("", "", "").replace("\"int64\" key", "\"int65\" key").replace("bycount_sliding", "bycuont");
    let error = host.load(&text, &LoadOptions::default()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    assert!(error.details().len() >= 2, "{:?}", error.details());
    assert_eq!(host.validate(&text).len(), error.details().len());
    assert!(host.projects().is_empty());
    assert!(host.validate(&model("", "", "")).is_empty());
}

#[test]
fn retention_and_counters_are_those_of_the_engine() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    for key in 0..5 {
        inject(&project, key, key).unwrap();
    }
    assert!(inject(&project, 0, 9).is_ok());
    assert_eq!(content(&project, "last"), ["I 2=2", "I 3=3", "I 4=4"]);
    let stats = project.stats().unwrap();
    assert_eq!((stats.input_blocks, stats.input_events, stats.rejected()), (6, 6, 1));
    assert_eq!(stats.windows[1].rows, 3);
    // 5 inserts, 2 deletes by retention.
    assert_eq!(stats.windows[1].emitted, 7);
}

#[test]
fn time_advances_without_input() {
    let (host, clock) = host();
    let text = model("", "", "").replace("bycount_sliding\">3", "bytime_sliding\">5 seconds");
    let project = host.load(&text, &LoadOptions::default()).unwrap();
    inject(&project, 1, 1).unwrap();
    assert_eq!(content(&project, "last"), ["I 1=1"]);
    clock.set(2_000_000_000 + 20_000_000);
    wait_until(|| content(&project, "last").is_empty());
}

#[test]
fn a_clock_that_goes_back_changes_nothing() {
    let (host, clock) = host();
    let text = model("", "", "").replace("bycount_sliding\">3", "bytime_sliding\">5 seconds");
    let project = host.load(&text, &LoadOptions::default()).unwrap();
    inject(&project, 1, 1).unwrap();
    clock.set(0);
    inject(&project, 2, 2).unwrap();
    assert_eq!(content(&project, "last"), ["I 1=1", "I 2=2"]);
}

#[test]
fn refused_events_are_in_the_file_as_lines() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("bad.csv");
    let (host, _) = host_with(BadEvents::open(&path).unwrap(), 64);
    let source = connector("bad", "pub", &[("bad", "true")]);
    let project = host.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    wait_until(|| state_of(&project, "bad") == ConnectorState::Finished);
    inject(&project, 1, 1).unwrap();
    inject(&project, 1, 2).unwrap();
    host.shutdown();
    assert_eq!(
        std::fs::read_to_string(path).unwrap(),
        "p/cq/in,not a number,i,n,x,1\np/cq/in,an event with this key exists already,I,N, 1,2\n"
    );
}

#[test]
fn a_panic_fails_its_project_alone() {
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    let options = LoadOptions { name: Some("other".to_owned()), ..LoadOptions::default() };
    let other = host.load(&model("", "", ""), &options).unwrap();
    let window = project.window("cq", "in").unwrap().id;
    let options = SubscribeOptions {
        snapshot: false,
        blocks_max: 1,
        events_max: usize::MAX,
        when_full: WhenFull::Block,
    };
    let mut subscription = project.subscribe(window, options).unwrap();
    assert!(matches!(project.fail_for_test(), Err(HostError::Failed(_))));
    wait_until(|| project.state() == ProjectState::Failed);
    assert!(matches!(subscription.receive(WAIT), Receive::Closed));
    assert!(matches!(inject(&project, 1, 1), Err(HostError::Failed(_))));
    assert!(matches!(project.start(), Err(HostError::Failed(_))));
    inject(&other, 1, 1).unwrap();
    assert_eq!(content(&other, "in"), ["I 1=1"]);
    host.shutdown();
}
