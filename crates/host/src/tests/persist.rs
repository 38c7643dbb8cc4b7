//! Saving and restoring: errors, positions, and runs cut at any point.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use tidegate_event::BlockKind;

use super::harness::*;
use crate::*;

const WAIT: Duration = Duration::from_secs(60);

fn loaded(host: &Host, text: &str) -> Arc<Project> {
    host.load(text, &LoadOptions { start: false, ..LoadOptions::default() }).unwrap()
}

fn inject(project: &Project, key: i64, value: i64) {
    let window = project.window("cq", "in").unwrap();
    let block = Arc::new(row(&window.schema, key, value));
    project.inject(Input { window: window.id, kind: BlockKind::Normal, client: 0, block }, WAIT).unwrap();
}

fn content(project: &Project, window: &str) -> Vec<String> {
    let id = project.window("cq", window).unwrap().id;
    project.content(id).unwrap().iter().flat_map(|block| events(block)).collect()
}

/// A directory whose manifest is a pipe: a restore waits in the middle of reading it.
#[cfg(unix)]
#[test]
fn a_restore_shows_how_far_it_is_and_can_be_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("saved").to_str().unwrap().to_owned();
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    inject(&project, 1, 1);
    project.persist(&saved).unwrap();
    project.stop().unwrap();
    assert!(!project.stop_transfer() && project.transfer().is_none());

    let manifest = std::path::Path::new(&saved).join("project.state");
    let bytes = std::fs::read(&manifest).unwrap();
    std::fs::remove_file(&manifest).unwrap();
    assert!(std::process::Command::new("mkfifo").arg(&manifest).status().unwrap().success());
    let error = std::thread::scope(|scope| {
        let restore = scope.spawn(|| project.restore(&saved).unwrap_err());
        let mut pipe = std::fs::OpenOptions::new().write(true).open(&manifest).unwrap();
        std::io::Write::write_all(&mut pipe, &bytes[..16]).unwrap();
        let deadline = std::time::Instant::now() + WAIT;
        while project.transfer().is_none_or(|transfer| transfer.bytes < 16) {
            assert!(std::time::Instant::now() < deadline, "{:?}", project.transfer());
            std::thread::yield_now();
        }
        let transfer = project.transfer().unwrap();
        assert_eq!((transfer.action, transfer.dir.as_str()), (TransferAction::Restoring, saved.as_str()));
        assert!(project.stop_transfer());
        // The read that waits gets what comes, and none comes after it.
        std::io::Write::write_all(&mut pipe, &bytes[16..]).unwrap();
        drop(pipe);
        restore.join().unwrap()
    });
    assert!(error.details()[0].ends_with("stopped on request"), "{:?}", error.details());
    assert!(project.transfer().is_none());
    std::fs::remove_file(&manifest).unwrap();
    std::fs::write(&manifest, &bytes).unwrap();
    project.restore(&saved).unwrap();
    assert_eq!(content(&project, "in"), ["I 1=1"]);
}

#[test]
fn errors_leave_the_project_as_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().join("saved").to_str().unwrap().to_owned();
    let (host, _) = host();
    let project = host.load(&model("", "", ""), &LoadOptions::default()).unwrap();
    inject(&project, 1, 1);
    assert_eq!(project.restore(&saved).unwrap_err().to_string(), "project p must be stopped");
    project.persist(&saved).unwrap();
    assert_eq!(project.state(), ProjectState::Running);
    inject(&project, 2, 2);
    project.stop().unwrap();

    let missing = dir.path().join("missing").to_str().unwrap().to_owned();
    let error = project.restore(&missing).unwrap_err();
    assert_eq!(
        (error.kind(), error.to_string()),
        (ErrorKind::NotFound, format!("no persisted project in '{missing}'"))
    );

    let options = LoadOptions { name: Some("q".to_owned()), start: false, ..LoadOptions::default() };
    let other = host.load(&model("", "", ""), &options).unwrap();
    assert_eq!(other.restore(&saved).unwrap_err().to_string(), "persisted project 'p' does not match 'q'");

    let changed = model("", "", "").replace("\"v\" type=\"int64\"", "\"v\" type=\"int32\"");
    let options = LoadOptions { overwrite: true, start: false, ..LoadOptions::default() };
    let error = host.load(&changed, &options).unwrap().restore(&saved).unwrap_err();
    assert_eq!((error.kind(), error.details().len()), (ErrorKind::Invalid, 2));

    let project = host.load(&model("", "", ""), &options).unwrap();
    project.restore(&saved).unwrap();
    project.start().unwrap();
    assert_eq!(content(&project, "in"), ["I 1=1"]);
    project.stop().unwrap();
    project.restore(&saved).unwrap();

    let file = dir.path().join("saved/project.state");
    let mut bytes = std::fs::read(&file).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&file, bytes).unwrap();
    assert_eq!(project.restore(&saved).unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(content(&project, "in"), ["I 1=1"]);

    let error = project.persist(file.to_str().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Internal);
    assert_eq!(error.to_string(), format!("project p could not be saved to {}", file.display()));
}

#[test]
fn publishers_go_on_where_they_stood_when_the_project_was_saved() {
    let dir = tempfile::tempdir().unwrap();
    let saved = dir.path().to_str().unwrap();
    let source = connector("pub", "pub", &[("endless", "true")]);
    let (first, _) = host();
    let project = first.load(&model(&source, "", ""), &LoadOptions::default()).unwrap();
    wait_until(|| project.connectors()[0].events > 500);
    project.persist(saved).unwrap();
    first.shutdown();

    let source = connector("pub", "pub", &[("count", "5000")]);
    let (second, _) = host();
    let project = loaded(&second, &model(&source, "", ""));
    project.restore(saved).unwrap();
    project.start().unwrap();
    let before = content(&project, "in").len();
    assert!((1..5000).contains(&before), "{before}");
    project.start_connectors().unwrap();
    project.wait_until_publishers_finished().unwrap();
    let stats = project.stats().unwrap();
    assert_eq!((stats.windows[0].rows, stats.rejected()), (5000, 0));
}

/// What a run emits from both windows, cut at some inputs by save, drop, load on another host.
fn run(inputs: &[(i64, i64, i64)], cuts: &[usize]) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_str().unwrap();
    let text = model("", "", "").replace("bycount_sliding\">3", "bytime_sliding\">5 seconds");
    let begin = |host: &Host, restored: bool| {
        let project = loaded(host, &text);
        if restored {
            project.restore(path).unwrap();
        }
        project.start().unwrap();
        let options = SubscribeOptions {
            snapshot: false,
            blocks_max: 10_000,
            events_max: usize::MAX,
            when_full: WhenFull::Disconnect,
        };
        let windows = ["in", "last"].map(|name| project.window("cq", name).unwrap().id);
        let subscriptions = windows.map(|window| project.subscribe(window, options).unwrap());
        (project, subscriptions)
    };
    let (mut host_now, mut clock) = host();
    let (mut project, mut subscriptions) = begin(&host_now, false);
    let (mut now, mut out) = (2_000_000_000, [((0, 0, 0), Vec::new()), ((0, 0, 0), Vec::new())]);
    for (number, &(key, value, wait)) in inputs.iter().enumerate() {
        now += wait;
        clock.set(now);
        inject(&project, key, value);
        project.quiesce().unwrap();
        let last = number + 1 == inputs.len();
        if !last && !cuts.contains(&number) {
            continue;
        }
        project.persist(path).unwrap();
        host_now.shutdown();
        for (subscription, out) in subscriptions.iter_mut().zip(&mut out) {
            while let Receive::Block(Delivery { header, block }) = subscription.try_receive() {
                out.1.push(format!("{} {:?}", header.time, events(&block)));
                assert!(header.id.order() > out.0, "ids go back");
                out.0 = header.id.order();
            }
        }
        (host_now, clock) = host();
        clock.set(now);
        (project, subscriptions) = begin(&host_now, true);
    }
    out.into_iter().flat_map(|(_, lines)| lines).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// The same comes out at the same times, and ids never go back, whether or not the run is cut. (Which id an
    /// expiry has depends on whether the thread was idle when it was due.)
    #[test]
    fn a_run_cut_by_save_and_restore_goes_on_with_the_same_output(
        inputs in prop::collection::vec((0..8_i64, 0..5_i64, prop_oneof![Just(0), 1..400_000_i64]), 1..30),
        cuts in prop::collection::vec(0..30_usize, 0..3),
    ) {
        prop_assert_eq!(run(&inputs, &cuts), run(&inputs, &[]));
    }
}
