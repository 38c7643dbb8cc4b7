//! Engines of this checkout, started, asked and killed through the harness.

use tidegate_harness::{Engine, Error, PATIENCE};

#[test]
fn an_engine_starts_answers_and_ends() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start::<&str>(folder.path(), &[]).unwrap();
    assert_eq!(engine.get("server").unwrap().status, 200);
    engine.wait_for_answer("server", PATIENCE, |answer| answer.body.contains("engine")).unwrap();
    let (code, text) = engine.client::<&str>("", &[]).unwrap();
    assert_eq!(code, 0);
    assert!(text.contains("esp server up and running"), "{text}");
    engine.pause().unwrap();
    engine.resume().unwrap();
    assert_eq!(engine.get("server").unwrap().status, 200);
    assert_eq!(engine.terminate().unwrap().code(), Some(0));
    assert!(engine.lines().iter().any(|line| line.contains("starting HTTP server on port")));
}

#[test]
fn a_killed_engine_is_told_from_a_silent_one() {
    let folder = tempfile::tempdir().unwrap();
    let engine = Engine::start::<&str>(folder.path(), &[]).unwrap();
    engine.kill().unwrap();
    assert!(!engine.runs().unwrap());
    assert!(matches!(engine.wait_for_line("never written"), Err(Error::Ended { .. })));
    assert!(matches!(engine.pause(), Err(Error::NotRunning { .. })));
}

#[test]
fn an_engine_that_cannot_start_shows_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let error = Engine::start(folder.path(), &["-model", "file://nowhere.xml"]).err().unwrap();
    assert!(error.to_string().contains("nowhere.xml"), "{error}");
}
